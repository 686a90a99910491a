// What an embedder gives of a policy, before anything of the language is loaded: most runs have none.
import type { ParameterValue } from "./check/parameters.ts";
import type { Diagnostic } from "./diagnostic.ts";
import type { Decided, Question } from "./enforce/types.ts";
import type { PolicyEvent } from "./resolved.ts";

export interface PolicyOptions {
  /** The name of the file, in diagnostics. */
  readonly file?: string | undefined;
  /** Texts of what the file imports, by the names that it says. */
  readonly imports?: Readonly<Record<string, string>> | undefined;
  /** Values of parameters, by "parameter" or "policy.parameter". */
  readonly parameters?: Readonly<Record<string, ParameterValue>> | undefined;
  /** The policy or bundle that is enforced. Default: the file's one bundle, else all of its policies. */
  readonly use?: string | undefined;
  /** Whose state `per tenant` means. Default: "". It lives as long as this policy does, over all its sandboxes. */
  readonly tenant?: string | undefined;
  /** Answers questions of `ask`. Without it the run is interrupted with the question, and `resume(true)` approves. */
  readonly approve?: ((question: Question) => boolean | Promise<boolean>) | undefined;
  /** "record": it only looks on. What it would refuse is performed, but for what halts. Default: "enforce". */
  readonly mode?: "enforce" | "record" | undefined;
  /** With `mode: "record"`: parties, by the names of their files, whose policies are enforced all the same. */
  readonly enforced?: readonly string[] | undefined;
  /** Remember which earlier events are behind what the policy remembers, for explanations. Default: false. */
  readonly explain?: boolean | undefined;
  /** Told of what is strange in the file, but no mistake, when it is loaded. */
  readonly onWarning?: ((warning: Diagnostic) => void) | undefined;
  /** Told of every decision that the policy makes. */
  readonly onDecided?: ((decided: Decided) => void) | undefined;
  /** Told of everything that becomes part of the past, in order: what is recorded can be replayed. */
  readonly onHappened?: ((event: PolicyEvent) => void) | undefined;
}

/** All that is wrong with a policy, and the texts that it stands in, by file: the `cause` of errors with code E_POLICY. */
export interface PolicyProblem {
  readonly diagnostics: readonly Diagnostic[];
  readonly texts: ReadonlyMap<string, string>;
}

const BRAND: unique symbol = Symbol.for("cordon.policy") as never;

/** The text of a policy file, and how it is to be enforced. */
export interface PolicySource {
  readonly [BRAND]: true;
  readonly text: string;
  readonly options: PolicyOptions;
}

export const branded = (text: string, options: PolicyOptions): PolicySource =>
  Object.freeze({ [BRAND]: true as const, text, options });

export const isPolicySource = (value: unknown): value is PolicySource =>
  typeof value === "object" && value !== null && Object.hasOwn(value, BRAND);

/** What an embedder grants under this name is its own machinery, which no policy speaks of. */
export const UNJUDGED = "";
