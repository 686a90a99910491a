// The picture of a policy: the states of what it remembers in few values, and what leads from one to the next.
import type { HistoryKind, PolicyEvent, Refusal } from "../resolved.ts";

/** What else decides whether an event does this: its arguments or amounts, how long ago something was. */
export type Dependence = "arguments" | "time";

/** On the way to being performed. "changed": with other arguments than the guest's. */
export type Manner = "asked" | "delayed" | "changed" | "by the host";

export interface GraphEvent {
  readonly kind: HistoryKind;
  /** "net.send" */
  readonly call: string;
  /** Empty: it does, whatever else there is. */
  readonly depends: readonly Dependence[];
  readonly manners: readonly Manner[];
  /** One that surely does; undefined: whether it does is not for arguments and states of the picture to say. */
  readonly witness: PolicyEvent | undefined;
}

export interface GraphEdge {
  readonly from: number;
  readonly to: number;
  readonly events: readonly GraphEvent[];
}

export interface GraphRefusal {
  readonly kind: HistoryKind;
  readonly call: string;
  readonly effect: Refusal;
  /** The rule's reason, else its text, or that nothing allows it. */
  readonly why: string;
  readonly depends: readonly Dependence[];
  readonly witness: PolicyEvent | undefined;
}

export interface GraphNode {
  /** Its place among the nodes; 0 is the start. */
  readonly id: number;
  /** What is remembered, as conditions; none: nothing yet. */
  readonly holds: readonly string[];
  /** Of each register that is followed, its value. */
  readonly values: ReadonlyMap<number, number>;
  readonly refuses: readonly GraphRefusal[];
}

export interface Graph {
  readonly name: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** False: there are more states than `nodes`. */
  readonly isComplete: boolean;
  /** False: nothing that is remembered has few values, and so there is one state. */
  readonly isStateful: boolean;
}

export const MAX_NODES = 64; // states: more are no picture
