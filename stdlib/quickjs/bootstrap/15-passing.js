// biome-ignore-all lint/style: one body in several files; template strings would call the guest's String.prototype.concat
// biome-ignore-all lint/correctness: names are used in the other files
// Capabilities that come and go in values: a handle that came is an object with the calls of its contract; see late/passing.js.

const BLOCKING = 1,
  ASYNC_CALL = 2,
  PASSES = 4;
const objects = new Map_(); // number -> object of the guest, as long as somebody holds it
const handles = new WeakMap_(); // object with the calls of a handle -> handle

const modeOf = (mode) => (mode === "blocking" ? BLOCKING : mode === "async" ? ASYNC_CALL : 0);
