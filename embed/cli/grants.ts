// --grant NAME=KIND:WHAT to capabilities. One row per kind; each is loaded only when it is asked for.
import type { Granted } from "../../policy-libs/index.ts";
import { nearest, type Parsed } from "./arguments.ts";
import { UsageError } from "./exit.ts";

interface Word {
  readonly name: string;
  readonly kind: string;
  readonly what: string;
}

const SHAPE = /^([A-Za-z_$][\w$]*)=([a-z]+):([\s\S]+)$/;
const EXAMPLE = "--grant files=ro:./data";

const directoryKind =
  (isReadOnly: boolean) =>
  async (path: string): Promise<Granted> => {
    const { directory, readOnly } = await import("../../policy-libs/node/index.ts");
    return isReadOnly ? readOnly(directory(path)) : directory(path);
  };

const KINDS = new Map<string, (what: string) => Promise<Granted>>([
  ["ro", directoryKind(true)],
  ["rw", directoryKind(false)],
]);

/** Names that a grant would take away from the script. */
const TAKEN = new Set(["args", "console", "globalThis", "undefined"]);

function parseWord(word: string): Word {
  const [, name = "", kind = "", what = ""] = SHAPE.exec(word) ?? [];
  if (name === "") throw new UsageError(`--grant ${word}: not NAME=KIND:WHAT`, EXAMPLE);
  if (TAKEN.has(name)) throw new UsageError(`--grant ${word}: the name ${name} is taken`, EXAMPLE);
  if (KINDS.has(kind)) return { name, kind, what };
  const near = nearest(kind, [...KINDS.keys()]);
  const meant = near === undefined ? `there are ${[...KINDS.keys()].join(" and ")}` : `did you mean ${near}?`;
  throw new UsageError(`--grant ${word}: unknown kind ${kind}: ${meant}`, EXAMPLE);
}

const WHY = new Map<unknown, string>([
  ["ENOENT", "no such directory"],
  ["ENOTDIR", "not a directory"],
  ["EACCES", "permission denied"],
]);

async function make({ name, kind, what }: Word): Promise<[string, Granted]> {
  try {
    return [name, await (KINDS.get(kind) as (what: string) => Promise<Granted>)(what)];
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    throw new UsageError(`--grant ${name}=${kind}:${what}: ${WHY.get(code) ?? message}`);
  }
}

/** Everything that --grant names, in the order of the command line. */
export async function grantsOf(parsed: Parsed): Promise<Readonly<Record<string, Granted>>> {
  const words = parsed.texts("grant").map(parseWord);
  const names = words.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined)
    throw new UsageError(`--grant ${twice} twice: give each a name of its own`, "files=ro:in out=rw:out");
  return Object.fromEntries(await Promise.all(words.map(make)));
}
