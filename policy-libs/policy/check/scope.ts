// What conditions stand in: a policy with its names, and the events that are spoken of.
//
// Invariants
//   S1  In a pattern's parentheses arguments are those of the pattern's events alone (T3).
import { type EventName, eventArguments } from "../event.ts";
import type { HistoryKind, RArgument, RCond } from "../resolved.ts";
import type { Cond, Label, Let, Parameter, Term, Value, Set as ValueSet } from "../tree.ts";
import type { Argument, Operation } from "../vocabulary.ts";
import type { Typed } from "./terms.ts";
import type { Unit } from "./unit.ts";

/** What a parameter is in an instance. Undefined: the policy is checked without one. */
export interface Bound {
  readonly parameter: Parameter;
  readonly value: Value | readonly Value[] | undefined;
}

export type Declared =
  | { readonly kind: "parameter"; readonly bound: Bound }
  | { readonly kind: "let"; readonly let: Let }
  | { readonly kind: "set"; readonly set: ValueSet };

/** An event that is spoken of. */
export interface Spoken {
  readonly operation: Operation;
  readonly event: EventName;
}

/** The events that a condition may speak of, and of its names. */
export interface Here {
  readonly events: readonly Spoken[];
  /** The event at hand, seen from inside of a pattern's parentheses. */
  readonly outer?: Here | undefined;
  /** The pattern, for people: "once(…)". */
  readonly inside?: string | undefined;
  /** For a `let` that stands nowhere: an argument of any of the events will do. */
  readonly isAny?: boolean | undefined;
  readonly found: Map<string, Found>;
}

export type Found =
  | { readonly kind: "argument"; readonly argument: RArgument }
  | { readonly kind: "none" }
  | { readonly kind: "missing" | "ambiguous"; readonly of: Spoken }
  | { readonly kind: "differs"; readonly argument: Argument; readonly of: Spoken };

/** A policy, or a claim, whose names are being resolved. */
export interface Scope {
  readonly unit: Unit;
  readonly declared: ReadonlyMap<string, Declared>;
  readonly labels: ReadonlyMap<string, Label>;
  /** Patterns have conditions inside, and these have patterns: conds.ts and terms.ts put themselves here. */
  readonly cond: (scope: Scope, cond: Cond, here: Here) => RCond | undefined;
  readonly term: (scope: Scope, term: Term, here: Here) => Typed | undefined;
  readonly values: Map<Let, Made>;
  readonly carried: Map<Label, Made>;
  /** What `let`s came to, for each place that they speak of. One of a name alone may be both. */
  readonly expanded: Readonly<Record<"cond" | "term", Map<Let, Map<Here, Made>>>>;
  /** What is being made just now, the outermost first. */
  readonly expanding: Named[];
  readonly used: Set<unknown>;
}

/** A `let` or a label. */
export interface Named {
  readonly name: string;
}

/** What one came to, and how many conditions, terms and patterns that are. */
export interface Made {
  readonly cost: number;
  readonly result: unknown;
}

export const EVENT_OF: Readonly<Record<HistoryKind, EventName>> = {
  call: "call",
  refused: "call",
  failed: "call",
  approved: "call",
  result: "result",
};

export const newHere = (events: readonly Spoken[], more: Partial<Here> = {}): Here => ({
  events,
  ...more,
  found: new Map(),
});

export const argumentAt = ({ operation, event }: Spoken, name: string): Argument | undefined =>
  eventArguments(operation, event).byName.get(name);

/** The name that all have, else the one that is written: `data` has both. */
function joined(name: string, of: ReadonlyMap<Operation, Argument>): RArgument {
  const [first] = of.values();
  const { type } = first as Argument;
  const names = new Set([...of.values()].map((argument) => argument.name));
  return Object.freeze({ name: names.size === 1 ? (first as Argument).name : name, type, of });
}

function search({ events, isAny }: Here, name: string): Found {
  const of = new Map<Operation, Argument>();
  let missing: Spoken | undefined;
  for (const spoken of events) {
    const argument = argumentAt(spoken, name);
    const other = of.values().next().value ?? argument;
    const before = of.get(spoken.operation) ?? argument;
    if (eventArguments(spoken.operation, spoken.event).ambiguous.has(name)) return { kind: "ambiguous", of: spoken };
    if (argument === undefined) missing ??= spoken;
    else if (before?.name !== argument.name) return { kind: "ambiguous", of: spoken };
    else if (other?.type === argument.type) of.set(spoken.operation, argument);
    else if (isAny !== true) return { kind: "differs", argument: other as Argument, of: spoken };
  }
  if (of.size === 0) return { kind: "none" };
  return missing === undefined || isAny === true
    ? { kind: "argument", argument: joined(name, of) }
    : { kind: "missing", of: missing };
}

export function find(here: Here, name: string): Found {
  const found = here.found.get(name) ?? search(here, name);
  here.found.set(name, found);
  return found;
}
