// Z3, from the package z3-solver: an optional peer, loaded when somebody asks for it and never before.
//
// It is 35 MB of WebAssembly with threads of its own, which keep a process alive: whoever made one closes it.
// Trust: what it proves is believed (policy-libs/policy/analysis/solver). It sees formulas, and no file or value of a
// guest's.
import { createRequire } from "node:module";
import type { policyAnalysis } from "../../../policy-libs/index.ts";
import { UsageError } from "../exit.ts";

/** What is used of the package, which does not have to be there when this is compiled. */
interface Z3 {
  readonly Z3: {
    readonly mk_config: () => number;
    readonly del_config: (config: number) => void;
    readonly mk_context: (config: number) => number;
    readonly del_context: (context: number) => void;
  };
  readonly em: {
    readonly _malloc: (size: number) => number;
    readonly _free: (at: number) => void;
    readonly HEAPU8: Uint8Array;
    readonly UTF8ToString: (at: number) => string;
    readonly _async_Z3_eval_smtlib2_string: (context: number, at: number) => void;
    readonly async_call: (call: unknown, ...args: number[]) => Promise<number | string>;
    readonly PThread: { readonly terminateAllThreads: () => void };
  };
}
type Load = () => Promise<unknown>;

const PACKAGE = "z3-solver";

/** From where this command is installed, never from where it is called: the folder of a policy has no code for us. */
const here = createRequire(import.meta.url);
const fromPackage: Load = async () => here(PACKAGE);

/** It is asked for on the command line: is it there? */
export function checkZ3(find: (name: string) => string = here.resolve): void {
  try {
    find(PACKAGE);
  } catch {
    throw new UsageError(`--solver z3: the package ${PACKAGE} is not installed`, `npm install ${PACKAGE}`);
  }
}

/** What it prints of its own is for nobody: standard output is ours. */
const QUIET = { print: () => {}, printErr: () => {} };
type Init = (overrides: typeof QUIET) => Promise<Z3>;

async function loaded(load: Load): Promise<Z3> {
  const { init, default: other } = (await load()) as {
    readonly init?: Init;
    readonly default?: { readonly init: Init };
  };
  const start = init ?? other?.init;
  if (start === undefined) throw new Error(`${PACKAGE} has no "init"`);
  return await start(QUIET);
}

/**
 * Its own function for this hands the text to a thread and takes the text's memory back before the thread has read it.
 * So the text is put where it stays.
 */
async function evaluated({ em }: Z3, context: number, script: string): Promise<string> {
  const bytes = new TextEncoder().encode(`${script}\0`);
  const at = em._malloc(bytes.length);
  if (at === 0) throw new Error("out of memory");
  em.HEAPU8.set(bytes, at);
  const answer = await em.async_call(em._async_Z3_eval_smtlib2_string, context, at);
  em._free(at);
  return typeof answer === "number" ? em.UTF8ToString(answer) : answer;
}

async function run(z3: Z3, script: string): Promise<string> {
  const config = z3.Z3.mk_config();
  const context = z3.Z3.mk_context(config);
  z3.Z3.del_config(config);
  const answer = await evaluated(z3, context, script);
  z3.Z3.del_context(context);
  return answer;
}

/** Z3 looks at the clock now and then. Who is so late will not answer. */
const GRACE = 2_000;

/** Rejects when it is late; the timer keeps nothing alive. */
function inTime<A>(work: Promise<A>, milliseconds: number): Promise<A> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer in time")), milliseconds + GRACE);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

export interface OpenSolver extends policyAnalysis.Solver {
  /** Ends its threads; it is of no use any more. */
  readonly close: () => void;
}

const end = (z3: Z3): void => z3.em.PThread.terminateAllThreads();
const nothing = (): void => {};

/**
 * It is loaded when it is asked for the first time, and anew after it did not answer: where Z3 finds a mistake of its
 * own it stops for good without a word to us. `load`: for tests.
 */
export function newZ3(load: Load = fromPackage): OpenSolver {
  let loading: Promise<Z3> | undefined;
  const close = (): void => {
    loading?.then(end, nothing);
    loading = undefined;
  };
  const answer = async (script: string, milliseconds: number): Promise<string> => {
    loading ??= loaded(load);
    try {
      return await inTime(
        loading.then((z3) => run(z3, script)),
        milliseconds,
      );
    } catch (error) {
      close();
      throw error;
    }
  };
  return { name: "z3", run: answer, close };
}
