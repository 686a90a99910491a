// What a compiled policy is made of while it runs: the parts of its state, the event at hand, and conditions as closures.
import type { Kleene } from "../kleene.ts";
import type { Datum, Place } from "../resolved.ts";
import type { Scope } from "../tree.ts";

/** What is remembered of different values of an argument: of each, whether it is sure, or the place of its cells. */
export interface Values {
  readonly slots: Map<Datum, number>;
  /** LEFT_OUT and KEYLESS. */
  lost: number;
}

/** More values came than there was room for: what is not in `slots` may have been there. */
export const LEFT_OUT = 1;
/** An event had no key: it may have been of any. */
export const KEYLESS = 2;

/** The numbers of the events that changed a register: the first, and the last. Kept with tracing only. */
export interface Cause {
  first: number;
  last: number;
  /** Of a set or a register by key: of each value. */
  readonly of: Map<Datum, Cause>;
}

/** The state of one scope. The caller keeps one for each domain, capability, tenant, and one for the host. */
export interface Part {
  /** Bits and small counters. The kernel's tables read and write the same cells. */
  readonly words: Int32Array;
  /** Times, sums, buckets. */
  readonly numbers: Float64Array;
  readonly values: readonly Values[];
  readonly causes: Map<number, Cause> | undefined;
}

export type State = Readonly<Record<Scope, Part>>;

/** The event that is looked at: those of its arguments that some test reads, and its time. */
export interface Frame {
  readonly slots: (Datum | undefined)[];
  time: number;
  /** Another one for each event: what was seen of the one before is void. */
  stamp: number;
}

export type Test = (state: State, frame: Frame) => Kleene;
/** One end of an interval. Not a number: a term of it is absent, and every test of it is unknown. */
export type End = (state: State, frame: Frame) => number;

/** Of small registers alone: D where it depends on something else as well, arguments or times. */
export const D = 3;
export type Partly = Kleene | typeof D;
/** The value that tables.ts has chosen for a register; undefined: it is none of few values. */
export type Reader = (register: number) => number | undefined;

/** A condition, compiled. */
export interface Node {
  readonly test: Test;
  /** Never unknown. */
  readonly isCertain: boolean;
  readonly finite: (read: Reader) => Partly;
  /** Slots that it and its parts read. */
  readonly slots: readonly number[];
  /** The register that it reads itself, not one of its parts. */
  readonly registers: readonly number[];
  /** The same as text: conditions with equal keys are equal. */
  readonly key: string;
  readonly at: Place;
  readonly of: readonly Node[];
  /** How its parts make it; undefined: it has none. */
  readonly joins?: "and" | "or" | "not";
}

/** A term of numbers, compiled. */
export interface Interval {
  readonly lo: End;
  /** The same closure as `lo` where the two are always equal. */
  readonly hi: End;
  /** undefined: depends on more than small registers. */
  readonly finite: (read: Reader) => readonly [lo: number, hi: number] | undefined;
  readonly slots: readonly number[];
  readonly registers: readonly number[];
  readonly key: string;
  readonly isCertain: boolean;
}
