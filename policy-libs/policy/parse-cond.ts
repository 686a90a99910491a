// Patterns, conditions, terms and values: what may nest. Section "Grammar" of docs/policy-language.md, a function a rule.
import {
  accept,
  acceptOne,
  argument,
  at,
  type Cursor,
  deeper,
  expect,
  fail,
  found,
  int,
  name,
  spanFrom,
  take,
  text,
  time,
  unexpected,
} from "./cursor.ts";
import { MAX_LEVEL, MAX_VALUES } from "./limits.ts";
import {
  COMPARISONS,
  type Comparison,
  type Cond,
  type Name,
  type Pattern,
  SCOPES,
  type Tail,
  type Term,
  type TextTest,
  type Value,
} from "./tree.ts";
import { EVENTS, RESERVED } from "./words.ts";

export function separated<T>(c: Cursor, read: (c: Cursor) => T): T[] {
  const all = [read(c)];
  while (accept(c, ",")) all.push(read(c));
  return all;
}

export function operation(c: Cursor): string {
  const { kind, value } = c.token;
  if (kind === "dotted" || kind === "wildcard") return take(c).value;
  if (kind !== "word" && kind !== "name") unexpected(c, "P010", "a call such as net.send");
  const advice = `A call is written group.call; all calls of a group are "${value}.*".`;
  return fail("P010", c.token, `expected a call such as net.send, found ${found(c)}`, advice);
}

export function pattern(c: Cursor): Pattern {
  const { from } = c.token;
  const event = acceptOne(c, EVENTS) ?? "call";
  const op = operation(c);
  const when = at(c, "(") ? parenthesised(c) : undefined;
  return { event, op, when, at: spanFrom(c, from) };
}

export const patterns = (c: Cursor): Pattern[] => separated(c, pattern);

function parenthesised(c: Cursor): Cond {
  return deeper(c, take(c), () => {
    const inner = cond(c);
    expect(c, ")");
    return inner;
  });
}

/** `first`: the beginning of it, where that has been read already. */
export function cond(c: Cursor, first?: Cond): Cond {
  const from = first?.at?.from ?? c.token.from;
  const of = [conj(c, first)];
  while (accept(c, "or")) of.push(conj(c));
  return of.length === 1 ? (of[0] as Cond) : { kind: "or", of, at: spanFrom(c, from) };
}

function conj(c: Cursor, first?: Cond): Cond {
  const from = first?.at?.from ?? c.token.from;
  const of = [first ?? unit(c)];
  while (accept(c, "and")) of.push(unit(c));
  return of.length === 1 ? (of[0] as Cond) : { kind: "and", of, at: spanFrom(c, from) };
}

function unit(c: Cursor): Cond {
  const read = condOrTerm(c);
  return "cond" in read ? read.cond : condOfTerm(c, read.term);
}

/** A term alone is a condition if it is the name of one. */
export function condOfTerm(c: Cursor, term: Term): Cond {
  return term.kind === "name" ? term : unexpected(c, "P016", "a comparison");
}

/** What begins like both: a term alone is left to the caller. */
export function condOrTerm(c: Cursor): { readonly cond: Cond } | { readonly term: Term } {
  const { from } = c.token;
  if (at(c, "not")) {
    const of = deeper(c, take(c), () => unit(c));
    return { cond: { kind: "not", of, at: spanFrom(c, from) } };
  }
  if (at(c, "(")) return { cond: parenthesised(c) };
  const past = pastCond(c, from);
  if (past !== undefined) return { cond: past };
  const left = term(c);
  const compared = comparison(c, left, from);
  return compared === undefined ? { term: left } : { cond: compared };
}

function pastCond(c: Cursor, from: number): Cond | undefined {
  if (accept(c, "once")) {
    const first = pattern(c);
    const since = accept(c, "with") ? sincePattern(c) : undefined;
    const within = accept(c, "within") ? time(c) : undefined;
    return { kind: "once", pattern: first, since, within, at: spanFrom(c, from) };
  }
  if (accept(c, "never")) return { kind: "never", pattern: pattern(c), at: spanFrom(c, from) };
  if (accept(c, "previous")) {
    const first = pattern(c);
    expect(c, "among");
    return { kind: "previous", pattern: first, among: patterns(c), at: spanFrom(c, from) };
  }
  if (accept(c, "carries")) return { kind: "carries", label: name(c, "the name of a label"), at: spanFrom(c, from) };
  return undefined;
}

function sincePattern(c: Cursor): Pattern {
  expect(c, "no");
  const between = pattern(c);
  expect(c, "since");
  return between;
}

function comparison(c: Cursor, left: Term, from: number): Cond | undefined {
  const is: Comparison | undefined = acceptOne(c, COMPARISONS);
  if (is !== undefined) return { kind: "compare", is, left, right: term(c), at: spanFrom(c, from) };
  if (accept(c, "in")) return { kind: "in", term: left, list: membership(c), at: spanFrom(c, from) };
  const test = textTest(c);
  return test && { kind: "text", test, term: left, text: named(c, text), at: spanFrom(c, from) };
}

