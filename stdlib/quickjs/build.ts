// Links the engine (npm `quickjs-wasi`) and the adapter into one source module whose only imports are gates.
// As a program: node build.ts [output path]

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { compileAdapter, ENGINE_PAGES } from "./adapter.build.ts";
import { compileBootstrap } from "./bootstrap.build.ts";
import { frozenBytes, HOOKS, hookCode, shippedEngine } from "./engine.build.ts";
import {
  CODE,
  cutExports,
  EXPORT,
  IMPORT,
  type Import,
  MEMORY,
  Reader,
  readImports,
  readSections,
  type Section,
  TABLE,
  u32,
  writeImports,
  writeSections,
} from "./sections.build.ts";
import { shorten } from "./shortcuts.build.ts";
import { started } from "./start.build.ts";

const require = createRequire(import.meta.url);
const EXPORTS = new Set(["memory", "cordon_turn", "__stack_pointer"]);

/** Named one by one: with "all", Binaryen writes proposals that the host refuses. */
const FEATURES = [
  "bulk-memory",
  "bulk-memory-opt",
  "sign-ext",
  "nontrapping-float-to-int",
  "mutable-globals",
  "multivalue",
  "reference-types",
  "extended-const",
  "call-indirect-overlong",
].map((feature) => `--enable-${feature}`);

type Edit = Partial<Record<number, (body: Uint8Array) => Uint8Array>>;

function edit(module: Uint8Array, edits: Edit): Uint8Array {
  const change = ({ id, body }: Section): Section => ({ id, body: edits[id]?.(body) ?? body });
  return writeSections(readSections(module).map(change));
}

const renameImports = (rename: (row: Import) => Partial<Import>) => (body: Uint8Array) =>
  writeImports(readImports(body).map((row) => ({ ...row, ...rename(row) })));

const hookOf = new Map(Object.entries(HOOKS).map(([instead, hook]) => [instead, hook.name]));

/** wasm-merge knows a module by one name; the engine imports from two. */
const ENGINE_IMPORTS = renameImports(({ name }) => ({
  module: "adapter",
  name: hookOf.get(name) ?? name,
}));

const ADAPTER_IMPORTS = renameImports(({ module, name }) => {
  if (module !== "env") return {};
  return { module: "engine", name: name === "table" ? "__indirect_function_table" : name };
});

/** The engine's table with room for the adapter's functions, and no more: it is never grown. */
const tableOf = (size: number) => () => Uint8Array.of(1, 0x70, 1, ...u32(size), ...u32(size));
const memoryOf = (pages: number) => () => Uint8Array.of(1, 0, ...u32(pages));

function adapterTable(adapter: Uint8Array): number {
  const section = readSections(adapter).find(({ id }) => id === IMPORT);
  const table = section && readImports(section.body).find(({ kind }) => kind === 1);
  if (!table) throw new Error("the adapter imports no table");
  return new Reader(table.type, 2).u32();
}

/**
 * Data is left as start.build.ts has cut it: thousands of small segments make a sandbox begin later.
 * Calls are what the instruments make dear, so that small functions go into their callers, what shortcuts.build.ts has
 * made short among them. Beyond these sizes a fifth more code saves 1 % of the time.
 */
const OPTIMIZE = [
  ...["-O3", "--skip-pass=memory-packing"],
  ...["--always-inline-max-function-size=35", "--flexible-inline-max-function-size=80"],
];

/** Runs a tool of Binaryen on files of these names; the answer is the file that it writes. */
function binaryen(tool: string, inputs: Readonly<Record<string, Uint8Array>>, args: readonly string[]): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "cordon-engine-"));
  try {
    for (const [name, bytes] of Object.entries(inputs)) writeFileSync(join(folder, name), bytes);
    const file = join(dirname(require.resolve("binaryen")), "bin", tool);
    execFileSync(process.execPath, [file, ...args, ...FEATURES, "-o", "out.wasm"], { cwd: folder });
    return readFileSync(join(folder, "out.wasm"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function merge(engine: Uint8Array, adapter: Uint8Array): Uint8Array {
  const inputs = { "engine.wasm": engine, "adapter.wasm": adapter };
  return binaryen("wasm-merge", inputs, ["engine.wasm", "engine", "adapter.wasm", "adapter"]);
}

const optimize = (module: Uint8Array): Uint8Array =>
  binaryen("wasm-opt", { "in.wasm": module }, ["in.wasm", ...OPTIMIZE]);

export interface EngineOptions {
  /** Bytes; see `STACK_LIMIT` in adapter/state.ts. */
  readonly stackLimit?: number;
  /** False saves half a minute, for tests of what the engine does. Default: true. */
  readonly isOptimized?: boolean;
}

/** The engine guest as a source module. */
export async function buildEngine({ stackLimit, isOptimized = true }: EngineOptions = {}): Promise<Uint8Array> {
  const { main, late } = compileBootstrap();
  const adapter = await compileAdapter({ late, frozen: frozenBytes() }, stackLimit);
  const engine = edit(shorten(shippedEngine()), {
    [CODE]: hookCode,
    [IMPORT]: ENGINE_IMPORTS,
    [TABLE]: tableOf(adapterTable(adapter)),
    [MEMORY]: memoryOf(ENGINE_PAGES),
  });
  const merged = merge(engine, edit(adapter, { [IMPORT]: ADAPTER_IMPORTS }));
  const running = started(merged, ENGINE_PAGES, main);
  const cut = edit(running, { [EXPORT]: (body) => cutExports(body, EXPORTS) });
  return isOptimized ? optimize(cut) : cut;
}

if (process.argv[1] === import.meta.filename) {
  const output = process.argv[2] ?? join(import.meta.dirname, "../../build/engine.source.wasm");
  const module = await buildEngine();
  mkdirSync(dirname(output), { recursive: true });
  writeFileSync(output, module);
  console.log(`${output}: ${module.length} bytes`);
}
