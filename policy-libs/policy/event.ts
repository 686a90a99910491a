// Which names an event of an operation has: of a call its arguments, of a result those and what it gives.
import type { Argument, Operation } from "./vocabulary.ts";

/** A result has more names than the other events. */
export type EventName = "call" | "result";

export interface EventArguments {
  readonly byName: ReadonlyMap<string, Argument>;
  /** Names of something that was passed and of something that is given: "takes.path" and "gives.path" tell them apart. */
  readonly ambiguous: ReadonlySet<string>;
}

function namesIn(list: readonly Argument[]): ReadonlyMap<string, Argument> {
  return new Map(list.flatMap((argument) => [argument.name, ...(argument.also ?? [])].map((name) => [name, argument])));
}

const NONE: ReadonlySet<string> = new Set();

function ofResult({ takes, gives }: Operation): EventArguments {
  const [passed, given] = [namesIn(takes), namesIn(gives)];
  const twice: ReadonlySet<string> = new Set([...passed.keys()].filter((name) => given.has(name)));
  const told = (names: ReadonlyMap<string, Argument>, word: string) =>
    [...names].map(([name, argument]) => [twice.has(name) ? `${word}.${name}` : name, argument] as const);
  return { byName: new Map([...told(passed, "takes"), ...told(given, "gives")]), ambiguous: twice };
}

const made: Readonly<Record<EventName, WeakMap<Operation, EventArguments>>> = {
  call: new WeakMap(),
  result: new WeakMap(),
};

/** Made once for an operation. */
export function eventArguments(operation: Operation, event: EventName): EventArguments {
  const before = made[event].get(operation);
  if (before !== undefined) return before;
  const now = event === "result" ? ofResult(operation) : { byName: namesIn(operation.takes), ambiguous: NONE };
  made[event].set(operation, now);
  return now;
}
