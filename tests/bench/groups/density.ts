// How many sandboxes live at once: what each costs in memory, and whether many cost more each than few.
import { child, childOnHeld } from "../children.ts";
import { entryOf, paired } from "../pairs.ts";
import type { Field, Group, Line } from "../types.ts";

interface Cost {
  readonly ms: number;
  /** Of these what the operating system took to give memory. */
  readonly system: number;
  readonly bytes: number;
}

const [FEW, MANY] = [1_000, 20_000];
const ROUNDS = 3;
const GB = 2 ** 30;
const HELD = 300_000; // bytes of each, and some more

async function measure(_field: Field, emit: (line: Line) => void): Promise<void> {
  const resident = async (): Promise<number> => GB / (await child<Cost>("arena", String(FEW))).bytes;
  const perGb = await paired([{ who: "cordon", sample: resident }], ROUNDS);
  emit({
    id: "density.resident",
    what: `resident sandboxes in arenas, ${FEW} at once`,
    unit: "per GB",
    entries: perGb,
  });
  const few = await childOnHeld<Cost>(HELD, "arena", FEW);
  const many = await childOnHeld<Cost>(HELD, "arena", MANY);
  const what = `cost of one of ${MANY} that live at once, against one of ${FEW}`;
  const us = (ms: number): string => (ms * 1_000).toFixed(0);
  const system = `of which the system takes ${us(few.system)} and ${us(many.system)}`;
  const note = `${us(few.ms)} and ${us(many.ms)} us, ${system}, ${Math.round(many.bytes / 1024)} KB each`;
  emit({ id: "density.live", what, unit: "x", entries: [entryOf("cordon", [many.ms / few.ms], note)] });
}

export const density: Group = { name: "density", what: "many sandboxes at once", measure };
