// From a contract's types to the arguments that a policy can name.
//
// Invariants
//   A1  A name means one argument of an event. The plain name of a record's field, or of a part of a URL, is left out
//       where something else in the call has it.
//   A2  An argument knows where its value is: data.ts reads there and nowhere else.
import type { Argument as Parameter, StringType, Type } from "../contract/index.ts";
import type { Argument, ArgumentType, Part, Source } from "./vocabulary.ts";

/** What a policy sees of one type. */
interface Seen {
  readonly type: ArgumentType;
  readonly values?: readonly string[];
  readonly least?: number;
  readonly most?: number;
}

interface Leaf {
  /** Names from the parameter inwards. */
  readonly path: readonly string[];
  readonly source: Source;
  readonly type: Type;
  readonly optional: boolean;
}

const OTHER: Seen = { type: "other" };

const isNull = (type: Type): boolean =>
  type.type === "nothing" || (type.type === "oneOf" && type.values.every((value) => value === null));

/** The type without what stands for a missing value. A union of one type and of nothing is that type. */
function present(type: Type): { readonly type: Type; readonly optional: boolean } {
  if (type.type === "option") return { type: present(type.of).type, optional: true };
  if (type.type !== "union") return { type, optional: false };
  const rest = type.of.filter((member) => !isNull(member));
  const only = rest.length === 1 ? present(rest[0] as Type) : undefined;
  return { type: only?.type ?? type, optional: rest.length < type.of.length || only?.optional === true };
}

const bounds = ({ min, max }: { readonly min?: number | undefined; readonly max?: number | undefined }) => ({
  ...(min === undefined ? {} : { least: Math.max(0, Math.ceil(min)) }),
  ...(max === undefined || max < 0 ? {} : { most: Math.min(Number.MAX_SAFE_INTEGER, Math.floor(max)) }),
});

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function seenLiterals(values: readonly unknown[]): Seen {
  const said = values.filter((value) => value !== null);
  if (said.length === 0) return OTHER;
  if (said.every((value) => typeof value === "string")) return { type: "enum", values: [...new Set(said)] };
  if (said.every((value) => typeof value === "boolean")) return { type: "bool" };
  if (said.every(isCount)) return { type: "int", least: Math.min(...said), most: Math.max(...said) };
  return OTHER;
}

function seenText({ is, ...type }: StringType): Seen {
  if (is === undefined) return { type: "text", ...bounds(type) };
  // A bound of lengths is of what the guest wrote, which is longer or shorter than what it means.
  return { type: is === "url" ? "text" : is };
}

function seen(type: Type): Seen {
  switch (type.type) {
    case "boolean":
      return { type: "bool" };
    case "number":
    case "integer":
      return { type: "int", ...bounds(type) };
    case "string":
      return seenText(type);
    case "bytes":
      return { type: "bytes", ...bounds(type) };
    case "oneOf":
      return seenLiterals(type.values);
    case "handle":
      return { type: "handle" };
    default:
      return OTHER;
  }
}

function leavesOf(path: readonly string[], source: Source, type: Type, isOptional: boolean): readonly Leaf[] {
  const inner = present(type);
  const optional = isOptional || inner.optional;
  if (inner.type.type !== "record") return [{ path, source, type: inner.type, optional }];
  return Object.entries(inner.type.fields).flatMap(([name, of]) =>
    leavesOf([...path, name], { ...source, fields: [...source.fields, name] }, of, optional),
  );
}

const INT: Seen = { type: "int" };
const URL_PARTS: readonly (readonly [Part, Seen])[] = [
  ["scheme", { type: "text" }],
  ["host", { type: "host" }],
  ["port", { type: "int", least: 0, most: 65_535 }],
  ["path", { type: "path" }],
];

const isData = (type: Type): boolean => type.type === "bytes" || (type.type === "string" && type.is === undefined);

/** What follows from one argument: parts of a URL, and of bytes and texts the size in bytes. */
function partsOf(type: Type): readonly (readonly [Part, Seen])[] {
  if (type.type === "string" && type.is === "url") return URL_PARTS;
  const isSized = isData(type) || (type.type === "union" && type.of.every(isData));
  return isSized ? [["size", INT]] : [];
}

interface Draft {
  readonly path: readonly string[];
  readonly source: Source;
  readonly seen: Seen;
  readonly optional: boolean;
}

function draftsOf(leaf: Leaf): readonly Draft[] {
  const { path, source, optional, type } = leaf;
  const own: Draft = { path, source, seen: seen(type), optional };
  const isUrl = type.type === "string" && type.is === "url";
  const parts = partsOf(type).map(([part, as]): Draft => {
    // Not every URL has a host, a port and a path.
    const isMissing = part === "host" || part === "port" || part === "path";
    return { path: [...path, part], source: { ...source, part }, seen: as, optional: optional || isMissing };
  });
  return [isUrl ? { ...own, source: { ...source, part: "url" } } : own, ...parts];
}

/** "to.host" and "host". */
const namesOf = ({ path }: Draft): readonly string[] => path.map((_, from) => path.slice(from).join("."));

const isDerived = ({ source: { part } }: Draft): boolean => part !== undefined && part !== "url";

/** How often each name could be meant, by arguments themselves and by what follows from them. */
function counted(drafts: readonly Draft[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of drafts.flatMap(namesOf)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

const placeOf = ({ source: { at, fields } }: Draft): string => [at, ...fields].join(".");

/** Something else in the call may be large: a plain "size" would be taken for the size of that. */
const isSizeUnclear = (drafts: readonly Draft[], draft: Draft): boolean =>
  draft.source.part === "size" &&
  drafts.some((other) => other.seen.type === "other" && placeOf(other) !== placeOf(draft));

/** A1: an argument itself before what follows from another one; a whole name before a part of one. */
function named(drafts: readonly Draft[]): readonly Argument[] {
  const whole = new Set(drafts.map(({ path }) => path.join(".")));
  const own = counted(drafts.filter((draft) => !isDerived(draft)));
  const all = counted(drafts);
  return drafts.map((draft) => {
    const counts = isDerived(draft) ? all : own;
    const [full = "", ...shorter] = namesOf(draft);
    const isClear = (name: string) =>
      counts.get(name) === 1 && !whole.has(name) && !(name === "size" && isSizeUnclear(drafts, draft));
    const usable = shorter.filter(isClear).reverse();
    const [name = full, ...also] = [...usable, full];
    return Object.freeze({ name, also, ...draft.seen, optional: draft.optional, source: draft.source });
  });
}

/** Of a call's parameters. The rest of a list has no name that means one thing. */
export function argumentsOf(takes: readonly { readonly type: string; readonly name: string; readonly of: Type }[]) {
  const single = takes.filter((parameter): parameter is Parameter => parameter.type === "arg");
  const leaves = single.flatMap(({ name, of }, at) => leavesOf([name], { at, fields: [] }, of, false));
  return Object.freeze(named(leaves.flatMap(draftsOf)));
}

/** Of what a call gives: the fields of a record, or "value". */
export function resultsOf(gives: Type): readonly Argument[] {
  if (gives.type === "nothing") return Object.freeze([]);
  const inner = present(gives);
  const isRecord = inner.type.type === "record";
  const leaves = leavesOf(isRecord ? [] : ["value"], { at: 0, fields: [] }, gives, false);
  return Object.freeze(named(leaves.flatMap(draftsOf)));
}
