// A policy: its head, and what stands in its braces.
import { quoted } from "./characters.ts";
import {
  accept,
  acceptOne,
  argument,
  at,
  type Cursor,
  expect,
  expectOne,
  fail,
  int,
  name,
  spanFrom,
  text,
  time,
  unexpected,
} from "./cursor.ts";
import { MAX_RULES } from "./limits.ts";
import {
  atMost,
  cond,
  condOfTerm,
  condOrTerm,
  list,
  named,
  pattern,
  patterns,
  separated,
  value,
} from "./parse-cond.ts";
import {
  DEFAULTS,
  type Default,
  type Edit,
  type Effect,
  type Label,
  type Let,
  type Parameter,
  type Pattern,
  type Policy,
  type Rule,
  type Value,
} from "./tree.ts";
import { EFFECTS } from "./words.ts";

export function policy(c: Cursor, from: number): Policy {
  const called = name(c, "the name of a policy");
  const parameters = accept(c, "(") ? parameterList(c) : [];
  const over = accept(c, "over") ? separated(c, plainPattern) : [];
  expect(c, "{");
  c.inside = { what: "policy", name: called };
  const otherwise = defaultOf(c, called);
  const body = bodyOf(c);
  return { kind: "policy", name: called, parameters, over, default: otherwise, ...body, at: spanFrom(c, from) };
}

function parameterList(c: Cursor): Parameter[] {
  const all = separated(c, parameter);
  expect(c, ")");
  return all;
}

function parameter(c: Cursor): Parameter {
  const { from } = c.token;
  const called = name(c, "the name of a parameter");
  expect(c, ":");
  const type = name(c, "a type: bool, int, text, path, host or ip");
  const given = accept(c, "=") ? valueOrList(c) : undefined;
  return { name: called, type, value: given, at: spanFrom(c, from) };
}

export const valueOrList = (c: Cursor): Value | Value[] => (at(c, "[") ? list(c) : value(c));

/** `over` says which calls a policy speaks of: it is no rule, and has no conditions. */
function plainPattern(c: Cursor): Pattern {
  const read = pattern(c);
  if (read.event === "call" && read.when === undefined) return read;
  const advice = 'Conditions and "result" belong to the rules.';
  return fail("P017", read.at ?? c.token, `"over" takes calls alone, such as ${read.op}`, advice);
}

function defaultOf(c: Cursor, called: string): Default {
  if (accept(c, "default")) return expectOne(c, DEFAULTS);
  if (c.token.kind === "end") unexpected(c);
  const advice = 'Begin it with "default deny", "default abstain" or "default allow".';
  return fail("P015", c.token, `policy ${quoted(called)} does not say its default`, advice);
}

function bodyOf(c: Cursor): Pick<Policy, "lets" | "labels" | "rules"> {
  const lets: Let[] = [];
  const labels: Label[] = [];
  const rules: Rule[] = [];
  while (!accept(c, "}")) {
    const { from } = c.token;
    if (accept(c, "let")) lets.push(letOf(c, from));
    else if (accept(c, "label")) labels.push(label(c, from));
    else rules.push(rule(c, from));
  }
  return { lets, labels, rules };
}

function letOf(c: Cursor, from: number): Let {
  const called = name(c, "a name");
  expect(c, "=");
  if (accept(c, "values")) {
    const of = argument(c);
    expect(c, "on");
    return { name: called, kind: "values", of, pattern: pattern(c), max: atMost(c), at: spanFrom(c, from) };
  }
  const read = condOrTerm(c);
  const isTerm = "term" in read && !at(c, "and") && !at(c, "or");
  if (isTerm) return { name: called, kind: "term", term: read.term, at: spanFrom(c, from) };
  const first = "cond" in read ? read.cond : condOfTerm(c, read.term);
  return { name: called, kind: "cond", cond: cond(c, first), at: spanFrom(c, from) };
}

function label(c: Cursor, from: number): Label {
  const called = name(c, "the name of a label");
  expect(c, "from");
  const sources = patterns(c);
  const isCleared = accept(c, "cleared");
  if (isCleared) expect(c, "by");
  return { name: called, from: sources, cleared: isCleared ? patterns(c) : [], at: spanFrom(c, from) };
}

function rule(c: Cursor, from: number): Rule {
  const word = acceptOne(c, EFFECTS) ?? unexpected(c, "P012", 'a rule, "let", "label" or "}"');
  if (++c.rules > MAX_RULES) fail("P402", { from, to: c.end }, `more than ${MAX_RULES} rules in a file`);
  const on = patterns(c);
  const effect = effectOf(c, word);
  const when = accept(c, "when") ? cond(c) : undefined;
  const unless = accept(c, "unless") ? cond(c) : undefined;
  const because = accept(c, "because") ? text(c) : undefined;
  return { effect, on, when, unless, because, at: spanFrom(c, from) };
}

function effectOf(c: Cursor, kind: Effect["kind"]): Effect {
  if (kind === "ask") return { kind, of: accept(c, "of") ? name(c, "the name of who is asked") : undefined };
  if (kind === "suppress") return { kind, giving: accept(c, "giving") ? value(c) : undefined };
  if (kind === "delay") {
    expect(c, "to");
    const to = named(c, (one) => int(one, 1));
    expect(c, "per");
    return { kind, to, per: time(c, 1) };
  }
  if (kind !== "change") return { kind };
  expect(c, "so");
  return { kind, edits: separated(c, edit) };
}

function edit(c: Cursor): Edit {
  const { from } = c.token;
  const changed = argument(c);
  const kind = expectOne(c, ["at", "first", "masks", "becomes"]);
  if (kind === "at") {
    expect(c, "most");
    return { argument: changed, kind: "at most", most: named(c, int), at: spanFrom(c, from) };
  }
  if (kind === "first") return { argument: changed, kind, length: named(c, int), at: spanFrom(c, from) };
  if (kind === "masks") return { argument: changed, kind, mask: text(c), at: spanFrom(c, from) };
  return { argument: changed, kind, value: value(c), at: spanFrom(c, from) };
}
