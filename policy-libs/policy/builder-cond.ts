// The TypeScript builder's inner parts: patterns, terms and conditions. They yield plain nodes of the tree.
import { lex } from "./lex.ts";
import type { Comparison, Cond, EventKind, Name, Pattern, Scope, Tail, Term, TextTest, Value } from "./tree.ts";

/** `block("10.0.0.0/8")` is a value; a string is a text. */
export type Given = string | number | boolean | Value;
/** Milliseconds, or a text such as "10m". */
export type Time = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

export function value(given: Given): Value {
  if (typeof given === "string") return { kind: "text", value: given };
  if (typeof given === "number") return { kind: "int", value: given };
  return typeof given === "boolean" ? { kind: "bool", value: given } : given;
}

export const givenList = (given: Given | readonly Given[]): Value | Value[] =>
  isList(given) ? given.map(value) : value(given);

const isList = (given: Given | readonly Given[]): given is readonly Given[] => Array.isArray(given);

/** An address block. */
export const block = (text: string): Value => ({ kind: "cidr", value: text });

export function milliseconds(time: Time): number {
  if (typeof time === "number") return time;
  const token = lex(time, 0);
  if (token.kind === "time" && token.from === 0 && token.to === time.length) return token.number;
  throw new TypeError(`${JSON.stringify(time)} is no time, such as "10m"`);
}

/** The calls of a group: `const net = group("net", "send", "connect")` has `net.send` and, for all of them, `net.all`. */
export function group<const N extends string>(
  name: string,
  ...calls: readonly N[]
): Readonly<Record<N | "all", Pattern>> {
  const patterns = calls.map((call) => [call, operation(`${name}.${call}`)] as const);
  const all = ["all", operation(`${name}.*`)] as const;
  return Object.freeze(Object.fromEntries([all, ...patterns])) as Readonly<Record<N | "all", Pattern>>;
}

/** "net.send", "net.*", "files.read*" or "*". */
export const operation = (op: string): Pattern => ({ event: "call", op });

const event =
  (kind: EventKind) =>
  ({ op, when }: Pattern, cond: Cond | undefined = when): Pattern =>
    cond === undefined ? { event: kind, op } : { event: kind, op, when: cond };

/** The call itself, with a condition on its own arguments: `call(files.read, argument("path").under("/secrets"))`. */
export const call = event("call");
export const result = event("result");
export const failed = event("failed");
export const refused = event("refused");
export const tried = event("tried");
export const approved = event("approved");

export interface TermBuilder {
  readonly term: Term;
  is(right: Operand): Cond;
  isNot(right: Operand): Cond;
  below(right: Operand): Cond;
  atMost(right: Operand): Cond;
  above(right: Operand): Cond;
  atLeast(right: Operand): Cond;
  /** A list, or an address block alone. A set or remembered values: `inSet`. */
  in(list: Value | readonly Given[]): Cond;
  inSet(name: string): Cond;
  /** A text, or a parameter: `argument("path").under(argument("root"))`. */
  startsWith(text: string | TermBuilder): Cond;
  endsWith(text: string | TermBuilder): Cond;
  contains(text: string | TermBuilder): Cond;
  like(glob: string | TermBuilder): Cond;
  under(path: string | TermBuilder): Cond;
  plus(...more: readonly Operand[]): TermBuilder;
}

export type Operand = Given | TermBuilder;

/** A literal, or the name of a parameter. */
export function literal<T extends string | number>(given: T | TermBuilder): T | Name {
  if (typeof given !== "object") return given;
  if (given.term.kind === "name") return { name: given.term.name };
  throw new TypeError("only a literal or the name of a parameter can stand here");
}

export const termOf = (given: Operand): Term =>
  typeof given === "object" && "term" in given ? given.term : { kind: "value", value: value(given) };

const summands = (term: Term): readonly Term[] => (term.kind === "add" ? term.terms : [term]);

export function builderOf(term: Term): TermBuilder {
  const compare =
    (is: Comparison) =>
    (right: Operand): Cond => ({ kind: "compare", is, left: term, right: termOf(right) });
  const text =
    (test: TextTest) =>
    (given: string | TermBuilder): Cond => ({ kind: "text", test, term, text: literal(given) });
  return Object.freeze({
    term,
    is: compare("=="),
    isNot: compare("!="),
    below: compare("<"),
    atMost: compare("<="),
    above: compare(">"),
    atLeast: compare(">="),
    in: (list: Value | readonly Given[]): Cond => ({ kind: "in", term, list: [givenList(list)].flat() }),
    inSet: (name: string): Cond => ({ kind: "in", term, list: name }),
    startsWith: text("starts with"),
    endsWith: text("ends with"),
    contains: text("contains"),
    like: text("like"),
    under: text("under"),
    plus: (...more: readonly Operand[]) =>
      builderOf({ kind: "add", terms: [term, ...more.map(termOf)].flatMap(summands) }),
  });
}

/** An argument, a field of one ("to.host"), a parameter, a definition. */
export const argument = (name: string): TermBuilder => builderOf({ kind: "name", name });
export const constant = (given: Given): TermBuilder => builderOf(termOf(given));
export const length = (name: string): TermBuilder => builderOf({ kind: "length", of: name });

export interface Counting {
  /** The name of an argument, and how many of its values are told apart. */
  readonly by?: readonly [name: string, max: number | TermBuilder];
  readonly per?: Scope;
  readonly within?: Time;
  readonly steps?: number;
}

function tail({ by, per, within, steps }: Counting): Tail {
  return {
    by: by === undefined ? undefined : { name: by[0], max: literal(by[1]) },
    per,
    within: within === undefined ? undefined : milliseconds(within),
    steps,
  };
}

export const count = (pattern: Pattern, counting: Counting = {}): TermBuilder =>
  builderOf({ kind: "count", pattern, ...tail(counting) });
export const sum = (of: string, pattern: Pattern, counting: Counting = {}): TermBuilder =>
  builderOf({ kind: "sum", of, pattern, ...tail(counting) });
export const level = (plus: Pattern, minus: Pattern, max?: number | TermBuilder): TermBuilder =>
  builderOf({ kind: "level", plus, minus, max: max === undefined ? undefined : literal(max) });

export const or = (...of: readonly Cond[]): Cond => ({ kind: "or", of });
export const and = (...of: readonly Cond[]): Cond => ({ kind: "and", of });
export const not = (of: Cond): Cond => ({ kind: "not", of });
/** A definition or a parameter that is a condition, or a `bool` argument. */
export const named = (name: string): Cond => ({ kind: "name", name });

export interface Since {
  /** `with no ... since` */
  readonly withNo?: Pattern;
  readonly within?: Time;
}

export const once = (pattern: Pattern, { withNo, within }: Since = {}): Cond => ({
  kind: "once",
  pattern,
  since: withNo,
  within: within === undefined ? undefined : milliseconds(within),
});
export const never = (pattern: Pattern): Cond => ({ kind: "never", pattern });
export const previous = (pattern: Pattern, ...among: readonly Pattern[]): Cond => ({
  kind: "previous",
  pattern,
  among,
});
export const carries = (label: string): Cond => ({ kind: "carries", label });
