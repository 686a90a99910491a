// Which rules an answer comes from, and which of their conditions: for `by "text"` in tests, and for whoever reports.
//
// Invariant: a text that stands only in conditions that did not matter is not what decided. Of a true `or` the true
// parts matter, of a false `and` the false ones; what is unknown matters always, for it restricts.
// Trust
//   Trusts past.ts.
import { T, U } from "./kleene.ts";
import type { Moment } from "./moment.ts";
import { judge } from "./past.ts";
import { applies } from "./reference.ts";
import type { Joined, RCond, RPolicy, RRule } from "./resolved.ts";
import type { Settled } from "./settle.ts";
import type { Verdict } from "./tree.ts";

export interface Decisive {
  readonly policy: RPolicy;
  /** Undefined: nothing allows it. */
  readonly rule: RRule | undefined;
}

export const NOTHING_ALLOWS = "nothing allows this";

export const policiesOf = (policy: Joined): readonly RPolicy[] =>
  policy.kind === "policy" ? [policy] : policy.of.flatMap(policiesOf);

const EFFECT_OF: { readonly [verdict in Verdict]?: string } = { asked: "ask", delayed: "delay", changed: "change" };

/** The rules that a verdict comes from. */
export function decisive(policy: Joined, moment: Moment, { verdict, decision }: Settled): readonly Decisive[] {
  if (decision.refusal !== undefined) return [decision.refusal];
  if (verdict !== "allowed") return decision.obligations.filter(({ rule }) => rule.effect.kind === EFFECT_OF[verdict]);
  return policiesOf(policy).flatMap((one) =>
    one.over.includes(moment.event.op)
      ? one.rules.flatMap((rule) =>
          rule.effect.kind === "allow" && applies(moment, rule) === T ? [{ policy: one, rule }] : [],
        )
      : [],
  );
}

const plain = (text: string): string => text.replace(/\s+/g, " ").trim();

/** Whether a part of a condition that mattered has the text; undefined: it has it nowhere. */
function hasText(moment: Moment, cond: RCond, text: string, truth: boolean): boolean | undefined {
  const value = judge(moment, cond);
  const matters = value === U || (value === T) === truth;
  const parts = cond.kind === "and" || cond.kind === "or" ? cond.of : cond.kind === "not" ? [cond.of] : [];
  const found = parts
    .map((part) => hasText(moment, part, text, cond.kind === "not" ? !truth : truth))
    .filter((one) => one !== undefined);
  if (found.length > 0) return matters && found.includes(true);
  return plain(cond.at.text).includes(text) ? matters : undefined;
}

/** Whether that text is in the rule's reason, in its effect and patterns, or in a condition that mattered. */
export function isBy(moment: Moment, { rule }: Decisive, text: string): boolean {
  const sought = plain(text);
  if (rule === undefined) return NOTHING_ALLOWS.includes(sought);
  if (plain(rule.because ?? "").includes(sought)) return true;
  const whole = plain(rule.at.text);
  if (whole.split(/ (?:when|unless) /)[0]?.includes(sought)) return true;
  const conditions = [...rule.on.map(({ when }) => when), rule.when].filter((cond) => cond !== undefined);
  const found = conditions.map((cond) => hasText(moment, cond, sought, true)).filter((one) => one !== undefined);
  return found.length > 0 ? found.includes(true) : whole.includes(sought);
}
