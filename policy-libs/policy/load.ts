// Loads a policy file: parses, checks, resolves. What does not load grants nothing.
//
// Invariants
//   O1  Either everything in the file is right, or diagnostics say what is not: all of them but for syntax, of which the
//       first, sorted by place.
//   O2  What is enforced is the file's one bundle; else every policy that needs no arguments, joined by `all`. A policy
//       that is left out is warned of, and if none is left there is nothing to enforce, which is not the same as leave.
import { boundOf } from "./bound.ts";
import { proveOf, testOf } from "./check/claims.ts";
import { checkDeployed, deployedIn } from "./check/deploy.ts";
import { bundleOf, instanceOf, isSmall, type Linker, NOTHING, newLinker, UNDEPLOYED } from "./check/link.ts";
import { checkParameters, missingIn, type ParameterValue } from "./check/parameters.ts";
import { newReport, sorted, type Unit } from "./check/unit.ts";
import { type Files, unitOfTree } from "./check/units.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { MAX_STATE } from "./limits.ts";
import { parse } from "./parse.ts";
import type { Joined, RPolicy, RProve } from "./resolved.ts";
import type { ResolvedTest } from "./suite.ts";
import type { File, Policy } from "./tree.ts";
import type { Vocabulary } from "./vocabulary.ts";

export type { ParameterValue } from "./check/parameters.ts";

export interface LoadOptions {
  /** Its name, for people. */
  readonly file: string;
  readonly vocabulary: Vocabulary;
  /** Texts of what can be imported, by the names that files say. Each is a party of its own. */
  readonly imports?: ReadonlyMap<string, string> | undefined;
  /** By "parameter", of all the file's policies that have it, or by "policy.parameter". A bundle's own arguments stay. */
  readonly parameters?: ReadonlyMap<string, ParameterValue> | undefined;
  /** Whose file it is; its name, if it is not said. */
  readonly party?: string | undefined;
}

/** A policy that can be given arguments. */
export interface Template {
  readonly name: string;
  readonly parameters: Policy["parameters"];
  /** Those left out have the file's own values. */
  readonly instantiate: (values: ReadonlyMap<string, ParameterValue>) => Instance;
}

export type Instance =
  | { readonly kind: "instance"; readonly policy: RPolicy }
  | { readonly kind: "wrong"; readonly diagnostics: readonly Diagnostic[] };

export interface Loaded {
  readonly kind: "loaded";
  /** Its name. Policies that it imports have another one. */
  readonly file: string;
  readonly policies: ReadonlyMap<string, Template>;
  readonly bundles: ReadonlyMap<string, Joined>;
  /** What is enforced. Undefined: the file has nothing that could be. */
  readonly entry: Joined | undefined;
  readonly tests: readonly ResolvedTest[];
  readonly proves: readonly RProve[];
  readonly warnings: readonly Diagnostic[];
}

export type Load = Loaded | { readonly kind: "wrong"; readonly diagnostics: readonly Diagnostic[] };

const isError = ({ severity }: Diagnostic): boolean => severity === "error";

function checkState(unit: Unit, joined: Joined, at: Policy["at"]): void {
  for (const [scope, bits] of boundOf(joined)) {
    if (bits <= MAX_STATE * 8) continue;
    const message = `${joined.name} remembers about ${Math.ceil(bits / 8)} bytes for each ${scope}, and ${MAX_STATE} are the most`;
    unit.report("P406", unit.place(at), message, 'Make "max" or "steps" smaller.');
  }
}

/** Every policy of a file, by itself and with its own values. */
function checkPolicies(linker: Linker, unit: Unit): void {
  for (const policy of unit.policies.values()) {
    checkParameters(unit, policy);
    const resolved = instanceOf(linker, unit, policy, NOTHING);
    if (resolved !== undefined) checkState(unit, resolved, policy.at);
  }
}

function bundlesOf(linker: Linker, unit: Unit): ReadonlyMap<string, Joined> {
  const made = new Map<string, Joined>();
  for (const [name, bundle] of unit.bundles) {
    const joined = bundleOf(linker, unit, bundle);
    if (joined === undefined) continue;
    made.set(name, joined);
    checkState(unit, joined, bundle.at);
  }
  return made;
}

