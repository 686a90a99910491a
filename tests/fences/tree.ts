// The tree as the fences see it: which files there are, and what they import.
import { globSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");

export const SOURCE_FOLDERS = ["kernel", "policy-libs", "stdlib", "embed", "samples"];

const SKIPPED = /(^|\/)(node_modules|dist|\.git)$/;

export function files(pattern: string | readonly string[], root = ROOT): string[] {
  const found = globSync(pattern as string | string[], { cwd: root, exclude: (path) => SKIPPED.test(String(path)) });
  return found.map((path) => path.replaceAll("\\", "/")).sort();
}

export const read = (path: string, root = ROOT): string => readFileSync(join(root, path), "utf8");

/** Every module name in import, export-from, import() and require, types included. Comments do not count. */
export function importsOf(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const found = code.matchAll(/\b(?:from|import|require)\s*\(?\s*(["'`])([\w@.#/][^"'`\s,]*)\1/g);
  return [...found].map((match) => match[2] as string);
}

/** `./x.ts` in `kernel/y.ts` is `kernel/x.ts`; a package or `node:` name stays what it is. */
export function resolveImport(from: string, specifier: string): string {
  return specifier.startsWith(".") ? posix.join(posix.dirname(from), specifier) : specifier;
}

/** Lines that are neither blank nor only comment: what a reader has to believe. */
export function linesOfCode(source: string): number {
  const bare = source.replace(/^[ \t]*\/\*[\s\S]*?\*\/[ \t]*$/gm, "").replace(/^[ \t]*\/\/.*$/gm, "");
  return bare.split("\n").filter((line) => line.trim() !== "").length;
}
