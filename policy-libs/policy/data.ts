// From the values of a call to what a policy sees of them. Runs at every call that a policy looks at, on copies.
//
// Invariants
//   D1  What does not fit its argument's type is absent: nothing is guessed, and every test of it is unknown.
//   D2  Only own properties that the contract names are read, each once.
//   D3  Which values are read, and how, is settled when the reader is made; a reader reads what policies name, and no more.
// Trust
//   Trusts normal.ts. Values are decoded copies: no getter of a guest runs.
import { utf8Length } from "./characters.ts";
import { eventArguments, namesOf } from "./event.ts";
import { normalAddress, normalHost, normalPath, normalUrl, type UrlParts } from "./normal.ts";
import type { Datum } from "./resolved.ts";
import type { Argument, ArgumentType, Operation, Source } from "./vocabulary.ts";

export type Data = ReadonlyMap<string, Datum>;

/** -0 is 0. */
const count = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) + 0 : undefined;

const ofText =
  (normal: (text: string) => string | undefined) =>
  (value: unknown): string | undefined =>
    typeof value === "string" ? normal(value) : undefined;

const nothing = (): undefined => undefined;

type Normal = (value: unknown) => Datum | undefined;

/** An enum's texts are in its argument. */
const NORMAL: Readonly<Record<Exclude<ArgumentType, "enum">, Normal>> = {
  bool: (value) => (typeof value === "boolean" ? value : undefined),
  int: count,
  text: ofText((text) => text),
  path: ofText(normalPath),
  host: ofText(normalHost),
  ip: ofText(normalAddress),
  bytes: (value) => (value instanceof Uint8Array ? value.byteLength : undefined),
  handle: nothing,
  other: nothing,
};

function normalOf({ type, values }: Argument): Normal {
  if (type !== "enum") return NORMAL[type];
  const known: ReadonlySet<unknown> = new Set(values);
  return (value) => (known.has(value) ? (value as string) : undefined);
}

function sizeOf(value: unknown): number | undefined {
  if (typeof value === "string") return utf8Length(value, Number.MAX_SAFE_INTEGER);
  return value instanceof Uint8Array ? value.byteLength : undefined;
}

/** One value, and all that is read of it. */
interface Read {
  readonly at: number;
  readonly fields: readonly string[];
  /** Of the value itself. */
  readonly own: readonly (readonly [name: string, normal: Normal])[];
  readonly parts: readonly (readonly [name: string, part: keyof UrlParts])[];
}

function fieldOf(value: unknown, fields: readonly string[]): unknown {
  let inner = value;
  for (const field of fields) {
    if (typeof inner !== "object" || inner === null || !Object.hasOwn(inner, field)) return undefined;
    inner = (inner as Readonly<Record<string, unknown>>)[field];
  }
  return inner;
}

function take(read: Read, value: unknown, into: Map<string, Datum>): void {
  for (const [name, normal] of read.own) {
    const datum = normal(value);
    if (datum !== undefined) into.set(name, datum);
  }
  if (read.parts.length === 0 || typeof value !== "string") return;
  const url = normalUrl(value);
  if (url === undefined) return;
  for (const [name, part] of read.parts) {
    const datum = url[part];
    if (datum !== undefined) into.set(name, datum);
  }
}

type Wanted = readonly (readonly [name: string, argument: Argument, source: Source])[];

/** The reads of what is wanted: each value once, however many names it has. */
function readsOf(wanted: Wanted): readonly Read[] {
  const places = Map.groupBy(wanted, ([, , { at, fields }]) => JSON.stringify([at, fields]));
  return [...places.values()].map((here): Read => {
    const { at, fields } = (here[0] as Wanted[number])[2];
    const plain = here.filter(([, , { part }]) => part === undefined || part === "size");
    return {
      at,
      fields,
      own: plain.map(([name, argument, { part }]) => [name, part === "size" ? sizeOf : normalOf(argument)]),
      parts: here.flatMap(([name, , { part }]) =>
        part === undefined || part === "size" ? [] : [[name, part] as const],
      ),
    };
  });
}

/** Every name of the arguments that is wanted. */
const wantedOf = (list: readonly Argument[], names: ReadonlySet<string> | undefined): Wanted =>
  list.flatMap((argument) => {
    const { source } = argument;
    if (source === undefined) return [];
    return namesOf(argument).flatMap((name) => (names?.has(name) === false ? [] : [[name, argument, source] as const]));
  });

/** What a policy sees of a call's argument list. `names`: those that policies use; all, if it is not said. */
export function callReader(
  operation: Operation,
  names?: ReadonlySet<string>,
): (allegedArguments: readonly unknown[]) => Data {
  const reads = readsOf(wantedOf(operation.takes, names));
  return (alleged) => {
    const data = new Map<string, Datum>();
    for (const read of reads) take(read, fieldOf(alleged[read.at], read.fields), data);
    return data;
  };
}

/** What a policy sees of a result, and of the arguments of the call that it answers. */
export function resultReader(
  operation: Operation,
  names?: ReadonlySet<string>,
): (allegedArguments: readonly unknown[], allegedResult: unknown) => Data {
  const { takes, gives } = eventArguments(operation, "result");
  const [fromCall, fromResult] = [readsOf(wantedOf(takes, names)), readsOf(wantedOf(gives, names))];
  return (allegedArguments, allegedResult) => {
    const data = new Map<string, Datum>();
    for (const read of fromCall) take(read, fieldOf(allegedArguments[read.at], read.fields), data);
    for (const read of fromResult) take(read, fieldOf(allegedResult, read.fields), data);
    return data;
  };
}
