// What has to be so for an event to be performed, or to be refused: tests that must not hold, and groups of tests of
// which some one must. They are looked at with first choices; only what stands in the way is chosen over. So a rule that
// has nothing to do with the question costs one look, however many others there are.
//
// Invariants
//   N1  `satisfy` succeeds for some choices exactly if what it is asked can be.
import { join, needsGrant } from "../compose.ts";
import { F, T } from "../kleene.ts";
import type { Decision, Joined, PolicyEvent, REdit, RPolicy, RRule } from "../resolved.ts";
import { applies } from "./judge.ts";
import { adopt, argumentIn, guessKleene, judgeUnary, trialOf, type World } from "./world.ts";

export type Test = (world: World) => boolean;

/** `not`: none of these may hold. `some`: of each of these groups one must. */
export interface Must {
  readonly not: readonly Test[];
  readonly some: readonly (readonly Test[])[];
}

export const NOTHING: Must = { not: [], some: [] };
export const together = (...all: readonly Must[]): Must => ({
  not: all.flatMap((one) => one.not),
  some: all.flatMap((one) => one.some),
});

/** Settles of the event whatever it takes; false: it cannot be, after what was chosen. */
export function satisfy(world: World, { not, some }: Must): boolean {
  const [made, ages] = [world.choices.made(), world.ages.length];
  for (;;) {
    const trial = trialOf(world);
    const wrong = not.find((test) => test(trial));
    const lacking = some.find((group) => !group.some((test) => test(trial)));
    if (wrong === undefined && lacking === undefined) {
      adopt(world, trial);
      // Without a bound on times no other way allows more times than this one.
      if (world.ages.length === ages) world.choices.settle(made);
      return true;
    }
    if (world.budget.left < 0) return false;
    if (wrong !== undefined) {
      if (wrong(world)) return false;
    } else if (lacking !== undefined) {
      const test = lacking[world.choices.choose(lacking.length)];
      if (test === undefined || !test(world)) return false;
    }
  }
}

const isRefusing = ({ effect: { kind } }: RRule): boolean => kind === "deny" || kind === "halt" || kind === "suppress";
const OBLIGING: readonly RRule["effect"]["kind"][] = ["ask", "delay", "change"];

/** Rules that speak of such events at all. */
export const rulesFor = ({ rules }: RPolicy, { op, kind }: Pick<World, "op" | "kind">): readonly RRule[] =>
  rules.filter(({ on }) => on.some((pattern) => pattern.ops.includes(op) && pattern.kinds.includes(kind)));

function isAltered(world: World, edit: REdit): boolean {
  if (edit.kind !== "masks") return judgeUnary(world, edit.argument, edit) === T;
  const argument = argumentIn(world, edit.argument);
  world.doubts.add(`${edit.at.text}: texts that a mask changes are not told apart`);
  return guessKleene(world, `masks ${argument?.name} ${edit.mask}`, false) === T;
}

/** A change that changes something: then this is not the event that is performed. */
export const alters = (world: World, { effect }: RRule): boolean =>
  effect.kind === "change" && effect.edits.some((edit) => isAltered(world, edit));

const asEvent = ({ op, kind }: World): PolicyEvent => ({
  kind,
  op,
  data: new Map(),
  time: 0,
  domain: 0,
  capability: 0,
  tenant: "",
});

/** The whole answer: every rule is looked at. Only `any of` needs that. */
function decideOne(world: World, policy: RPolicy): Decision {
  if (!policy.over.includes(world.op)) return { granted: false, refusal: undefined, obligations: [], wait: 0 };
  const answers = rulesFor(policy, world).map((rule) => ({ rule, policy, value: applies(world, rule) }));
  const granted =
    policy.default === "allow" || answers.some(({ rule, value }) => rule.effect.kind === "allow" && value === T);
  const restricting = answers.filter(({ value }) => value !== F);
  const refusing = restricting.filter(({ rule }) => isRefusing(rule));
  const order = ["suppress", "deny", "halt"] as const;
  const strictest = order.findLast((effect) => refusing.some(({ rule }) => rule.effect.kind === effect));
  const isNotAllowed = policy.default === "deny" && !granted && needsGrant(asEvent(world));
  const effect = isNotAllowed && strictest !== "halt" ? "deny" : strictest;
  const rule = refusing.find((one) => one.rule.effect.kind === effect)?.rule;
  const obligations = restricting.filter((one) => OBLIGING.includes(one.rule.effect.kind));
  return {
    granted,
    refusal: effect === undefined ? undefined : { effect, policy, rule },
    obligations: obligations.map((one) => ({ policy, rule: one.rule })),
    wait: 0,
  };
}

