// Copies of a sandbox that is in a worker. Its memory is copied there; what the copy may do is decided here.
//
// Invariants
//   HC1  The embedder's key never leaves its side: the authority part of a snapshot is written and sealed here, of what is
//        known here. The worker's part of it is the guest's own: its time and the generations of its handles.
//   HC2  A copy is under what the policy remembers of its original, as it is when the worker says that the image is taken:
//        all that the guest had done by then was told before.
import { checkOriginals, type Plan } from "../birth.ts";
import type { Engine } from "../engine.ts";
import type { Policed } from "../policy.ts";
import type { PolicyPast } from "../policy-saved.ts";
import type { Making, SaveOptions } from "../pool/place.ts";
import { namesFor } from "../saved-names.ts";
import type { GuestPart } from "../snapshot/guest.ts";
import { TAKE } from "./frame.ts";
import type { Home } from "./home.ts";
import { type Given, originalsOf } from "./home-grants.ts";
import type { HomeImage } from "./home-images.ts";
import { type HomeResident, whileAwake } from "./home-resident.ts";
import type { HomeTakes, Taken } from "./home-takes.ts";

/** With what a copy begins. */
export interface Beginning {
  /** The image, at the worker. The sandbox is asked for in the very turn. */
  readonly image: () => HomeImage;
  readonly incarnation: number;
  readonly handles: readonly number[];
  readonly policy: PolicyPast | Uint8Array | undefined;
}

export interface Copied {
  readonly home: Home;
  readonly plan: Plan;
  readonly takes: HomeTakes;
  readonly policed: Policed | undefined;
  readonly given: Given;
  /** Copies that were made of it. */
  copies: number;
  readonly resident: HomeResident;
}

const pastOf = ({ policed, given }: Copied): PolicyPast | undefined =>
  policed && { remembered: policed.remember(given.powers), start: policed.start };

/** Virtual time goes on from where it is, with random numbers of its own, as in embed/copy.ts. */
function goOn(plan: Plan, { virtual }: Plan, incarnation: number, clock: number): Plan {
  if (virtual === undefined) return plan;
  return { ...plan, virtual: { start: clock, seed: `${virtual.seed ?? 0}#${incarnation}` }, start: clock };
}

type Place = (plan: Plan, beginning: Beginning) => Promise<Making>;

/** Begins to make a copy at the same worker. Rejects with CordonError. */
export async function forkRemotely(state: Copied, plan: Plan, wait: number, place: Place): Promise<Making> {
  const { takes, home } = state;
  checkOriginals(originalsOf(state.plan), originalsOf(plan));
  const read = (taken: Taken) => ({ ...taken, incarnation: ++state.copies, policy: pastOf(state) });
  const taken = await whileAwake(state.resident, () => takes.ask(TAKE.KEEP, wait, read));
  const { number, handles, clock, incarnation, policy } = taken;
  const over = (): void => home.images.forget(number);
  try {
    const image = (): HomeImage => ({ number, isWhole: false, over });
    return await place(goOn(plan, state.plan, incarnation, clock), { image, incarnation, handles, policy });
  } catch (error) {
    over();
    throw error;
  }
}

/** The sandbox as bytes. */
export async function saveRemotely(
  state: Copied,
  { key, wait }: SaveOptions,
  engine: () => Promise<Engine>,
): Promise<Uint8Array<ArrayBuffer>> {
  const { plan, policed, copies, takes, resident } = state;
  const read = (one: Taken) => [one, pastOf(state)] as const;
  const [taken, past] = await whileAwake(resident, () => takes.ask(TAKE.SEND, wait, read));
  const { clock, handles, usage } = taken;
  const authority = {
    ...{ grants: await namesFor(plan), nextToken: 0, incarnation: copies, clock, generations: handles },
    ...{ limits: new Map(Object.entries(plan.limits)), meter: new Map(Object.entries(usage)) },
  };
  const { writeSaved } = await import("../saved.ts");
  return writeSaved(await engine(), key, { guest: taken.guest as GuestPart, authority, policed, past });
}

export const tellToSleep = ({ takes }: Pick<Copied, "takes">, wait: number): Promise<Taken> =>
  takes.ask(TAKE.SLEEP, wait, (taken) => taken);
