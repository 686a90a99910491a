// Several answers become one: what refuses beats what grants, obligations add up, and order never matters.
//
// Invariants
//   J1  `all` and `any` are associative, commutative and idempotent in whether they grant, in what they refuse with, in
//       the set of obligations and in how long they wait. Order decides only which of several equal refusals is named.
//   J2  `all` with one more answer never allows more.
//   J3  Nobody's grant outweighs a refusal, but among the members of one `any`.
// Trust
//   Trusted by the reference semantics and by the compiled step, which join with the same functions.
import type { Datum, Decision, Joined, PolicyEvent, Refusal, RPolicy } from "./resolved.ts";

type Refused = NonNullable<Decision["refusal"]>;
type Obligation = Decision["obligations"][number];

export const ABSTAINS: Decision = Object.freeze({ granted: false, refusal: undefined, obligations: [], wait: 0 });

/**
 * Only calls can be granted. A result follows a call that was, and an instruction is the guest's own work: both happen
 * unless something refuses them, also under `default deny`.
 */
export const needsGrant = (event: PolicyEvent): boolean => event.kind === "call" && !event.op.isInstruction;

const STRICTNESS: { readonly [effect in Refusal]: number } = { suppress: 1, deny: 2, halt: 3 };

/** Of several answers that calls are suppressed with, the least is given: none, then a truth value, a number, a text. */
const KINDS_GIVEN = ["undefined", "boolean", "number", "string"];
const given = ({ rule }: Refused): Datum | undefined =>
  rule?.effect.kind === "suppress" ? rule.effect.giving : undefined;
function isLess(a: Datum | undefined, b: Datum | undefined): boolean {
  const kinds = KINDS_GIVEN.indexOf(typeof a) - KINDS_GIVEN.indexOf(typeof b);
  return kinds !== 0 ? kinds < 0 : a !== undefined && b !== undefined && a < b;
}

/** The stricter of two; of equal ones the first, and one that a rule gives before "nothing allows". */
function stricter(a: Refused | undefined, b: Refused | undefined): Refused | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const difference = STRICTNESS[a.effect] - STRICTNESS[b.effect];
  if (difference !== 0) return difference > 0 ? a : b;
  if (a.effect === "suppress") return isLess(given(b), given(a)) ? b : a;
  return a.rule === undefined && b.rule !== undefined ? b : a;
}

export const strictest = (refusals: readonly (Refused | undefined)[]): Refused | undefined =>
  refusals.reduce<Refused | undefined>(stricter, undefined);

const isSame = (a: Obligation, b: Obligation): boolean => a.rule === b.rule && a.policy === b.policy;
const union = (decisions: readonly Decision[]): readonly Obligation[] =>
  decisions.flatMap(({ obligations }) => obligations).filter((a, at, of) => of.findIndex((b) => isSame(a, b)) === at);

/** Granted if some member grants; the strictest refusal; all obligations. */
export function all(decisions: readonly Decision[]): Decision {
  return {
    granted: decisions.some(({ granted }) => granted),
    refusal: strictest(decisions.map(({ refusal }) => refusal)),
    obligations: union(decisions),
    wait: Math.max(0, ...decisions.map(({ wait }) => wait)),
  };
}

const RANKS = ["allow", "change", "delay", "ask", "suppress", "deny", "halt"];

/** The highest part of an answer: 0 is a plain yes, 6 ends the guest. */
export function rankOf({ refusal, obligations }: Decision): number {
  if (refusal !== undefined) return RANKS.indexOf(refusal.effect);
  return Math.max(0, ...obligations.map(({ rule }) => RANKS.indexOf(rule.effect.kind)));
}

/** The granting members of the lowest rank, united; if none grants, as `all`. */
export function any(decisions: readonly Decision[]): Decision {
  const granting = decisions.filter(({ granted }) => granted);
  if (granting.length === 0) return all(decisions);
  const lowest = Math.min(...granting.map(rankOf));
  return all(granting.filter((decision) => rankOf(decision) === lowest));
}

/** The answer of policies joined, from the answer of each. */
export function join(policy: Joined, decide: (policy: RPolicy) => Decision): Decision {
  if (policy.kind === "policy") return decide(policy);
  const decisions = policy.of.map((member) => join(member, decide));
  return policy.kind === "all" ? all(decisions) : any(decisions);
}
