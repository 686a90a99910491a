// Sandboxes that begin in a state that was made once: a fork of a warm template here, a snapshot restored there.
import { entryOf, notMeasured, paired } from "../pairs.ts";
import { median } from "../statistics.ts";
import type { Box, Contender, Entry, Field, Group, Line } from "../types.ts";

/** What a server would have ready: a small library and some data. */
const SETUP = `globalThis.lib = { square: (x) => x * x, words: (text) => text.split(" ") };
globalThis.table = Array.from({ length: 200 }, (_, i) => ({ id: i, name: "row " + i }));`;

interface Parts {
  fork: number;
  whole: number;
  dispose: number;
}

const FIGURES: readonly { readonly part: keyof Parts; readonly what: string }[] = [
  { part: "whole", what: "fork of a warm template and a trivial evaluation" },
  { part: "fork", what: "... of it the fork" },
  { part: "dispose", what: "its disposal" },
];

async function once(open: () => Promise<Box> | Box): Promise<Parts> {
  const start = performance.now();
  const box = await open();
  const made = performance.now();
  const value = await box.evaluate("lib.square(7)");
  const evaluated = performance.now();
  await box.close();
  if (value !== 49) throw new Error(`a fork said ${String(value)}`);
  return { fork: made - start, whole: evaluated - start, dispose: performance.now() - evaluated };
}

const COUNT = 40;
const WARMING = 3_000;

async function several(open: () => Promise<Box> | Box): Promise<Parts> {
  const all: Parts[] = [];
  for (let i = 0; i < COUNT; i++) all.push(await once(open));
  const middle = (part: keyof Parts): number => median(all.map((parts) => parts[part]));
  return { fork: middle("fork"), whole: middle("whole"), dispose: middle("dispose") };
}

/** Those that can; a contender without such a thing begins as it always does. */
async function openerOf({ warm, open }: Contender): Promise<() => Promise<Box> | Box> {
  if (warm !== undefined) return warm(SETUP);
  return () => open(SETUP);
}

async function measure(field: Field, emit: (line: Line) => void): Promise<void> {
  const missing = [...field.missing].map(([who, why]) => notMeasured(who, why));
  const logs: Parts[][] = [];
  const entrants = [];
  for (const contender of field.contenders.filter(({ stateless }) => stateless !== true)) {
    const [log, open] = [[] as Parts[], await openerOf(contender)];
    for (let i = 0; i < WARMING; i++) await once(open);
    logs.push(log);
    const sample = async (): Promise<number> => {
      const parts = await several(open);
      log.push(parts);
      return parts.whole;
    };
    entrants.push({ who: contender.name, sample });
  }
  const entries = await paired(entrants);
  const column = (entry: Entry, part: keyof Parts, i: number): Entry =>
    entry.value === undefined
      ? entry
      : entryOf(
          entry.who,
          logs[i]!.slice(1).map((parts) => parts[part]),
        );
  for (const { part, what } of FIGURES) {
    const measured = entries.map((entry, i) => column(entry, part, i));
    emit({ id: `forks.${part}`, what, unit: "ms", entries: [...measured, ...missing] });
  }
}

export const forks: Group = { name: "forks", what: "forks of warm templates", measure };
