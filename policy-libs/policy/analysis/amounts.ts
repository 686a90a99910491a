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
  memoryOf,
  note,
  settledValue,
  type World,
} from "./world.ts";

/** An amount of a register that is not followed: registers of several keys have one for each. */
interface Unknown {
  readonly unknown: string;
}

/** Not followed, but nothing has happened yet. */
const isFresh = (world: World, memory: Memory | undefined): boolean => memory === undefined && world.isStart;

function youngOf(world: World, memory: Extract<Memory, { kind: "moments" }>, within: number): Interval {
  let [lo, hi] = [0, 0];
  for (const { moment, isSure } of memory.of) {
    if (!isYoung(world, moment, within)) break;
    hi += 1;
    if (isSure) lo += 1;
  }
  return { lo, hi };
}

function amountIn(world: World, memory: Memory, within: number | undefined): Interval {
  if (memory.kind === "moments") return youngOf(world, memory, within ?? Infinity);
  return memory.kind === "amount" ? memory : { lo: 0, hi: 0 };
}

function readKeyed(world: World, register: Register, memory: Memory | undefined): Interval | Unknown | undefined {
  const key = keyOf(register);
  const argument = key && argumentIn(world, key.argument);
  if (argument === undefined || isMissing(world, argument)) return undefined;
  if (isFresh(world, memory)) return { lo: 0, hi: 0 };
  if (memory?.kind !== "keyed") return { unknown: argument.name };
  const value = settledValue(world, argument);
  if (value === undefined) return undefined;
  if (isOther(value)) {
    return memory.others === 0 && !memory.isKeyless && !memory.isForgetful
      ? { lo: 0, hi: 0 }
      : { unknown: argument.name };
  }
  const inner = memory.of.get(value);
  const within = register.kind === "tally" ? register.term.within : undefined;
  if (inner === undefined) return { lo: 0, hi: memory.isKeyless || memory.isForgetful ? Infinity : 0 };
  const { lo, hi } = amountIn(world, inner, within);
  return { lo, hi: memory.isKeyless ? Infinity : hi };
}

/** Undefined: the event has no key, so nothing can be said. */
export function readAmount(world: World, register: Register): Interval | Unknown | undefined {
  const memory = memoryOf(world, register);
  if (keyOf(register) !== undefined) return readKeyed(world, register, memory);
  if (isFresh(world, memory)) return { lo: 0, hi: 0 };
  if (memory === undefined) return { unknown: "" };
  return amountIn(world, memory, register.kind === "tally" ? register.term.within : undefined);
}

function readSince(world: World, register: Register, within: number | undefined): Kleene {
  const memory = memoryOf(world, register);
  if (isFresh(world, memory)) return F;
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
  if (isFresh(world, memory)) return result(F);
  const name = `register ${register.id} ${argument.name}`;
  if (memory?.kind !== "set") return result(guessKleene(world, name, true));
  const value = settledValue(world, argument);
  if (value === undefined) return result(U);
  const absent = memory.isForgetful ? U : F;
  if (isOther(value)) return result(memory.others === 0 ? absent : guessKleene(world, name, true));
  return result(memory.of.get(value) ?? absent);
}
