// The nearest call that is allowed now: as few arguments changed as can be, and those as little as was found.
//
// Invariants
//   N1  What is found was decided: it is allowed in this state, unchanged or as the policy changes it.
import { isOwn, namesOf } from "../event.ts";
import type { Datum, PolicyEvent } from "../resolved.ts";
import { rewrite } from "../rewrite.ts";
import type { Argument } from "../vocabulary.ts";
import { candidates, distance } from "./candidates.ts";
import { callOf } from "./causes.ts";
import { passes } from "./scene.ts";
import type { Call, Scene } from "./types.ts";

/** Calls that are decided before the search gives up. */
const MOST_DECISIONS = 8_192;
/** Arguments that are changed at once. */
const MOST_CHANGED = 3;

interface Choice {
  readonly argument: Argument;
  readonly others: readonly Datum[];
}

interface Found {
  readonly event: PolicyEvent;
  readonly distance: number;
}

interface Budget {
  left: number;
}

type Change = readonly [argument: Argument, to: Datum];

function changedBy(event: PolicyEvent, changes: readonly Change[]): PolicyEvent {
  const data = new Map(event.data);
  for (const [argument, to] of changes) {
    for (const name of namesOf(argument)) data.set(name, to);
    rewrite(data, event, argument, to);
  }
  return { ...event, data };
}

function* subsets<A>(of: readonly A[], count: number, from = 0): Generator<readonly A[]> {
  if (count === 0) return yield [];
  for (let at = from; at <= of.length - count; at++) {
    for (const rest of subsets(of, count - 1, at + 1)) yield [of[at] as A, ...rest];
  }
}

function* products(of: readonly Choice[]): Generator<readonly Change[]> {
  const [first, ...rest] = of;
  if (first === undefined) return yield [];
  for (const to of first.others) for (const inner of products(rest)) yield [[first.argument, to], ...inner];
}

/** Moves integers back towards what they were, for as long as the call is allowed: registers have bounds of their own. */
function tightened(scene: Scene, event: PolicyEvent, changes: readonly Change[]): readonly Change[] {
  let now = changes;
  for (const [argument, to] of changes) {
    const from = event.data.get(argument.name);
    if (typeof from !== "number" || typeof to !== "number") continue;
    const withValue = (value: number) => now.map((one): Change => (one[0] === argument ? [argument, value] : one));
    let [good, bad] = [to, from];
    while (Math.abs(good - bad) > 1) {
      const middle = Math.floor(good + (bad - good) / 2);
      if (passes(scene.machine, scene.state, changedBy(event, withValue(middle)))) good = middle;
      else bad = middle;
    }
    now = withValue(good);
  }
  return now;
}

const distanceOf = (event: PolicyEvent, changes: readonly Change[]): number =>
  changes.reduce((sum, [argument, to]) => sum + distance(event.data.get(argument.name), to), 0);

const hasNumber = (changes: readonly Change[]): boolean => changes.some(([, to]) => typeof to === "number");

function nearestOf(scene: Scene, event: PolicyEvent, choices: readonly Choice[], count: number, budget: Budget) {
  let best: Found | undefined;
  for (const subset of subsets(choices, count)) {
    for (const changes of products(subset)) {
      if (budget.left-- <= 0) return best;
      // An integer may yet move nearer.
      if (best !== undefined && !hasNumber(changes) && distanceOf(event, changes) >= best.distance) continue;
      if (!passes(scene.machine, scene.state, changedBy(event, changes))) continue;
      const near = tightened(scene, event, changes);
      const far = distanceOf(event, near);
      if (best === undefined || far < best.distance) best = { event: changedBy(event, near), distance: far };
    }
  }
  return best;
}

/** Undefined: none was found. */
export function nearestCall(scene: Scene, event: PolicyEvent): Call | undefined {
  if (event.kind !== "call" || event.op.isInstruction) return undefined;
  const choices = event.op.takes.filter(isOwn).map((argument): Choice => {
    return { argument, others: candidates(scene, argument, event.data.get(argument.name)) };
  });
  const budget: Budget = { left: MOST_DECISIONS };
  for (let count = 1; count <= Math.min(MOST_CHANGED, choices.length); count++) {
    const best = nearestOf(scene, event, choices, count, budget);
    if (best !== undefined) return callOf(best.event);
  }
  return undefined;
}
