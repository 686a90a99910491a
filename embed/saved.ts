// Sandboxes as bytes, and back.
//
// Invariants
//   SV1  The guest part of a snapshot can harm its own domain alone; reserved globals are not in it.
//   SV2  Without a key nothing of the authority part is used but names and contracts, which can only refuse.
import { PAGE } from "../kernel/index.ts";
import type { Plan } from "./birth.ts";
import { type Box, disposeBox, newBox } from "./box.ts";
import { atRest, DEFAULT_WAIT, policyPastOf } from "./copy.ts";
import type { Engine } from "./engine.ts";
import { CordonError } from "./errors.ts";
import { takeImage } from "./image.ts";
import { checkKeys, readWait } from "./options.ts";
import type { PolicyPast } from "./policy-saved.ts";
import { seededRandom } from "./randomness.ts";
import type { AuthorityPart } from "./snapshot/authority.ts";
import { readSnapshot, writeSnapshot } from "./snapshot/file.ts";
import { FINGERPRINT_BYTES, fingerprintOf, hexOf } from "./snapshot/hash.ts";

export interface SnapshotOptions {
  /**
   * At least 16 secret bytes. Default: none, and whoever restores it rebuilds its authority: the clock, and what a policy
   * remembers of the guest, are lost then.
   */
  readonly key?: Uint8Array | undefined;
  /** How long to wait until the sandbox rests, in ms. Default: 1,000. */
  readonly wait?: number | undefined;
}

type Names = AuthorityPart["grants"];

const namesOf = ({ originals }: Box): Promise<Names> =>
  Promise.all(originals.map(async ({ name, form }) => ({ name, contract: await fingerprintOf(form) })));

/** What is true now, but for the names and the policy. */
const authorityOf = ({ domain, copies, clock, limits }: Box): Omit<AuthorityPart, "grants" | "policy"> => ({
  ...{ nextToken: 0, incarnation: copies, clock: clock.now(), generations: domain.handles() },
  ...{ limits: new Map(Object.entries(limits)), meter: new Map(Object.entries(domain.usage())) },
});

async function policyOf({ policed }: Box, past: PolicyPast | undefined): Promise<Uint8Array> {
  if (policed === undefined || past === undefined) return new Uint8Array(0);
  return (await import("./policy-saved.ts")).savePast(policed, past);
}

/** The sandbox as bytes. */
export async function saveBox(box: Box, given: SnapshotOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { key, wait = DEFAULT_WAIT } = readWait<SnapshotOptions>(checkKeys(given, ["key", "wait"], "snapshot"));
  const { engine } = box;
  const [image, authority, past] = await atRest(box, wait, () => {
    const taken = takeImage(box.domain, engine.artifact, engine.image);
    return taken && ([taken, authorityOf(box), policyPastOf(box)] as const);
  });
  const { pages, chunks, globals = [] } = image;
  const facts = { engine: await engine.fingerprint(), key };
  const whole = { ...authority, grants: await namesOf(box), policy: await policyOf(box, past) };
  return writeSnapshot({ pages, chunks, globals }, whole, facts);
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

/** Throws CordonError E_GRANT: the guest knows its grants by their handles. */
function checkNames(saved: Names, given: Names): void {
  const other = saved.find(({ name, contract }, i) => given[i]?.name !== name || given[i]?.contract !== contract);
  if (other === undefined && saved.length === given.length) return;
  const what = other === undefined ? "something is granted that was not" : `${other.name} is not granted as it was`;
  const names = saved.map(({ name }) => name).join(", ");
  throw new CordonError(
    "E_GRANT",
    `the snapshot does not fit what is granted: ${what} (it has ${names}, in this order)`,
  );
}

/** A sandbox that goes on from a snapshot. Throws CordonError E_SNAPSHOT, E_GRANT. */
export async function loadBox(
  load: () => Promise<Engine>,
  from: unknown,
  key: Uint8Array | undefined,
  plan: Plan,
): Promise<Box> {
  const engine = await load();
  const mostPages = Math.floor(plan.limits.memory / PAGE);
  const reader = { engine: await engine.fingerprint(), mostPages, key };
  const { guest, grants, authority } = await readSnapshot(from as Uint8Array, reader);
  const handles = authority?.generations ?? [];
  const policy = authority !== undefined && authority.policy.length > 0 ? authority.policy : undefined;
  const { incarnation, again } = chanceOf(plan, from as Uint8Array);
  const origin = { image: { base: engine.image, ...guest }, incarnation, handles, policy };
  const box = await newBox(load, { ...plan, ...again, origin, start: authority?.clock ?? plan.start });
  try {
    checkNames(grants, await namesOf(box));
    return box;
  } catch (error) {
    disposeBox(box);
    throw error;
  }
}
