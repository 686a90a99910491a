// What a policy remembers of a domain, apart from it: copies of the domain go on from there, so that a fork or a snapshot
// is no way to have not done what was done.
//
// Invariants
//   O1  What was taken does not change with its domain, and what goes on from it does not change it: they share nothing
//       but the parts of tenants and the host, which are one over all domains anyway.
//   O2  A grant of a copy is, to the policy, what the grant of that name was to the original. What waits in line stays
//       with the original: a copy has no call in flight.
//   O3  From bytes comes a memory of this very machine, or nothing.
import type { Capability } from "../../../kernel/index.ts";
import type { Machine, Part } from "../compile.ts";
import type { Scope } from "../tree.ts";
import { type Enforced, originOf, rowOf, tenantOf } from "./judgement.ts";

/** Parts of one machine's state. */
interface Parts {
  readonly domain: Part;
  readonly tenant: Part;
  readonly host: Part;
  /** By the names that they were granted by; what was never called has none. */
  readonly grants: ReadonlyMap<string, Part>;
}

export interface Remembered {
  /** Of the last event. */
  readonly time: number;
  readonly enforced: Parts;
  /** Of the policy as it is written, where another one is enforced in its place. */
  readonly observed: Parts | undefined;
  /** The events that causes are numbers of. */
  readonly trail: object | undefined;
}

export type GrantedAs = readonly (readonly [name: string, capability: Capability])[];

const copied = (machine: Machine, part: Part | undefined, scope: Scope): Part =>
  part === undefined ? machine.startPart(scope) : machine.copyPart(part);

/** What is remembered of a domain and of what it was granted. */
export function remember(enforced: Enforced, granted: GrantedAs): Remembered {
  const { machine, shared, domain, number, tenant, time, rows } = enforced;
  const { observer, trail } = shared;
  const known = granted.flatMap(([name, capability]) => {
    const row = rows.get(originOf(capability));
    return row === undefined ? [] : [[name, row] as const];
  });
  const partsOf = (one: Machine, find: (scope: Scope, name: number | string) => Part | undefined): Parts => ({
    domain: copied(one, find("domain", number), "domain"),
    tenant: copied(one, find("tenant", tenant), "tenant"),
    host: copied(one, find("host", ""), "host"),
    grants: new Map(known.map(([name, row]) => [name, copied(one, find("capability", row.number), "capability")])),
  });
  const own = (scope: Scope, name: number | string): Part | undefined => {
    if (scope === "domain") return domain;
    if (scope === "capability") return known.find(([, row]) => row.number === name)?.[1].part;
    return scope === "tenant" ? tenantOf(enforced) : shared.host;
  };
  const observed = observer && partsOf(observer.machine, observer.partOf);
  return { time, enforced: partsOf(machine, own), observed, trail };
}

/** A part to go on with. Causes are numbers of events: they mean nothing beside another trail. */
function resumed(machine: Machine, scope: Scope, part: Part, isSameTrail: boolean): Part {
  const { causes: fresh } = machine.startPart(scope);
  const copy = machine.copyPart(part);
  return { ...copy, causes: fresh && ((isSameTrail ? copy.causes : undefined) ?? fresh) };
}

/** A domain that has just come under the policy goes on with what is remembered of another. */
export function recall(enforced: Enforced, remembered: Remembered): Enforced {
  const { machine, shared, number } = enforced;
  const { observer, trail } = shared;
  const isSameTrail = trail === remembered.trail;
  const domain = resumed(machine, "domain", remembered.enforced.domain, isSameTrail);
  if (observer !== undefined && remembered.observed !== undefined)
    observer.adopt("domain", number, resumed(observer.machine, "domain", remembered.observed.domain, isSameTrail));
  return { ...enforced, domain, time: remembered.time };
}

/**
 * Of a copy under its original's own policy: what it is granted is what `original` is. Else it goes on with what is
 * remembered under this name, if anything is.
 */
export function adopt(
  enforced: Enforced,
  capability: Capability,
  before: Capability | readonly [name: string, remembered: Remembered],
): void {
  const { rows, machine, shared } = enforced;
  const origin = originOf(capability);
  if (rows.has(origin)) return;
  if ("state" in before) return void rows.set(origin, rowOf(enforced, before));
  const [name, remembered] = before;
  const part = remembered.enforced.grants.get(name);
  if (part === undefined) return;
  const isSameTrail = shared.trail === remembered.trail;
  const row = { number: ++shared.lasting.capabilities, part: resumed(machine, "capability", part, isSameTrail) };
  rows.set(origin, row);
  const observed = remembered.observed?.grants.get(name);
  const { observer } = shared;
  if (observer === undefined || observed === undefined) return;
  observer.adopt("capability", row.number, resumed(observer.machine, "capability", observed, isSameTrail));
}

const isEqual = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

function pourInto(machine: Machine, scope: Scope, part: Part, from: Part): void {
  const bytesOf = (one: Part): Uint8Array => machine.serialiseParts([[scope, one]]);
  if (!isEqual(bytesOf(part), bytesOf(machine.startPart(scope)))) return;
  part.words.set(from.words);
  part.numbers.set(from.numbers);
  for (const [i, { slots, lost }] of from.values.entries()) {
    const values = part.values[i] as (typeof part.values)[number];
    for (const [value, beside] of slots) values.slots.set(value, beside);
    values.lost = lost;
  }
}

/** What was remembered of its tenant and of the host elsewhere: taken over where nothing is remembered of them here. */
export function recallLasting(enforced: Enforced, { enforced: { tenant, host } }: Remembered): void {
  const { machine, shared } = enforced;
  pourInto(machine, "tenant", tenantOf(enforced), tenant);
  pourInto(machine, "host", shared.host, host);
}

/** Remembered parts as bytes, with the names of grants beside them. */
export interface SavedParts {
  readonly names: readonly string[];
  readonly bytes: Uint8Array;
}

export const saveParts = (machine: Machine, { domain, tenant, host, grants }: Parts): SavedParts => ({
  names: [...grants.keys()],
  bytes: machine.serialiseParts([
    ["domain", domain],
    ["tenant", tenant],
    ["host", host],
    ...Array.from(grants.values(), (part): [Scope, Part] => ["capability", part]),
  ]),
});

/** Undefined: they are no parts of this machine. */
export function readParts(machine: Machine, { names, bytes }: SavedParts): Parts | undefined {
  const each = names.map((): Scope => "capability");
  const found = machine.restoreParts(bytes, ["domain", "tenant", "host", ...each]);
  if (found === undefined) return undefined;
  const [domain, tenant, host, ...grants] = found as readonly [Part, Part, Part, ...Part[]];
  return { domain, tenant, host, grants: new Map(names.map((name, i) => [name, grants[i] as Part])) };
}
