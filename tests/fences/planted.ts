// A temporary copy of the tree with violations planted in it, and what the tools say about each planted file.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ROOT, SOURCE_FOLDERS } from "./tree.ts";

export interface Plant {
  /** Where the violation goes. The name holds "planted", so that it can never be a real file. */
  readonly file: string;
  readonly source: string;
}

const CONFIGS = ["biome.json", "tsconfig.json", "tsconfig.base.json", "package.json", ".gitignore", "tests/fences"];
const IS_LEFT_OUT = /[/\\](node_modules|dist)$|[/\\]adapter$|\.wasm$/;

/** Calls `use` with the root of a copy that holds the plants; the copy is gone afterwards. */
export function withPlants<T>(plants: readonly Plant[], use: (root: string) => T): T {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "cordon-fences-")));
  try {
    for (const path of [...SOURCE_FOLDERS, ...CONFIGS]) {
      cpSync(join(ROOT, path), join(root, path), { recursive: true, filter: (from) => !IS_LEFT_OUT.test(from) });
    }
    symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"), "junction");
    for (const { file, source } of plants) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), source);
    }
    return use(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function run(root: string, file: string, ...args: string[]): string {
  const command = [join(ROOT, "node_modules", file), ...args];
  const { stdout, stderr } = spawnSync(process.execPath, command, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
  return stdout || stderr;
}

/** `file` -> the names of the lint rules that complain about it. */
export function lintComplaints(root: string): Map<string, string[]> {
  const text = run(root, "@biomejs/biome/bin/biome", "lint", "--reporter=json", "--max-diagnostics=none", ".");
  const json = text.split("\n").find((line) => line.startsWith("{")) ?? text;
  const { diagnostics } = JSON.parse(json) as { diagnostics: { category: string; location: { path: string } }[] };
  return grouped(diagnostics.map(({ category, location }) => [location.path, category.split("/").at(-1) ?? ""]));
}

/** `file` -> the messages of the type checker about it. */
export function typeComplaints(root: string): Map<string, string[]> {
  const text = run(root, "typescript/bin/tsc", "-b", "--pretty", "false");
  const found = text.matchAll(/^(\S+)\(\d+,\d+\): error (TS\d+: .*)$/gm);
  return grouped([...found].map((match) => [(match[1] ?? "").replaceAll("\\", "/"), match[2] ?? ""]));
}

function grouped(pairs: readonly (readonly [string, string])[]): Map<string, string[]> {
  const map = new Map<string, string[]>();
  for (const [key, value] of pairs) map.set(key, [...(map.get(key) ?? []), value]);
  return map;
}
