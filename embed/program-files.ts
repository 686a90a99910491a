// The grant `files` as a program sees it: PROGRAM.FILES of stdlib/abi.ts over a files capability or a group like it.
//
// What WASI means by its calls and files do not (a directory is made once, unlink takes files only) is settled here, so
// that a plain program finds the same answers.
import type { Contract, Target } from "../kernel/index.ts";
import { type HostFunction, isGranted, permissive, standFor } from "../policy-libs/index.ts";
import { PROGRAM } from "../stdlib/abi.ts";
import type { Grant, Prepared } from "./capability.ts";
import { hostTarget } from "./power.ts";
import type { Meter } from "./target.ts";

type Path = string;
interface Facts {
  readonly kind: string;
  readonly size: number;
  readonly modified: Date;
}

/** What a files capability can do, as far as programs ask. */
interface Files {
  stat(path: Path): Promise<Facts> | Facts;
  readBytes(path: Path): unknown;
  writeBytes(path: Path, bytes: unknown): unknown;
  append(path: Path, bytes: unknown): unknown;
  list(path: Path): Promise<readonly { name: string; kind: string }[]> | readonly { name: string; kind: string }[];
  makeDirectory(path: Path): unknown;
  remove(path: Path): unknown;
  rename(from: Path, to: Path): unknown;
}

const DIRECTORY = 3;
// biome-ignore format: a table
const TYPES: Readonly<Record<string, number>> = { directory: DIRECTORY, file: 4, link: 7 };
const typeOf = (kind: unknown): number => TYPES[String(kind)] ?? 0;

/** Error numbers of WASI preview 1 for the codes of the files capability. */
// biome-ignore format: a table
const ERRNO: Readonly<Record<string, number>> = {
  E_PATH: 76, E_NOT_FOUND: 44, E_EXISTS: 20, E_KIND: 54, E_NOT_EMPTY: 55, E_READ_ONLY: 69, E_TOO_LARGE: 22,
  E_TEXT: 25, E_VALUE: 28, E_IO: 29,
};
const CODES = new Map(Object.entries(ERRNO).map(([code, errno]): [unknown, string] => [errno, code]));

/** The code that the files capability refused with, for whoever is told of a program's calls. */
export const codeOfErrno = (errno: unknown): string | undefined => CODES.get(errno);

const IO = 29;
const NOT_SUPPORTED = 52;
const IS_DIRECTORY = 31;

/** An error whose code is a number, for the program. */
function wasiError(code: number, message: string): Error {
  return Object.assign(new Error(message), { name: "FilesError", code });
}

function translate(thrown: unknown): Error {
  const { code, message } = thrown as { readonly code?: unknown; readonly message?: unknown };
  const known = typeof code === "number" ? code : Object.hasOwn(ERRNO, String(code)) ? ERRNO[String(code)] : IO;
  return wasiError(known ?? IO, typeof message === "string" ? message : "the host could not do it");
}

const isLater = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as { readonly then?: unknown } | undefined)?.then === "function";

/** Goes on with a value, at once if it is there at once: a host that cannot suspend serves what need not wait. */
function after<T>(value: T | Promise<T>, next: (value: T) => unknown): unknown {
  return isLater(value) ? Promise.resolve(value as PromiseLike<T>).then(next) : next(value);
}

/** Does the work; what it throws, now or later, goes to `recover`. */
function attempt(work: () => unknown, recover: (error: Error) => unknown): unknown {
  try {
    const value = work();
    const recoverLater = (thrown: unknown): unknown => recover(translate(thrown));
    return isLater(value) ? Promise.resolve(value).catch(recoverLater) : value;
  } catch (thrown) {
    return recover(translate(thrown));
  }
}

const raise = (error: Error): never => {
  throw error;
};
const refuse = (code: keyof typeof ERRNO): never => raise(wasiError(ERRNO[code] as number, String(code)));

const hasErrno = (error: Error, code: keyof typeof ERRNO): boolean =>
  (error as { code?: unknown }).code === ERRNO[code];

