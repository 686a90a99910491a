// Rules and patterns, compiled: what is looked at when an event of one kind and operation comes.
import { and, F, type Kleene, or, T } from "../kleene.ts";
import type { Decision, HistoryKind, Joined, Refusal, RPattern, RPolicy, RRule } from "../resolved.ts";
import { conditionNode } from "./conditions.ts";
import { type Delayed, delayed } from "./delays.ts";
import type { Builder, Matcher } from "./registers.ts";
import type { Node, Test } from "./types.ts";

export interface CompiledRule {
  readonly rule: RRule;
  readonly on: readonly Matcher[];
  readonly when: Node | undefined;
  readonly isAllow: boolean;
  readonly delayed: Delayed | undefined;
  /** What it says when it matches, made once. */
  readonly refusal: NonNullable<Decision["refusal"]> | undefined;
  readonly obligation: Decision["obligations"][number];
}

export interface CompiledPolicy {
  readonly kind: "policy";
  readonly policy: RPolicy;
  readonly over: ReadonlySet<number>;
  readonly rules: readonly CompiledRule[];
  /** "Nothing allows this." */
  readonly nothing: NonNullable<Decision["refusal"]>;
}

export type Compiled = CompiledPolicy | { readonly kind: "all" | "any"; readonly of: readonly Compiled[] };

export function matcherOf(builder: Builder, { kinds, ops, when, at }: RPattern): Matcher {
  const node = when && conditionNode(builder, when);
  const ids = ops.map(({ id }) => id);
  const key = `${[...kinds].sort()} ${ids.toSorted((a, b) => a - b)}${node ? `(${node.key})` : ""}`;
  return { kinds, ops: new Set(ids), when: node, key, at };
}

const isRefusal = (kind: string): kind is Refusal => kind === "suppress" || kind === "deny" || kind === "halt";

function compileRule(builder: Builder, policy: RPolicy, rule: RRule): CompiledRule {
  const on = rule.on.map(builder.matcher);
  const when = rule.when && conditionNode(builder, rule.when);
  const { effect } = rule;
  return {
    rule,
    on,
    when,
    isAllow: effect.kind === "allow",
    delayed: effect.kind === "delay" ? delayed(builder, effect, on, when) : undefined,
    refusal: isRefusal(effect.kind) ? { effect: effect.kind, policy, rule } : undefined,
    obligation: { policy, rule },
  };
}

export function compileJoined(builder: Builder, joined: Joined): Compiled {
  if (joined.kind !== "policy") return { kind: joined.kind, of: joined.of.map((one) => compileJoined(builder, one)) };
  return {
    kind: "policy",
    policy: joined,
    over: new Set(joined.over.map(({ id }) => id)),
    rules: joined.rules.map((rule) => compileRule(builder, joined, rule)),
    nothing: { effect: "deny", policy: joined, rule: undefined },
  };
}

export const always: Test = () => T;

const holds = (tests: readonly Test[]): Test | undefined =>
  tests.length < 2 ? tests[0] : (s, f) => tests.reduce<Kleene>((value, test) => or(value, test(s, f)), F);

/** Whether an event of this kind and operation matches; undefined: none does. */
export function matchTest(matchers: readonly Matcher[], kind: HistoryKind, op: number): Test | undefined {
  const found = matchers.filter(({ kinds, ops }) => kinds.includes(kind) && ops.has(op));
  if (found.some(({ when }) => when === undefined)) return always;
  return holds(found.map(({ when }) => when?.test ?? always));
}

/** Whether a rule matches such an event; undefined: never. */
export function ruleTest({ on, when }: CompiledRule, kind: HistoryKind, op: number): Test | undefined {
  const match = matchTest(on, kind, op);
  if (match === undefined || when === undefined) return match;
  const { test } = when;
  return match === always ? test : (s, f) => and(match(s, f), test(s, f));
}

export const slotsOf = (matchers: readonly Matcher[]): readonly number[] =>
  matchers.flatMap(({ when }) => when?.slots ?? []);
