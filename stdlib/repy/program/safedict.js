// SafeDict: a dictionary of names, and the only thing a namespace is evaluated in. Keys are safe identifiers.
//
// In JavaScript its entries are reached by methods (`dict.get("x")`), not by properties: an entry may be called "get".

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
const PREFIXES = ["im_", "func_", "tb_", "f_", "co_"];
/** Names that RepyV2 refuses, and those that mean something wherever text becomes a property of JavaScript. */
const FORBIDDEN = new Set(["encode", "decode", "constructor", "prototype", "then"]);

export function isSafeName(name) {
  if (typeof name !== "string" || !IDENTIFIER.test(name)) return false;
  return !name.includes("__") && !FORBIDDEN.has(name) && !PREFIXES.some((prefix) => name.startsWith(prefix));
}

/** The entries of a dictionary: a SafeDict, a Map or a plain object; undefined for anything else. */
export function entriesOf(value) {
  if (value instanceof SafeDict) return value.items();
  if (value instanceof Map) return [...value];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const prototype = Object.getPrototypeOf(value);
  // An object of another realm has a prototype of its own whose prototype is null.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return undefined;
  return Reflect.ownKeys(value).map((key) => [key, value[key]]);
}

/** KeyError of a dictionary. */
function missing(what) {
  const error = new Error(what);
  return Object.assign(error, { name: "KeyError" });
}

function checkKey(key) {
  if (!isSafeName(key))
    throw new TypeError(`${typeof key === "string" ? JSON.stringify(key) : typeof key} is no safe key`);
}

const shown = (value, seen) => {
  if (value instanceof SafeDict) return value.show(seen);
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return `<function ${value.name}>`;
  if (typeof value !== "object" || value === null) return String(value);
  return Array.isArray(value) ? `<list of ${value.length}>` : "<object>";
};

export class SafeDict {
  #map = new Map();

  constructor(from) {
    if (from !== undefined) this.update(from);
  }

  get size() {
    return this.#map.size;
  }

  /** Without an entry: the default, or undefined. */
  get(key, otherwise) {
    checkKey(key);
    return this.#map.has(key) ? this.#map.get(key) : otherwise;
  }

  set(key, value) {
    checkKey(key);
    this.#map.set(key, value);
    return this;
  }

  has(key) {
    checkKey(key);
    return this.#map.has(key);
  }

  delete(key) {
    checkKey(key);
    return this.#map.delete(key);
  }

  keys() {
    return [...this.#map.keys()];
  }

  values() {
    return [...this.#map.values()];
  }

  items() {
    return [...this.#map];
  }

  clear() {
    this.#map.clear();
  }

  /** Takes the entry out. Without one: the default, or a KeyError. */
  pop(key, ...otherwise) {
    checkKey(key);
    if (!this.#map.has(key) && otherwise.length === 0) throw missing(key);
    const value = this.get(key, otherwise[0]);
    this.#map.delete(key);
    return value;
  }

  /** Takes any entry out: the last one. */
  popitem() {
    const last = this.items().at(-1);
    if (last === undefined) throw missing("the dictionary is empty");
    this.#map.delete(last[0]);
    return last;
  }

  setdefault(key, value) {
    if (!this.has(key)) this.set(key, value);
    return this.get(key);
  }

  /** All or nothing: a key that is no safe name changes nothing. */
  update(from) {
    const entries = entriesOf(from);
    if (entries === undefined) throw new TypeError("a SafeDict is updated from a dictionary");
    for (const [key] of entries) checkKey(key);
    for (const [key, value] of entries) this.#map.set(key, value);
  }

  /** Where the original holds itself, the copy holds itself. */
  copy() {
    const copy = new SafeDict();
    for (const [key, value] of this.#map) copy.set(key, value === this ? copy : value);
    return copy;
  }

  show(seen = new Set()) {
    if (seen.has(this)) return "{...}";
    const within = new Set(seen).add(this);
    return `{${this.items()
      .map(([key, value]) => `${JSON.stringify(key)}: ${shown(value, within)}`)
      .join(", ")}}`;
  }

  toString() {
    return this.show();
  }
}
