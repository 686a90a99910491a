// A policy as embedders pass it: `run({ policy: policy.text("…") })`. It is checked when it is known what is granted.
import { policy as build } from "./builder.ts";
import { branded, type PolicyOptions, type PolicySource } from "./given.ts";
import { print } from "./print.ts";
import type { File, Policy } from "./tree.ts";

// biome-ignore format: a list
const KEYS = [
  "file", "imports", "parameters", "use", "tenant", "approve", "mode", "enforced", "explain", "onWarning", "onDecided",
  "onHappened",
];

function checked(alleged: PolicyOptions): PolicyOptions {
  if (typeof alleged !== "object" || alleged === null)
    throw new TypeError("the options of a policy are a plain object");
  const unknown = Object.keys(alleged).find((key) => !KEYS.includes(key));
  if (unknown !== undefined)
    throw new TypeError(`a policy has no option ${JSON.stringify(unknown)}: there are ${KEYS.join(", ")}`);
  const { mode = "enforce", enforced = [] } = alleged;
  if (mode !== "enforce" && mode !== "record") throw new TypeError('the mode of a policy is "enforce" or "record"');
  if (!Array.isArray(enforced) || !enforced.every((party) => typeof party === "string"))
    throw new TypeError("enforced parties are a list of names");
  return Object.freeze({ ...alleged });
}

/** A policy file's text. Throws a TypeError for what is no text; mistakes in it are reported where it is used. */
function text(source: string, options: PolicyOptions = {}): PolicySource {
  if (typeof source !== "string") throw new TypeError("policy.text takes the text of a policy file");
  return branded(source, checked(options));
}

/** What the builder made: one policy, or a whole file. */
const of = (tree: Policy | File, options: PolicyOptions = {}): PolicySource =>
  text(print("items" in tree ? tree : { items: [tree] }), options);

/** `policy("name", { over, default }, …rules)` builds a policy; `policy.text` and `policy.of` make it one to enforce. */
export const policy = Object.assign(build, { text, of });
