// What a script seems to need, as grants: a command line to copy, and a grants file.
import { placeOf } from "./frame.ts";
import { CONTRACTS } from "./grants/contracts.ts";
import { wordOf } from "./grants/grant.ts";
import { type Fields, isKind, type KindName, kindOf } from "./grants/kinds.ts";
import { type Smallest, smallest } from "./grants/smallest.ts";
import type { Use } from "./needs.ts";

/** What a script seems to want under one name. */
export interface Need {
  readonly group: string;
  readonly calls: readonly string[];
  /** Where it is first named. */
  readonly line: number;
  /** Undefined if nothing that the command line can give looks like it. */
  readonly grant?: Suggestion;
}

export interface Suggestion extends Smallest {
  readonly kind: KindName;
  /** As a word of the command line. Capitals stand for what nobody can tell: DIR, HOST:PORT. */
  readonly word: string;
}

const namesOf = ({ calls }: { readonly calls: readonly { readonly name: string }[] }): readonly string[] =>
  calls.map(({ name }) => name);

/** By its calls, where its name says nothing. */
const CALLS: readonly (readonly [KindName, readonly string[]])[] = Object.entries(CONTRACTS).map(([kind, contract]) => [
  kind as KindName,
  namesOf(contract),
]);

/** A name says it, or else all calls are of one kind and of no other. */
export function kindLike(group: string, calls: readonly string[]): KindName | undefined {
  if (isKind(group)) return group;
  if (calls.length === 0) return undefined;
  const fitting = CALLS.filter(([, known]) => calls.every((call) => known.includes(call)));
  return fitting.length === 1 ? fitting[0]?.[0] : undefined;
}

const PLACEHOLDERS: ReadonlyMap<KindName, Fields> = new Map([
  ["net", { allow: ["HOST:PORT"] }],
  ["http", { allow: ["https://HOST/"] }],
  ["env", { names: ["NAME"] }],
]);

const isEmpty = (fields: Fields): boolean =>
  Object.values(fields).every((field) => typeof field !== "string" && field.length === 0);

/** A grant for the calls of a group. */
export function suggest(name: string, kind: KindName, found: Smallest): Suggestion {
  const isBlank = kindOf(kind).what !== "" && isEmpty(found.fields);
  const fields = isBlank ? (PLACEHOLDERS.get(kind) ?? found.fields) : found.fields;
  return { ...found, fields, kind, word: wordOf({ name, kind, fields }) };
}

function needOf(group: string, uses: readonly Use[], source: string): Need {
  const calls = [...new Set(uses.flatMap(({ call }) => call ?? []))].sort();
  const { line } = placeOf(source, uses[0]?.at ?? 0);
  const kind = kindLike(group, calls);
  if (kind === undefined) return { group, calls, line };
  const used = uses.map(({ call, args, at }) => ({ call, args, where: `line ${placeOf(source, at).line}` }));
  return { group, calls, line, grant: suggest(group, kind, smallest(kind, used)) };
}

/** What a script seems to need, by the names that it uses, in the order of the source. */
export function needsOf(uses: readonly Use[], source: string): Need[] {
  const groups = [...new Set(uses.map(({ group }) => group))];
  return groups.map((group) =>
    needOf(
      group,
      uses.filter((use) => use.group === group),
      source,
    ),
  );
}

/** For a shell: a name of a file may hold anything. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) && !text.startsWith("-") ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** The command that runs the script with no more than it seems to need. */
export function commandOf(name: string, imports: readonly string[], needs: readonly Need[]): string {
  const grants = needs.flatMap(({ grant }) => (grant === undefined ? [] : ["--grant", shellWord(grant.word)]));
  return ["cordon run", shellWord(name), ...(imports.length > 0 ? ["--modules DIR"] : []), ...grants].join(" ");
}

/** The same as a grants file. */
export function grantsFileOf(needs: readonly Need[]): { readonly grants: object } {
  const entries = needs.flatMap(({ group, grant }) => {
    if (grant === undefined) return [];
    const { kind, fields } = grant;
    return [[group, { ...(kind === group ? {} : { kind }), ...fields }] as const];
  });
  return { grants: Object.fromEntries(entries) };
}
