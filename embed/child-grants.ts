// What a grant lets its holder give to domains that it makes: a policy over the holder speaks of that as well.
import type { Contract } from "../kernel/index.ts";
import type { Granted } from "../policy-libs/index.ts";
import { type Grants, type Prepared, prepareGrants } from "./capability.ts";

const allowed = new WeakMap<Granted, Grants>();

/** Says what children may be given by whoever holds `granted`. */
export function allowing<G extends Granted>(granted: G, children: Grants): G {
  allowed.set(granted, children);
  return granted;
}

/** Does its holder make domains? */
export const makesChildren = (granted: Granted | undefined): boolean => granted !== undefined && allowed.has(granted);

/** Contracts by the names under which they are granted, to a domain or to those that it makes. */
export function contractsOf(grants: readonly Prepared[]): ReadonlyMap<string, Contract> {
  const found = new Map<string, Contract>();
  const open = [...grants];
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    if (!found.has(next.name)) found.set(next.name, next.contract);
    const children = next.granted && allowed.get(next.granted);
    if (children !== undefined) open.push(...prepareGrants(children));
  }
  return found;
}
