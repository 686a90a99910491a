// The chroot of capabilities: files as if a folder of theirs were all there is.
//
// Invariants
//   S1  Every path that reaches the base is the folder's own, then plain names: what is no plain path is refused by the
//       one parser of paths (files/path.ts), and "" and "." are the folder itself.
//   S2  The folder itself is as the granted directory is: looked at, and never written, removed, moved or opened.
//   S3  No error tells of the folder, or of what is around it.
//   S4  Calls and paths come from the tables of files/effects.ts; a call that is not in them is refused.
// Handles need no care: what files open, list and watch is named from there.
import type { Granted } from "../capability.ts";
import { FILES } from "../files/contract.ts";
import { type FilesCall, PATH_ARGUMENTS } from "../files/effects.ts";
import { parsePath } from "../files/path.ts";
import { FILES_ERRORS, type FilesErrorCode, filesError, refuse } from "../files/refusal.ts";
import { type Args, after, type Crossing, membrane } from "./membrane.ts";
import { COMMON, type CommonCode, deny, refusal } from "./refusal.ts";

/** Calls to which the granted directory itself is an answer. */
const ROOT_CALLS: ReadonlySet<string> = new Set<FilesCall>(["list", "stat", "exists", "watch", "makeDirectory"]);

function pathsOf(call: string): readonly number[] {
  return Object.hasOwn(PATH_ARGUMENTS, call) ? PATH_ARGUMENTS[call as FilesCall] : deny("E_DENIED");
}

/** The path from the base's directory. */
function inside(folder: readonly string[], call: string, alleged: unknown): string {
  const parts = parsePath(alleged === undefined && call === "list" ? "." : alleged);
  if (parts.length === 0 && !ROOT_CALLS.has(call)) refuse("E_PATH", String(alleged));
  return [...folder, ...parts].join("/") || ".";
}

function mapArgs(folder: readonly string[], { call, args }: Crossing): Args {
  const mapped = [...args];
  for (const index of pathsOf(call)) mapped[index] = inside(folder, call, args[index]);
  return mapped;
}

const isFilesCode = (code: unknown): code is FilesErrorCode =>
  typeof code === "string" && Object.hasOwn(FILES_ERRORS, code);
const isCommonCode = (code: unknown): code is CommonCode => typeof code === "string" && Object.hasOwn(COMMON, code);

/** The same refusal, in words of our own: the base's name the path as the base knows it. */
function outside(path: unknown, error: unknown): Error {
  const code = (error as { readonly code?: unknown } | null | undefined)?.code;
  if (isFilesCode(code)) return filesError(code, String(path));
  return isCommonCode(code) ? refusal(code) : filesError("E_IO", String(path));
}

/** Calls on `folder`, or on what was opened in it. */
const renamed = (path: unknown, call: () => unknown): unknown =>
  after(
    call,
    (value) => value,
    (error) => {
      throw outside(path, error);
    },
  );

/** The files in `folder`, a path from the directory that `files` are of: `subtree(files, "plugins/mine")`. */
export function subtree<G extends Granted>(files: G, folder: string): G {
  if (files.contract.form !== FILES.form) throw new TypeError("subtree takes files: directory(...) or tree(...)");
  const parts = parsePath(folder);
  return membrane(files, {
    around: (crossing, next) => {
      const { isDerived, args } = crossing;
      if (isDerived) return renamed(crossing.contract.name, () => next(args));
      return renamed(args[0] ?? ".", () => next(mapArgs(parts, crossing)));
    },
  });
}
