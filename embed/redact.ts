// Messages of host errors go to guests. They must not tell where the host's files lie.
//
// Replaced by `<path>`: file: URLs, Windows and UNC paths, paths below the usual roots of a system, paths below this
// process's own folders, and anything in node_modules. Lines of a stack are dropped. Kept: paths that are more likely
// part of a URL or of the guest's own world, such as `/api/users/7`.
import { privateFolders } from "./host.ts";

const ROOTS = [
  ..."Applications Library System Users Volumes app bin boot builds data dev etc home lib lib64 media mnt nix".split(
    " ",
  ),
  ..."opt private proc root run sbin snap srv sys tmp usr var work workspace workspaces".split(" "),
].join("|");
const END = "[^\\s'\"`<>()\\[\\],;]";
const START = [
  "file:\\/\\/",
  "wasm:\\/\\/",
  "node:[a-z_]+\\/",
  "(?<![A-Za-z0-9])[A-Za-z]:(?:\\\\|\\/(?!\\/))",
  "\\\\\\\\[^\\s\\\\]+\\\\",
  `(?<![\\w.~/-])\\/(?:${ROOTS})(?![\\w.-])`,
  `(?<![\\w.~-])\\/[^\\s'"\`]*node_modules`,
].join("|");
/** In quotes a path may hold spaces. */
const QUOTED = new RegExp(`(['"\`])(?:${START})[^'"\`\\n]*\\1`, "g");
const BARE = new RegExp(`(?:${START})${END}*`, "g");
const STACK_LINE = /\n\s*at [^\n]*/g;

/** Beyond this a message is cut: the work of the expressions above stays small. */
const LONGEST = 20_000; // characters

function withoutFolders(text: string): string {
  let rest = text;
  for (const folder of privateFolders()) {
    const escaped = folder.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    rest = rest.replace(new RegExp(`${escaped}${END}*`, "g"), "<path>");
  }
  return rest;
}

/** The message without what it tells of the host. `secrets` are texts to remove wherever they stand. */
export function redact(message: string, secrets: readonly string[] = []): string {
  let text = message.slice(0, LONGEST);
  for (const secret of secrets) if (secret.length > 1) text = text.replaceAll(secret, "<path>");
  if (!/[/\\:]/.test(text)) return text;
  text = text.replace(STACK_LINE, "").replace(QUOTED, "$1<path>$1").replace(BARE, "<path>");
  return withoutFolders(text);
}
