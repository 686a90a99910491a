// Resident memory per live sandbox that has evaluated something, each contender in processes of its own.
import { child } from "../children.ts";
import { notMeasured, paired } from "../pairs.ts";
import type { Field, Group, Line } from "../types.ts";

const COUNT = 100;
const ROUNDS = 3;

const kilobytes = async (name: string): Promise<number> =>
  (await child<{ perSandbox: number }>("residents", name, String(COUNT))).perSandbox / 1024;

async function measure(field: Field, emit: (line: Line) => void): Promise<void> {
  const missing = [...field.missing].map(([who, why]) => notMeasured(who, why));
  const keepers = field.contenders.filter(({ stateless }) => stateless !== true);
  const entrants = keepers.map(({ name }) => ({ who: name, sample: () => kilobytes(name) }));
  const entries = [...(await paired(entrants, ROUNDS)), ...missing];
  emit({ id: "memory.resident", what: `resident memory of each of ${COUNT} live sandboxes`, unit: "KB", entries });
}

export const memory: Group = { name: "memory", what: "memory of sandboxes", measure };
