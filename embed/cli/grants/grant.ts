// A grant as somebody wrote it: on the command line, in a grants file. What both say is put together here.
//
// A list (hosts, variables) grows. Everything else is one thing: where two places say different things of it, the command
// line wins over a file, with a note; two files, or two words of one command line, contradict each other, and that is an
// error: to guess which was meant is to grant what was not.
import { UsageError } from "../exit.ts";
import { type Fields, type KindName, kindOf } from "./kinds.ts";

export interface Grant {
  /** The guest's global. */
  readonly name: string;
  readonly kind: KindName;
  readonly fields: Fields;
  /** Where it was written, for messages: "--grant net=a:1", "grants.json:3:5". */
  readonly from: string;
  readonly isFromFile: boolean;
}

/** Names that a grant would take away from the script. */
const TAKEN: ReadonlyMap<string, string> = new Map([
  ["args", "every script has its arguments there; --grant argv=args gives them as a capability"],
  ["console", "every script has one; --grant out=console gives one as a capability"],
  ["globalThis", "the name belongs to the language"],
  ["undefined", "the name belongs to the language"],
]);

export const NAME = /^[A-Za-z_$][\w$]*$/;

export function checkName(name: string, from: string): void {
  const why = TAKEN.get(name);
  if (why !== undefined) throw new UsageError(`${from}: the name ${name} is taken`, why);
}

/** As a word of the command line. */
export function wordOf({ name, kind, fields }: Pick<Grant, "name" | "kind" | "fields">): string {
  const what = kindOf(kind).show(fields);
  if (name === kind) return what === "" ? name : `${name}=${what}`;
  return what === "" ? `${name}=${kind}` : `${name}=${kind}:${what}`;
}

const isSame = (a: Fields[string], b: Fields[string]): boolean => JSON.stringify(a) === JSON.stringify(b);

function joinField(older: Fields[string] | undefined, newer: Fields[string]): Fields[string] {
  if (typeof older === "string" || typeof newer === "string" || older === undefined) return newer;
  return [...new Set([...older, ...newer])];
}

/** The first field of which the two say different things, if there is one. */
const dispute = (older: Grant, newer: Grant): string | undefined =>
  Object.entries(newer.fields).find(([key, value]) => {
    const before = older.fields[key];
    return typeof value === "string" && before !== undefined && !isSame(before, value);
  })?.[0];

function join(older: Grant, newer: Grant, note: (text: string) => void): Grant {
  const { name } = newer;
  if (older.kind !== newer.kind) {
    throw new UsageError(
      `${newer.from}: ${name} is ${newer.kind} here and ${older.kind} in ${older.from}`,
      "give each a name of its own",
    );
  }
  const isOverride = older.isFromFile && !newer.isFromFile;
  const isList = Object.values(newer.fields).some((field) => typeof field !== "string");
  if (!isOverride && !isList) {
    const same = dispute(older, newer) === undefined ? "the same thing" : "two things";
    throw new UsageError(`${newer.from}: ${name} twice, for ${same}: give each a name of its own`, `see ${older.from}`);
  }
  if (dispute(older, newer) !== undefined) note(`${newer.from} is taken instead of ${wordOf(older)} of ${older.from}`);
  const fields = Object.entries(newer.fields).map(
    ([key, value]) => [key, joinField(older.fields[key], value)] as const,
  );
  return { ...newer, fields: { ...older.fields, ...Object.fromEntries(fields) } };
}

/** All grants, each name once, in the order in which the names come first. Throws UsageError for contradictions. */
export function joinGrants(given: readonly Grant[], note: (text: string) => void): Grant[] {
  const byName = new Map<string, Grant>();
  for (const grant of given) {
    const older = byName.get(grant.name);
    byName.set(grant.name, older === undefined ? grant : join(older, grant, note));
  }
  return [...byName.values()];
}
