// Sandboxes that begin in a state that was made once: a fork of a warm template here, a snapshot restored there.
import { measureParts, type Parts, type PartsPlan, type Player } from "../parts.ts";
import type { Box, Contender, Field, Group, Line } from "../types.ts";

/** What a server would have ready: a small library and some data. */
const SETUP = `globalThis.lib = { square: (x) => x * x, words: (text) => text.split(" ") };
globalThis.table = Array.from({ length: 200 }, (_, i) => ({ id: i, name: "row " + i }));`;

type Part = "fork" | "whole" | "dispose";

const PLAN: PartsPlan<Part> = {
  group: "forks",
  figures: [
    { part: "whole", what: "fork of a warm template and a trivial evaluation" },
    { part: "fork", what: "... of it the fork" },
    { part: "dispose", what: "its disposal" },
  ],
  count: 40,
  warming: 3_000,
};

async function once(open: () => Promise<Box> | Box): Promise<Parts<Part>> {
  const start = performance.now();
  const box = await open();
  const made = performance.now();
  const value = await box.evaluate("lib.square(7)");
  const evaluated = performance.now();
  await box.close();
  if (value !== 49) throw new Error(`a fork said ${String(value)}`);
  return { fork: made - start, whole: evaluated - start, dispose: performance.now() - evaluated };
}

/** Those that can; a contender without such a thing begins as it always does. */
async function openerOf({ warm, open }: Contender): Promise<() => Promise<Box> | Box> {
  if (warm !== undefined) return warm(SETUP);
  return () => open(SETUP);
}

async function measure(field: Field, emit: (line: Line) => void): Promise<void> {
  const players: Player<Part>[] = [];
  for (const contender of field.contenders.filter(({ stateless }) => stateless !== true)) {
    const open = await openerOf(contender);
    players.push({ who: contender.name, once: () => once(open) });
  }
  await measureParts(PLAN, players, field, emit);
}

export const forks: Group = { name: "forks", what: "forks of warm templates", measure };