function membership(c: Cursor): readonly Value[] | string {
  if (at(c, "[")) return list(c);
  if (c.token.kind === "block") return [value(c)];
  return name(c, "a list, an address block or the name of a set");
}

function textTest(c: Cursor): TextTest | undefined {
  const word = acceptOne(c, ["starts", "ends", "contains", "like", "under"]);
  if (word !== "starts" && word !== "ends") return word;
  expect(c, "with");
  return `${word} with`;
}

function term(c: Cursor): Term {
  const { from } = c.token;
  const terms = [prim(c)];
  while (accept(c, "+")) terms.push(prim(c));
  return terms.length === 1 ? (terms[0] as Term) : { kind: "add", terms, at: spanFrom(c, from) };
}

function prim(c: Cursor): Term {
  const { from } = c.token;
  if (accept(c, "length")) {
    expect(c, "(");
    const of = argument(c);
    expect(c, ")");
    return { kind: "length", of, at: spanFrom(c, from) };
  }
  if (accept(c, "count")) return { kind: "count", pattern: pattern(c), ...tail(c), at: spanFrom(c, from) };
  if (accept(c, "sum")) {
    const of = argument(c);
    expect(c, "on");
    return { kind: "sum", of, pattern: pattern(c), ...tail(c), at: spanFrom(c, from) };
  }
  if (accept(c, "level")) return level(c, from);
  if (isValue(c)) return { kind: "value", value: value(c), at: spanFrom(c, from) };
  if (c.token.kind === "time") fail("P014", c.token, 'a time stands after "within", "per" or "wait" only');
  return { kind: "name", name: operand(c), at: spanFrom(c, from) };
}

function operand(c: Cursor): string {
  const { kind, value: word } = c.token;
  const isName = kind === "dotted" || kind === "name" || (kind === "word" && !RESERVED.has(word));
  return isName ? take(c).value : unexpected(c, "P016", "a condition, a value or a name");
}

function level(c: Cursor, from: number): Term {
  const plus = pattern(c);
  expect(c, "minus");
  const minus = pattern(c);
  const max = accept(c, "max") ? named(c, (one) => int(one, 1, MAX_LEVEL, "P408")) : undefined;
  return { kind: "level", plus, minus, max, at: spanFrom(c, from) };
}

function tail(c: Cursor): Tail {
  const by = accept(c, "by") ? { name: argument(c), max: atMost(c) } : undefined;
  const per = accept(c, "per") ? scope(c) : undefined;
  const within = accept(c, "within") ? time(c, 1) : undefined;
  // "in 24 steps" belongs to the window; "in [1, 2]" compares what the window gives.
  const steps = within !== undefined && c.next.kind === "int" && accept(c, "in") ? int(c, 1, MAX_VALUES) : undefined;
  if (steps !== undefined) expect(c, "steps");
  return { by, per, within, steps };
}

/** "max INT" of remembered values. */
export function atMost(c: Cursor): number | Name {
  expect(c, "max");
  return named(c, (one) => int(one, 1, MAX_VALUES));
}

/** A literal, or the name of a parameter that is one. */
export function named<T>(c: Cursor, literal: (c: Cursor) => T): T | Name {
  const { from, kind, value: word } = c.token;
  const isName = kind === "name" || (kind === "word" && !RESERVED.has(word));
  return isName ? { name: take(c).value, at: spanFrom(c, from) } : literal(c);
}

const scope = (c: Cursor): (typeof SCOPES)[number] => acceptOne(c, SCOPES) ?? unexpected(c);

function isValue(c: Cursor): boolean {
  const { kind } = c.token;
  return kind === "int" || kind === "text" || kind === "block" || isTruth(c);
}

const isTruth = ({ token: { kind, value: word } }: Cursor): boolean =>
  kind === "word" && (word === "true" || word === "false");

export function value(c: Cursor): Value {
  const { kind } = c.token;
  if (!isValue(c)) unexpected(c, "P010", "a value");
  const { from, to, value: written, number } = take(c);
  const span = { from, to };
  if (kind === "int") return { kind: "int", value: number, at: span };
  if (kind === "word") return { kind: "bool", value: written === "true", at: span };
  return { kind: kind === "text" ? "text" : "cidr", value: written, at: span };
}

export function list(c: Cursor): Value[] {
  expect(c, "[");
  return valuesUntil(c, "]");
}

/** Values up to a closing mark; none is right, too. */
export function valuesUntil(c: Cursor, close: "]" | ")"): Value[] {
  const values: Value[] = [];
  if (accept(c, close)) return values;
  do {
    if (values.length === MAX_VALUES) fail("P405", c.token, `more than ${MAX_VALUES} values in a list`);
    values.push(value(c));
  } while (accept(c, ","));
  expect(c, close);
  return values;
}
