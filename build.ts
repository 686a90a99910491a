// The build: `npm run build`, and what `npm install` runs last. Each step is skipped while its inputs are unchanged.
// To add a step, add a row to STEPS. `node build.ts NAME...` runs the named steps only; `--force` ignores the stamps.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

interface Step {
  readonly name: string;
  /** Globs, relative to the root. A change in any of these files, or in their list, runs the step again. */
  readonly inputs: readonly string[];
  /** Files that must exist for the step to be skipped. */
  readonly outputs: readonly string[];
  /** The step waits for this file to be written; until then it is left out. */
  readonly needs?: string;
  run(): void | Promise<void>;
}

const root = import.meta.dirname;
const STAMPS = join(root, "dist/.stamps");

function tool(file: string, ...args: string[]): void {
  const done = spawnSync(process.execPath, [join(root, "node_modules", file), ...args], {
    cwd: root,
    stdio: "inherit",
  });
  if (done.status !== 0) throw new Error(`${file} ended with ${done.status ?? done.signal}`);
}

/** Folders of the policy libraries: their index names them all, a command needs those whose capability is granted. */
const isOnDemand = (id: string): boolean => /[\\/]policy-libs[\\/](?!contract|meter|modules)[a-z]+[\\/]/.test(id);

/** The modules that an entry needs at once: what it reaches without a dynamic import. */
function startSet(entry: string, importsOf: (id: string) => readonly string[] | undefined): ReadonlySet<string> {
  const reached = new Set([entry]);
  for (const id of reached) for (const next of importsOf(id) ?? []) if (!isOnDemand(next)) reached.add(next);
  return reached;
}

/**
 * Bundles an entry and what it imports, packages too, into one folder: what it needs at once is one file, and lazily
 * imported parts are files of their own. CommonJS, because Node starts it without its ESM loader.
 */
async function bundle(entry: string, folder: string): Promise<void> {
  rmSync(join(root, folder), { recursive: true, force: true });
  const { build } = await import("rolldown");
  const main = join(root, entry);
  let start: ReadonlySet<string> | undefined;
  const group = {
    debugName: "start",
    name: (id: string, graph: { getModuleInfo(id: string): { importedIds: string[] } | null }) => {
      start ??= startSet(main, (module) => graph.getModuleInfo(module)?.importedIds);
      return start.has(id) ? "start" : null;
    },
  };
  await build({
    input: { main },
    platform: "node",
    // Beside Node itself what finds its own files by where it lies.
    external: [/^node:/, "tinypool"],
    preserveEntrySignatures: "allow-extension",
    // Of the policy libraries a command needs what it uses: making all their contracts at each start takes 30 ms.
    treeshake: { moduleSideEffects: false },
    output: {
      dir: join(root, folder),
      format: "cjs",
      entryFileNames: "[name].cjs",
      chunkFileNames: "[name].cjs",
      codeSplitting: { groups: [group] },
    },
    logLevel: "warn",
  });
}

interface Modules {
  getModuleInfo(id: string): { readonly importedIds: readonly string[] } | null;
}

interface Chunk {
  readonly fileName: string;
  readonly imports: readonly string[];
}

/** These chunks, and what they import before they run. */
function reachedFrom<C extends Chunk>(from: readonly C[], all: readonly C[]): Set<C> {
  const reached = new Set(from);
  for (const chunk of reached)
    for (const name of chunk.imports) for (const next of all) if (next.fileName === name) reached.add(next);
  return reached;
}

/**
 * Which file a module goes into, decided by what the entry alone would load: at once, or with each part that is
 * imported when it is needed. Other entries share these files, and add none that the first would wait for.
 */
