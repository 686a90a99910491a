// Which tests a policy makes on which argument of which operation, where the test needs nothing else to be judged.
//
// Invariants
//   Q1  Whatever a condition asks of one argument alone is here, of every operation that the condition can be judged for.

import type { AddressBlock, Datum, Joined, RArgument, RCond, RPattern, RPolicy, RRule, RTerm } from "../resolved.ts";
import type { Comparison } from "../tree.ts";
import type { Argument } from "../vocabulary.ts";
import { blockOf } from "./points.ts";
import type { TextAtom } from "./text-classes.ts";

/** What is asked of one argument. */
export interface Asked {
  readonly texts: Map<string, TextAtom>;
  readonly values: Set<Datum>;
  readonly blocks: Map<string, AddressBlock>;
  /** Of an integer, and of a length: the last one before the answer changes. */
  readonly cuts: Set<number>;
  readonly lengths: Set<number>;
  /** Stands in a comparison with something that is no constant, is added up, or is told apart by its value. */
  isRelated: boolean;
}

/** Of each argument, told apart by itself: operations have their own. */
export type Asking = Map<Argument, Asked>;

const nothing = (): Asked => ({
  texts: new Map(),
  values: new Set(),
  blocks: new Map(),
  cuts: new Set(),
  lengths: new Set(),
  isRelated: false,
});

/** What is asked of an argument, of each operation that has it. */
function each(asking: Asking, argument: RArgument, note: (asked: Asked) => void): void {
  for (const own of argument.of.values()) {
    const asked = asking.get(own) ?? nothing();
    asking.set(own, asked);
    note(asked);
  }
}

function noteText(asking: Asking, argument: RArgument, atom: TextAtom): void {
  each(asking, argument, (asked) => asked.texts.set(JSON.stringify(atom), atom));
}

function noteValues(asking: Asking, argument: RArgument, values: readonly Datum[]): void {
  if (argument.type === "text" || argument.type === "path" || argument.type === "host") {
    noteText(asking, argument, { kind: "is", values: values.filter((value) => typeof value === "string") });
  } else if (argument.type === "ip") {
    for (const block of values.flatMap((value) => blockOf(String(value)) ?? [])) {
      each(asking, argument, (asked) => asked.blocks.set(block.text, block));
    }
  } else {
    each(asking, argument, (asked) => {
      for (const value of values) asked.values.add(value);
    });
  }
}

/** x < n changes after n - 1, x <= n after n, and equality at both. */
const cutsOf = (is: Comparison, bound: number): readonly number[] =>
  is === "<" || is === ">=" ? [bound - 1] : is === "<=" || is === ">" ? [bound] : [bound - 1, bound];

/** The one argument of a sum with constants, and what is added to it. */
export interface Linear {
  readonly one: RTerm;
  readonly plus: number;
}
const flat = (term: RTerm): readonly RTerm[] => (term.kind === "add" ? term.terms.flatMap(flat) : [term]);

/** Constants taken together; undefined: of no single other term. */
export function linear(term: RTerm): Linear | number | undefined {
  const terms = flat(term);
  if (terms.length === 1 && term.kind === "constant" && typeof term.value !== "number") return undefined;
  const plus = terms.reduce((sum, each) => sum + (each.kind === "constant" ? Number(each.value) : 0), 0);
  const others = terms.filter((each) => each.kind !== "constant");
  if (others.length > 1) return undefined;
  const [one] = others;
  return one === undefined ? plus : { one, plus };
}

function noteTerm(asking: Asking, term: RTerm, isRelated: boolean): void {
  if (term.kind === "add") for (const one of term.terms) noteTerm(asking, one, isRelated);
  if ((term.kind === "argument" || term.kind === "length") && isRelated) {
    each(asking, term.argument, (asked) => {
      asked.isRelated = true;
    });
  }
  if (term.kind === "count" || term.kind === "sum") {
    notePattern(asking, term.pattern);
    for (const argument of [term.by?.argument, term.kind === "sum" ? term.argument : undefined]) {
      if (argument !== undefined) noteTerm(asking, { kind: "argument", argument, at: term.at }, true);
    }
  }
  if (term.kind === "level") for (const pattern of [term.plus, term.minus]) notePattern(asking, pattern);
}

const FLIPPED: Readonly<Record<Comparison, Comparison>> = {
  "==": "==",
  "!=": "!=",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};

function noteOne(asking: Asking, { one, plus }: Linear, is: Comparison, bound: Datum): void {
  const isNumber = typeof bound === "number";
  if (one.kind === "argument" && isNumber) {
    for (const cut of cutsOf(is, bound - plus)) each(asking, one.argument, (asked) => asked.cuts.add(cut));
  } else if (one.kind === "argument") {
    noteValues(asking, one.argument, [bound]);
  } else if (one.kind === "length" && isNumber) {
    for (const cut of cutsOf(is, bound - plus)) each(asking, one.argument, (asked) => asked.lengths.add(cut));
  } else noteTerm(asking, one, false);
}

function noteComparison(asking: Asking, cond: Extract<RCond, { kind: "compare" }>): void {
  const { left, right, is } = cond;
  const constant = (term: RTerm): Datum | undefined => {
    const sum = linear(term);
    return term.kind === "constant" ? term.value : typeof sum === "number" ? sum : undefined;
  };
  const [a, b] = [linear(left), linear(right)];
  const [first, second] = [constant(left), constant(right)];
  if (typeof a === "object" && second !== undefined) return noteOne(asking, a, is, second);
  if (typeof b === "object" && first !== undefined) return noteOne(asking, b, FLIPPED[is], first);
  for (const term of [left, right]) noteTerm(asking, term, true);
}

