// Reads what is to be run or checked, and says clearly what is wrong with it before anything runs.
import { fstatSync, openSync, readSync } from "node:fs";
import { basename, extname } from "node:path";
import { onlyFile, type Parsed } from "./arguments.ts";
import { UsageError } from "./exit.ts";

export type Language = "js" | "ts" | "wasm";

export interface Source {
  /** What errors call it: the path as it was typed. */
  readonly name: string;
  readonly language: Language;
  readonly bytes: Uint8Array;
}

/** Bytes of a script or a module. The same bound as the kernel's for modules. */
const MOST = 16 * 1024 * 1024;

// biome-ignore format: a table
const BY_EXTENSION = new Map<string, Language>([
  [".js", "js"], [".mjs", "js"], [".cjs", "js"],
  [".ts", "ts"], [".mts", "ts"], [".cts", "ts"],
  [".wasm", "wasm"],
]);

// biome-ignore format: a table
const WORDS = new Map<unknown, string>([
  ["ENOENT", "no such file"], ["EACCES", "permission denied"], ["EISDIR", "is a directory"],
  ["ENOTDIR", "no such file"], ["ENAMETOOLONG", "the name is too long"],
]);

const why = (error: unknown): string =>
  WORDS.get((error as { readonly code?: string }).code) ?? (error as Error).message;

/** Reads to the end; the size of a pipe is not known before. */
function readTo(fd: number, name: string): Uint8Array {
  const size = fstatSync(fd).size;
  let room = new Uint8Array(Math.min(size, MOST) + 65_536);
  let length = 0;
  for (;;) {
    const read = readPiece(fd, room, length);
    if (read === 0) return room.subarray(0, length);
    length += read;
    if (length > MOST) throw new UsageError(`${name}: longer than ${MOST / 1024 / 1024} MiB`);
    if (length === room.length) {
      const more = new Uint8Array(2 * length);
      more.set(room);
      room = more;
    }
  }
}

/** A terminal, or a pipe that is not ready, answers EAGAIN: wait a little. A closed one answers EOF. */
function readPiece(fd: number, room: Uint8Array, at: number): number {
  for (;;) {
    try {
      return readSync(fd, room, at, room.length - at, null);
    } catch (error) {
      const { code } = error as { readonly code?: string };
      if (code === "EOF") return 0;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

export function readBytes(file: string): Uint8Array {
  try {
    const fd = file === "-" ? 0 : openSync(file, "r");
    return readTo(fd, file);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${file}: ${why(error)}`);
  }
}

function chosenLanguage(parsed: Parsed): Language | undefined {
  const lang = parsed.text("lang");
  if (lang === undefined || lang === "js" || lang === "ts" || lang === "wasm") return lang;
  throw new UsageError(`--lang ${lang}: js, ts or wasm`);
}

const isModule = (bytes: Uint8Array): boolean => [0x00, 0x61, 0x73, 0x6d].every((byte, at) => bytes[at] === byte);

const typed = (text: string, language: Language): Source => ({
  name: `eval.${language}`,
  language,
  bytes: new TextEncoder().encode(text),
});

/** What the command is about: a file, standard input (`-`), or the source after -e. */
export function readSource(parsed: Parsed): Source {
  const chosen = chosenLanguage(parsed);
  const given = parsed.text("eval");
  const file = onlyFile(parsed);
  if ((file === undefined) === (given === undefined)) {
    throw new UsageError(
      "what to work on: a FILE, - for standard input, or -e SOURCE",
      `cordon help ${parsed.command}`,
    );
  }
  if (given !== undefined) return typed(given, chosen ?? "js");
  const name = file === "-" ? "stdin" : (file as string);
  const bytes = readBytes(file as string);
  const byName = BY_EXTENSION.get(extname(basename(name)).toLowerCase());
  return { name, language: chosen ?? byName ?? (isModule(bytes) ? "wasm" : "js"), bytes };
}

function isText(bytes: Uint8Array, stream: boolean): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream });
    return true;
  } catch {
    return false;
  }
}

/** Offset of the first byte that is no UTF-8: a cut sequence counts from its first byte. */
function firstBadByte(bytes: Uint8Array): number {
  let [good, bad] = [0, bytes.length];
  while (good < bad) {
    const middle = (good + bad + 1) >> 1;
    if (isText(bytes.subarray(0, middle), true)) good = middle;
    else bad = middle - 1;
  }
  while (!isText(bytes.subarray(0, good), false)) good--;
  return good;
}

function badText({ name, bytes }: Source): UsageError {
  if (isModule(bytes)) return new UsageError(`${name}: a WebAssembly module`, "name it .wasm, or add --lang wasm");
  const hint = bytes[0] === 0xff || bytes[0] === 0xfe ? "it looks like UTF-16: save it as UTF-8" : undefined;
  return new UsageError(`${name}: not UTF-8 text, at byte ${firstBadByte(bytes)}`, hint);
}

/** The source's text. A first line `#!...` becomes a comment, so that positions stay. */
export function textOf(source: Source): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(source.bytes);
    return text.startsWith("#!") ? `//${text.slice(2)}` : text;
  } catch {
    throw badText(source);
  }
}
