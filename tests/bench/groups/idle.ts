// Sandboxes that sleep: how many fit into a gigabyte, with all that belongs to each, and how fast one wakes.
import { child } from "../children.ts";
import { entryOf } from "../pairs.ts";
import type { Field, Group, Line } from "../types.ts";

interface Sleepers {
  readonly bytes: number;
  /** Milliseconds. */
  readonly wake: number;
  readonly sleep: number;
  readonly held: number;
}

const COUNT = 10_000;
const ROUNDS = 3;
const GB = 2 ** 30;

async function measure(_field: Field, emit: (line: Line) => void): Promise<void> {
  const all: Sleepers[] = [];
  for (let i = 0; i < ROUNDS; i++) all.push(await child<Sleepers>("sleepers", String(COUNT)));
  const add = (id: string, what: string, unit: Line["unit"], of: (one: Sleepers) => number, note?: string): void =>
    emit({ id: `idle.${id}`, what, unit, entries: [entryOf("cordon", all.map(of), note)] });
  const [{ bytes, held }] = all as [Sleepers];
  const note = `${(bytes / 1024).toFixed(1)} KB each, ${(held / 1024).toFixed(1)} of it its memory`;
  add(
    "resident",
    `idle sandboxes, ${COUNT} of a hundred objects and a function`,
    "per GB",
    (one) => GB / one.bytes,
    note,
  );
  add("wake", "... to wake one, apart from its run", "us", ({ wake }) => wake * 1_000);
  add("sleep", "... to put one to sleep", "us", ({ sleep }) => sleep * 1_000);
}

export const idle: Group = { name: "idle", what: "sandboxes that sleep", measure };
