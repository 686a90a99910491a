// A policy that has been checked: names resolved, parameters, sets and lets put in, patterns spelled out as operations.
// The reference semantics, the compiler and the analyses all begin here.
import type { Comparison, Scope, Span, TextTest } from "./tree.ts";
import type { Argument, ArgumentType, Operation } from "./vocabulary.ts";

/** A place in a file, for people. */
export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  readonly span: Span;
  /** The text there. */
  readonly text: string;
}

/** What an argument can be. An address is its text; of bytes only the length is known. */
export type Datum = boolean | number | string;
export type Address = { readonly bits: 32 | 128; readonly value: bigint };
/** Addresses from `first` to `last`, both included, of one family. */
export type AddressBlock = {
  readonly bits: 32 | 128;
  readonly first: bigint;
  readonly last: bigint;
  readonly text: string;
};

/** What the past is made of. "tried" has become ["call", "refused"]. A call is one that was performed. */
export type HistoryKind = "call" | "refused" | "result" | "failed" | "approved";

export interface RPattern {
  readonly kinds: readonly HistoryKind[];
  readonly ops: readonly Operation[];
  /** Speaks of the event that is matched. */
  readonly when?: RCond | undefined;
  readonly at: Place;
}

/** An argument of the event at hand. Its place in each operation: argument lists differ. */
export interface RArgument {
  readonly name: string;
  readonly type: ArgumentType;
  /** Of each operation that the rule or pattern matches. */
  readonly of: ReadonlyMap<Operation, Argument>;
}

export interface RTail {
  readonly by?: { readonly argument: RArgument; readonly max: number } | undefined;
  readonly per: Scope;
  readonly within?: number | undefined;
  readonly steps?: number | undefined;
}

export type RTerm = { readonly at: Place } & (
  | { readonly kind: "constant"; readonly value: Datum }
  | { readonly kind: "argument"; readonly argument: RArgument }
  | { readonly kind: "length"; readonly argument: RArgument }
  | ({ readonly kind: "count"; readonly pattern: RPattern } & RTail)
  | ({ readonly kind: "sum"; readonly argument: RArgument; readonly pattern: RPattern } & RTail)
  | { readonly kind: "level"; readonly plus: RPattern; readonly minus: RPattern; readonly max: number }
  | { readonly kind: "add"; readonly terms: readonly RTerm[] }
);

export type RCond = { readonly at: Place } & (
  | { readonly kind: "constant"; readonly value: boolean }
  | { readonly kind: "or" | "and"; readonly of: readonly RCond[] }
  | { readonly kind: "not"; readonly of: RCond }
  /** A bool argument. */
  | { readonly kind: "argument"; readonly argument: RArgument }
  | {
      readonly kind: "once";
      readonly pattern: RPattern;
      readonly since?: RPattern | undefined;
      readonly within?: number | undefined;
    }
  | { readonly kind: "previous"; readonly pattern: RPattern; readonly among: readonly RPattern[] }
  | { readonly kind: "carries"; readonly label: RLabel }
  | { readonly kind: "compare"; readonly is: Comparison; readonly left: RTerm; readonly right: RTerm }
  | { readonly kind: "oneOf"; readonly argument: RArgument; readonly values: readonly Datum[] }
  | { readonly kind: "address"; readonly argument: RArgument; readonly blocks: readonly AddressBlock[] }
  | { readonly kind: "remembered"; readonly argument: RArgument; readonly values: RValues }
  | { readonly kind: "text"; readonly test: TextTest; readonly argument: RArgument; readonly text: string }
);

/** The first `max` different values. One more is left out, and from then on it is unknown of a value that is not there. */
export interface RValues {
  readonly name: string;
  readonly argument: RArgument;
  readonly pattern: RPattern;
  readonly max: number;
  readonly at: Place;
}

export interface RLabel {
  readonly name: string;
  readonly from: readonly RPattern[];
  readonly cleared: readonly RPattern[];
  readonly at: Place;
}

export type REdit = { readonly at: Place; readonly argument: RArgument } & (
  | { readonly kind: "at most"; readonly most: number }
  | { readonly kind: "first"; readonly length: number }
  | { readonly kind: "masks"; readonly mask: string }
  | { readonly kind: "becomes"; readonly value: Datum }
);

export type REffect =
  | { readonly kind: "allow" | "deny" | "halt" }
  | { readonly kind: "ask"; readonly of: string | undefined }
  | { readonly kind: "suppress"; readonly giving: Datum | undefined }
  | { readonly kind: "delay"; readonly to: number; readonly per: number }
  | { readonly kind: "change"; readonly edits: readonly REdit[] };

export interface RRule {
  /** Its place among the rules of its policy, from 0. */
  readonly index: number;
  readonly effect: REffect;
  /** `kinds` is ["call"] or ["result"] here. */
  readonly on: readonly RPattern[];
  /** `when` and not `unless`. */
  readonly when?: RCond | undefined;
  readonly because: string | undefined;
  readonly at: Place;
}

export interface RPolicy {
  readonly kind: "policy";
  /** With its arguments, where it has any: "few_windows(n: 5)". */
  readonly name: string;
  readonly party: string;
  readonly over: readonly Operation[];
  readonly default: "allow" | "deny" | "abstain";
  readonly rules: readonly RRule[];
  readonly at: Place;
}

export type Joined = RPolicy | { readonly kind: "all" | "any"; readonly name: string; readonly of: readonly Joined[] };

/** A claim, for the analyses. */
export interface RProve {
  readonly of: Joined;
  readonly claim:
    | { readonly kind: "never"; readonly patterns: readonly RPattern[]; readonly when?: RCond | undefined }
    | { readonly kind: "narrower than" | "same as" | "disjoint from"; readonly other: Joined };
  readonly at: Place;
}

/** The present event, or one of the past. `data`: by the names of the operation's arguments; what is missing is absent. */
export interface PolicyEvent {
  readonly kind: HistoryKind;
  readonly op: Operation;
  readonly data: ReadonlyMap<string, Datum>;
  /** Milliseconds, whole, never less than the event's before. */
  readonly time: number;
  /** Whoever it happened to: scopes are told apart by these. */
  readonly domain: number;
  readonly capability: number;
  readonly tenant: string;
}

export type Refusal = "suppress" | "deny" | "halt";

/** What a policy says of a present event. */
export interface Decision {
  readonly granted: boolean;
  /** The strictest; undefined: none. Of "nothing allows" the rule is undefined. */
  readonly refusal:
    | { readonly effect: Refusal; readonly policy: RPolicy; readonly rule: RRule | undefined }
    | undefined;
  readonly obligations: readonly { readonly policy: RPolicy; readonly rule: RRule }[];
  /** Milliseconds that the longest delay still takes; 0: none. */
  readonly wait: number;
}
