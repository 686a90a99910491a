// A policy in a file of the host, with the files that it imports.
//
// Invariants
//   F1  What is imported is a regular file below the policy file's own directory, named by plain names with "/" between:
//       no "..", no link on the way. Names in imported files begin at that same directory.
//   F2  Every file is read once, at most MAX_FILE bytes of it, and at most MOST_FILES files are.
// Not promised: that nobody exchanges a directory on the way for a link while it is looked at. Who can do that can write
// the policy as well.
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Diagnostic, diagnose, render } from "../policy/diagnostic.ts";
import { branded, type PolicyOptions, type PolicyProblem, type PolicySource } from "../policy/given.ts";
import { MAX_FILE } from "../policy/limits.ts";
import { placer } from "../policy/lines.ts";
import { parse } from "../policy/parse.ts";
import { policy as portable } from "../policy/source.ts";
import type { Import } from "../policy/tree.ts";

/** Files of one policy. Who needs more than these cannot say what it says. */
const MOST_FILES = 64;

// biome-ignore format: a table
const WHY = new Map<unknown, string>([
  ["ENOENT", "no such file"], ["ENOTDIR", "no such file"], ["EACCES", "permission denied"], ["EPERM", "permission denied"],
  ["EISDIR", "is a directory"], ["ELOOP", "is a link"], ["ENAMETOOLONG", "the name is too long"], ["ENXIO", "is no regular file"],
]);

/** Why a file cannot be read, without its name. Thrown and caught in this file. */
class Unreadable extends Error {}

const whyOf = (thrown: unknown): string => {
  if (thrown instanceof Unreadable) return thrown.message;
  const { code } = thrown as { readonly code?: unknown };
  return WHY.get(code) ?? `cannot be read (${String(code)})`;
};

function readBytes(fd: number): Uint8Array {
  const facts = fstatSync(fd);
  if (facts.isDirectory()) throw new Unreadable("is a directory");
  if (!facts.isFile()) throw new Unreadable("is no regular file");
  const room = new Uint8Array(MAX_FILE + 1);
  let length = 0;
  for (let read = -1; read !== 0 && length < room.length; length += read) {
    read = readSync(fd, room, length, room.length - length, null);
  }
  if (length > MAX_FILE) throw new Unreadable(`is longer than ${MAX_FILE / 1024} KiB`);
  return room.subarray(0, length);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const isWide = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
    throw new Unreadable(`is not UTF-8 text${isWide ? ": it looks like UTF-16, save it as UTF-8" : ""}`);
  }
}

/** A pipe that nobody writes to must not be waited for. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
const NO_LINK = constants.O_NOFOLLOW ?? 0;

function readText(path: string, flags: number): string {
  const fd = openSync(path, flags);
  try {
    return decode(readBytes(fd));
  } finally {
    closeSync(fd);
  }
}

/** F1. Backslashes and colons are other ways to leave a directory, on some hosts. */
const PART = /^(?!\.{1,2}$)[^\0-\x1f\\:/]+$/;

function readBelow(folder: string, name: string): string {
  const parts = name.split("/");
  if (!parts.every((part) => PART.test(part))) throw new Unreadable("no name of a file below the policy's directory");
  for (let many = 1; many <= parts.length; many++) {
    const facts = lstatSync(join(folder, ...parts.slice(0, many)));
    if (facts.isSymbolicLink()) throw new Unreadable("is a link, or lies behind one");
  }
  return readText(join(folder, ...parts), FLAGS | NO_LINK);
}

interface Walk {
  readonly folder: string;
  /** What the embedder hands in under these names is taken. */
  readonly given: ReadonlySet<string>;
  readonly texts: Map<string, string>;
}

function problem(message: string, cause?: PolicyProblem): Error {
  return Object.assign(new Error(message, { cause }), { code: "E_POLICY" });
}

/** Told as all that is wrong with a policy: by file, line and column. */
function importProblem(file: string, text: string, { from, at }: Import, why: string): Error {
  const place = placer(file, text)(at ?? { from: 0, to: 0 });
  const advice = "Name a file below the policy's own directory, or hand its text in under this name.";
  const diagnostics: readonly Diagnostic[] = [diagnose("P301", place, `cannot import "${from}": ${why}`, advice)];
  return problem(diagnostics.map(render).join("\n"), { diagnostics, texts: new Map([[file, text]]) });
}

/** What is no policy is left to whoever loads it, as are circles and depth. */
function walk(at: Walk, file: string, text: string): void {
  const parsed = parse(text, file);
  const items = "file" in parsed ? parsed.file.items : [];
  for (const item of items) {
    if (item.kind !== "import" || at.given.has(item.from) || at.texts.has(item.from)) continue;
    if (at.texts.size >= MOST_FILES) throw importProblem(file, text, item, `more than ${MOST_FILES} files`);
    try {
      at.texts.set(item.from, readBelow(at.folder, item.from));
    } catch (thrown) {
      throw importProblem(file, text, item, whyOf(thrown));
    }
    walk(at, item.from, at.texts.get(item.from) as string);
  }
}

/**
 * The policy in a file, with what it imports: from below its own directory, or as `imports` has it. Reads at once. Throws
 * an Error with code E_POLICY for what cannot be read; mistakes in what it says are reported where it is used.
 */
function file(path: string, options: PolicyOptions = {}): PolicySource {
  if (typeof path !== "string" || path === "") throw new TypeError("policy.file takes the path of a policy file");
  const checked = portable.text("", options).options;
  let text: string;
  try {
    text = readText(path, FLAGS);
  } catch (thrown) {
    throw problem(`${path}: ${whyOf(thrown)}`);
  }
  const given = checked.imports ?? {};
  const at: Walk = { folder: dirname(path), given: new Set(Object.keys(given)), texts: new Map() };
  walk(at, path, text);
  return branded(
    text,
    Object.freeze({ file: path, ...checked, imports: { ...Object.fromEntries(at.texts), ...given } }),
  );
}

/** As everywhere, and `policy.file("x.policy")`: a policy in a file. */
export const policy = Object.assign(((...all: Parameters<typeof portable>) => portable(...all)) as typeof portable, {
  text: portable.text,
  of: portable.of,
  file,
});
