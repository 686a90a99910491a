// A small world to attenuate: a box of texts with handles, a counter, and listeners. It logs whatever it is made to do.
import { signal } from "../../policy-libs/call.ts";
import {
  any,
  arg,
  capability,
  contract,
  type Granted,
  handle,
  integer,
  list,
  nothing,
  option,
  record,
  string,
} from "../../policy-libs/index.ts";

export const CELL = contract({
  name: "cell",
  allows: "reading and writing one text and those below it",
  never: "reaches the text above it",
  calls: {
    get: { takes: [], gives: string({ max: 1_000 }), refuses: ["E_GONE"] },
    set: { takes: [arg("text", string({ max: 1_000 }))], gives: nothing(), refuses: ["E_GONE", "E_FULL"] },
    below: { takes: [arg("name", string())], gives: handle("cell"), refuses: ["E_GONE"] },
    peek: { takes: [], gives: string(), refuses: [], mode: "sync" },
  },
});

export const LISTENER = contract({
  name: "listener",
  allows: "being told",
  never: "tells",
  calls: { changed: { takes: [arg("path", string()), arg("cell", handle(CELL))], gives: any(), refuses: "any" } },
});

export const BOX = contract({
  name: "box",
  allows: "reading and writing texts",
  never: "reaches another box",
  calls: {
    read: { takes: [arg("path", string())], gives: string(), refuses: ["E_NOT_FOUND"] },
    write: { takes: [arg("path", string()), arg("text", string())], gives: nothing(), refuses: ["E_FULL"] },
    open: { takes: [arg("path", string())], gives: handle(CELL), refuses: ["E_NOT_FOUND"] },
    all: { takes: [], gives: list(record({ path: string(), cell: option(handle(CELL)) })), refuses: [] },
    watch: { takes: [arg("listener", handle(LISTENER))], gives: nothing(), refuses: [] },
    isMine: { takes: [arg("cell", handle(CELL))], gives: any(), refuses: [] },
    count: { takes: [arg("by", option(integer()))], gives: integer(), refuses: ["E_FULL"], mode: "sync" },
    slow: { takes: [arg("path", string())], gives: string(), refuses: ["E_NOT_FOUND"] },
  },
});

/** Something that was done, with what it gave; of a cell, the first argument is the path of its text. */
export interface Effect {
  readonly call: string;
  readonly args: readonly unknown[];
  gave: unknown;
  /** When, and how much had been done before, in all worlds that share a stamp. */
  readonly time: number;
  readonly order: number;
}

export type Stamp = () => { readonly time: number; readonly order: number };

// biome-ignore lint/suspicious/noExplicitAny: tests call whatever they like
type Anything = any;
export type Functions = Readonly<Record<string, (...args: Anything[]) => Anything>>;
export const functionsOf = (granted: Granted): Functions => granted.functions as Functions;

const refused = (code: string): never => {
  throw Object.assign(new Error(`the base says ${code}`), { code });
};

export interface World {
  readonly granted: Granted;
  readonly functions: Functions;
  readonly log: Effect[];
  readonly texts: Map<string, string>;
  /** Answers one slow call that is pending, the oldest. */
  readonly finish: () => void;
  readonly pending: () => number;
  /** Signals of the slow calls, in order. */
  readonly signals: { readonly aborted: boolean }[];
  /** Tells all listeners. */
  readonly tell: (path: string) => Promise<unknown>[];
}

/** Notes an effect and gives what it gave. */
type Noted = <T>(call: string, args: readonly unknown[], gave: T) => T;

function newCells(texts: Map<string, string>, noted: Noted): (path: string) => Granted {
  const cells = new Map<string, Granted>();
  function cellAt(path: string): Granted {
    const known = cells.get(path);
    if (known !== undefined) return known;
    const made = capability(CELL, {
      get: async () => noted("get", [path], texts.get(path) ?? refused("E_GONE")),
      set: async (text) => void texts.set(path, noted("set", [path, text], text)),
      below: async (name) => noted("below", [path, name], cellAt(`${path}/${name}`)),
      peek: () => noted("peek", [path], texts.get(path) ?? ""),
    }) as Granted;
    cells.set(path, made);
    return made;
  }
  return cellAt;
}

const UNSTAMPED: Stamp = () => ({ time: 0, order: 0 });

export function newWorld(
  contents: Readonly<Record<string, string>> = { a: "alpha", b: "beta" },
  stamp: Stamp = UNSTAMPED,
): World {
  const texts = new Map(Object.entries(contents));
  const log: Effect[] = [];
  const slow: (() => void)[] = [];
  const signals: { readonly aborted: boolean }[] = [];
  const listeners: Functions[] = [];
  let counter = 0;
  const noted: Noted = (call, args, gave) => {
    log.push({ call, args, gave, ...stamp() });
    return gave;
  };
  const cellAt = newCells(texts, noted);
  const textAt = (path: string): string => texts.get(path) ?? refused("E_NOT_FOUND");
  const all = (): unknown => [...texts.keys()].map((path) => ({ path, cell: cellAt(path) }));

  const granted = capability(BOX, {
    read: async (path) => noted("read", [path], textAt(path)),
    write: async (path, text) => void texts.set(path, noted("write", [path, text], text)),
    open: async (path) => noted("open", [path], textAt(path) && cellAt(path)) as never,
    all: async () => noted("all", [], all()) as never,
    watch: async (listener) => void listeners.push(functionsOf(noted("watch", [], listener as never))),
    isMine: async (cell) =>
      noted(
        "isMine",
        [],
        [...texts.keys()].some((path) => cellAt(path) === (cell as unknown)),
      ),
    count: (by = 1) => {
      counter += by;
      return noted("count", [by], counter);
    },
    slow: (path) => {
      signals.push(signal());
      noted("slow", [path], undefined);
      const effect = log.at(-1) as Effect;
      return new Promise((resolve) =>
        slow.push(() => {
          effect.gave = texts.get(path) ?? "nothing";
          resolve(effect.gave as string);
        }),
      );
    },
  }) as Granted;
  return {
    ...{ granted, functions: functionsOf(granted), log, texts, signals },
    finish: () => slow.shift()?.(),
    pending: () => slow.length,
    tell: (path) => listeners.map((listener) => listener["changed"]!(path, cellAt(path))),
  };
}

/** A listener that notes what it is told, and answers with `answer`. */
export function newListener(answer: unknown = undefined): { granted: Granted; told: unknown[][] } {
  const told: unknown[][] = [];
  const changed = async (...args: unknown[]): Promise<unknown> => {
    told.push(args);
    return answer;
  };
  return { granted: capability(LISTENER, { changed }) as Granted, told };
}

/** What a call came to: its value, or the code of what it threw. */
export async function outcome(call: () => unknown): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    return (error as { readonly code?: string }).code ?? error;
  }
}

export interface ManualClock {
  now(): number;
  elapsed(): number;
  after(ms: number, task: () => void): () => void;
  /** Moves time on, runs the timers that are due in order, and lets everything settle. */
  advance(ms: number): Promise<void>;
  timers(): number;
}

export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function manualClock(start = 0): ManualClock {
  let time = start;
  const timers = new Set<{ at: number; task: () => void }>();
  async function advance(ms: number): Promise<void> {
    const end = time + ms;
    for (;;) {
      const due = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      timers.delete(due);
      time = Math.max(time, due.at);
      due.task();
      await settled();
    }
    time = end;
    await settled();
  }
  return {
    now: () => time,
    elapsed: () => time,
    after: (ms, task) => {
      const timer = { at: time + ms, task };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance,
    timers: () => timers.size,
  };
}
