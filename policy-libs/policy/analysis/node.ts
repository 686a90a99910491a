// A state of the exploration: what the registers that are followed remember, which calls have not given anything yet,
// and how it was reached.
import type { Kleene } from "../kleene.ts";
import type { Datum, HistoryKind } from "../resolved.ts";
import type { Argument, Operation } from "../vocabulary.ts";
import type { Register } from "./registers.ts";
import type { Read, Relation, Value } from "./world.ts";
import type { TimeBound, Zone } from "./zone.ts";

/** What a register remembers. Moments are numbers of the node's zone; 0: none. */
export type Memory =
  | { readonly kind: "flag"; readonly value: Kleene }
  | { readonly kind: "moment"; readonly sure: number; readonly maybe: number }
  | { readonly kind: "amount"; readonly lo: number; readonly hi: number }
  /** Newest first. */
  | { readonly kind: "moments"; readonly of: readonly { readonly moment: number; readonly isSure: boolean }[] }
  | {
      readonly kind: "keyed";
      readonly of: ReadonlyMap<Datum, Memory>;
      readonly isKeyless: boolean;
      readonly isForgetful: boolean;
      readonly others: Others;
    }
  | {
      readonly kind: "set";
      readonly of: ReadonlyMap<Datum, Kleene>;
      readonly isForgetful: boolean;
      readonly others: Others;
    };

/** How many values came that are not told apart, by type and class; one of them may have come several times. */
export type Others = ReadonlyMap<string, number>;

export const total = (others: Others): number => [...others.values()].reduce((sum, count) => sum + count, 0);

export type Data = ReadonlyMap<Argument, Value>;

/** A call that was performed and has given nothing yet. So many, or, from a number on, any number of such. */
export interface Pending {
  readonly op: Operation;
  readonly relation: Relation;
  readonly data: Data;
  readonly count: number;
}

/** An event of a trace, before times and the last values are put in. */
export interface Step {
  readonly kind: HistoryKind;
  readonly op: Operation;
  readonly relation: Relation;
  readonly isOfHost: boolean;
  /** The guest tries it: whether it may is not asked. The last of its trace. */
  readonly isAttempt: boolean;
  /** An approval was logged before it, by whomever; undefined: nobody looks. */
  readonly isApproved: boolean | undefined;
  readonly data: Data;
  /** Of a call whose outcome is waited for, and of that: what it is told apart by. */
  readonly open: Data | undefined;
  readonly reads: readonly Read[];
  readonly ages: readonly TimeBound[];
}

export interface Node {
  readonly memories: ReadonlyMap<Register, Memory>;
  readonly zone: Zone;
  readonly pending: readonly Pending[];
  /** Events before. */
  readonly depth: number;
  /** Of each moment of the zone the number of the event that it was. */
  readonly stampedAt: readonly number[];
  readonly before: { readonly node: Node; readonly step: Step } | undefined;
}

export function stepsTo(node: Node): readonly Step[] {
  const steps: Step[] = [];
  for (let at = node.before; at !== undefined; at = at.node.before) steps.push(at.step);
  return steps.reverse();
}
