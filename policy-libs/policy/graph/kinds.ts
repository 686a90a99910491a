// The classes of events that a picture tells apart, each with an event of it.
import type { Asking } from "../analysis/atoms.ts";
import { callClasses, classesOf } from "../analysis/classes.ts";
import { eventArguments } from "../event.ts";
import type { Datum, HistoryKind, PolicyEvent } from "../resolved.ts";
import type { Operation } from "../vocabulary.ts";

/** Classes of one operation's events; of more the arguments are not told apart. */
const MAX_CLASSES = 48;

export interface EventClass {
  readonly event: PolicyEvent;
  /** False: any event of the operation. */
  readonly hasArguments: boolean;
}

const eventOf = (kind: HistoryKind, op: Operation, data: ReadonlyMap<string, Datum>): PolicyEvent => ({
  ...{ kind, op, data, time: 0, domain: 0, capability: 0, tenant: "" },
});

export const anyEvent = (kind: HistoryKind, op: Operation): EventClass => ({
  event: eventOf(kind, op, new Map()),
  hasArguments: false,
});

export function eventClasses(kind: HistoryKind, op: Operation, asking: Asking): readonly EventClass[] {
  const form = kind === "result" ? "result" : "call";
  const { byName, ambiguous } = eventArguments(op, form);
  const arguments_ = classesOf(op, form, asking);
  const many = arguments_.reduce((product, { classes }) => product * classes.length, 1);
  const isTold = arguments_.every(({ isComplete }) => isComplete) && many <= MAX_CLASSES && ambiguous.size === 0;
  if (!isTold) return [anyEvent(kind, op)];
  return [...callClasses(arguments_)].map((one) => {
    const data = [...byName].flatMap(([name, argument]) => {
      const witness = one.get(argument)?.witness;
      return witness === undefined ? [] : [[name, witness] as const];
    });
    return { event: eventOf(kind, op, new Map(data)), hasArguments: true };
  });
}
