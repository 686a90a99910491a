// Sandboxes as bytes, and back.
//
// Invariants
//   SV1  The guest part of a snapshot can harm its own domain alone; reserved globals are not in it.
//   SV2  Without a key nothing of the authority part is used but names and contracts, which can only refuse.
import { PAGE } from "../kernel/index.ts";
import type { Plan } from "./birth.ts";
import { type Box, newBox } from "./box.ts";
import { atRest, policyPastOf } from "./copy.ts";
import type { Engine } from "./engine.ts";
import { takeImage } from "./image.ts";
import type { Policed } from "./policy.ts";
import type { PolicyPast } from "./policy-saved.ts";
import { seededRandom } from "./randomness.ts";
import { checkNames } from "./saved-names.ts";
import { readSnapshotOptions, type SnapshotOptions } from "./saved-options.ts";
import type { AuthorityPart } from "./snapshot/authority.ts";
import { readSnapshot, writeSnapshot } from "./snapshot/file.ts";
import type { GuestPart } from "./snapshot/guest.ts";
import { FINGERPRINT_BYTES, fingerprintOf, hexOf } from "./snapshot/hash.ts";

type Names = AuthorityPart["grants"];

const namesOf = ({ originals }: Box): Promise<Names> =>
  Promise.all(originals.map(async ({ name, form }) => ({ name, contract: await fingerprintOf(form) })));

/** What is true now, but for the names and the policy. */
const authorityOf = ({ domain, copies, clock, limits }: Box): Omit<AuthorityPart, "grants" | "policy"> => ({
  ...{ nextToken: 0, incarnation: copies, clock: clock.now(), generations: domain.handles() },
  ...{ limits: new Map(Object.entries(limits)), meter: new Map(Object.entries(domain.usage())) },
});

/** A sandbox as it was at one moment. Only the guest part is the guest's word. */
export interface Saved {
  readonly guest: GuestPart;
  readonly authority: Omit<AuthorityPart, "policy">;
  /** What its policy remembers of it. */
  readonly policed: Policed | undefined;
  readonly past: PolicyPast | undefined;
}

async function policyOf({ policed, past }: Saved): Promise<Uint8Array> {
  if (policed === undefined || past === undefined) return new Uint8Array(0);
  return (await import("./policy-saved.ts")).savePast(policed, past);
}

/** The file, sealed with the key if there is one. */
export async function writeSaved(
  engine: Engine,
  key: Uint8Array | undefined,
  saved: Saved,
): Promise<Uint8Array<ArrayBuffer>> {
  const whole = { ...saved.authority, policy: await policyOf(saved) };
  return writeSnapshot(saved.guest, whole, { engine: await engine.fingerprint(), key });
}

/** The sandbox as bytes. */
export async function saveBox(box: Box, given: SnapshotOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { key, wait } = readSnapshotOptions(given);
  const { engine, policed } = box;
  const [image, authority, past] = await atRest(box, wait, () => {
    const taken = takeImage(box.domain, engine.artifact, engine.image);
    return taken && ([taken, authorityOf(box), policyPastOf(box)] as const);
  });
  const { pages, chunks, globals = [] } = image;
  const whole = { ...authority, grants: await namesOf(box) };
  return writeSaved(engine, key, { guest: { pages, chunks, globals }, authority: whole, policed, past });
}

/** Copies of one file are told apart like forks. */
const anyIncarnation = (): number => (crypto.getRandomValues(new Uint32Array(1))[0] as number) >>> 1;

/**
 * The same file goes on in the same way under virtual time, each time that it is restored; its random numbers are others
 * than those of the original, and than those of any other file.
 */
function chanceOf({ virtual }: Plan, file: Uint8Array) {
  if (virtual === undefined) return { incarnation: anyIncarnation() };
  const seed = `${virtual.seed ?? 0}#${hexOf(file.slice(-FINGERPRINT_BYTES))}`;
  return { incarnation: 1, again: { virtual: { ...virtual, seed }, random: seededRandom(seed) } };
}

/** A plan that goes on from a snapshot. Throws CordonError E_SNAPSHOT, E_GRANT. */
export async function planSaved(engine: Engine, from: unknown, key: Uint8Array | undefined, plan: Plan): Promise<Plan> {
  const mostPages = Math.floor(plan.limits.memory / PAGE);
  const reader = { engine: await engine.fingerprint(), mostPages, key };
  const { guest, grants, authority } = await readSnapshot(from as Uint8Array, reader);
  await checkNames(grants, plan);
  const handles = authority?.generations ?? [];
  const policy = authority !== undefined && authority.policy.length > 0 ? authority.policy : undefined;
  const { incarnation, again } = chanceOf(plan, from as Uint8Array);
  const origin = { image: { base: engine.image, ...guest }, incarnation, handles, policy };
  return { ...plan, ...again, origin, start: authority?.clock ?? plan.start };
}

/** A sandbox that goes on from a snapshot. Throws CordonError E_SNAPSHOT, E_GRANT. */
export async function loadBox(
  load: () => Promise<Engine>,
  from: unknown,
  key: Uint8Array | undefined,
  plan: Plan,
): Promise<Box> {
  return newBox(load, await planSaved(await load(), from, key, plan));
}
