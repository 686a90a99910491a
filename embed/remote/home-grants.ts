// What a worker is told of a sandbox that it is to make, and the capabilities that it is given for it.
import { type Capability, derive, handOver, newCapability } from "../../kernel/index.ts";
import type { CallMeter, Original, Plan } from "../birth.ts";
import type { Prepared } from "../capability.ts";
import type { Policed } from "../policy.ts";
import type { Sharing } from "../pool/place.ts";
import { hostTarget } from "../power.ts";
import { systemContracts } from "../system.ts";
import type { Meter } from "../target.ts";
import { LOADER } from "./far-plan.ts";
import type { Home } from "./home.ts";
import type { HomeResident } from "./home-resident.ts";
import type { Leash } from "./leash.ts";
import type { Passage } from "./passage.ts";
import type { GrantData, OriginData, PlanData } from "./plan-data.ts";

export interface GrantParts {
  readonly home: Home;
  readonly plan: Plan;
  readonly sharing: Sharing;
  readonly meter: CallMeter;
  /** Of modules. */
  readonly loading: Meter;
  readonly grants: readonly Prepared[];
  readonly policed: Policed | undefined;
  readonly passage: Passage;
  readonly leash: Leash;
  readonly origin: OriginData | null;
  readonly resident: Pick<HomeResident, "shelf" | "id">;
  readonly parent: number | null;
}

/** What was given: as policies know it, and by the numbers that the worker knows it by. */
export interface Given {
  readonly powers: (readonly [name: string, power: Capability])[];
  readonly names: Map<number, string>;
}

function giveGrants({ home, grants, meter, policed, passage }: GrantParts, { powers, names }: Given) {
  const contracts: { number: number; graph: PlanData["contracts"][number]["graph"] }[] = [];
  const given = grants.map((grant): GrantData => {
    const made = grant.capability(meter);
    const own: Capability = "state" in made ? derive(made) : newCapability(made.contract, made.target);
    policed?.adopt(own, grant.name, undefined);
    powers.push([grant.name, own]);
    const id = passage.give(handOver(policed?.monitor, own, grant.name));
    names.set(id, grant.name);
    const calls = Object.entries(grant.calls).map(([name, { method, mode, passes }]) => ({
      ...{ name, method, mode, passes: passes === true },
    }));
    return { name: grant.name, id, contract: home.contracts.numberOf(grant.contract, contracts), calls };
  });
  return { given, contracts };
}

function giveLoader({ plan: { load }, loading, passage }: GrantParts): number | null {
  if (load === undefined) return null;
  const target = hostTarget({ name: LOADER.name, contract: LOADER, functions: [load as never], meter: loading });
  return passage.give(newCapability(LOADER, target));
}

/** Gives the grants; `known` hears of them. */
export function planData(parts: GrantParts, known: Given): PlanData {
  const { plan, sharing, leash, origin, resident, parent } = parts;
  const { given, contracts } = giveGrants(parts, known);
  const { virtual, start } = plan;
  return {
    ...{ name: plan.name, limits: plan.limits, grants: given, contracts, timeZoneOffset: plan.timeZoneOffset },
    tenant: { name: sharing.name, share: sharing.share, priority: sharing.priority },
    ...{ confinement: plan.options.confinement ?? null, load: giveLoader(parts), origin, parent },
    virtual: virtual === undefined ? null : { start, seed: virtual.seed ?? null },
    tells: plan.trace !== undefined || plan.audits.length > 0,
    leash: leash.limits(),
    id: resident.shelf === undefined ? null : resident.id,
  };
}

/** What a guest under this plan knows itself by: the engine's own first (embed/birth.ts). */
export const originalsOf = ({ grants, load }: Plan): Original[] => [
  ...systemContracts(load !== undefined).map(({ name, contract: { form } }) => ({
    ...{ name: `system.${name}`, form, power: undefined },
  })),
  ...grants.map(({ name, contract: { form } }) => ({ name, form, power: undefined })),
];
