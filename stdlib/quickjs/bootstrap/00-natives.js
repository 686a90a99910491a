// biome-ignore-all lint/style: one body in several files; template strings would call the guest's String.prototype.concat
// biome-ignore-all lint/correctness: names are used in the other files
// The bootstrap: one function from the adapter's natives to the hooks that the adapter calls. It runs once, before any
// guest code; the files of this folder are its body, in the order of their names.
//
// Invariant: nothing below, once guest code has run, looks up a property that the guest can change on a prototype or
// the global object. So intrinsics are captured here, arrays are built by `append`, and no `for of`, no destructuring
// of arrays and no spread of arrays is used after start.

const [
  evaluate,
  compile,
  startModule,
  grantFunction,
  answer,
  answerOutOfMemory,
  configureSystem,
  configureTimeZone,
  learnKind,
  promiseParts,
  isProxy,
  whenSettled,
  kindOf,
  collect,
  setMemoryLimit,
  wantFlush,
  setStackLimit,
  describeHandle,
  newHolder,
  serve,
  openCount,
] = natives;

const FILE = "cordon:engine";
const global = globalThis;
const { apply, ownKeys, getPrototypeOf, setPrototypeOf, getOwnPropertyDescriptor, has, construct } = Reflect;
const { freeze, is } = Object;
const { isArray } = Array;
const { isInteger } = Number;
const { floor, min, max, pow } = Math;
const String_ = String,
  BigInt_ = BigInt,
  Promise_ = Promise,
  Map_ = Map,
  Set_ = Set,
  RegExp_ = RegExp,
  Error_ = Error;
const TypeError_ = TypeError,
  Uint8Array_ = Uint8Array,
  Symbol_ = Symbol,
  WeakMap_ = WeakMap;
const { defineProperty: defineProperty_ } = Reflect;

const uncurry = (fn) => (self, a, b) => apply(fn, self, [a, b]);
const getterOf = (prototype, key) => uncurry(getOwnPropertyDescriptor(prototype, key).get);

const mapGet = uncurry(Map.prototype.get),
  mapSet = uncurry(Map.prototype.set),
  mapDelete = uncurry(Map.prototype.delete);
const mapHas = uncurry(Map.prototype.has),
  mapForEach = uncurry(Map.prototype.forEach),
  mapClear = uncurry(Map.prototype.clear);
const mapSize = getterOf(Map.prototype, "size"),
  setSize = getterOf(Set.prototype, "size");
const setAdd = uncurry(Set.prototype.add),
  setHas = uncurry(Set.prototype.has),
  setDelete = uncurry(Set.prototype.delete);
const setForEach = uncurry(Set.prototype.forEach);
const weakGet = uncurry(WeakMap.prototype.get),
  weakSet = uncurry(WeakMap.prototype.set),
  weakDelete = uncurry(WeakMap.prototype.delete);
const slice = uncurry(String.prototype.slice),
  indexOf = uncurry(String.prototype.indexOf);
const lastIndexOf = uncurry(String.prototype.lastIndexOf),
  charCodeAt = uncurry(String.prototype.charCodeAt);
const join = uncurry(Array.prototype.join),
  padStart = uncurry(String.prototype.padStart);
const toHex = uncurry(BigInt.prototype.toString),
  numberToString = uncurry(Number.prototype.toString);
const dateValue = uncurry(Date.prototype.getTime),
  dateText = uncurry(Date.prototype.toISOString);
const regExpSource = getterOf(RegExp.prototype, "source"),
  regExpFlags = getterOf(RegExp.prototype, "flags");
const symbolText = uncurry(Symbol.prototype.toString),
  test = uncurry(RegExp.prototype.exec);
const functionText = uncurry(Function.prototype.toString);

/** Defines an own property as an assignment would, whatever setters the guest put on prototypes. */
const define = (object, key, value, enumerable = true) =>
  defineProperty_(object, key, { __proto__: null, value, writable: true, enumerable, configurable: true });

const append = (list, value) => define(list, list.length, value);

/** Reads a property of a guest's object; whatever it throws means that it is not there. */
const peek = (object, key) => {
  try {
    return object[key];
  } catch {
    return undefined;
  }
};

const isObject = (v) => (typeof v === "object" && v !== null) || typeof v === "function";