export const decideWhole = (world: World, joined: Joined): Decision =>
  join(joined, (policy) => decideOne(world, policy));

/** The members of nested `all`s, and what is joined by `any`. */
const unitsOf = (joined: Joined): readonly Joined[] => (joined.kind === "all" ? joined.of.flatMap(unitsOf) : [joined]);

const isNotPerformed =
  (joined: Joined): Test =>
  (world) => {
    const { refusal, obligations } = decideWhole(world, joined);
    return refusal !== undefined || obligations.some(({ rule }) => alters(world, rule));
  };

interface Grounds {
  /** Each of these refuses, or changes. */
  readonly tests: readonly Test[];
  /** A policy that allows nothing unless one of these does. */
  readonly grants: readonly (readonly Test[])[];
}

function groundsOf(unit: Joined, event: Pick<World, "op" | "kind">): Grounds {
  if (unit.kind !== "policy") return { tests: [isNotPerformed(unit)], grants: [] };
  if (!unit.over.includes(event.op)) return { tests: [], grants: [] };
  const rules = rulesFor(unit, event);
  const refusing = rules.filter(isRefusing).map(
    (rule): Test =>
      (world) =>
        applies(world, rule) !== F,
  );
  const changing = rules
    .filter(({ effect }) => effect.kind === "change")
    .map(
      (rule): Test =>
        (world) =>
          alters(world, rule) && applies(world, rule) !== F,
    );
  const isClosed = unit.default === "deny" && event.kind === "call" && !event.op.isInstruction;
  const allowing = rules
    .filter(({ effect }) => effect.kind === "allow")
    .map(
      (rule): Test =>
        (world) =>
          applies(world, rule) === T,
    );
  return { tests: [...refusing, ...changing], grants: isClosed ? [allowing] : [] };
}

type Kind = Pick<World, "op" | "kind">;

/** For the event to be performed as it stands. */
export function performing(joined: Joined, event: Kind): Must {
  const grounds = unitsOf(joined).map((unit) => groundsOf(unit, event));
  return { not: grounds.flatMap(({ tests }) => tests), some: grounds.flatMap(({ grants }) => grants) };
}

/** All ways for it not to be performed as it stands. */
export function refusing(joined: Joined, event: Kind): readonly Must[] {
  const grounds = unitsOf(joined).map((unit) => groundsOf(unit, event));
  const tests = grounds.flatMap((one) => one.tests).map((test): Must => ({ not: [], some: [[test]] }));
  const grants = grounds.flatMap((one) => one.grants).map((group): Must => ({ not: group, some: [] }));
  return [...tests, ...grants];
}

export type Obliging = Extract<RRule["effect"], { kind: "ask" | "delay" }>;

const isObliging = ({ effect: { kind } }: RRule): boolean => kind === "ask" || kind === "delay";

/** Questions and delays: each with the test of whether it is laid upon the event. */
export function obliging(joined: Joined, event: Kind): readonly { readonly effect: Obliging; readonly test: Test }[] {
  return unitsOf(joined).flatMap((unit) => {
    const policies = policiesIn(unit).filter(({ over }) => over.includes(event.op));
    return policies.flatMap((policy) =>
      rulesFor(policy, event)
        .filter(isObliging)
        .map((rule) => ({
          effect: rule.effect as Obliging,
          test: (world: World): boolean =>
            unit.kind === "policy"
              ? applies(world, rule) !== F
              : decideWhole(world, unit).obligations.some((one) => one.rule === rule),
        })),
    );
  });
}

const policiesIn = (joined: Joined): readonly RPolicy[] =>
  joined.kind === "policy" ? [joined] : joined.of.flatMap(policiesIn);

/** What the first asks for, the second asks for as well, or for more. */
export function covers(stricter: Obliging, other: Obliging): boolean {
  if (other.kind === "ask") return stricter.kind === "ask" && stricter.of === other.of;
  if (stricter.kind !== "delay") return false;
  return stricter.to <= other.to && stricter.to * other.per <= other.to * stricter.per;
}
