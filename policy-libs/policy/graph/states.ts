// States of the picture: values of the followed registers, as a state of the machine, and as words.
import type { Machine } from "../compile.ts";
import { F, type Kleene, T, U } from "../kleene.ts";
import { fieldOf, type Register, writeField } from "../step/registers.ts";
import { D, type Partly, type State } from "../step/types.ts";
import { type Here, isFollowed, judgeMatchers } from "./partly.ts";

/** Of each followed register, by number, its value. */
export type Values = ReadonlyMap<number, number>;

export const keyOf = (values: Values): string => [...values.values()].join();

export const startOf = ({ registers }: Machine): Values =>
  new Map(registers.filter(isFollowed).map(({ index }) => [index, 0]));

/** Whatever else is remembered is as at the start. */
export function stateOf(machine: Machine, values: Values): State {
  const state = machine.start();
  for (const [index, value] of values)
    writeField(state.domain.words, fieldOf(machine.registers[index] as Register), value);
  return state;
}

const possible = (value: Partly): readonly Kleene[] => (value === D ? [F, T, U] : [value]);

/** What one register can become. */
function nexts(register: Register, value: number, plus: Partly, minus: Partly): readonly number[] {
  const { finite } = register;
  if (finite === undefined) return [value];
  const found = possible(plus).flatMap((p) =>
    possible(minus).map((q) => (p === F && q === F ? value : finite.next(value, p, q))),
  );
  return [...new Set(found)].filter(finite.isValid);
}

/** Every state that may follow an event that is committed; more than `most` of them are not needed. */
export function successors(
  machine: Machine,
  values: Values,
  here: Here,
  event: Event,
  most: number,
): readonly Values[] {
  const { updates } = machine.planOf(event.kind, event.op);
  let all: readonly Values[] = [values];
  for (const { register } of updates) {
    const value = values.get(register.index);
    if (value === undefined) continue;
    const [plus, minus] = [register.plus, register.minus].map((matchers) =>
      judgeMatchers(matchers, event.kind, event.op.id, here),
    ) as [Partly, Partly];
    const to = nexts(register, value, plus, minus);
    all = all.flatMap((one) => to.map((next) => new Map(one).set(register.index, next))).slice(0, most);
  }
  return all;
}
type Event = { readonly kind: Parameters<Machine["planOf"]>[0]; readonly op: Parameters<Machine["planOf"]>[1] };

function countText({ at }: Register, [lo, hi]: readonly [number, number]): string {
  if (hi === Number.POSITIVE_INFINITY) return `${at.text} >= ${lo}`;
  return lo === hi ? `${at.text} == ${lo}` : `${at.text} is ${lo} to ${hi}`;
}

/** A register of `never P` is that of `once P`. */
const onceText = ({ at }: Register): string => at.text.replace(/^never\b/, "once");

/** What is remembered, as conditions that hold. */
export const holdsOf = ({ registers }: Machine, values: Values): readonly string[] =>
  [...values].flatMap(([index, value]) => {
    const register = registers[index] as Register;
    const { ends } = register.finite ?? {};
    if (value === 0) return [];
    if (ends !== undefined) return [countText(register, ends(value))];
    return [value === T ? onceText(register) : `perhaps ${onceText(register)}`];
  });
