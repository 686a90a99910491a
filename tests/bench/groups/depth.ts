// Plain recursion of a guest before its own stack error: what a recursive program can count on.
import { entryOf, notMeasured, reason } from "../pairs.ts";
import type { Contender, Entry, Field, Group, Line } from "../types.ts";

// As a function of its own, and the whole as one expression, since some contenders evaluate no more.
const PLAIN = `(() => {
  let calls = 0;
  const deeper = () => { calls++; return deeper() + 1; };
  try { deeper(); } catch (error) { if (!/stack|recursion/i.test(String(error))) throw error; }
  return calls;
})()`;

async function depthOf(contender: Contender): Promise<Entry> {
  try {
    const box = await contender.open("");
    const calls = Number(await box.evaluate(PLAIN));
    const alive = await box.evaluate("1 + 1");
    await box.close();
    if (alive !== 2) throw new Error("the sandbox did not survive it");
    return entryOf(contender.name, [calls]);
  } catch (thrown) {
    // The host's own error, in the host: the guest never saw one.
    if (thrown instanceof RangeError) return entryOf(contender.name, [0], "nothing to catch: the host's stack ended");
    return notMeasured(contender.name, reason(thrown));
  }
}

async function measure(field: Field, emit: (line: Line) => void): Promise<void> {
  const entries = [...field.missing].map(([who, why]) => notMeasured(who, why));
  for (const contender of field.contenders) entries.push(await depthOf(contender));
  emit({ id: "depth.plain", what: "plain recursion until a catchable stack error", unit: "calls", entries });
}

export const depth: Group = { name: "depth", what: "recursion of guests", measure };
