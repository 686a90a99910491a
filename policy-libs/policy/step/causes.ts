// Which events made a register what it is: kept with tracing only.
import type { Datum } from "../resolved.ts";
import type { Register } from "./registers.ts";
import type { Cause, Frame, Part, State, Values } from "./types.ts";

/** What an event leaves in a register that is no amount is all there is to it: what came before does not matter. */
const isAmount = ({ finite, cell, key }: Register): boolean =>
  (finite !== undefined && !key.startsWith("flag")) || (cell >= 0 && !key.startsWith("stamp"));

function mark(cause: Cause | undefined, number: number, keepsFirst: boolean): Cause {
  return { first: keepsFirst ? (cause?.first ?? number) : number, last: number, of: cause?.of ?? new Map() };
}

/** Notes that an event changed a register. Of values only those that the register itself has kept: it is bounded. */
export function note({ causes, values }: Part, register: Register, { slots }: Frame, number: number): void {
  if (causes === undefined) return;
  const made = mark(causes.get(register.index), number, isAmount(register) || register.set >= 0);
  causes.set(register.index, made);
  const value = register.causesBy === undefined ? undefined : slots[register.causesBy];
  if (value === undefined || !(values[register.set] as Values).slots.has(value)) return;
  made.of.set(value, mark(made.of.get(value), number, isAmount(register)));
}

/** The first and the last event that changed it; of a register of values, those of one value. */
export function causesOf(state: State, { index, scope }: Register, value?: Datum): readonly number[] {
  const whole = state[scope].causes?.get(index);
  const cause = value === undefined ? whole : whole?.of.get(value);
  if (cause === undefined) return [];
  return cause.first === cause.last ? [cause.first] : [cause.first, cause.last];
}