async function placesOf(entry: string, options: object): Promise<(id: string, graph: Modules) => string | null> {
  const { build } = await import("rolldown");
  const { output } = await build({ ...options, input: join(root, entry), write: false });
  const chunks = output.filter((file) => file.type === "chunk");
  const atOnce = reachedFrom(
    chunks.filter(({ isEntry }) => isEntry),
    chunks,
  );
  const places = new Map<string, string>();
  for (const chunk of chunks) {
    // What several parts share lies in the first of them.
    const first = chunks.find((part) => part.isDynamicEntry && reachedFrom([part], chunks).has(chunk));
    const place = chunk.isDynamicEntry ? chunk.name : atOnce.has(chunk) ? "cordon" : (first?.name ?? "cordon");
    for (const id of Object.keys(chunk.modules)) places.set(id, place);
  }
  const isList = (id: string): boolean => /[\\/]index\.ts$/.test(id);
  /** What no tree shaking leaves of these modules when it sees all entries: so it must lie beside them. */
  const follow = (graph: Modules): void => {
    for (const [id, place] of places) {
      const imported = isList(id) ? [] : (graph.getModuleInfo(id)?.importedIds ?? []);
      for (const next of imported) if (!places.has(next) && !isList(next)) places.set(next, place);
    }
  };
  let isFollowed = false;
  return (id, graph) => {
    if (!isFollowed) follow(graph);
    isFollowed = true;
    return id === join(root, entry) ? null : (places.get(id) ?? null); // the entry exports its own names and no other
  };
}

/**
 * What browsers load, with or without a bundler: ES modules that import each other by relative paths and nothing else.
 * All entries in one build, so that a capability made by one is known to the others.
 */
async function bundleForBrowsers(): Promise<void> {
  const folder = join(root, "dist/browser");
  rmSync(folder, { recursive: true, force: true });
  const { build } = await import("rolldown");
  const transform = { target: "es2024" }; // as tsconfig.base.json has it: some browsers have no `using` yet
  const options = {
    platform: "browser",
    transform,
    treeshake: { moduleSideEffects: false },
    logLevel: "warn",
  } as const;
  const entries = { index: "embed/index.ts", kernel: "kernel/index.ts", "policy-libs": "policy-libs/index.ts" };
  const name = await placesOf(entries.index, options);
  await build({
    ...options,
    input: Object.fromEntries(Object.entries(entries).map(([entry, file]) => [entry, join(root, file)])),
    preserveEntrySignatures: "allow-extension",
    output: {
      dir: folder,
      format: "esm",
      comments: { legal: true, annotation: false, jsdoc: false },
      entryFileNames: "[name].js",
      chunkFileNames: "[name].js",
      codeSplitting: { includeDependenciesRecursively: false, groups: [{ debugName: "places", name }] },
    },
  });
}

/** The licences of everything that the published package contains and that we did not write. */
function notices(): void {
  const shipped = ["quickjs-wasi", "acorn", "sucrase", "assemblyscript"];
  const texts = shipped.map(
    (name) => `## ${name}\n\n${readFileSync(join(root, "node_modules", name, "LICENSE"), "utf8")}`,
  );
  const head =
    "# Licences of the parts that others wrote\n\nquickjs-wasi contains QuickJS-NG, under the same MIT licence:";
  const quickjs = [
    "Copyright (c) 2017-2026 Fabrice Bellard",
    "Copyright (c) 2017-2024 Charlie Gordon",
    "Copyright (c) 2023-2026 Ben Noordhuis",
    "Copyright (c) 2023-2026 Saúl Ibarra Corretgé",
    "Its Unicode tables: Copyright (c) 1991-2026 Unicode, Inc., under <https://www.unicode.org/license.txt>",
  ];
  writeFileSync(join(root, "dist/THIRD-PARTY.md"), [head, quickjs.join("\n"), ...texts].join("\n\n"));
}

/** npm links the commands of dependencies only; scripts, and any npx, shall find our own as well. */
function linkCommand(): void {
  if (process.platform === "win32") return;
  const link = join(root, "node_modules/.bin/cordon");
  rmSync(link, { force: true });
  symlinkSync("../../embed/cli/bin.cjs", link);
}

const load = (file: string) => import(pathToFileURL(join(root, file)).href);

/** Bytes of shadow stack after which the engine throws its own error. Below kernel/limits.ts DEPTH_OWN_STACK. */
const STACK_LIMIT = 760_000;

async function buildEngineArtifacts(): Promise<void> {
  const { buildEngine } = await load("stdlib/quickjs/build.ts");
  const { buildStripper } = await load("stdlib/typescript/bundle.build.ts");
  const { makeArtifacts } = await load("embed/node/artifacts.build.ts");
  const made = await makeArtifacts(await buildEngine({ stackLimit: STACK_LIMIT }), await buildStripper());
  writeFileSync(join(root, "dist/engine.wasm"), made.engine);
  writeFileSync(join(root, "dist/engine.segment.wasm"), made.engineSegment);
  writeFileSync(join(root, "dist/engine.image"), made.engineImage);
  writeFileSync(join(root, "dist/typescript.image"), made.typescriptImage);
}

