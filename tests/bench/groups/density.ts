// How many sandboxes live at once: what each costs in memory, and whether many cost more each than few.
import { child } from "../children.ts";
import { entryOf, paired } from "../pairs.ts";
import type { Field, Group, Line } from "../types.ts";

interface Cost {
  readonly ms: number;
  readonly bytes: number;
}

const [FEW, MANY] = [1_000, 20_000];
const ROUNDS = 3;
const GB = 2 ** 30;
const TOUCHED = 350_000; // bytes of each, and some more

async function measure(_field: Field, emit: (line: Line) => void): Promise<void> {
  const resident = async (): Promise<number> => GB / (await child<Cost>("arena", String(FEW))).bytes;
  const perGb = await paired([{ who: "cordon", sample: resident }], ROUNDS);
  emit({
    id: "density.resident",
    what: `resident sandboxes in arenas, ${FEW} at once`,
    unit: "per GB",
    entries: perGb,
  });
  // Both on memory that this machine has had in use before: what its host has never given it takes its host's time.
  await child("touch", String(MANY * TOUCHED));
  const [few, many] = [await child<Cost>("arena", String(FEW)), await child<Cost>("arena", String(MANY))];
  const what = `cost of one of ${MANY} that live at once, against one of ${FEW}`;
  const note = `${(few.ms * 1000).toFixed(0)} and ${(many.ms * 1000).toFixed(0)} us, ${Math.round(many.bytes / 1024)} KB each`;
  emit({ id: "density.live", what, unit: "x", entries: [entryOf("cordon", [many.ms / few.ms], note)] });
}

export const density: Group = { name: "density", what: "many sandboxes at once", measure };
