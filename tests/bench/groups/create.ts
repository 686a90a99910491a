// A new sandbox, its first evaluation, and the end of it, in a process that has done it before.
import { timed } from "../pairs.ts";
import { measureParts, type Parts, type PartsPlan } from "../parts.ts";
import type { Contender, Field, Group, Line } from "../types.ts";

type Part = "create" | "first" | "second" | "whole";

const PLAN: PartsPlan<Part> = {
  group: "create",
  figures: [
    { part: "whole", what: "new sandbox, trivial evaluation, disposal" },
    { part: "create", what: "... of it the new sandbox" },
    { part: "first", what: "... of it the first evaluation" },
    { part: "second", what: "a second evaluation in the same sandbox" },
  ],
  count: 12,
  // A server that makes one for each request has its code compiled.
  warming: 300,
};

async function once(contender: Contender): Promise<Parts<Part>> {
  const start = performance.now();
  const box = await contender.open("");
  const create = performance.now() - start;
  const first = await timed(() => box.evaluate("1 + 1"));
  const second = await timed(() => box.evaluate("1 + 2"));
  await box.close();
  return { create, first, second, whole: performance.now() - start - second };
}

function measure(field: Field, emit: (line: Line) => void): Promise<void> {
  const players = field.contenders.map((contender) => ({ who: contender.name, once: () => once(contender) }));
  return measureParts(PLAN, players, field, emit);
}

export const create: Group = { name: "create", what: "new sandboxes", measure };
