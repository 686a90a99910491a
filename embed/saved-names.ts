// What a snapshot says of its guest's grants: their names, and for what the guest takes each of them.
import type { Plan } from "./birth.ts";
import { CordonError } from "./errors.ts";
import type { GrantedName } from "./snapshot/authority.ts";
import { fingerprintOf } from "./snapshot/hash.ts";
import { systemContracts } from "./system.ts";

/** Of a guest that is configured under this plan: the engine's own grants first. */
export function namesFor({ grants, load }: Plan): Promise<GrantedName[]> {
  const own = systemContracts(load !== undefined).map((one) => ({ ...one, name: `system.${one.name}` }));
  return Promise.all(
    [...own, ...grants].map(async ({ name, contract }) => ({ name, contract: await fingerprintOf(contract.form) })),
  );
}

type Names = readonly GrantedName[];
const isSame = (one: GrantedName | undefined, { name, contract }: GrantedName): boolean =>
  one?.name === name && one.contract === contract;
const areSame = (some: Names, others: Names): boolean =>
  some.length === others.length && some.every((one, i) => isSame(others[i], one));

/** Throws CordonError E_GRANT: the guest knows its grants by their handles, and what it takes them for. */
export async function checkNames(saved: Names, plan: Plan): Promise<void> {
  const given = await namesFor(plan);
  if (areSame(saved, given)) return;
  const other = saved.find((one, i) => !isSame(given[i], one));
  const what = other === undefined ? "something is granted that was not" : `${other.name} is not granted as it was`;
  refuse(`${what} (it has ${saved.map(({ name }) => name).join(", ")}, in this order)`);
}

function refuse(why: string): never {
  throw new CordonError("E_GRANT", `the snapshot does not fit what is granted: ${why}`);
}
