// Moments that nothing remembers any more are left out of a state, and what no test can tell of the others.
import type { Memory, Node } from "./node.ts";
import { kept, widened } from "./zone.ts";

/** Only moments that something still remembers, and of those only what tests can tell. */
export function tidied(node: Node): Node {
  const used = new Map<number, number>([[0, 0]]);
  for (const [register, memory] of node.memories) {
    const age =
      (register.kind === "since" ? register.since.within : register.kind === "tally" ? register.term.within : 0) ?? 0;
    for (const moment of momentsOf(memory)) used.set(moment, Math.max(age, used.get(moment) ?? 0));
  }
  const moments = [...used.keys()];
  const places = new Map(moments.map((moment, at) => [moment, at]));
  const rename = (moment: number): number => places.get(moment) ?? 0;
  return {
    ...node,
    memories: new Map([...node.memories].map(([register, memory]) => [register, renamed(memory, rename)])),
    zone: widened(kept(node.zone, moments), [...used.values()]),
    stampedAt: moments.map((moment) => node.stampedAt[moment] as number),
  };
}

function momentsOf(memory: Memory): readonly number[] {
  if (memory.kind === "moment") return [memory.sure, memory.maybe];
  if (memory.kind === "moments") return memory.of.map(({ moment }) => moment);
  return memory.kind === "keyed" ? [...memory.of.values()].flatMap(momentsOf) : [];
}

function renamed(memory: Memory, rename: (moment: number) => number): Memory {
  if (memory.kind === "moment") return { ...memory, sure: rename(memory.sure), maybe: rename(memory.maybe) };
  if (memory.kind === "moments") {
    return { ...memory, of: memory.of.map((one) => ({ ...one, moment: rename(one.moment) })) };
  }
  if (memory.kind !== "keyed") return memory;
  return { ...memory, of: new Map([...memory.of].map(([key, inner]) => [key, renamed(inner, rename)])) };
}
