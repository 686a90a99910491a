// Rules that say nothing: that never match, that never decide, whose condition is always true; and policies that refuse
// whatever they speak of.
import { needsGrant } from "../compose.ts";
import { F, type Kleene, T } from "../kleene.ts";
import { judge as judgeBy, matchesAny as matchesBy } from "../past.ts";
import { applies as appliesBy, decideByHistory, momentOf } from "../reference.ts";
import type { Decision, HistoryKind, Joined, PolicyEvent, RCond, RPolicy, RRule } from "../resolved.ts";
import type { Operation } from "../vocabulary.ts";
import { policiesOf } from "./atoms.ts";
import { isChangedBy } from "./changes.ts";
import { guestOperations, inquiryOf } from "./claims.ts";
import { decideWhole } from "./decide.ts";
import type { Question } from "./events.ts";
import { applies, judge, matchesAny } from "./judge.ts";
import { type Must, NOTHING } from "./must.ts";
import { inquire, type Options, type Verdict } from "./refine.ts";
import { rulesFor } from "./units.ts";
import type { Test, World } from "./world.ts";

/** "only unknown": a restriction whose condition is never true; it holds where an argument is missing, or forgotten. */
export type FindingKind = "never matches" | "only unknown" | "never decides" | "always true";

export interface Finding {
  readonly kind: FindingKind;
  readonly policy: RPolicy;
  readonly rule: RRule;
  /** What is always true. */
  readonly cond?: RCond | undefined;
  /** Rules that decide in its place, where it matches; undefined: what nothing allows. */
  readonly instead: readonly (RRule | undefined)[];
}

/** `open`: what could not be found out. */
export interface Reach {
  readonly findings: readonly Finding[];
  readonly open: readonly (Omit<Finding, "instead"> & { readonly depth: number; readonly reason: string })[];
}

const matching = ({ effect: { kind } }: RRule, value: Kleene): boolean =>
  kind === "allow" ? value === T : value !== F;

interface Asked {
  readonly ask: (world: World) => boolean;
  readonly isAskedFor: (history: readonly PolicyEvent[], event: PolicyEvent) => boolean;
  readonly must?: ((event: { readonly op: Operation; readonly kind: HistoryKind }) => Must) | undefined;
}

/** Can the guest, or a result, come to an event of this rule of which that is so? */
function attempt(joined: Joined, rule: RRule, { ask, isAskedFor, must }: Asked, options: Options): Verdict {
  const ops = [...new Set(rule.on.flatMap((pattern) => pattern.ops))];
  const guests = new Set(guestOperations([joined], options));
  const questions = ops
    .filter((op) => guests.has(op))
    .flatMap((op) =>
      [...new Set(rule.on.flatMap(({ kinds }) => kinds))].map(
        (kind): Question => ({ op, kind, ask, must: must?.({ op, kind }) ?? NOTHING, isAttempt: true }),
      ),
    );
  return inquire(inquiryOf(joined, [joined], {}, { questions: () => questions, isAskedFor }), options);
}

const isTrue = (rule: RRule): Asked => ({
  ask: (world) => applies(world, rule) === T,
  isAskedFor: (history, event) => appliesBy(momentOf(history, event), rule) === T,
});

const matches = (rule: RRule): Asked => ({
  ask: (world) => matching(rule, applies(world, rule)),
  isAskedFor: (history, event) => matching(rule, appliesBy(momentOf(history, event), rule)),
});

const without = (joined: Joined, rule: RRule): Joined =>
  joined.kind === "policy"
    ? { ...joined, rules: joined.rules.filter((one) => one !== rule) }
    : { ...joined, of: joined.of.map((member) => without(member, rule)) };

const STRICTNESS = ["suppress", "deny", "halt"];
const strictnessOf = ({ effect: { kind } }: RRule): number => STRICTNESS.indexOf(kind);

/** The same answer: refused alike, or with the same obligations. */
function isSameAnswer(a: Decision, b: Decision): boolean {
  if (a.refusal !== undefined || b.refusal !== undefined) return a.refusal?.effect === b.refusal?.effect;
  const rules = ({ obligations }: Decision): readonly RRule[] => obligations.map(({ rule }) => rule);
  const isIn = (some: Decision, other: Decision): boolean => rules(some).every((rule) => rules(other).includes(rule));
  return a.granted === b.granted && isIn(a, b) && isIn(b, a);
}

