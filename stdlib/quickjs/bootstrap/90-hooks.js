// The hooks, in the order of `adapter/state.ts`.

return [
  refuse, request, flush, onRejection, errorParts, newValue, fill, parts, normalizeName, sourceOf, cannotWait,
];
