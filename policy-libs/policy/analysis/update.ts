// What an event does to the registers that are followed: the abstract twin of the reference semantics of past.ts and
// amounts.ts one folder up, one event at a time.
//
// Invariants
//   U1  Every match is judged in the state before the event.
//   U2  What a register may remember after some event of this world is what it remembers here for some choices.
import { and, F, type Kleene, not, or, plus, T } from "../kleene.ts";
import type { Datum } from "../resolved.ts";
import type { Argument } from "../vocabulary.ts";
import { couldMatch, matchesAny } from "./judge.ts";
import { emptyOf } from "./memory.ts";
import { type Memory, type Node, total } from "./node.ts";
import { keyOf, type Register } from "./registers.ts";
import {
  argumentIn,
  cellOf,
  equal,
  guessSystem,
  isMissing,
  isOther,
  isShared,
  kindOf,
  narrowTo,
  settledValue,
  tableIn,
  type World,
} from "./world.ts";

type Tally = Extract<Register, { kind: "tally" }>;
type Level = Extract<Register, { kind: "level" }>;

/** Sums of more amounts than this are followed for some of them only. */
const MAX_AMOUNTS = 24;

/** The moment of this event: one for all registers. It is put into the zone when all is judged. */
interface Stamp {
  readonly moment: number;
  isUsed: boolean;
}
function now(stamp: Stamp): number {
  stamp.isUsed = true;
  return stamp.moment;
}

type Since = Extract<Register, { kind: "since" }>;

function updateSince(world: World, { since }: Since, memory: Memory, stamp: Stamp): Memory {
  const yes = matchesAny(world, since.of);
  const no = yes === T ? F : matchesAny(world, since.no);
  if (memory.kind === "flag") return { kind: "flag", value: or(yes, and(not(no), memory.value)) };
  if (memory.kind !== "moment") return memory;
  const sure = yes === T ? now(stamp) : no === F ? memory.sure : 0;
  const maybe = yes !== F ? now(stamp) : no === T ? 0 : memory.maybe;
  return { kind: "moment", sure, maybe };
}

/** One of the amounts that an argument can be; all from `cap` on are alike. */
function chooseAmount(world: World, register: Tally): { readonly lo: number; readonly hi: number } {
  const { term, cap } = register;
  if (term.kind === "count") return { lo: 1, hi: 1 };
  const argument = argumentIn(world, term.argument);
  if (argument === undefined || isMissing(world, argument)) return { lo: 0, hi: Infinity };
  const { value } = cellOf(world, argument);
  if (typeof value?.value === "number") return { lo: value.value, hi: value.value };
  const at = narrowTo(world, argument, (one) => one);
  const { least, most } = tableIn(world, argument).classes[at]?.range ?? { least: 0, most: 0 };
  const last = Math.min(most, Math.max(least, cap));
  const isAll = last - least < MAX_AMOUNTS;
  if (!isAll) world.gaps.add(`${register.text}: not every amount was tried`);
  const amounts = isAll ? Array.from({ length: last - least + 1 }, (_, more) => least + more) : [least, last];
  const { variable } = cellOf(world, argument);
  const amount = guessSystem(
    world,
    amounts.map((one) => ({ value: one, system: variable === undefined ? [] : equal(variable, one) })),
  );
  const chosen = amount ?? least;
  world.cells.set(argument, { ...cellOf(world, argument), value: { value: chosen } });
  return { lo: chosen, hi: chosen };
}

type Moments = Extract<Memory, { kind: "moments" }>["of"];

/** The newest so many, and the newest so many of those that are sure. */
const enough = (of: Moments, cap: number): Moments =>
  of.filter(({ isSure }, at) => at < cap || (isSure && of.slice(0, at).filter((one) => one.isSure).length < cap));

function tallied(world: World, register: Tally, memory: Memory, match: Kleene, stamp: Stamp): Memory {
  const { cap } = register;
  if (memory.kind === "moments") {
    return { kind: "moments", of: enough([{ moment: now(stamp), isSure: match === T }, ...memory.of], cap) };
  }
  if (memory.kind !== "amount") return memory;
  const amount = chooseAmount(world, register);
  const { lo, hi } = plus(memory, { lo: match === T ? amount.lo : 0, hi: amount.hi });
  return { kind: "amount", lo: Math.min(lo, cap), hi: hi === Infinity ? hi : Math.min(hi, cap) };
}

type Keyed = Extract<Memory, { kind: "keyed" | "set" }>;

/** Whether a value finds a place. With values that are not told apart it may or may not, once there could be too many. */
function hasPlace({ choices, lab }: World, { of, others }: Keyed, max: number): boolean {
  const met = total(others);
  if ((lab.isCounting || met === 0) && of.size + met < max) return true;
  // Others may have been the same value every time; a new one may be one of them.
  return met > 0 && of.size < max && choices.choose(2) === 0;
}

