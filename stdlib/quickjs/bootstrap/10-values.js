// biome-ignore-all lint/style: one body in several files; template strings would call the guest's String.prototype.concat
// biome-ignore-all lint/correctness: names are used in the other files
// The kinds that the adapter leaves to the bootstrap: how each comes apart and is put together again.

const HANDLE = 0,
  RECORD = 1,
  ARRAY = 2,
  TYPED = 3,
  BUFFER = 4,
  DATE = 5,
  REGEXP = 6,
  MAP = 7,
  SET = 8,
  ERROR = 9;
const BIG_INT = 100;

learnKind(RECORD, {});
learnKind(ARRAY, []);
for (const Type of [
  Uint8Array,
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
  Float32Array,
  Float64Array,
])
  learnKind(TYPED, new Type());
learnKind(BUFFER, new ArrayBuffer());
learnKind(DATE, new Date(0));
learnKind(REGEXP, /x/);
learnKind(MAP, new Map());
learnKind(SET, new Set());
learnKind(ERROR, new Error());
