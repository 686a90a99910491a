// What a snapshot says of its guest's grants: their names, and for what the guest takes each of them.
//
// A guest in a worker was told, when it was configured, to stand still in calls that are answered at once where its
// embedder is, for over there the answer takes its time. That is in its memory: such a guest goes on in workers, and one
// that was not told so goes on where its embedder is. What it is granted says which one it is, unless that makes no
// difference: nothing of it is answered at once.
import type { Plan } from "./birth.ts";
import type { Prepared } from "./capability.ts";
import { CordonError } from "./errors.ts";
import type { GrantedName } from "./snapshot/authority.ts";
import { fingerprintOf } from "./snapshot/hash.ts";
import { systemContracts } from "./system.ts";

/** Where a guest lives: in its embedder's own thread, or in a worker. */
export type Whereabouts = "here" | "far";

/** Numbers of the calls that are answered at once. */
const atOnce = ({ calls }: Prepared): number[] =>
  Object.values(calls)
    .filter(({ mode }) => mode === "sync")
    .map(({ method }) => method);

/** Does it matter where a guest with these grants lives? */
export const isBound = (grants: readonly Prepared[]): boolean => grants.some((grant) => atOnce(grant).length > 0);

function takenFor(grant: Prepared, where: Whereabouts): Promise<string> {
  const { form } = grant.contract;
  const stood = where === "far" ? atOnce(grant) : [];
  return fingerprintOf(stood.length === 0 ? form : `${form}\nstands still in ${stood.join()}`);
}

/** Of a guest that is configured under this plan: the engine's own grants first. */
export function namesFor({ grants, load }: Plan, where: Whereabouts): Promise<GrantedName[]> {
  const own = systemContracts(load !== undefined).map(async ({ name, contract }) => ({
    name: `system.${name}`,
    contract: await fingerprintOf(contract.form),
  }));
  const given = grants.map(async (grant) => ({ name: grant.name, contract: await takenFor(grant, where) }));
  return Promise.all([...own, ...given]);
}

type Names = readonly GrantedName[];
const isSame = (one: GrantedName | undefined, { name, contract }: GrantedName): boolean =>
  one?.name === name && one.contract === contract;
const areSame = (some: Names, others: Names): boolean =>
  some.length === others.length && some.every((one, i) => isSame(others[i], one));

const ELSEWHERE: Readonly<Record<Whereabouts, string>> = {
  here: 'it was taken in a worker or process of a pool: restore it in a pool of isolation "worker" or "process"',
  far: 'it was taken where its embedder is: restore it by createSandbox, or in a pool of isolation "inline"',
};

/** Throws CordonError E_GRANT: the guest knows its grants by their handles, and what it takes them for. */
export async function checkNames(saved: Names, plan: Plan, where: Whereabouts): Promise<void> {
  const given = await namesFor(plan, where);
  if (areSame(saved, given)) return;
  if (areSame(saved, await namesFor(plan, where === "far" ? "here" : "far"))) refuse(ELSEWHERE[where]);
  const other = saved.find((one, i) => !isSame(given[i], one));
  const what = other === undefined ? "something is granted that was not" : `${other.name} is not granted as it was`;
  refuse(`${what} (it has ${saved.map(({ name }) => name).join(", ")}, in this order)`);
}

function refuse(why: string): never {
  throw new CordonError("E_GRANT", `the snapshot does not fit what is granted: ${why}`);
}
