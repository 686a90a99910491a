// Reading data that may be of anybody.
//
// Invariants
//   R1  No getter runs: properties are read by their descriptors, own ones only, each once, and what was read is kept.
//   R2  What is read is bounded: by nodes, by levels, by characters of text.
//   R3  Whatever a proxy does instead of answering becomes an E_CONTRACT.
// Trust
//   Trusted by check.ts. Prototypes mean nothing here; a proxy that answers is data like any other.
import { contractError, show } from "./error.ts";

/** Contracts and types inside of one another. */
export const MOST_LEVELS = 32;
/** Objects, lists and properties of one contract, with all that it contains. */
export const MOST_NODES = 10_000;
/** UTF-16 units of all its texts. */
export const MOST_TEXT = 1 << 18;

/** What is counted over one contract and all that it contains. */
export interface Count {
  nodes: number;
  levels: number;
  text: number;
  /** The objects that contain the one being read. */
  readonly around: Set<object>;
}

export interface Place {
  readonly count: Count;
  /** The contract as messages say it. */
  readonly contract: string;
  readonly path: string;
  readonly level: number;
}

export const start = (): Place => ({
  count: { nodes: 0, levels: 0, text: 0, around: new Set() },
  contract: "without a name",
  path: "",
  level: 0,
});

export function refuse(place: Place, wrong: string, right: string): never {
  throw contractError(place.contract, place.path, wrong, right);
}

export const at = <P extends Place>(place: P, step: string): P => ({
  ...place,
  path: place.path === "" ? step.replace(/^\./, "") : `${place.path}${step}`,
});

/** One contract or type further in. */
export function deeper<P extends Place>(place: P): P {
  const level = place.level + 1;
  if (level > MOST_LEVELS) refuse(place, "nested too deep", `at most ${MOST_LEVELS} types inside of one another`);
  place.count.levels = Math.max(place.count.levels, level);
  return { ...place, level };
}

export function countNodes(place: Place, nodes: number): void {
  place.count.nodes += nodes;
  if (place.count.nodes > MOST_NODES) refuse(place, "too large", `at most ${MOST_NODES} parts in all`);
}

/** Asks something of an object of anybody. */
function ask<T>(place: Place, question: () => T): T {
  try {
    return question();
  } catch {
    return refuse(place, "cannot be read", "contracts are plain data");
  }
}

function property(place: Place, object: object, key: string): unknown {
  const descriptor = ask(place, () => Reflect.getOwnPropertyDescriptor(object, key));
  if (descriptor === undefined) return undefined;
  if (!("value" in descriptor)) refuse(at(place, `.${key}`), "an accessor", "contracts are plain data");
  return descriptor.value;
}

function objectAt(place: Place, alleged: unknown, right: string): object {
  if (typeof alleged !== "object" || alleged === null) refuse(place, `${show(alleged)} is no record`, right);
  return alleged;
}

/** Reads with `read` what an object holds, while it counts as one of those around. */
function inside<T>(place: Place, object: object, read: () => T): T {
  const { around } = place.count;
  if (around.has(object)) refuse(place, "contains itself", 'recursion is by name: handle("name")');
  around.add(object);
  const result = read();
  around.delete(object);
  return result;
}

function keysOf(place: Place, object: object): string[] {
  return ask(place, () => Reflect.ownKeys(object)).map((key) =>
    typeof key === "string" ? key : refuse(place, "a symbol as a name", "names are strings"),
  );
}

/** The properties of a record, each read once; those that are undefined are as if absent. */
export function readRecord<T>(
  place: Place,
  alleged: unknown,
  right: string,
  use: (properties: ReadonlyMap<string, unknown>) => T,
): T {
  const object = objectAt(place, alleged, right);
  if (ask(place, () => Array.isArray(object))) refuse(place, "a list is no record", right);
  return inside(place, object, () => {
    const keys = keysOf(place, object);
    countNodes(place, 1 + keys.length);
    const read = keys.map((key) => [key, property(place, object, key)] as const);
    return use(new Map(read.filter(([, value]) => value !== undefined)));
  });
}

/** The items of a list, each read once. */
export function readList<T>(
  place: Place,
  alleged: unknown,
  right: string,
  item: (value: unknown, place: Place, index: number) => T,
): T[] {
  const object = ask(place, () => Array.isArray(alleged))
    ? (alleged as object)
    : refuse(place, `${show(alleged)} is no list`, right);
  return inside(place, object, () => {
    const length = property(place, object, "length");
    if (typeof length !== "number" || !(length >= 0)) return refuse(place, "a list without a length", right);
    countNodes(place, 1 + length);
    return Array.from({ length }, (_, index) =>
      item(property(place, object, `${index}`), at(place, `[${index}]`), index),
    );
  });
}

/** Text of at most `most` characters, without control characters and ends of comments: it is shown to people. */
export function readText(place: Place, alleged: unknown, most: number): string {
  if (typeof alleged !== "string") return refuse(place, `${show(alleged)} is no text`, "a string");
  if (alleged.length > most) return refuse(place, `${alleged.length} characters`, `at most ${most}`);
  place.count.text += alleged.length;
  if (place.count.text > MOST_TEXT) refuse(place, "too much text", `at most ${MOST_TEXT} characters in all`);
  return alleged;
}
