// References to policies and bundles, and what they come to.
//
// Invariants
//   K1  `any of` joins policies of one party: no party loosens what another one has said (T10).
//   K2  No bundle is made of itself, and what one joins is bounded: bundles of bundles could double at every step.
import { didYouMean } from "../diagnostic.ts";
import { MAX_DEPTH, MAX_RULES } from "../limits.ts";
import type { Joined, Place, RPolicy } from "../resolved.ts";
import type { Bundle, Policy, Ref } from "../tree.ts";
import { givenBy, missingIn } from "./parameters.ts";
import { type Given, instanceName, resolvePolicy } from "./policy.ts";
import type { Unit } from "./unit.ts";

/** What an embedder gives for parameters of the main file's policies; a test is judged without it. */
export type Deployed = (policy: Policy) => Given;
export const NOTHING: Given = new Map();
export const UNDEPLOYED: Deployed = () => NOTHING;

export interface Linker {
  readonly deployed: Deployed;
  /** Instances are made once: those with equal arguments are the same. */
  readonly instances: Map<Policy, Map<string, RPolicy | undefined>>;
  readonly bundles: Map<Bundle, Joined | undefined>;
  /** Bundles around the reference that is being followed. */
  readonly around: readonly Bundle[];
}

export const newLinker = (deployed: Deployed): Linker => ({
  deployed,
  instances: new Map(),
  bundles: new Map(),
  around: [],
});

export function instanceOf({ instances }: Linker, unit: Unit, policy: Policy, given: Given): RPolicy | undefined {
  const made = instances.get(policy) ?? new Map<string, RPolicy | undefined>();
  instances.set(policy, made);
  const name = instanceName(policy, given);
  if (!made.has(name)) made.set(name, resolvePolicy(unit, policy, given));
  return made.get(name);
}

/** The file that a reference leads to, and the name in it. */
function targetOf(unit: Unit, ref: Ref): { readonly unit: Unit; readonly name: string } | undefined {
  const dot = ref.name.indexOf(".");
  if (dot < 0) return { unit, name: ref.name };
  const as = ref.name.slice(0, dot);
  const imported = unit.imports.get(as);
  if (imported !== undefined) return { unit: imported, name: ref.name.slice(dot + 1) };
  unit.report("P105", unit.place(ref.at), `nothing is imported as "${as}"`, didYouMean(as, unit.imports.keys()));
  return undefined;
}

function policyRef(linker: Linker, from: Unit, unit: Unit, policy: Policy, ref: Ref): RPolicy | undefined {
  const own = givenBy(from, policy, ref);
  if (own === undefined) return undefined;
  const given = new Map([...linker.deployed(policy), ...own]);
  const missing = missingIn(policy, given);
  if (missing.length === 0) return instanceOf(linker, unit, policy, given);
  const advice = `Write ${ref.name}(${missing.map((name) => `${name}: …`).join(", ")}).`;
  from.report("P120", from.place(ref.at), `${ref.name} needs ${missing.map((name) => `"${name}"`).join(", ")}`, advice);
  return undefined;
}

function bundleRef(linker: Linker, from: Unit, unit: Unit, bundle: Bundle, ref: Ref): Joined | undefined {
  if (ref.arguments.length > 0) {
    from.report("P120", from.place(ref.at), `${ref.name} is a bundle, which has no parameters`);
    return undefined;
  }
  if (linker.around.includes(bundle)) {
    from.report("P102", from.place(ref.at), `bundle ${ref.name} is made of itself`);
    return undefined;
  }
  if (linker.around.length >= MAX_DEPTH) {
    from.report("P403", from.place(ref.at), `bundles inside of bundles deeper than ${MAX_DEPTH} levels`);
    return undefined;
  }
  return bundleOf(linker, unit, bundle);
}

/** What a reference leads to, or undefined with a diagnostic. */
export function follow(linker: Linker, from: Unit, ref: Ref): Joined | undefined {
  const target = targetOf(from, ref);
  if (target === undefined) return undefined;
  const { unit, name } = target;
  const policy = unit.policies.get(name);
  if (policy !== undefined) return policyRef(linker, from, unit, policy, ref);
  const bundle = unit.bundles.get(name);
  if (bundle !== undefined) return bundleRef(linker, from, unit, bundle, ref);
  const names = [...unit.policies.keys(), ...unit.bundles.keys()];
  from.report("P105", from.place(ref.at), `unknown policy "${ref.name}"`, didYouMean(name, names));
  return undefined;
}

interface Facts {
  /** Rules that an event may meet. */
  readonly rules: number;
  readonly parties: ReadonlySet<string>;
}

const facts = new WeakMap<Joined, Facts>();

/** Of all that is joined, without a walk of it: the same member may stand in many places. */
function factsOf(joined: Joined): Facts {
  const known = facts.get(joined);
  if (known !== undefined) return known;
  const of = joined.kind === "policy" ? [] : joined.of.map(factsOf);
  const made: Facts =
    joined.kind === "policy"
      ? { rules: joined.rules.length, parties: new Set([joined.party]) }
      : {
          rules: of.reduce((sum, { rules }) => sum + rules, 0),
          parties: new Set(of.flatMap(({ parties }) => [...parties])),
        };
  facts.set(joined, made);
  return made;
}

/** K2. */
export function isSmall(unit: Unit, joined: Joined, at: Place): boolean {
  if (factsOf(joined).rules <= MAX_RULES) return true;
  unit.report("P402", at, `${joined.name} joins more than ${MAX_RULES} rules`);
  return false;
}

/** K1. */
function checkParties(unit: Unit, name: string, refs: readonly Ref[], members: readonly Joined[]): void {
  const all = new Set(members.flatMap((member) => [...factsOf(member).parties]));
  if (all.size < 2) return;
  const [first = ""] = all;
  const other = members.findIndex((member) => !factsOf(member).parties.has(first) || factsOf(member).parties.size > 1);
  const message = `"any of" in bundle ${name} joins policies of several parties: ${[...all].join(", ")}`;
  unit.report("P121", unit.place(refs[other]?.at), message, 'Policies of different parties are joined by "all of".');
}

function partOf(linker: Linker, unit: Unit, { name }: Bundle, { join, of: refs }: Bundle["members"][number]) {
  const members = refs.map((ref) => follow(linker, unit, ref));
  if (members.includes(undefined)) return undefined;
  const whole = members as readonly Joined[];
  if (join === "all") return whole;
  checkParties(unit, name, refs, whole);
  return [{ kind: "any" as const, name, of: [...new Set(whole)] }];
}

function makeBundle(linker: Linker, unit: Unit, bundle: Bundle): Joined | undefined {
  const inner: Linker = { ...linker, around: [...linker.around, bundle] };
  const parts = bundle.members.map((member) => partOf(inner, unit, bundle, member));
  if (parts.includes(undefined)) return undefined;
  // What stands twice says nothing twice.
  const of = [...new Set((parts as readonly (readonly Joined[])[]).flat())];
  const joined: Joined = { kind: "all", name: bundle.name, of };
  return isSmall(unit, joined, unit.place(bundle.at)) ? joined : undefined;
}

export function bundleOf(linker: Linker, unit: Unit, bundle: Bundle): Joined | undefined {
  if (!linker.bundles.has(bundle)) linker.bundles.set(bundle, makeBundle(linker, unit, bundle));
  return linker.bundles.get(bundle);
}