const hasAny = (joined: Joined): boolean => joined.kind === "any" || (joined.kind === "all" && joined.of.some(hasAny));

const test =
  (rule: RRule): Test =>
  (world) =>
    matching(rule, applies(world, rule));

type Event = { readonly op: Operation; readonly kind: HistoryKind };

function grantsOf(policies: readonly RPolicy[], event: Event): readonly (readonly Test[])[] {
  const closed = policies.filter((policy) => policy.default === "deny" && policy.over.includes(event.op));
  const isGuarded = event.kind === "call" && !event.op.isInstruction;
  return isGuarded
    ? closed.map((policy) =>
        rulesFor(policy, event)
          .filter(({ effect }) => effect.kind === "allow")
          .map(test),
      )
    : [];
}

/** That nothing else decides what this rule does. */
function alone(policies: readonly RPolicy[], own: RPolicy, rule: RRule, event: Event): Must {
  const rules = policies
    .filter((policy) => policy.over.includes(event.op))
    .flatMap((policy) => rulesFor(policy, event).map((one) => ({ policy, one })))
    .filter(({ one }) => one !== rule);
  const refusing = rules.filter(({ one }) => strictnessOf(one) >= Math.max(0, strictnessOf(rule)));
  if (rule.effect.kind === "allow") {
    const allowing = rules.filter(({ policy, one }) => policy === own && one.effect.kind === "allow");
    const others = policies.filter((policy) => policy !== own);
    return { not: [...refusing, ...allowing].map(({ one }) => test(one)), some: grantsOf(others, event) };
  }
  const grants = rule.effect.kind === "halt" ? [] : grantsOf(policies, event);
  return { not: refusing.map(({ one }) => test(one)), some: grants };
}

/** An event at which the answer would be another one if the rule were not there. */
function decides(joined: Joined, policy: RPolicy, rule: RRule): Asked {
  const rest = without(joined, rule);
  const isAskedFor = (history: readonly PolicyEvent[], event: PolicyEvent): boolean =>
    !isSameAnswer(decideByHistory(joined, history, event), decideByHistory(rest, history, event));
  if (hasAny(joined)) {
    return {
      ask: (world) => test(rule)(world) && !isSameAnswer(decideWhole(world, joined), decideWhole(world, rest)),
      isAskedFor,
    };
  }
  const isIdle = rule.effect.kind === "allow" && policy.default !== "deny";
  return {
    ask: (world) =>
      !isIdle && test(rule)(world) && (rule.effect.kind !== "change" || isChangedBy(world, [{ policy, rule }])),
    isAskedFor,
    must: (event) => alone(policiesOf(joined), policy, rule, event),
  };
}

/** Members of a condition that stand for themselves. */
const parts = (cond: RCond): readonly RCond[] => (cond.kind === "and" ? cond.of.flatMap(parts) : [cond]);

const isOtherwise = (rule: RRule, cond: RCond): Asked => ({
  ask: (world) => matchesAny(world, rule.on) !== F && judge(world, cond) !== T,
  isAskedFor: (history, event) => {
    const moment = momentOf(history, event);
    return matchesBy(moment, rule.on) !== F && judgeBy(moment, cond) !== T;
  },
});

/** Rules that hold at an event which the given one matches as well, and decide it. */
function insteadOf(joined: Joined, trace: readonly PolicyEvent[]): RRule | undefined {
  const event = trace.at(-1) as PolicyEvent;
  return decideByHistory(joined, trace.slice(0, -1), event).refusal?.rule;
}

export function reach(joined: Joined, options: Options = {}): Reach {
  const findings: Finding[] = [];
  const open: Reach["open"][number][] = [];
  const noteUnless = (
    verdict: Verdict,
    kind: FindingKind,
    policy: RPolicy,
    rule: RRule,
    cond?: RCond,
    instead: Finding["instead"] = [],
  ): void => {
    if (verdict.verdict === "proved") findings.push({ kind, policy, rule, cond, instead });
    if (verdict.verdict === "bounded")
      open.push({ kind, policy, rule, cond, depth: verdict.depth, reason: verdict.reason });
  };
  for (const policy of policiesOf(joined)) {
    for (const rule of policy.rules) {
      const matched = attempt(joined, rule, matches(rule), options);
      noteUnless(matched, "never matches", policy, rule);
      if (matched.verdict !== "refuted") continue;
      if (rule.effect.kind !== "allow")
        noteUnless(attempt(joined, rule, isTrue(rule), options), "only unknown", policy, rule);
      const decided = attempt(joined, rule, decides(joined, policy, rule), options);
      const rest = without(joined, rule);
      noteUnless(decided, "never decides", policy, rule, undefined, [insteadOf(rest, matched.trace)]);
      for (const cond of rule.when === undefined ? [] : parts(rule.when)) {
        noteUnless(attempt(joined, rule, isOtherwise(rule, cond), options), "always true", policy, rule, cond);
      }
    }
  }
  return { findings, open };
}