/** Made once, below a directory that is there: what WASI says, and files do not. */
function makeDirectory(files: Files, path: Path): unknown {
  const parent = path.slice(0, Math.max(path.lastIndexOf("/"), 0));
  const isFree = attempt(
    () => after(files.stat(path), () => false),
    (error) => hasErrno(error, "E_NOT_FOUND") || raise(error),
  );
  return after(isFree, (free) => {
    if (free !== true) refuse("E_EXISTS");
    return after(files.stat(parent), ({ kind }) =>
      kind === "directory" ? files.makeDirectory(path) : refuse("E_KIND"),
    );
  });
}

function remove(files: Files, path: Path, type: unknown): unknown {
  return after(files.stat(path), ({ kind }) => {
    if (kind === "directory" && type !== DIRECTORY) throw wasiError(IS_DIRECTORY, "a directory");
    if (kind !== "directory" && type === DIRECTORY) refuse("E_KIND");
    return files.remove(path);
  });
}

const stat = (files: Files, path: Path): unknown =>
  after(files.stat(path), ({ kind, size, modified }) => [
    typeOf(kind),
    size,
    modified instanceof Date ? modified.getTime() : 0,
  ]);

const list = (files: Files, path: Path): unknown =>
  after(files.list(path), (entries) => entries.flatMap(({ name, kind }) => [name, typeOf(kind)]));

type Method = (typeof PROGRAM.FILES.methods)[number];
type Work = (...args: never[]) => unknown;

const methods = (files: Files): Readonly<Record<Method, Work>> => ({
  stat: (path: Path) => stat(files, path),
  read: (path: Path) => files.readBytes(path),
  write: (path: Path, bytes: unknown) => files.writeBytes(path, bytes),
  append: (path: Path, bytes: unknown) => files.append(path, bytes),
  list: (path: Path) => list(files, path),
  makeDirectory: (path: Path) => makeDirectory(files, path),
  remove: (path: Path, type: unknown) => remove(files, path, type),
  rename: (from: Path, to: Path) => files.rename(from, to),
});

/** What a program passed is alleged: a path must be text before anybody looks for "/" in it. */
const guarded =
  (work: Work): HostFunction =>
  (...args: never[]) => {
    if (typeof args[0] !== "string") refuse("E_VALUE");
    return attempt(() => work(...args), raise);
  };

const NAMES = ["stat", "readBytes", "writeBytes", "append", "list", "makeDirectory", "remove", "rename"] as const;

/** The functions of a grant, each by its name; one that is not there says so. Undefined: these are no files. */
function filesOf(grant: Grant): Files | undefined {
  const group: Readonly<Record<string, unknown>> = isGranted(grant) ? grant.functions : { ...grant };
  if (typeof group["stat"] !== "function" || typeof group["readBytes"] !== "function") return undefined;
  const missing = (): never => {
    throw wasiError(NOT_SUPPORTED, "this capability has no such call");
  };
  return Object.fromEntries(NAMES.map((name) => [name, group[name] ?? missing])) as unknown as Files;
}

export interface Ready {
  readonly contract: Contract;
  readonly target: Target;
}

/** The capability PROGRAM.FILES over the grant of this name; undefined if that is no files. */
export function programFiles(
  grant: Grant | undefined,
  prepared: Prepared | undefined,
  meter: Meter,
): Ready | undefined {
  const files = grant === undefined ? undefined : filesOf(grant);
  if (files === undefined) return undefined;
  // Whoever watches is told the calls of the capability; a program calls by number.
  const own = permissive("files", NAMES);
  // So is a policy: paths and bytes are where they are in the calls of the grant.
  const contract = prepared === undefined ? own : standFor(own, prepared.contract);
  const work = methods(files);
  const functions = PROGRAM.FILES.methods.map((name) => guarded(work[name]));
  return { contract, target: hostTarget({ name: "files", contract, functions, meter }) };
}
