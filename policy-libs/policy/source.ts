// A policy as embedders pass it: `run({ policy: policy.text("…") })`. It is checked when it is known what is granted.
import { policy as build } from "./builder.ts";
import type { ParameterValue } from "./check/parameters.ts";
import type { Decided, Question } from "./enforce/types.ts";
import { print } from "./print.ts";
import type { PolicyEvent } from "./resolved.ts";
import type { File, Policy } from "./tree.ts";

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
  /** Told of every decision that the policy makes. */
  readonly onDecided?: ((decided: Decided) => void) | undefined;
  /** Told of everything that becomes part of the past, in order: what is recorded can be replayed. */
  readonly onHappened?: ((event: PolicyEvent) => void) | undefined;
}

const BRAND: unique symbol = Symbol.for("cordon.policy") as never;

export interface PolicySource {
  readonly [BRAND]: true;
  readonly text: string;
  readonly options: PolicyOptions;
}

const KEYS = ["file", "imports", "parameters", "use", "tenant", "approve", "onDecided", "onHappened"];

function checked(alleged: PolicyOptions): PolicyOptions {
  if (typeof alleged !== "object" || alleged === null)
    throw new TypeError("the options of a policy are a plain object");
  const unknown = Object.keys(alleged).find((key) => !KEYS.includes(key));
  if (unknown !== undefined)
    throw new TypeError(`a policy has no option ${JSON.stringify(unknown)}: there are ${KEYS.join(", ")}`);
  return Object.freeze({ ...alleged });
}

/** A policy file's text. Throws a TypeError for what is no text; mistakes in it are reported where it is used. */
function text(source: string, options: PolicyOptions = {}): PolicySource {
  if (typeof source !== "string") throw new TypeError("policy.text takes the text of a policy file");
  return Object.freeze({ [BRAND]: true as const, text: source, options: checked(options) });
}

/** What the builder made: one policy, or a whole file. */
const of = (tree: Policy | File, options: PolicyOptions = {}): PolicySource =>
  text(print("items" in tree ? tree : { items: [tree] }), options);

export const isPolicySource = (value: unknown): value is PolicySource =>
  typeof value === "object" && value !== null && Object.hasOwn(value, BRAND);

/** `policy("name", { over, default }, …rules)` builds a policy; `policy.text` and `policy.of` make it one to enforce. */
export const policy = Object.assign(build, { text, of });
