// `delay … to n per d`: the generic cell rate algorithm of ../rate.ts, in two cells: whole milliseconds, and n-ths.
import { F, type Kleene } from "../kleene.ts";
import type { RRule } from "../resolved.ts";
import { addCells } from "./layout.ts";
import { type Builder, keyOf, type Matcher, type Register, share } from "./registers.ts";
import type { Frame, Node, State } from "./types.ts";

type Delay = Extract<RRule["effect"], { kind: "delay" }>;

/** Milliseconds until one more call may begin; 0: now. */
export type Wait = (state: State, frame: Frame) => number;

/** Calls that a rule applies to, or may: what `Register.plus` finds, narrowed by the rule's own condition. */
export interface Delayed {
  readonly register: Register;
  readonly wait: Wait;
}

/** The bucket is empty again `d/n` later than it was, and not before now. */
function pour(numbers: Float64Array, cell: number, time: number, { to, per }: Delay): void {
  const [empty, parts] = [numbers[cell] as number, numbers[cell + 1] as number];
  const isOver = empty < time;
  const sum = (isOver ? 0 : parts) + (per % to);
  numbers[cell] = (isOver ? time : empty) + Math.floor(per / to) + Math.floor(sum / to);
  numbers[cell + 1] = sum % to;
}

export function delayed(builder: Builder, effect: Delay, on: readonly Matcher[], when: Node | undefined): Delayed {
  const { to, per } = effect;
  const plus = on.map((matcher) => ({ ...matcher, kinds: matcher.kinds.filter((kind) => kind === "call") }));
  const key = `delay[${to},${per}](${keyOf(plus)};${when?.key ?? ""})`;
  const register = share(builder, key, (index) => {
    const cell = addCells(builder.layouts.domain, "amount", 2);
    const update: Register["update"] = (state, frame, p: Kleene) => {
      const applies = p !== F && (when === undefined || when.test(state, frame) !== F);
      if (applies && to > 0) pour(state.domain.numbers, cell, frame.time, effect);
      return applies;
    };
    const fixed = { scope: "domain", minus: [], causesBy: undefined, finite: undefined, set: -1 } as const;
    const at = (on[0] as Matcher).at;
    return { index, key, plus, slots: when?.slots ?? [], at, cell, update, ...fixed };
  });
  const { cell } = register;
  const wait: Wait = ({ domain: { numbers } }, { time }) => {
    if (to === 0) return Number.POSITIVE_INFINITY;
    const early = (numbers[cell] as number) - per - time + Math.ceil(((numbers[cell + 1] as number) + per) / to);
    return Math.max(0, early);
  };
  return { register, wait };
}
