// The tree of a policy file: what the parser makes, the printer prints, the builder builds, and JSON spells out. Plain
// data; `at` is where it stood in the text, and JSON has none.
//
// Conditions and terms are written as docs/policy-language.md says; nothing in a tree has been checked against contracts.

/** UTF-16 offsets into the text of a file, `to` excluded. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

interface Placed {
  readonly at?: Span | undefined;
}

/** In place of a text or an integer: a parameter, or a `let` of one or of a literal. Known when the policy is used. */
export interface Name extends Placed {
  readonly name: string;
}

/** An integer from 0 to 2^53-1 with its unit multiplied out, a text, a truth value, or an address block such as 10.0.0.0/8. */
export type Value = Placed &
  (
    | { readonly kind: "int"; readonly value: number }
    | { readonly kind: "text"; readonly value: string }
    | { readonly kind: "bool"; readonly value: boolean }
    | { readonly kind: "cidr"; readonly value: string }
  );

export type EventKind = "call" | "result" | "failed" | "refused" | "tried" | "approved";

/** `op`: "net.send", "net.*", "files.read*" or "*". */
export interface Pattern extends Placed {
  readonly event: EventKind;
  readonly op: string;
  readonly when?: Cond | undefined;
}

export const SCOPES = ["domain", "capability", "tenant", "host"] as const;
export type Scope = (typeof SCOPES)[number];

/** `by`: only events whose argument of this name equals the present event's. Times are milliseconds. */
export interface Tail {
  readonly by?: { readonly name: string; readonly max: number | Name } | undefined;
  readonly per?: Scope | undefined;
  readonly within?: number | undefined;
  readonly steps?: number | undefined;
}

export const COMPARISONS = ["==", "!=", "<", "<=", ">", ">="] as const;
export type Comparison = (typeof COMPARISONS)[number];
export const TEXT_TESTS = ["starts with", "ends with", "contains", "like", "under"] as const;
export type TextTest = (typeof TEXT_TESTS)[number];

/** A name: of an argument, a parameter, a `let` or a `set`; "to.host" is a field of a record. */
export type Term = Placed &
  (
    | { readonly kind: "value"; readonly value: Value }
    | { readonly kind: "name"; readonly name: string }
    | { readonly kind: "length"; readonly of: string }
    | ({ readonly kind: "count"; readonly pattern: Pattern } & Tail)
    | ({ readonly kind: "sum"; readonly of: string; readonly pattern: Pattern } & Tail)
    | {
        readonly kind: "level";
        readonly plus: Pattern;
        readonly minus: Pattern;
        readonly max?: number | Name | undefined;
      }
    | { readonly kind: "add"; readonly terms: readonly Term[] }
  );

export type Cond = Placed &
  (
    | { readonly kind: "or" | "and"; readonly of: readonly Cond[] }
    | { readonly kind: "not"; readonly of: Cond }
    | { readonly kind: "name"; readonly name: string }
    | {
        readonly kind: "once";
        readonly pattern: Pattern;
        readonly since?: Pattern | undefined;
        readonly within?: number | undefined;
      }
    | { readonly kind: "never"; readonly pattern: Pattern }
    | { readonly kind: "previous"; readonly pattern: Pattern; readonly among: readonly Pattern[] }
    | { readonly kind: "carries"; readonly label: string }
    | { readonly kind: "compare"; readonly is: Comparison; readonly left: Term; readonly right: Term }
    /** `list`: values, one address block, or the name of a set or of remembered values. */
    | { readonly kind: "in"; readonly term: Term; readonly list: readonly Value[] | string }
    | { readonly kind: "text"; readonly test: TextTest; readonly term: Term; readonly text: string | Name }
  );

export type Let = Placed & { readonly name: string } & (
    | { readonly kind: "cond"; readonly cond: Cond }
    | { readonly kind: "term"; readonly term: Term }
    | { readonly kind: "values"; readonly of: string; readonly pattern: Pattern; readonly max: number | Name }
  );

