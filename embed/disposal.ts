// The names under which `using` finds how to end something, also in browsers that do not know them yet (Firefox before
// 141): there compiled code looks for these.

export const DISPOSE: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for("Symbol.dispose");
export const ASYNC_DISPOSE: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");
