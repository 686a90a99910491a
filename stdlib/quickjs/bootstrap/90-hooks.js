// biome-ignore-all lint/style: one body in several files; template strings would call the guest's String.prototype.concat
// biome-ignore-all lint/correctness: names are used in the other files
// The hooks, in the order of `adapter/state.ts`: what the function returns.

const hooks = [
  refuse,
  request,
  flush,
  onRejection,
  errorParts,
  newValue,
  fill,
  parts,
  normalizeName,
  sourceOf,
  strayError,
  invoke,
  forget,
  forked,
  link,
];
