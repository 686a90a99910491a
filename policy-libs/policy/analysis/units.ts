// The rules of joined policies that speak of an event.
import type { HistoryKind, Joined, RPolicy, RRule } from "../resolved.ts";
import type { Operation } from "../vocabulary.ts";

export interface Kind {
  readonly op: Operation;
  readonly kind: HistoryKind;
}

/** Rules that speak of such events at all. */
export const rulesFor = ({ rules }: RPolicy, { op, kind }: Kind): readonly RRule[] =>
  rules.filter(({ on }) => on.some((pattern) => pattern.ops.includes(op) && pattern.kinds.includes(kind)));

/** The members of nested `all`s, and what is joined by `any`. */
export const unitsOf = (joined: Joined): readonly Joined[] =>
  joined.kind === "all" ? joined.of.flatMap(unitsOf) : [joined];

export const isRefusing = ({ effect: { kind } }: RRule): boolean =>
  kind === "deny" || kind === "halt" || kind === "suppress";
