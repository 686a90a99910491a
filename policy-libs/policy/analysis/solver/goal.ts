// What is asked for, as formulas.

import type { HistoryKind, Joined, RCond, RPattern } from "../../resolved.ts";
import type { Operation } from "../../vocabulary.ts";
import { policiesOf } from "../atoms.ts";
import { covers } from "../must.ts";
import { laid, performed } from "./decide.ts";
import { all, type Formula, no, some } from "./formula.ts";
import { type Here, judge, matches } from "./judge.ts";

/** An event that is performed; and of which this is so. */
export type Goal =
  | { readonly kind: "matching"; readonly patterns: readonly RPattern[]; readonly when: RCond | undefined }
  | { readonly kind: "beyond"; readonly other: Joined }
  | { readonly kind: "shared"; readonly of: readonly Joined[] };

export interface Target {
  readonly op: Operation;
  readonly kind: HistoryKind;
}

const over = (joined: Joined): ReadonlySet<Operation> => new Set(policiesOf(joined).flatMap((policy) => policy.over));

/** Events of which one can be what is asked for. */
export function targetsOf(goal: Goal, guests: readonly Operation[]): readonly Target[] {
  if (goal.kind === "matching") {
    const all = goal.patterns.flatMap(({ kinds, ops }) => kinds.flatMap((kind) => ops.map((op) => ({ kind, op }))));
    return [...new Map(all.map((one) => [`${one.kind} ${one.op.id}`, one])).values()];
  }
  if (goal.kind === "beyond") {
    return guests.flatMap((op) => (["call", "result"] as const).map((kind) => ({ op, kind })));
  }
  const shared = guests.filter((op) => goal.of.every((one) => over(one).has(op)) && !op.isInstruction);
  return shared.map((op) => ({ op, kind: "call" }));
}

/** What the first is obliged to covers all that the other is. */
function isObligedToMore(inForce: Joined, other: Joined, here: Here): Formula {
  const own = laid(inForce, here);
  const more = laid(other, here).map(({ effect, isLaid }) => {
    const covering = own.filter((one) => covers(one.effect, effect));
    return all(isLaid, ...covering.map((one) => no(one.isLaid)));
  });
  return some(...more);
}

/** What has to hold of it besides that it happens. */
export function goalAt(goal: Goal, inForce: Joined, here: Here): Formula {
  if (goal.kind === "matching") {
    const isOne = some(...goal.patterns.map((pattern) => matches(here, pattern).yes));
    return all(isOne, goal.when === undefined ? "true" : judge(here, goal.when).yes);
  }
  if (goal.kind === "shared") return "true";
  return some(no(performed(goal.other, here)), isObligedToMore(inForce, goal.other, here));
}
