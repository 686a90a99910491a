// What a name means where it stands (T2, T3).
//
// Invariants
//   S1  A name means one thing: an argument of every event that is spoken of, else a parameter, a `let` or a `set`. What
//       could mean two of these is an error, so that no new argument takes a name over in silence.
//   S2  In a pattern's parentheses arguments are those of the pattern's events alone.
import { didYouMean } from "../diagnostic.ts";
import { type EventName, eventArguments } from "../event.ts";
import type { HistoryKind, Place, RArgument, RCond } from "../resolved.ts";
import type { Cond, Label, Let, Parameter, Value, Set as ValueSet } from "../tree.ts";
import type { Argument, Operation } from "../vocabulary.ts";
import { wordOf } from "./literal.ts";
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
  /** Patterns have conditions inside, and these have patterns: conds.ts puts itself here. */
  readonly cond: (scope: Scope, cond: Cond, here: Here) => RCond | undefined;
  readonly values: Map<Let, Made>;
  readonly carried: Map<Label, Made>;
  /** What `let`s came to, for each place that they speak of. */
  readonly expanded: Map<Let, Map<Here, Made>>;
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

const argumentAt = ({ operation, event }: Spoken, name: string): Argument | undefined =>
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

const isOwn = ({ source }: Argument): boolean => source?.part === undefined || source.part === "url";

/** "net.send(host, port, size)" */
function signature({ operation, event }: Spoken): string {
  const { takes, gives } = eventArguments(operation, event);
  const list = [...takes, ...gives].filter(isOwn).map(({ name }) => name);
  return `${event === "result" ? "result " : ""}${operation.name}(${list.join(", ")})`;
}

const namesAt = (here: Here): Iterable<string> =>
  here.events.flatMap(({ operation, event }) => [...eventArguments(operation, event).byName.keys()]);

const RELATE = 'To compare with the present call, use "values" or "by".';

const pastOnly = (scope: Scope, name: string, inside: string, at: Place): void =>
  scope.unit.report("P115", at, `inside ${inside} "${name}" is the past event's`, RELATE);

/** Says why a name is no argument here. */
function explain(scope: Scope, here: Here, name: string, found: Found, at: Place): void {
  const { report } = scope.unit;
  if (found.kind === "ambiguous") {
    const advice = `Write "takes.${name}" or "gives.${name}".`;
    return report("P106", at, `"${name}" is both passed and given in ${signature(found.of)}`, advice);
  }
  if (found.kind === "differs") {
    const type = wordOf((argumentAt(found.of, name) as Argument).type);
    const message = `"${name}" is ${wordOf(found.argument.type)} in one call and ${type} in ${signature(found.of)}`;
    return report("P108", at, message, "Make a rule for each.");
  }
  if (found.kind === "none" && here.outer !== undefined && find(here.outer, name).kind === "argument") {
    return pastOnly(scope, name, here.inside ?? "a pattern", at);
  }
  const of = found.kind === "missing" ? found.of : here.events[0];
  if (of === undefined) return;
  const near = didYouMean(name, new Set([...namesAt(here), ...scope.declared.keys()]));
  const each =
    here.events.length > 1 && found.kind === "missing"
      ? "This rule or pattern matches several calls: a name must be an argument of each."
      : "";
  report("P107", at, `"${name}" is not an argument of ${signature(of)}`, near || each);
}

/** The argument of this name, or a diagnostic. Other things of this name do not count, and are errors (S1). */
export function argumentOf(scope: Scope, here: Here, name: string, at: Place): RArgument | undefined {
  const found = find(here, name);
  const declared = scope.declared.get(name);
  if (declaredAs(scope, here, name, at) !== undefined && found.kind !== "none") return undefined;
  if (found.kind === "argument") return found.argument;
  if (declared !== undefined) {
    scope.unit.report("P111", at, `"${name}" is a ${declared.kind}, where an argument is expected`);
  } else explain(scope, here, name, found, at);
  return undefined;
}

function shadowed(scope: Scope, name: string, { kind }: Declared, at: Place): void {
  const message = `"${name}" is both an argument here and a ${kind}`;
  scope.unit.report("P106", at, message, `Give the ${kind} another name.`);
}

/** What a name was declared as; counts as a use. An argument of this name is an error (S1). */
export function declaredAs(scope: Scope, here: Here, name: string, at: Place): Declared | undefined {
  const declared = scope.declared.get(name);
  if (declared === undefined) return undefined;
  scope.used.add(declared.kind === "let" ? declared.let : declared);
  if (find(here, name).kind !== "none") shadowed(scope, name, declared, at);
  return declared;
}

export type Meaning = Declared | { readonly kind: "argument"; readonly argument: RArgument };

/** What a name means, or a diagnostic. */
export function meaningOf(scope: Scope, here: Here, name: string, at: Place): Meaning | undefined {
  if (scope.declared.has(name) && find(here, name).kind === "none") return declaredAs(scope, here, name, at);
  const argument = argumentOf(scope, here, name, at);
  return argument && { kind: "argument", argument };
}

/** The same argument on both sides, inside of a pattern: the present call's was meant. */
export function checkSame(scope: Scope, here: Here, name: string, at: Place): void {
  const isOuter = here.outer !== undefined && find(here.outer, name).kind === "argument";
  if (isOuter) pastOnly(scope, name, here.inside ?? "a pattern", at);
}
