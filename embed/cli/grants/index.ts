// What the command line grants: --grant and --grants, put together and made.
import { resolve, sep } from "node:path";
import type { Granted } from "../../../policy-libs/index.ts";
import type { Parsed } from "../arguments.ts";
import { UsageError } from "../exit.ts";
import { stderr } from "../terminal.ts";
import type { GrantsFile } from "./file.ts";
import { type Grant, joinGrants, wordOf } from "./grant.ts";
import { textOf } from "./kinds.ts";
import { make } from "./make.ts";
import type { PolicyInFile } from "./policy.ts";
import { parseWord } from "./word.ts";

const note = (text: string): void => stderr().write(`cordon: ${text}\n`);

const isInside = (inner: string, outer: string): boolean =>
  `${resolve(inner)}${sep}`.startsWith(resolve(outer) === sep ? sep : `${resolve(outer)}${sep}`);

const isWritable = ({ kind, fields }: Grant): boolean => kind === "files" && textOf(fields, "mode") === "rw";

/** A directory that is only read under one name and written under another is written. */
function noteOverlaps(grants: readonly Grant[]): void {
  const files = grants.filter(({ kind }) => kind === "files");
  for (const reader of files.filter((grant) => !isWritable(grant))) {
    const path = textOf(reader.fields, "path");
    const writer = files.find((grant) => isWritable(grant) && isInside(path, textOf(grant.fields, "path")));
    if (writer !== undefined) note(`${wordOf(writer)} lets the guest write what ${wordOf(reader)} only reads`);
  }
}

/** Not part of what starts quickly. */
async function fromFiles(paths: readonly string[]): Promise<readonly GrantsFile[]> {
  if (paths.length === 0) return [];
  const { readGrantsFile } = await import("./file.ts");
  return paths.map(readGrantsFile);
}

/** Two files that name two policies contradict each other, as two of their grants would. */
function onlyPolicy(files: readonly GrantsFile[]): PolicyInFile | undefined {
  const [first, second] = files.flatMap(({ policy }) => policy ?? []);
  if (second === undefined) return first;
  throw new UsageError(`${second.from}: a policy is named in ${first?.from} already`, "one that imports both");
}

async function read(parsed: Parsed): Promise<GrantsFile> {
  const files = await fromFiles(parsed.texts("grants"));
  const grants = joinGrants([...files.flatMap((file) => file.grants), ...parsed.texts("grant").map(parseWord)], note);
  noteOverlaps(grants);
  return { grants, policy: onlyPolicy(files) };
}

const known = new WeakMap<Parsed, Promise<GrantsFile>>();

function readOnce(parsed: Parsed): Promise<GrantsFile> {
  const reading = known.get(parsed) ?? read(parsed);
  known.set(parsed, reading);
  return reading;
}

/** Everything that is granted: by files, then by words. Read once, so that notes are made once. */
export const grantsFrom = async (parsed: Parsed): Promise<readonly Grant[]> => (await readOnce(parsed)).grants;

/** The policy that a grants file names. */
export const policyNamed = async (parsed: Parsed): Promise<PolicyInFile | undefined> => (await readOnce(parsed)).policy;

/** The directories that the guest may write to. */
export const writableDirectories = (grants: readonly Grant[]): string[] =>
  grants.filter(isWritable).map(({ fields }) => textOf(fields, "path"));

const endings = new WeakMap<Parsed, (() => void)[]>();

/** The guest has ended: the terminal, say, is taken back. */
export function endGrants(parsed: Parsed): void {
  for (const task of endings.get(parsed)?.splice(0) ?? []) task();
}

/** The capabilities by the names of their grants. */
export async function grantsOf(parsed: Parsed): Promise<Readonly<Record<string, Granted>>> {
  const tasks: (() => void)[] = [];
  endings.set(parsed, tasks);
  const made = (await grantsFrom(parsed)).map(
    async (grant) => [grant.name, await make(grant, parsed, (task) => void tasks.push(task))] as const,
  );
  return Object.fromEntries(await Promise.all(made));
}