export interface Label extends Placed {
  readonly name: string;
  readonly from: readonly Pattern[];
  readonly cleared: readonly Pattern[];
}

export type Edit = Placed & { readonly argument: string } & (
    | { readonly kind: "at most"; readonly most: number | Name }
    | { readonly kind: "first"; readonly length: number | Name }
    | { readonly kind: "masks"; readonly mask: string }
    | { readonly kind: "becomes"; readonly value: Value }
  );

export type Effect =
  | { readonly kind: "allow" | "deny" | "halt" }
  | { readonly kind: "ask"; readonly of?: string | undefined }
  | { readonly kind: "suppress"; readonly giving?: Value | undefined }
  /** At most `to` per `per` milliseconds. */
  | { readonly kind: "delay"; readonly to: number | Name; readonly per: number }
  | { readonly kind: "change"; readonly edits: readonly Edit[] };

export interface Rule extends Placed {
  readonly effect: Effect;
  readonly on: readonly Pattern[];
  readonly when?: Cond | undefined;
  readonly unless?: Cond | undefined;
  readonly because?: string | undefined;
}

export const DEFAULTS = ["allow", "deny", "abstain"] as const;
export type Default = (typeof DEFAULTS)[number];

/** `type`: bool, int, text, path, host, ip; a list of them where the default or the argument is a list. */
export interface Parameter extends Placed {
  readonly name: string;
  readonly type: string;
  readonly value?: Value | readonly Value[] | undefined;
}

export interface Policy extends Placed {
  readonly kind: "policy";
  readonly name: string;
  readonly parameters: readonly Parameter[];
  /** Patterns of calls without conditions. Empty: all that its rules name. */
  readonly over: readonly Pattern[];
  readonly default: Default;
  readonly lets: readonly Let[];
  readonly labels: readonly Label[];
  readonly rules: readonly Rule[];
}

/** "own_rows", "host.base"; arguments by name. */
export interface Ref extends Placed {
  readonly name: string;
  readonly arguments: readonly Binding[];
}
export interface Binding extends Placed {
  readonly name: string;
  readonly value: Value | readonly Value[];
}

export interface Bundle extends Placed {
  readonly kind: "bundle";
  readonly name: string;
  readonly members: readonly { readonly join: "all" | "any"; readonly of: readonly Ref[] }[];
}

export interface Import extends Placed {
  readonly kind: "import";
  /** A key of the map that the embedder hands in. */
  readonly from: string;
  readonly as: string;
  /** "sha256:" and the first hexadecimal digits of the digest of the imported text, 4 at least. */
  readonly pinned?: string | undefined;
}

export interface Set extends Placed {
  readonly kind: "set";
  readonly name: string;
  readonly values: readonly Value[];
}

export const VERDICTS = ["allowed", "changed", "delayed", "asked", "suppressed", "denied", "halted"] as const;
export type Verdict = (typeof VERDICTS)[number];

export type Step = Placed &
  (
    | { readonly kind: "wait"; readonly time: number }
    | {
        readonly kind: "event";
        readonly event: "call" | "result";
        readonly op: string;
        readonly values: readonly Value[];
        readonly is: Verdict;
        /** Part of the text of the rule or condition that decides, or of its `because`. */
        readonly by?: string | undefined;
      }
  );

export interface Test extends Placed {
  readonly kind: "test";
  readonly name: string;
  readonly of: Ref;
  readonly steps: readonly Step[];
}

export interface Prove extends Placed {
  readonly kind: "prove";
  readonly of: Ref;
  readonly claim:
    | { readonly kind: "never"; readonly patterns: readonly Pattern[]; readonly when?: Cond | undefined }
    | { readonly kind: "narrower than" | "same as" | "disjoint from"; readonly other: Ref };
}

export type Item = Import | Set | Policy | Bundle | Test | Prove;

export interface File {
  readonly items: readonly Item[];
}