/** The memory with one more value that is not told apart. */
function withOther<M extends Keyed>(world: World, memory: M, kind: string, max: number): M {
  const isForgetful = memory.isForgetful || !hasPlace(world, memory, max);
  const count = Math.min((memory.others.get(kind) ?? 0) + 1, world.lab.isCounting ? max : 1);
  return { ...memory, isForgetful, others: new Map([...memory.others, [kind, count]]) };
}

function updateKeyed(world: World, register: Tally, memory: Extract<Memory, { kind: "keyed" }>, stamp: Stamp): Memory {
  const match = matchesAny(world, register.patterns);
  const key = keyOf(register);
  if (match === F || key === undefined) return memory;
  const argument = argumentIn(world, key.argument);
  const value = argument === undefined || isMissing(world, argument) ? undefined : settledValue(world, argument);
  if (value === undefined) return { ...memory, isKeyless: true };
  if (isOther(value)) return withOther(world, memory, kindOf(argument as Argument, value), key.max);
  const before = memory.of.get(value);
  if (before === undefined && !hasPlace(world, memory, key.max)) return { ...memory, isForgetful: true };
  const empty = emptyOf(register);
  const after = tallied(world, register, before ?? empty, match, stamp);
  return { ...memory, of: new Map([...memory.of, [value, after]]) };
}

function updateSet(
  world: World,
  register: Extract<Register, { kind: "values" }>,
  memory: Extract<Memory, { kind: "set" }>,
): Memory {
  const match = matchesAny(world, register.patterns);
  if (match === F) return memory;
  const { max } = register.values;
  const argument = argumentIn(world, register.values.argument);
  const value = argument === undefined || isMissing(world, argument) ? undefined : settledValue(world, argument);
  if (value === undefined) return { ...memory, isForgetful: true };
  if (isOther(value)) return withOther(world, memory, kindOf(argument as Argument, value), max);
  const known: Kleene | undefined = memory.of.get(value);
  if (known === T) return memory;
  if (known === undefined && !hasPlace(world, memory, max)) return { ...memory, isForgetful: true };
  const of: ReadonlyMap<Datum, Kleene> = new Map([...memory.of, [value, match]]);
  return { ...memory, of };
}

/** Up and down at once stays, but what may have gone up or down may be either. */
function updateLevel(world: World, register: Level, memory: Memory): Memory {
  if (memory.kind !== "amount") return memory;
  const { term, cap } = register;
  const [ups, downs] = [matchesAny(world, [term.plus]), matchesAny(world, [term.minus])];
  const top = cap + world.lab.slack;
  if (memory.lo === memory.hi && memory.lo >= top && downs === T && ups === F) {
    // It is at least so high: one less is still that, or it was not higher.
    return world.choices.choose(2) === 0 ? { kind: "amount", lo: top - 1, hi: top - 1 } : memory;
  }
  const lo = Math.min(Math.max(memory.lo + Number(ups === T) - Number(downs !== F), 0), term.max);
  const hi = Math.max(memory.hi + Number(ups !== F) - Number(downs === T), 0);
  if (hi >= term.max) return { kind: "amount", lo, hi: Infinity };
  return lo === hi && lo > top ? { kind: "amount", lo: top, hi: top } : { kind: "amount", lo, hi };
}

function updated(world: World, register: Register, memory: Memory, stamp: Stamp): Memory {
  switch (register.kind) {
    case "since":
      return updateSince(world, register, memory, stamp);
    case "values":
      return memory.kind === "set" ? updateSet(world, register, memory) : memory;
    case "level":
      return updateLevel(world, register, memory);
    case "tally": {
      if (memory.kind === "keyed") return updateKeyed(world, register, memory, stamp);
      const match = matchesAny(world, register.patterns);
      return match === F ? memory : tallied(world, register, memory, match, stamp);
    }
  }
}

export const isTouched = (world: Pick<World, "kind" | "op" | "relation">, register: Register): boolean =>
  isShared(world, register) && register.patterns.some((pattern) => couldMatch(world, pattern));

export interface Updated {
  readonly memories: Node["memories"];
  /** Something remembers this moment: it is the next of the zone. */
  readonly isStamped: boolean;
}

export function update(world: World): Updated {
  const stamp: Stamp = { moment: world.zone.length, isUsed: false };
  const after = new Map(world.node.memories);
  for (const [register, memory] of after) {
    if (isTouched(world, register)) after.set(register, updated(world, register, memory, stamp));
  }
  return { memories: after, isStamped: stamp.isUsed };
}