export function notePattern(asking: Asking, { when }: RPattern): void {
  if (when !== undefined) noteCond(asking, when);
}

/** Every test of a condition, and of the patterns in it. */
export function noteCond(asking: Asking, cond: RCond): void {
  switch (cond.kind) {
    case "constant":
      return;
    case "or":
    case "and":
      for (const one of cond.of) noteCond(asking, one);
      return;
    case "not":
      return noteCond(asking, cond.of);
    case "argument":
      return noteValues(asking, cond.argument, [true]);
    case "once":
      for (const pattern of [cond.pattern, ...(cond.since === undefined ? [] : [cond.since])])
        notePattern(asking, pattern);
      return;
    case "previous":
      for (const pattern of [cond.pattern, ...cond.among]) notePattern(asking, pattern);
      return;
    case "carries":
      for (const pattern of [...cond.label.from, ...cond.label.cleared]) notePattern(asking, pattern);
      return;
    case "compare":
      return noteComparison(asking, cond);
    case "oneOf":
      return noteValues(asking, cond.argument, cond.values);
    case "address":
      for (const block of cond.blocks) each(asking, cond.argument, (asked) => asked.blocks.set(block.text, block));
      return;
    case "remembered":
      notePattern(asking, cond.values.pattern);
      for (const argument of [cond.argument, cond.values.argument]) {
        noteTerm(asking, { kind: "argument", argument, at: cond.at }, true);
      }
      return;
    case "text":
      return noteText(asking, cond.argument, { kind: "text", test: cond.test, text: cond.text });
  }
}

/** The bound itself is told apart too: another rule's `becomes` may be cut down to it. */
function noteMost(asking: Asking, argument: RArgument, most: number): void {
  each(asking, argument, (asked) => {
    asked.cuts.add(most);
    asked.values.add(most);
  });
}

function noteFirst(asking: Asking, argument: RArgument, length: number): void {
  each(asking, argument, (asked) => {
    asked.lengths.add(length);
    if (argument.type === "bytes") asked.values.add(length);
  });
}

/** What texts become where several edits meet: each one that a `becomes` gives, as short as any `first` makes it. */
function noteShortened(asking: Asking, rules: readonly RRule[]): void {
  const edits = rules.flatMap(({ effect }) => (effect.kind === "change" ? effect.edits : []));
  const firsts = edits.filter((edit) => edit.kind === "first");
  for (const edit of edits) {
    if (edit.kind !== "becomes" || typeof edit.value !== "string") continue;
    const { value } = edit;
    // One unit less where a character of two would be halved.
    const cut = firsts.flatMap(({ length }) => [value.slice(0, length), value.slice(0, Math.max(0, length - 1))]);
    noteValues(asking, edit.argument, cut);
  }
}

function noteRule(asking: Asking, { effect, on, when }: RRule): void {
  for (const pattern of on) notePattern(asking, pattern);
  if (when !== undefined) noteCond(asking, when);
  if (effect.kind !== "change") return;
  for (const edit of effect.edits) {
    if (edit.kind === "at most") noteMost(asking, edit.argument, edit.most);
    else if (edit.kind === "becomes") noteValues(asking, edit.argument, [edit.value]);
    else if (edit.kind === "first") noteFirst(asking, edit.argument, edit.length);
  }
}

export const policiesOf = (joined: Joined): readonly RPolicy[] =>
  joined.kind === "policy" ? [joined] : joined.of.flatMap(policiesOf);

/** Arguments whose values are compared with each other's, directly or by way of what is remembered: one set for all. */
export type Related = ReadonlyMap<Argument, ReadonlySet<Argument>>;

export function related(groups: readonly (readonly RArgument[])[]): Related {
  const sets = new Map<Argument, Set<Argument>>();
  for (const group of groups) {
    const own = group.flatMap((argument) => [...argument.of.values()]);
    const all = new Set(own.flatMap((argument) => [argument, ...(sets.get(argument) ?? [])]));
    for (const argument of all) sets.set(argument, all);
  }
  return sets;
}

/** What is asked of one of them is asked of all. */
export function shared(asking: Asking, of: Related): Asking {
  const result: Asking = new Map(asking);
  for (const group of new Set(of.values())) {
    const all = [...group].flatMap((argument) => asking.get(argument) ?? []);
    const merged: Asked = {
      texts: new Map(all.flatMap(({ texts }) => [...texts])),
      values: new Set(all.flatMap(({ values }) => [...values])),
      blocks: new Map(all.flatMap(({ blocks }) => [...blocks])),
      cuts: new Set(all.flatMap(({ cuts }) => [...cuts])),
      lengths: new Set(all.flatMap(({ lengths }) => [...lengths])),
      isRelated: true,
    };
    for (const argument of group) result.set(argument, merged);
  }
  return result;
}

export function askingOf(joined: readonly Joined[], conds: readonly RCond[] = []): Asking {
  const asking: Asking = new Map();
  const rules = joined.flatMap(policiesOf).flatMap((policy) => policy.rules);
  for (const rule of rules) noteRule(asking, rule);
  noteShortened(asking, rules);
  for (const cond of conds) noteCond(asking, cond);
  return asking;
}
