// What policies remember: one register for each past operator, shared by all that are written alike, inner ones first.
//
// Invariants
//   R1  Two operators share a register only if they have the same value after every history.
//   R2  A counter saturates where no comparison can tell any more (`cap`): from there on only "at least" is known of it.
import type { Joined, RCond, RPattern, RTail, RTerm, RValues } from "../resolved.ts";
import type { Scope } from "../tree.ts";
import { linear, policiesOf } from "./atoms.ts";
import { type Since, sinceOf, textOfPattern, textOfSince, textOfTerm } from "./structure.ts";

export type Tally = Extract<RTerm, { kind: "count" | "sum" }>;
export type Level = Extract<RTerm, { kind: "level" }>;
export type PastCond = Extract<RCond, { kind: "once" | "previous" | "carries" }>;

interface Common {
  readonly id: number;
  readonly scope: Scope;
  /** Events that can change it match one of these. */
  readonly patterns: readonly RPattern[];
  /** For people: as it stands in the first place where it is used. */
  readonly text: string;
}
export type Register = Common &
  (
    | { readonly kind: "since"; readonly since: Since }
    | { readonly kind: "tally"; readonly term: Tally; cap: number }
    | { readonly kind: "level"; readonly term: Level; cap: number }
    | { readonly kind: "values"; readonly values: RValues }
  );

export interface Registers {
  readonly all: readonly Register[];
  ofCond(cond: PastCond): Register;
  ofTerm(term: Tally | Level): Register;
  ofValues(values: RValues): Register;
}

type Draft = { readonly [K in Register["kind"]]: Omit<Extract<Register, { kind: K }>, "id"> }[Register["kind"]];

interface Builder {
  readonly byText: Map<string, Register>;
  readonly ofNode: Map<object, Register>;
}

function add({ byText, ofNode }: Builder, node: object, key: string, draft: Draft): Register {
  const register = byText.get(key) ?? ({ ...draft, id: byText.size } as Register);
  byText.set(key, register);
  ofNode.set(node, register);
  return register;
}

const textOfValues = ({ argument, pattern, max }: RValues): string =>
  JSON.stringify([argument.name, [...argument.of.values()].map(({ name }) => name), textOfPattern(pattern), max]);

/** Up to which value a comparison can tell a counter apart; a sum with anything but constants on the other side: none. */
function capOf(other: RTerm): number {
  const sum = linear(other);
  return typeof sum === "number" ? sum + 1 : Infinity;
}

function visitTerm(builder: Builder, term: RTerm, cap: number): void {
  if (term.kind === "add") for (const one of term.terms) visitTerm(builder, one, cap);
  if (term.kind === "count" || term.kind === "sum") {
    visitPattern(builder, term.pattern);
    const draft = {
      kind: "tally",
      term,
      scope: term.per,
      patterns: [term.pattern],
      text: term.at.text,
      cap: 0,
    } as const;
    const register = add(builder, term, textOfTerm(term), draft);
    if (register.kind === "tally") register.cap = Math.max(register.cap, cap);
  }
  if (term.kind === "level") {
    const patterns = [term.plus, term.minus];
    for (const pattern of patterns) visitPattern(builder, pattern);
    const draft = { kind: "level", term, scope: "domain", patterns, text: term.at.text, cap: 0 } as const;
    const register = add(builder, term, textOfTerm(term), draft);
    if (register.kind === "level") register.cap = Math.max(register.cap, cap);
  }
}

function visitPattern(builder: Builder, { when }: RPattern): void {
  if (when !== undefined) visitCond(builder, when);
}

function visitCond(builder: Builder, cond: RCond): void {
  switch (cond.kind) {
    case "or":
    case "and":
      for (const one of cond.of) visitCond(builder, one);
      return;
    case "not":
      return visitCond(builder, cond.of);
    case "compare":
      visitTerm(builder, cond.left, capOf(cond.right));
      return visitTerm(builder, cond.right, capOf(cond.left));
    case "once":
    case "previous":
    case "carries": {
      const since = sinceOf(cond);
      const patterns = [...since.of, ...since.no];
      for (const pattern of patterns) visitPattern(builder, pattern);
      add(builder, cond, textOfSince(since), { kind: "since", since, scope: "domain", patterns, text: cond.at.text });
      return;
    }
    case "remembered": {
      const { values } = cond;
      visitPattern(builder, values.pattern);
      const draft = {
        kind: "values",
        values,
        scope: "domain",
        patterns: [values.pattern],
        text: values.at.text,
      } as const;
      add(builder, values, textOfValues(values), draft);
      return;
    }
    default:
      return;
  }
}

const found = (register: Register | undefined): Register => {
  if (register === undefined) throw new Error("a condition of another policy");
  return register;
};

/** Of these policies, and of conditions that stand outside them. */
export function registersOf(joined: readonly Joined[], conds: readonly RCond[] = []): Registers {
  const builder: Builder = { byText: new Map(), ofNode: new Map() };
  for (const { rules } of joined.flatMap(policiesOf)) {
    for (const { on, when } of rules) {
      for (const pattern of on) visitPattern(builder, pattern);
      if (when !== undefined) visitCond(builder, when);
    }
  }
  for (const cond of conds) visitCond(builder, cond);
  const all = [...builder.byText.values()];
  return {
    all,
    ofCond: (cond) => found(builder.ofNode.get(cond)),
    ofTerm: (term) => found(builder.ofNode.get(term)),
    ofValues: (values) => found(builder.ofNode.get(values)),
  };
}

/** Remembered by value: of one argument of the event that changes it. */
export const keyOf = (
  register: Register,
): RTail["by"] | { readonly argument: RValues["argument"]; readonly max: number } =>
  register.kind === "values"
    ? { argument: register.values.argument, max: register.values.max }
    : register.kind === "tally"
      ? register.term.by
      : undefined;
