// What has to be so for an event to be performed, or to be refused: tests that must not hold, and groups of tests of
// which some one must. They are looked at with first choices; only what stands in the way is chosen over. So a rule that
// has nothing to do with the question costs one look, however many others there are.
//
// Invariants
//   N1  `satisfy` succeeds for some choices exactly if what it is asked can be.
import { F, T } from "../kleene.ts";
import type { Joined, RPolicy, RRule } from "../resolved.ts";
import { changes } from "./changes.ts";
import { decideWhole } from "./decide.ts";
import { applies } from "./judge.ts";
import { isRefusing, type Kind, rulesFor, unitsOf } from "./units.ts";
import { adopt, type Test, trialOf, type World } from "./world.ts";

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

const isRefused =
  (joined: Joined): Test =>
  (world) =>
    decideWhole(world, joined).refusal !== undefined;

interface Grounds {
  /** Each of these refuses. */
  readonly tests: readonly Test[];
  /** A policy that allows nothing unless one of these does. */
  readonly grants: readonly (readonly Test[])[];
}

function groundsOf(unit: Joined, event: Kind): Grounds {
  if (unit.kind !== "policy") return { tests: [isRefused(unit)], grants: [] };
  if (!unit.over.includes(event.op)) return { tests: [], grants: [] };
  const rules = rulesFor(unit, event);
  const refusing = rules.filter(isRefusing).map(
    (rule): Test =>
      (world) =>
        applies(world, rule) !== F,
  );
  const isClosed = unit.default === "deny" && event.kind === "call" && !event.op.isInstruction;
  const allowing = rules
    .filter(({ effect }) => effect.kind === "allow")
    .map(
      (rule): Test =>
        (world) =>
          applies(world, rule) === T,
    );
  return { tests: refusing, grants: isClosed ? [allowing] : [] };
}

/** For the event to be performed as it stands. */
export function performing(joined: Joined, event: Kind): Must {
  const grounds = unitsOf(joined).map((unit) => groundsOf(unit, event));
  const tests = [...grounds.flatMap((one) => one.tests), ...changes(joined, event)];
  return { not: tests, some: grounds.flatMap(({ grants }) => grants) };
}

/** All ways for it not to be performed as it stands. */
export function refusing(joined: Joined, event: Kind): readonly Must[] {
  const grounds = unitsOf(joined).map((unit) => groundsOf(unit, event));
  const all = [...grounds.flatMap((one) => one.tests), ...changes(joined, event)];
  const tests = all.map((test): Must => ({ not: [], some: [[test]] }));
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