const isObligation = ({ effect: { kind } }: RRule): boolean => kind === "ask" || kind === "delay" || kind === "change";

const grantsIn = (joined: Joined): Joined =>
  joined.kind === "policy"
    ? { ...joined, rules: joined.rules.filter(({ effect }) => effect.kind === "allow") }
    : { ...joined, of: joined.of.map(grantsIn) };

/** Obligations of calls that nothing grants: they match, and are never reached. */
export function ungranted(joined: Joined, options: Options = {}): readonly RRule[] {
  const [policies, grants] = [policiesOf(joined), grantsIn(joined)];
  const isOfCalls = ({ on }: RRule): boolean => on.every(({ kinds }) => kinds.includes("call"));
  const rules = policies.flatMap((policy) => policy.rules).filter((rule) => isObligation(rule) && isOfCalls(rule));
  return rules.filter((rule) => {
    const reached: Asked = {
      ask: (world) => test(rule)(world) && decideWhole(world, grants).refusal === undefined,
      isAskedFor: (history, event) =>
        matches(rule).isAskedFor(history, event) && decideByHistory(grants, history, event).refusal === undefined,
      must: (event) => ({ not: [], some: hasAny(joined) ? [] : grantsOf(policies, event) }),
    };
    const isMatched = attempt(joined, rule, matches(rule), options).verdict === "refuted";
    return isMatched && attempt(joined, rule, reached, options).verdict === "proved";
  });
}

/** Of which of its operations no call is ever performed; all of them: it contradicts itself. */
export function contradiction(
  joined: Joined,
  options: Options = {},
): {
  readonly never: readonly Operation[];
  readonly open: readonly Operation[];
  readonly isContradiction: boolean;
} {
  const spoken = new Set(policiesOf(joined).flatMap(({ over }) => over));
  const ops = guestOperations([joined], options).filter((op) => spoken.has(op) && !op.isInstruction);
  const verdicts = ops.map((op) => {
    const question: Question = { op, kind: "call", ask: () => true, must: NOTHING };
    const isAskedFor = (history: readonly PolicyEvent[], event: PolicyEvent): boolean =>
      needsGrant(event) && decideByHistory(joined, history, event).refusal === undefined;
    return inquire(inquiryOf(joined, [joined], {}, { questions: () => [question], isAskedFor }), options).verdict;
  });
  const never = ops.filter((_, at) => verdicts[at] === "proved");
  const open = ops.filter((_, at) => verdicts[at] === "bounded");
  return { never, open, isContradiction: ops.length > 0 && never.length === ops.length };
}

export interface Conflict {
  readonly allowing: RRule;
  readonly refusing: RRule;
  /** Its last event is both allowed and refused. */
  readonly trace: readonly PolicyEvent[];
}

/** Rules that allow what others refuse, each pair with an event of which both hold. A refusal wins. */
export function conflicts(joined: Joined, options: Options = {}): readonly Conflict[] {
  const rules = policiesOf(joined).flatMap((policy) => policy.rules);
  const refusing = rules.filter((rule) => strictnessOf(rule) >= 0);
  const allowing = rules.filter(({ effect }) => effect.kind === "allow");
  return allowing.flatMap((allow) =>
    refusing.flatMap((refuse): Conflict[] => {
      const both: Asked = {
        ask: (world) => test(allow)(world) && test(refuse)(world),
        isAskedFor: (history, event) => {
          const moment = momentOf(history, event);
          return matching(allow, appliesBy(moment, allow)) && matching(refuse, appliesBy(moment, refuse));
        },
      };
      const isShared = allow.on.some(({ ops }) =>
        refuse.on.some((pattern) => pattern.ops.some((op) => ops.includes(op))),
      );
      const verdict = isShared ? attempt(joined, allow, both, options) : undefined;
      return verdict?.verdict === "refuted" ? [{ allowing: allow, refusing: refuse, trace: verdict.trace }] : [];
    }),
  );
}
