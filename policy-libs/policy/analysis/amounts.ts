// Reading what registers remember.
import { F, type Interval, type Kleene, T, U } from "../kleene.ts";
import type { RCond } from "../resolved.ts";
import type { Memory } from "./node.ts";
import { keyOf, type PastCond, type Register } from "./registers.ts";
import {
  argumentIn,
  guessKleene,
  isMissing,
  isOther,
  isYoung,
  likeOf,
  memoryOf,
  note,
  settledValue,
  type World,
} from "./world.ts";

/** An amount of a register that is not followed: registers of several keys have one for each. */
interface Unknown {
  readonly unknown: string;
  readonly most: number;
}

type Marks = readonly number[] | undefined;
type Moments = Extract<Memory, { kind: "moments" }>["of"];

/** How many are in the window, or the largest of some numbers that it is not less than: no more than that is asked. */
function countOf(world: World, moments: Moments, within: number, marks: readonly number[] | undefined): number {
  const isIn = (count: number): boolean => {
    const last = moments[count - 1];
    return last !== undefined && isYoung(world, last.moment, within);
  };
  const sizes = marks ?? moments.map((_, at) => at + 1);
  return sizes.toSorted((a, b) => b - a).find((size) => size > 0 && isIn(size)) ?? 0;
}

function youngOf(world: World, { of }: { readonly of: Moments }, within: number, marks?: readonly number[]): Interval {
  const hi = countOf(world, of, within, marks);
  const sure = of.filter(({ isSure }) => isSure);
  return { lo: sure.length === of.length ? hi : Math.min(hi, countOf(world, sure, within, marks)), hi };
}

function amountIn(world: World, memory: Memory, within: number | undefined, marks: Marks): Interval {
  if (memory.kind === "moments") return youngOf(world, memory, within ?? Infinity, marks);
  return memory.kind === "amount" ? memory : { lo: 0, hi: 0 };
}

type Keyed = Extract<Memory, { kind: "keyed" }>;
type Key = NonNullable<ReturnType<typeof keyOf>>;

/** Of a value that is not told apart. */
function readOther(world: World, register: Register, { max }: Key, memory: Keyed, like: number): Interval | Unknown {
  const isOpen = memory.isKeyless || memory.isForgetful;
  if (like === 0) return { lo: 0, hi: isOpen ? Infinity : 0 };
  // None was counted more often than there were such events.
  const isCount = register.kind === "tally" && register.term.kind === "count";
  return { unknown: "", most: isCount && world.lab.isCounting && like < max && !isOpen ? like : Infinity };
}

function readKeyed(world: World, register: Register, key: Key, marks: Marks): Interval | Unknown | undefined {
  const memory = memoryOf(world, register);
  const argument = argumentIn(world, key.argument);
  if (argument === undefined || isMissing(world, argument)) return undefined;
  if (memory?.kind !== "keyed") return { unknown: argument.name, most: Infinity };
  const value = settledValue(world, argument);
  if (value === undefined) return undefined;
  if (isOther(value)) return readOther(world, register, key, memory, likeOf(argument, value, memory.others));
  const inner = memory.of.get(value);
  if (inner === undefined) return { lo: 0, hi: memory.isKeyless || memory.isForgetful ? Infinity : 0 };
  const { lo, hi } = amountIn(world, inner, register.kind === "tally" ? register.term.within : undefined, marks);
  return { lo, hi: memory.isKeyless ? Infinity : hi };
}

/** Undefined: the event has no key, so nothing can be said. `marks`: which numbers it is to be told apart from. */
export function readAmount(world: World, register: Register, marks?: Marks): Interval | Unknown | undefined {
  const key = keyOf(register);
  if (key !== undefined) return readKeyed(world, register, key, marks);
  const memory = memoryOf(world, register);
  if (memory === undefined) return { unknown: "", most: Infinity };
  return amountIn(world, memory, register.kind === "tally" ? register.term.within : undefined, marks);
}

function readSince(world: World, register: Register, within: number | undefined): Kleene {
  const memory = memoryOf(world, register);
  if (memory?.kind === "flag") return memory.value;
  if (memory?.kind !== "moment") return guessKleene(world, `register ${register.id}`, world.lab.vague.has(register));
  if (memory.sure !== 0 && isYoung(world, memory.sure, within ?? Infinity)) return T;
  return memory.maybe !== 0 && memory.maybe !== memory.sure && isYoung(world, memory.maybe, within ?? Infinity) ? U : F;
}

export function judgePast(world: World, cond: PastCond): Kleene {
  const register = world.lab.registers.ofCond(cond);
  const within = register.kind === "since" ? register.since.within : undefined;
  return note(world, cond, readSince(world, register, within), [register]);
}

export function judgeRemembered(world: World, cond: Extract<RCond, { kind: "remembered" }>): Kleene {
  const register = world.lab.registers.ofValues(cond.values);
  const result = (value: Kleene): Kleene => note(world, cond, value, [register]);
  const argument = argumentIn(world, cond.argument);
  if (argument === undefined || isMissing(world, argument)) return result(U);
  const memory = memoryOf(world, register);
  const name = `register ${register.id} ${argument.name}`;
  if (memory?.kind !== "set") return result(guessKleene(world, name, true));
  const value = settledValue(world, argument);
  if (value === undefined) return result(U);
  const absent = memory.isForgetful ? U : F;
  if (isOther(value)) {
    return result(likeOf(argument, value, memory.others) === 0 ? absent : guessKleene(world, name, true));
  }
  return result(memory.of.get(value) ?? absent);
}