/** O2. */
function entryOf(linker: Linker, unit: Unit, bundles: ReadonlyMap<string, Joined>): Joined | undefined {
  if (unit.bundles.size === 1) return [...bundles.values()][0];
  const of: RPolicy[] = [];
  for (const policy of unit.policies.values()) {
    const given = linker.deployed(policy);
    const missing = missingIn(policy, given);
    if (missing.length > 0) {
      const message = `policy ${policy.name} is not enforced: it needs ${missing.map((name) => `"${name}"`).join(", ")}`;
      unit.report("P123", unit.place(policy.at), message, "Give it arguments in a bundle, or when the file is loaded.");
    }
    const policy_ = missing.length > 0 ? undefined : instanceOf(linker, unit, policy, given);
    if (policy_ !== undefined) of.push(policy_);
  }
  const joined: Joined = { kind: "all", name: unit.file, of };
  if (of.length === 0 || !isSmall(unit, joined, unit.place(undefined))) return undefined;
  checkState(unit, joined, undefined);
  return joined;
}

function templateOf(unit: Unit, policy: Policy): Template {
  const { name, parameters } = policy;
  const instantiate = (values: ReadonlyMap<string, ParameterValue>): Instance => {
    const { report, diagnostics } = newReport();
    const own: Unit = { ...unit, report, count: { nodes: 0 }, policies: new Map([[name, policy]]), bundles: new Map() };
    checkDeployed(own, values);
    const deployed = deployedIn(own, values);
    const missing = missingIn(policy, deployed(policy));
    if (missing.length > 0) report("P120", own.place(policy.at), `${name} needs ${missing.join(", ")}`);
    const made = instanceOf(newLinker(deployed), own, policy, deployed(policy));
    if (made !== undefined) checkState(own, made, policy.at);
    if (made !== undefined && !diagnostics.some(isError)) return { kind: "instance", policy: made };
    return { kind: "wrong", diagnostics: sorted(diagnostics, [unit.file]) };
  };
  return { name, parameters, instantiate };
}

const itemsOf = <K extends "test" | "prove">({ items }: File, kind: K) =>
  items.filter((item): item is Extract<File["items"][number], { kind: K }> => item.kind === kind);

const whole = <T>(list: readonly (T | undefined)[]): readonly T[] => list.filter((each) => each !== undefined);

/** Loads a tree, for what was built and not written: `text` is where its places are, if there is one. */
export function loadTree(tree: File, options: LoadOptions, text = ""): Load {
  const { file, vocabulary, imports = new Map(), parameters = new Map(), party = file } = options;
  const { report, diagnostics } = newReport();
  const files: Files = { vocabulary, imports, report, count: { nodes: 0 }, broken: [], met: new Map() };
  const unit = unitOfTree(files, file, text, tree, party, { names: [] });
  checkDeployed(unit, parameters);
  const linker = newLinker(deployedIn(unit, parameters));
  // A test means the same whatever is deployed.
  const undeployed = { ...newLinker(UNDEPLOYED), instances: linker.instances };
  for (const each of files.met.values()) if (each !== undefined) checkPolicies(undeployed, each);
  for (const each of files.met.values()) if (each !== undefined && each !== unit) bundlesOf(undeployed, each);
  const bundles = bundlesOf(linker, unit);
  const entry = entryOf(linker, unit, bundles);
  const tests = whole(itemsOf(tree, "test").map((test) => testOf(undeployed, unit, test)));
  const proves = whole(itemsOf(tree, "prove").map((prove) => proveOf(undeployed, unit, prove)));
  const all = sorted([...diagnostics, ...files.broken], [...files.met.keys()]);
  if (all.some(isError)) return { kind: "wrong", diagnostics: all };
  const policies = new Map([...unit.policies].map(([name, policy]) => [name, templateOf(unit, policy)]));
  return { kind: "loaded", file, policies, bundles, entry, tests, proves, warnings: all };
}

/** Loads a file. Its diagnostics are all that is wrong with it, or the first thing that is no policy at all. */
export function load(text: string, options: LoadOptions): Load {
  const parsed = parse(text, options.file);
  if ("diagnostic" in parsed) return { kind: "wrong", diagnostics: [parsed.diagnostic] };
  return loadTree(parsed.file, options, text);
}
