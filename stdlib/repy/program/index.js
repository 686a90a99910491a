// What a program sees, and how it runs: RepyV2's names over the table of the layer below.
//
// Every one of the 20 functions and 13 methods gives a promise: `await` them all. A thread is a task of this domain.
import { createCalls } from "./calls.js";
import { createCompiler } from "./compile.js";
import { createErrors } from "./errors.js";
import { createNamespaces } from "./namespaces.js";
import { reportOf } from "./report.js";
import { SafeDict } from "./safedict.js";
import { createTurns } from "./turns.js";

const MAIN_THREAD = "MainThread";
/** The call under which a layer offers constants (encasement.js). */
export const CONSTANTS = "repyconstants";
const PORTS = ["messport", "connport"];

/** SafeDict as RepyV2 has it: called without `new` too. */
const makeSafeDict = new Proxy(SafeDict, { apply: (Target, _self, args) => new Target(...args) });

/** [limits, usage, stop times], with the port entries as sets. */
function resourcesOf({ limits, usage, stoptimes }) {
  const withSets = (table) => ({ ...table, ...Object.fromEntries(PORTS.map((name) => [name, new Set(table[name])])) });
  return [withSets(limits), withSets(usage), stoptimes];
}

/** What came from below has no text of its own: nothing of it is told (W19). */
function textOf(value) {
  try {
    return typeof value === "string" ? value : String(value);
  } catch {
    return "<object>";
  }
}

function createThreadCalls({ table, turns, down, make, state, fail, settled }) {
  async function run(name, thread, body) {
    try {
      await body();
    } catch (error) {
      fail(error, name);
      return;
    }
    await thread.ended();
    turns.end();
    settled();
  }

  async function createthread(...args) {
    const [body] = args;
    if (args.length !== 1 || typeof body !== "function")
      throw make("RepyArgumentError", "createthread takes a function");
    const { name, thread } = await table.createthread();
    turns.begin();
    if (!state.isOver) turns.give({ name }, () => void run(name, thread, body));
  }

  return {
    createthread: down(createthread),
    getthreadname: down(async (...args) => {
      const { name } = turns.current();
      const main = await table.getthreadname(...args);
      return name === MAIN_THREAD ? main : name;
    }),
  };
}

/**
 * The program's side of one run. `table` has the calls of the layer below: the 20, fewer if a layer took some away, or
 * more if one added some. Gives { context, run }.
 */
export function createProgram({ table, args = [], locate }) {
  const { classes, rebuild, make } = createErrors();
  const compiler = createCompiler({ make, locate });
  const turns = createTurns({ name: MAIN_THREAD });
  const state = { isOver: false };
  const { promise: ended, resolve } = Promise.withResolvers();

  function end(cause) {
    state.isOver = true;
    resolve(cause);
  }
  const settled = () => turns.alive() === 0 && end({ kind: "completed" });
  const fail = (error, thread) => end({ kind: "uncaught", thread, message: reportOf(error, compiler.framesOf) });
  const { down } = createCalls({ turns, rebuild, state, callers: compiler.callers });

  const special = {
    ...createThreadCalls({ table, turns, down, make, state, fail, settled }),
    createvirtualnamespace: down(createNamespaces({ below: table.createvirtualnamespace, compiler, make })),
    getresources: down(async (...given) => resourcesOf(await table.getresources(...given))),
    log: down((...given) => table.log(...given.map(textOf))),
    getlasterror: down(async (...given) =>
      given.length === 0 ? table.getlasterror() : reportOf(given[0], compiler.framesOf),
    ),
  };
  const context = new SafeDict({ SafeDict: makeSafeDict, callfunc: "initialize", callargs: [...args] });
  context.set("mycontext", Object.create(null)).set("_context", context);
  for (const name of Object.keys(table).filter((name) => name !== CONSTANTS))
    context.set(name, special[name] ?? down((...given) => table[name](...given)));
  for (const [name, Class] of classes) context.set(name, Class);

  /** Runs the text to its end. Gives why that failed, or undefined; threads may go on. */
  async function start(source, name) {
    let body;
    try {
      body = compiler.prepare(source, name);
    } catch (error) {
      return { kind: "unsafe", message: error.message };
    }
    try {
      const constants = (await table[CONSTANTS]?.()) ?? {};
      for (const [constant, value] of Object.entries(constants)) context.set(constant, value);
      await body(context);
      return undefined;
    } catch (error) {
      return { kind: "uncaught", thread: MAIN_THREAD, message: reportOf(error, compiler.framesOf) };
    }
  }

  /** Resolves with the cause of the end; an exit is told by the layer below, for after it nothing runs here. */
  function run(source, name = "program") {
    start(source, name).then((failure) => {
      turns.end();
      if (failure === undefined) settled();
      else end(failure);
    });
    return ended;
  }

  return { context, run, start, rebuild };
}
