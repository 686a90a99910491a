// What an answer is explained with. Plain data; the host sees all of it, a guest nothing but `because`.
import type { Machine, State } from "../compile.ts";
import type { Datum, HistoryKind, Place, PolicyEvent } from "../resolved.ts";
import type { Scope, Verdict } from "../tree.ts";

/** A policy at one moment. */
export interface Scene {
  readonly machine: Machine;
  /** Of the domain, capability and tenant that the event happens to. */
  readonly state: State;
  /** A past event by its number; undefined: it is not known any more. */
  readonly past?: ((number: number) => PolicyEvent | undefined) | undefined;
}

export const TRUTHS = ["F", "T", "U"] as const;
export type Truth = (typeof TRUTHS)[number];

/** What a policy remembers by: the past operator that a condition reads. */
export interface Remembered {
  /** Its number among the machine's registers. */
  readonly register: number;
  readonly scope: Scope;
  readonly at: Place;
}

/** A condition that mattered, and those of its parts that did. */
export interface Condition {
  readonly text: string;
  readonly at: Place;
  readonly value: Truth;
  readonly reads: readonly Remembered[];
  readonly of: readonly Condition[];
}

/** An event as people read it. `data`: each argument once. */
export interface Call {
  readonly kind: HistoryKind;
  /** "net.send" */
  readonly call: string;
  readonly data: ReadonlyMap<string, Datum>;
}

/** A past event that made a register what it is. */
export interface Cause extends Partial<Call> {
  /** Its number in the log, or among the events of the running policy: from 1. */
  readonly event: number;
  /** Undefined, and so are the others: it is too long ago to be known. */
  readonly time?: number | undefined;
  /** The condition that looks at it. */
  readonly of: string;
}

/** One event of a continuation. */
export interface Next extends Call {
  /** Who makes it happen: "host" events come from outside, "approver" says yes. */
  readonly by: "guest" | "host" | "approver";
  /** Later than the event before, in milliseconds. */
  readonly after: number;
}

export interface Flips {
  /** (a) The nearest call that is allowed now; undefined: none was found. */
  readonly arguments: Call | undefined;
  /** (b) The shortest continuation that was found, after which this very call is allowed. "never again" is a proof. */
  readonly first: readonly Next[] | "never again" | "not found";
  /** (c) Milliseconds after which this very call is allowed, if nothing happens; undefined: none was found. */
  readonly wait: number | undefined;
}

export interface Explanation {
  readonly answer: Verdict;
  readonly event: PolicyEvent;
  readonly party: string;
  readonly policy: string;
  /** Its place among the rules of its policy, from 0. "default": `default allow`, or nobody speaks of such events. */
  readonly rule: number | "nothing allows" | "default";
  readonly at: Place | undefined;
  readonly because: string | undefined;
  readonly conditions: readonly Condition[];
  readonly causes: readonly Cause[];
  /** Undefined: nothing was looked for, or the call is allowed. */
  readonly flips: Flips | undefined;
}
