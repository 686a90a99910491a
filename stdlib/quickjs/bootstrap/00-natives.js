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
  standIn,
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
  WeakMap_ = WeakMap;
const { defineProperty: defineProperty_ } = Reflect;

const uncurry = (fn) => (self, a, b) => apply(fn, self, [a, b]);
const getter = (prototype, key) => getOwnPropertyDescriptor(prototype, key).get;

const mapGet = uncurry(Map.prototype.get),
  mapSet = uncurry(Map.prototype.set),
  mapDelete = uncurry(Map.prototype.delete);
const mapForEach = uncurry(Map.prototype.forEach),
  mapClear = uncurry(Map.prototype.clear);
const mapSize = uncurry(getter(Map.prototype, "size"));
const setAdd = uncurry(Set.prototype.add),
  setForEach = uncurry(Set.prototype.forEach);
const weakGet = uncurry(WeakMap.prototype.get),
  weakSet = uncurry(WeakMap.prototype.set);
const slice = uncurry(String.prototype.slice),
  indexOf = uncurry(String.prototype.indexOf);
const join = uncurry(Array.prototype.join),
  padStart = uncurry(String.prototype.padStart);
const numberToString = uncurry(Number.prototype.toString);
const dateValue = uncurry(Date.prototype.getTime);
const regExpSource = uncurry(getter(RegExp.prototype, "source")),
  regExpFlags = uncurry(getter(RegExp.prototype, "flags"));
const test = uncurry(RegExp.prototype.exec);

/** Taken here, before any guest code; the one part of late/ that uses each uncurries it. */
const raw = {
  __proto__: null,
  setSize: getter(Set.prototype, "size"),
  setHas: Set.prototype.has,
  setDelete: Set.prototype.delete,
  weakDelete: WeakMap.prototype.delete,
  lastIndexOf: String.prototype.lastIndexOf,
  charCodeAt: String.prototype.charCodeAt,
  padEnd: String.prototype.padEnd,
  repeat: String.prototype.repeat,
  sort: Array.prototype.sort,
  toHex: BigInt.prototype.toString,
  dateText: Date.prototype.toISOString,
  symbolText: Symbol.prototype.toString,
  functionText: Function.prototype.toString,
};

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
