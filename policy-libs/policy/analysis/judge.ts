// Conditions of an event in the making. What needs no memory is asked first: it settles most conditions, and what is not
// asked does not have to be guessed.
import { and, F, type Kleene, kleene, not, or, some, T } from "../kleene.ts";
import type { RCond, RPattern, RRule } from "../resolved.ts";
import { judgePast, judgeRemembered } from "./amounts.ts";
import { judgeComparison } from "./terms.ts";
import { argumentOf, type Unary } from "./unary.ts";
import { judgeUnary, type World } from "./world.ts";

const weights = new WeakMap<RCond, number>();

/** 0: needs no event. 1: looks at arguments alone. 2: at the past. */
function weight(cond: RCond): number {
  const known = weights.get(cond);
  if (known !== undefined) return known;
  const own = (): number => {
    if (cond.kind === "constant") return 0;
    if (cond.kind === "not") return weight(cond.of);
    if (cond.kind === "or" || cond.kind === "and") return Math.max(...cond.of.map(weight), 0);
    return argumentOf(cond) === undefined ? 2 : 1;
  };
  const value = own();
  weights.set(cond, value);
  return value;
}

const sorted = new WeakMap<RCond, readonly RCond[]>();
function lightFirst(cond: Extract<RCond, { kind: "or" | "and" }>): readonly RCond[] {
  const known = sorted.get(cond) ?? cond.of.toSorted((a, b) => weight(a) - weight(b));
  sorted.set(cond, known);
  return known;
}

export function judge(world: World, cond: RCond): Kleene {
  switch (cond.kind) {
    case "constant":
      return kleene(cond.value);
    case "or":
    case "and": {
      const [join, end] = cond.kind === "or" ? [or, T] : [and, F];
      let value: Kleene = cond.kind === "or" ? F : T;
      for (const one of lightFirst(cond)) {
        value = join(value, judge(world, one));
        if (value === end) return value;
      }
      return value;
    }
    case "not":
      return not(judge(world, cond.of));
    case "once":
    case "previous":
    case "carries":
      return judgePast(world, cond);
    case "remembered":
      return judgeRemembered(world, cond);
    case "compare": {
      const argument = argumentOf(cond);
      return argument === undefined ? judgeComparison(world, cond) : judgeUnary(world, argument, cond);
    }
    default:
      return judgeUnary(world, cond.argument, cond satisfies Unary);
  }
}

export function matches(world: World, { kinds, ops, when }: RPattern): Kleene {
  if (!kinds.includes(world.kind) || !ops.includes(world.op)) return F;
  return when === undefined ? T : judge(world, when);
}

/** Patterns that could match such an event at all. */
export const couldMatch = ({ kind, op }: Pick<World, "kind" | "op">, { kinds, ops }: RPattern): boolean =>
  kinds.includes(kind) && ops.includes(op);

export function matchesAny(world: World, patterns: readonly RPattern[]): Kleene {
  if (world.oracle !== undefined) return some(patterns, world.oracle);
  let value: Kleene = F;
  const all = patterns.filter((pattern) => couldMatch(world, pattern));
  for (const pattern of all.toSorted((a, b) => weightOf(a) - weightOf(b))) {
    value = or(value, matches(world, pattern));
    if (value === T) return T;
  }
  return value;
}
const weightOf = ({ when }: RPattern): number => (when === undefined ? 0 : weight(when));

/** Whether a rule's patterns and its condition hold. */
export function applies(world: World, { on, when }: RRule): Kleene {
  world.budget.left -= 1;
  const isOn = matchesAny(world, on);
  return isOn === F || when === undefined ? isOn : and(isOn, judge(world, when));
}
