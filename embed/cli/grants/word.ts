// --grant WORD:  NAME | NAME=WHAT | NAME=KIND | NAME=KIND:WHAT | NAME=ro:DIR | NAME=rw:DIR
//
// A name that is a kind means that kind, and what stands after the equals sign is of that kind alone: net=http:80 is the
// host http. Any other name says its kind first; files are so common that ro: and rw: say enough.
import { nearest } from "../arguments.ts";
import { UsageError } from "../exit.ts";
import { checkName, type Grant, NAME } from "./grant.ts";
import { Complaint, exampleOf, isKind, KINDS, type KindName, kindOf } from "./kinds.ts";

const EXAMPLE = "--grant files=ro:./data";
const MODES = ["ro", "rw"];

function parseWhat(kind: KindName, what: string, from: string): Grant["fields"] {
  try {
    return kindOf(kind).parse(what);
  } catch (error) {
    if (error instanceof Complaint) throw new UsageError(`${from}: ${error.message}`, error.advice);
    throw error;
  }
}

function unknownKind(kind: string, from: string): UsageError {
  const near = nearest(kind, [...MODES, ...Object.keys(KINDS)]);
  const meant = near === undefined ? `there are ${Object.keys(KINDS).join(", ")}` : `did you mean ${near}?`;
  return new UsageError(`${from}: unknown kind ${kind}: ${meant}`, EXAMPLE);
}

/** The kind and the rest of what stands after the equals sign of a name that is no kind. */
function splitWhat(name: string, what: string | undefined, from: string): readonly [KindName, string] {
  const [, kind = "", rest = ""] = /^([a-z]+)(?::([\s\S]*))?$/.exec(what ?? "") ?? [];
  if (kind === "") {
    const near = nearest(name, Object.keys(KINDS));
    throw new UsageError(`${from}: not NAME=KIND:WHAT${near === undefined ? "" : `; did you mean ${near}?`}`, EXAMPLE);
  }
  if (MODES.includes(kind)) return ["files", what ?? ""];
  if (!isKind(kind)) throw unknownKind(kind, from);
  return [kind, rest];
}

export function parseWord(word: string): Grant {
  const from = `--grant ${word}`;
  const at = word.indexOf("=");
  const [name, what] = at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
  if (!NAME.test(name)) throw new UsageError(`${from}: not NAME=KIND:WHAT`, EXAMPLE);
  checkName(name, from);
  if (isKind(name) && what === undefined && kindOf(name).what !== "") {
    throw new UsageError(`${from}: not NAME=KIND:WHAT`, `--grant ${exampleOf(name)}`);
  }
  const [kind, rest] = isKind(name) ? [name, what ?? ""] : splitWhat(name, what, from);
  return { name, kind, fields: parseWhat(kind, rest, from), from, isFromFile: false };
}
