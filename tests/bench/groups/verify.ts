// Verification of the engine artifact: all of the kernel's load but the compilation by the host, in which the host
// validates. It is done at every load, so a cold process pays the cold figure at every start.

import { watch } from "../children/watch.ts";
import { child } from "../children.ts";
import { engineBytes, newKernel } from "../kernels.ts";
import { entryOf, notMeasured, paired, reason, timed } from "../pairs.ts";
import { median } from "../statistics.ts";
import type { Entry, Group, Line } from "../types.ts";

const ROUNDS = 15;
const WARMING = 15; // loads

async function warm(): Promise<Entry> {
  const times = watch();
  const bytes = engineBytes();
  const kernel = newKernel();
  const sample = async (): Promise<number> => {
    const compiled = times.compile;
    const load = await timed(() => {
      const { kind } = kernel.load(bytes);
      if (kind !== "returned") throw new Error(`the engine was refused: ${kind}`);
    });
    return load - (times.compile - compiled);
  };
  for (let i = 0; i < WARMING; i++) await sample();
  return (await paired([{ who: "cordon", sample }]))[0]!;
}

async function cold(): Promise<Entry> {
  const all: { readonly load: number; readonly compile: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) all.push(await child("load"));
  const compile = median(all.map((times) => times.compile)).toFixed(1);
  const samples = all.map((times) => times.load - times.compile);
  return entryOf("cordon", samples, `compiling and validating adds ${compile}`);
}

async function orReason(work: () => Promise<Entry>): Promise<Entry> {
  try {
    return await work();
  } catch (thrown) {
    return notMeasured("cordon", reason(thrown));
  }
}

async function measure(_field: unknown, emit: (line: Line) => void): Promise<void> {
  const what = "verification of the engine artifact";
  emit({ id: "verify.warm", what: `${what}, warm`, unit: "ms", entries: [await orReason(warm)] });
  emit({ id: "verify.cold", what: `${what}, fresh process`, unit: "ms", entries: [await orReason(cold)] });
}

export const verify: Group = { name: "verify", what: "verification", measure };
