// A recording of what crossed: plain data, so that it can be kept. Capabilities in values are numbers.
import type { CallMode } from "../capability.ts";
import { type Granted, isGranted } from "../capability.ts";
import { type Path, rebuild } from "./copy.ts";
import { deny } from "./refusal.ts";

/** A value whose capabilities have been taken out: each by the path where it was, and its number. */
export interface Kept {
  readonly data: unknown;
  readonly things: readonly (readonly [path: Path, thing: number])[];
}

/** Something that came through: 0 is the capability itself, then in the order in which they were seen. */
export interface RecordedThing {
  readonly contract: string;
  readonly form: string;
  readonly modes: Readonly<Record<string, CallMode>>;
  /** It was given to the capability, and not given by it. */
  readonly isGuests: boolean;
}

export interface RecordedEnd {
  /** From 0, in the order in which calls ended. */
  readonly order: number;
  /** It was answered by a promise. */
  readonly isLate: boolean;
  readonly threw: boolean;
  /** Of an error: name, message and code. */
  readonly answer: Kept;
}

export interface RecordedCall {
  readonly thing: number;
  readonly call: string;
  readonly args: Kept;
  /** Not there: it never ended. */
  readonly end?: RecordedEnd;
}

/** What went through a capability: plain data, for `replay`. */
export interface Recording {
  readonly version: 1;
  readonly things: readonly RecordedThing[];
  readonly calls: readonly RecordedCall[];
}

const placeOf = (path: Path): string => JSON.stringify(path);

/** Takes the capabilities out of a value. */
export function keep(value: unknown, numberOf: (thing: Granted) => number): Kept {
  const places = new Map<string, readonly [Path, number]>();
  const data = rebuild(value, {
    value: (item, path) => {
      if (!isGranted(item)) return item;
      const place = placeOf(path);
      // Two keys of one Map have one path. No contract lets a capability stand there.
      if (places.has(place)) deny("E_VALUE", "a capability where none can be recorded");
      places.set(place, [[...path], numberOf(item)]);
      return null;
    },
  });
  return { data, things: [...places.values()] };
}

/** Puts capabilities back where they were. */
export function restore({ data, things }: Kept, thingOf: (number: number) => Granted): unknown {
  if (things.length === 0) return rebuild(data, { value: (item) => item });
  const places = new Map(things.map(([path, thing]) => [placeOf(path), thing]));
  return rebuild(data, {
    value: (item, path) => {
      const thing = item === null ? places.get(placeOf(path)) : undefined;
      return thing === undefined ? item : thingOf(thing);
    },
  });
}

type Coded = Error & { readonly code?: unknown };

/** What of an error is recorded. Something else that was thrown becomes an error with no more than its kind. */
export function partsOf(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { name: "Error", message: `a thrown ${typeof error}` };
  const { name, message, code } = error as Coded;
  return code === undefined ? { name, message } : { name, message, code };
}

export function errorFrom(parts: unknown): Error {
  const { message, ...rest } = parts as { readonly message?: unknown };
  return Object.assign(new Error(String(message)), rest);
}