const SOURCES = ["kernel", "policy-libs", "stdlib", "embed", "tests", "samples"];
const CODE = [
  "kernel/**/*.ts",
  "stdlib/**/*",
  "embed/image.ts",
  "embed/segments.ts",
  "embed/values.ts",
  "embed/node/*.build.ts",
  "package-lock.json",
];

const STEPS: readonly Step[] = [
  {
    name: "types",
    inputs: [...SOURCES.flatMap((dir) => [`${dir}/**/*.ts`, `${dir}/**/tsconfig*.json`]), "tsconfig*.json", "*.ts"],
    outputs: ["dist/kernel/.tsbuildinfo"],
    run: () => tool("typescript/bin/tsc", "-b"),
  },
  {
    name: "engine",
    inputs: CODE,
    outputs: ["dist/engine.wasm", "dist/engine.segment.wasm", "dist/engine.image", "dist/typescript.image"],
    run: buildEngineArtifacts,
  },
  {
    name: "wasi",
    inputs: ["stdlib/wasi/**/*", "package-lock.json"],
    outputs: ["dist/wasi.wasm"],
    run: async () => {
      const { buildShim } = await load("stdlib/wasi/shim.build.ts");
      writeFileSync(join(root, "dist/wasi.wasm"), await buildShim());
    },
  },
  {
    name: "repy",
    inputs: ["stdlib/repy/**/*", "package-lock.json"],
    outputs: ["dist/repy.json"],
    run: async () => {
      const { buildRepy } = await load("stdlib/repy/bundle.build.ts");
      writeFileSync(join(root, "dist/repy.json"), await buildRepy());
    },
  },
  {
    name: "cli",
    needs: "embed/cli/main.ts",
    inputs: [...CODE, "embed/**/*.ts", "policy-libs/**/*.ts"],
    outputs: ["dist/cli/main.cjs"],
    run: () => bundle("embed/cli/main.ts", "dist/cli"),
  },
  {
    name: "browser",
    inputs: [...CODE, "embed/*.ts", "policy-libs/**/*.ts"],
    outputs: ["dist/browser/index.js", "dist/browser/policy-libs.js", "dist/browser/kernel.js"],
    run: bundleForBrowsers,
  },
  { name: "notices", inputs: ["package-lock.json"], outputs: ["dist/THIRD-PARTY.md"], run: notices },
  { name: "command", inputs: ["package.json"], outputs: ["node_modules/.bin/cordon"], run: linkCommand },
];

function digest(step: Step): string {
  const hash = createHash("sha256").update(readFileSync(import.meta.filename));
  const isIgnored = (path: string): boolean => /(^|[/\\])(node_modules|dist)$/.test(path);
  const found = globSync([...step.inputs], { cwd: root, exclude: isIgnored });
  for (const file of found.filter((path) => statSync(join(root, path)).isFile()).sort()) {
    const bytes = readFileSync(join(root, file));
    hash.update(`${file}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest("hex");
}

async function build(step: Step, force: boolean): Promise<boolean> {
  const stamp = join(STAMPS, step.name);
  const now = digest(step);
  const fresh = existsSync(stamp) && readFileSync(stamp, "utf8") === now;
  if (!force && fresh && step.outputs.every((file) => existsSync(join(root, file)))) {
    console.log(`build ${step.name}: unchanged`);
    return true;
  }
  const start = performance.now();
  try {
    await step.run();
  } catch (error) {
    console.error(`build ${step.name}: FAILED: ${error instanceof Error ? error.message : error}`);
    return false;
  }
  writeFileSync(stamp, now);
  console.log(`build ${step.name}: done in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return true;
}

mkdirSync(STAMPS, { recursive: true });
const args = process.argv.slice(2);
const names = args.filter((arg) => !arg.startsWith("--"));
for (const step of STEPS) {
  if (names.length > 0 && !names.includes(step.name)) continue;
  if (step.needs !== undefined && !existsSync(join(root, step.needs))) continue;
  if (!(await build(step, args.includes("--force")))) process.exitCode = 1;
}
