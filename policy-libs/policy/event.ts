// Which names an event of an operation has: of a call its arguments, of a result those and what it gives.
//
// Invariants
//   E1  `data` of an event has an argument under the name that it has here, and under its other names.
import type { Argument, Operation } from "./vocabulary.ts";

/** A result has more names than the other events. */
export type EventName = "call" | "result";

export interface EventArguments {
  readonly takes: readonly Argument[];
  readonly gives: readonly Argument[];
  readonly byName: ReadonlyMap<string, Argument>;
  /** Names of something that was passed and of something that is given: "takes.path" and "gives.path" tell them apart. */
  readonly ambiguous: ReadonlySet<string>;
}

export const namesOf = ({ name, also = [] }: Argument): readonly string[] => [name, ...also];

/** No part of another argument: it is passed, or given, itself. */
export const isOwn = ({ source }: Argument): boolean => source?.part === undefined || source.part === "url";

const byName = (list: readonly Argument[]): ReadonlyMap<string, Argument> =>
  new Map(list.flatMap((argument) => namesOf(argument).map((name) => [name, argument])));

const NONE: ReadonlySet<string> = new Set();

/** The argument with other names where its own are taken. */
function renamed(argument: Argument, taken: ReadonlySet<string>, word: string): Argument {
  const names = namesOf(argument);
  if (!names.some((name) => taken.has(name))) return argument;
  const [name = argument.name, ...also] = names.map((each) => (taken.has(each) ? `${word}.${each}` : each));
  return Object.freeze({ ...argument, name, also });
}

function ofResult(operation: Operation): EventArguments {
  const passed = new Set(operation.takes.flatMap(namesOf));
  const ambiguous = new Set(operation.gives.flatMap(namesOf).filter((name) => passed.has(name)));
  const takes = operation.takes.map((argument) => renamed(argument, ambiguous, "takes"));
  const gives = operation.gives.map((argument) => renamed(argument, ambiguous, "gives"));
  return { takes, gives, byName: byName([...takes, ...gives]), ambiguous };
}

const ofCall = ({ takes }: Operation): EventArguments => ({ takes, gives: [], byName: byName(takes), ambiguous: NONE });

const made: Readonly<Record<EventName, WeakMap<Operation, EventArguments>>> = {
  call: new WeakMap(),
  result: new WeakMap(),
};

/** Made once for an operation. */
export function eventArguments(operation: Operation, event: EventName): EventArguments {
  const before = made[event].get(operation);
  if (before !== undefined) return before;
  const now = event === "result" ? ofResult(operation) : ofCall(operation);
  made[event].set(operation, now);
  return now;
}
