// biome-ignore-all lint/style: one body in several files; template strings would call the guest's String.prototype.concat
// biome-ignore-all lint/correctness: names are used in the other files
// Errors: what has to be taken before any guest code. The rest is late/errors.js.

const errorPrototypes = new Map_([
  ["Error", Error.prototype],
  ["TypeError", TypeError.prototype],
  ["RangeError", RangeError.prototype],
  ["SyntaxError", SyntaxError.prototype],
  ["ReferenceError", ReferenceError.prototype],
  ["EvalError", EvalError.prototype],
  ["URIError", URIError.prototype],
  ["AggregateError", AggregateError.prototype],
]);
const syntaxErrorPrototype = SyntaxError.prototype;
const stackDescriptor = getOwnPropertyDescriptor(Error.prototype, "stack");
const stackOf = stackDescriptor?.get
  ? uncurry(stackDescriptor.get)
  : (error) => getOwnPropertyDescriptor(error, "stack")?.value;

const isError = (v) => isObject(v) && kindOf(v) === ERROR;
const asText = (v, otherwise) => (typeof v === "string" ? v : otherwise);
