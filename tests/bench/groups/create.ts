// A new sandbox, its first evaluation, and the end of it, in a process that has done it before.
import { type Entrant, entryOf, notMeasured, paired, timed } from "../pairs.ts";
import { median } from "../statistics.ts";
import type { Contender, Entry, Field, Group, Line } from "../types.ts";

interface Parts {
  create: number;
  first: number;
  second: number;
  whole: number;
}

const FIGURES: readonly { readonly part: keyof Parts; readonly what: string }[] = [
  { part: "whole", what: "new sandbox, trivial evaluation, disposal" },
  { part: "create", what: "... of it the new sandbox" },
  { part: "first", what: "... of it the first evaluation" },
  { part: "second", what: "a second evaluation in the same sandbox" },
];

async function once(contender: Contender): Promise<Parts> {
  const start = performance.now();
  const box = await contender.open("");
  const create = performance.now() - start;
  const first = await timed(() => box.evaluate("1 + 1"));
  const second = await timed(() => box.evaluate("1 + 2"));
  await box.close();
  return { create, first, second, whole: performance.now() - start - second };
}

const COUNT = 12;
/** Sandboxes before the first that counts: a server that makes one for each request has its code compiled. */
const WARMING = 300;

/** The median of some sandboxes, part by part, so that one collection of garbage does not make a sample. */
async function several(contender: Contender): Promise<Parts> {
  const all: Parts[] = [];
  for (let i = 0; i < COUNT; i++) all.push(await once(contender));
  const middle = (part: keyof Parts): number => median(all.map((parts) => parts[part]));
  return { create: middle("create"), first: middle("first"), second: middle("second"), whole: middle("whole") };
}

function entrant(contender: Contender, log: Parts[]): Entrant {
  return {
    who: contender.name,
    async sample() {
      const parts = await several(contender);
      log.push(parts);
      return parts.whole;
    },
  };
}

/** The first record of each log is of the round that is thrown away. */
const column = (entry: Entry, part: keyof Parts, log: readonly Parts[]): Entry =>
  entry.value === undefined
    ? entry
    : entryOf(
        entry.who,
        log.slice(1).map((parts) => parts[part]),
      );

async function measure(field: Field, emit: (line: Line) => void): Promise<void> {
  const missing = [...field.missing].map(([who, why]) => notMeasured(who, why));
  for (const contender of field.contenders) for (let i = 0; i < WARMING; i++) await once(contender);
  const logs = field.contenders.map(() => [] as Parts[]);
  const entries = await paired(field.contenders.map((contender, i) => entrant(contender, logs[i]!)));
  for (const { part, what } of FIGURES) {
    const measured = entries.map((entry, i) => column(entry, part, logs[i]!));
    emit({ id: `create.${part}`, what, unit: "ms", entries: [...measured, ...missing] });
  }
}

export const create: Group = { name: "create", what: "new sandboxes", measure };
