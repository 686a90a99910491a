// Parses and looks at a script, in a worker with a deadline: on hostile input a parser takes seconds, or
// all of the stack.
//
// Trust: none in the answer beyond what is shown to people. Nothing decides by it what a guest may do.
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { parseScript } from "../../stdlib/toolchain/index.ts";
import { childrenOf, type Node, nodeAt, stringOf } from "./ast.ts";
import { type Use, usesIn } from "./needs.ts";

export interface Import {
  /** Undefined where it is computed: `import(name)`. */
  readonly specifier: string | undefined;
  readonly at: number;
}

export type Analysis =
  | { readonly kind: "parsed"; readonly imports: readonly Import[]; readonly uses: readonly Use[] }
  | { readonly kind: "syntax"; readonly message: string; readonly line: number; readonly column: number }
  | { readonly kind: "gave-up"; readonly why: string };

/** Milliseconds for one script. A script of a megabyte takes a tenth of this. */
const DEADLINE = 10_000;
const HEAP_MB = 512;
const STACK_MB = 4;

function importsIn(program: Node): Import[] {
  const found: Import[] = [];
  const visit = (node: Node): void => {
    const isImport = /^(Import(Declaration|Expression)|Export(All|Named)Declaration)$/.test(node.type);
    const source = isImport ? nodeAt(node, "source") : undefined;
    if (source !== undefined) found.push({ specifier: stringOf(source), at: source.start });
    for (const child of childrenOf(node)) visit(child);
  };
  visit(program);
  return found;
}

async function work(source: string): Promise<Analysis> {
  const tooDeep: Analysis = { kind: "gave-up", why: "nested too deeply" };
  try {
    const parsed = await parseScript(source);
    if (parsed.kind === "too-deep") return tooDeep;
    if (parsed.kind === "syntax") return parsed;
    return { kind: "parsed", imports: importsIn(parsed.program), uses: usesIn(parsed.program) };
  } catch (error) {
    if (error instanceof RangeError) return tooDeep;
    throw error;
  }
}

const TASK = "cordon-analysis";
const isTask = (data: unknown): data is { readonly task: typeof TASK; readonly source: string } =>
  (data as { readonly task?: unknown } | null)?.task === TASK;

/** Analyses a script of JavaScript. Never throws because of the script. */
export function analyse(source: string, deadline = DEADLINE): Promise<Analysis> {
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { task: TASK, source },
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, stackSizeMb: STACK_MB },
    stdout: true,
    stderr: true,
    env: {},
  });
  return new Promise((resolve) => {
    const giveUp = (why: string): void => resolve({ kind: "gave-up", why });
    const timer = setTimeout(() => giveUp(`not done after ${deadline / 1000} s`), deadline);
    worker.on("message", resolve);
    worker.on("error", (error: { readonly code?: string; readonly message: string }) =>
      giveUp(error.code === "ERR_WORKER_OUT_OF_MEMORY" ? "too large to analyse" : error.message),
    );
    worker.on("exit", () => giveUp("the analysis ended without an answer"));
    worker.on("exit", () => clearTimeout(timer));
    worker.on("message", () => void worker.terminate());
    timer.unref();
    setTimeout(() => void worker.terminate(), deadline).unref();
  });
}

if (!isMainThread && isTask(workerData)) {
  void work(workerData.source).then((analysis) => parentPort?.postMessage(analysis));
}
