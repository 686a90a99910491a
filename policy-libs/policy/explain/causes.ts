// Which past events made the conditions that mattered what they are: registers of a machine with tracing know.
import { eventArguments, isOwn } from "../event.ts";
import { datumOf } from "../moment.ts";
import type { Datum, PolicyEvent, RArgument, RCond, RTerm } from "../resolved.ts";
import type { Leaf } from "./matter.ts";
import type { Call, Cause, Scene } from "./types.ts";

/** Each argument once, under its own name; what follows from another one is left out. */
export function callOf({ kind, op, data }: PolicyEvent): Call {
  const { takes, gives } = eventArguments(op, kind === "result" ? "result" : "call");
  const names = [...takes, ...gives].filter(isOwn).map(({ name }) => name);
  const known = names.flatMap((name): [string, Datum][] => {
    const datum = data.get(name);
    return datum === undefined ? [] : [[name, datum]];
  });
  return { kind, call: op.name, data: new Map(known) };
}

const keysIn = (term: RTerm): readonly RArgument[] => {
  if (term.kind === "add") return term.terms.flatMap(keysIn);
  return (term.kind === "count" || term.kind === "sum") && term.by !== undefined ? [term.by.argument] : [];
};

/** Arguments of the present event whose values say which part of a register is looked at. */
function keysOf(cond: RCond): readonly RArgument[] {
  if (cond.kind === "remembered") return [cond.argument];
  return cond.kind === "compare" ? [cond.left, cond.right].flatMap(keysIn) : [];
}

/** Of a register of values those of the present one; if it has none, whatever filled it. */
function numbersOf({ machine, state }: Scene, event: PolicyEvent, { cond, condition }: Leaf): readonly number[] {
  const values = keysOf(cond).map((argument) => datumOf(event, argument));
  return condition.reads.flatMap(({ register }) => {
    const isKeyed = machine.registers[register]?.causesBy !== undefined;
    if (!isKeyed) return machine.causes(state, register);
    const own = values.flatMap((value) => (value === undefined ? [] : machine.causes(state, register, value)));
    return own.length > 0 || condition.value !== "U" ? own : machine.causes(state, register);
  });
}

/** Each event once, in order. */
export function causesOf(scene: Scene, event: PolicyEvent, leaves: readonly Leaf[]): readonly Cause[] {
  const found = new Map<number, Cause>();
  for (const leaf of leaves) {
    for (const number of numbersOf(scene, event, leaf)) {
      if (found.has(number)) continue;
      const past = scene.past?.(number);
      const known = past === undefined ? {} : { ...callOf(past), time: past.time };
      found.set(number, { event: number, ...known, of: leaf.condition.text });
    }
  }
  return [...found.values()].sort((a, b) => a.event - b.event);
}
