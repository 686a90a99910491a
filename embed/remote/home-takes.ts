// What is taken of a sandbox that is in a worker: asked for here, and read with suspicion.
//
// Invariants
//   HT1  Whoever asks is answered once: with what was taken, by the worker's refusal, or by how the sandbox ended.
//   HT2  What the embedder's side knows is read in the very turn in which the worker's word comes: policies, say, as they
//        were when the image was taken or later, never earlier.
//   HT3  Of what the worker says only the guest's own comes out: memory, time, generations of its handles.
import { MAX_HANDLES, PAGE } from "../../kernel/index.ts";
import type { Plan } from "../birth.ts";
import { CordonError } from "../errors.ts";
import type { GuestPart } from "../snapshot/guest.ts";
import { mostPacked } from "../snapshot/packed.ts";
import { OP, type Post, TAKE } from "./frame.ts";
import type { ImageBook } from "./home-images.ts";
import type { HomeTime } from "./home-time.ts";
import type { Leash } from "./leash.ts";
import { type Gathered, gather } from "./pieces.ts";
import { type Fields, isUsage, refusalFrom, type Used } from "./read.ts";

export interface Taken {
  readonly number: number;
  /** The guest's time, where it is the guest's own. */
  readonly clock: number;
  readonly handles: readonly number[];
  readonly usage: Used;
  /** Bytes of memory that are kept of a sleeper in the worker. */
  readonly held: number;
  /** What was sent. */
  readonly guest: GuestPart | undefined;
}

export interface HomeTakesParts {
  readonly plan: Plan;
  readonly post: Post;
  readonly images: ImageBook;
  readonly leash: Leash;
  /** Where the guest's time is its own. */
  readonly time: HomeTime | undefined;
  readonly lose: (why: string) => void;
}

export interface HomeTakes {
  /** `read`: HT2. Rejects with CordonError. */
  ask<T>(what: number, wait: number, read: (taken: Taken) => T): Promise<T>;
  taken(number: number, error: Fields | null, facts: Fields): void;
  bytes(number: number, piece: Uint8Array): void;
  /** The sandbox is being ended: an answer has to come soon. */
  expectEnds(): void;
  /** None will come. */
  end(why: string): void;
}

interface Asked {
  readonly what: number;
  readonly gathered: Gathered;
  readonly resolve: (taken: Taken) => void;
  readonly reject: (error: Error) => void;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** What a worker may take for an answer beyond the time that it was given. */
const GRACE = 5_000; // ms
const LONGEST = 2 ** 31 - 1; // ms, what setTimeout can wait
const MOST_GENERATION = 2 ** 32 - 1;

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const areHandles = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.length <= MAX_HANDLES && value.every((one) => isCount(one) && one <= MOST_GENERATION);

export const goneError = (why: string): CordonError =>
  new CordonError("E_DISPOSED", `the sandbox ${why}: make a new one`);

/** Undefined: not what an honest worker says. */
function read(
  { plan, time }: HomeTakesParts,
  { what, gathered }: Asked,
  facts: Fields,
): Omit<Taken, "number"> | undefined {
  const { handles, usage, clock, held } = facts;
  const isSent = what === TAKE.SEND;
  const guest = isSent ? gathered.whole() : undefined;
  if (!areHandles(handles) || !isUsage(usage) || !isCount(held) || (isSent && guest === undefined)) return undefined;
  const said = { handles, usage, guest, held: Math.min(held, mostPacked(plan.limits.memory)) };
  if (time === undefined) return { clock: Date.now(), ...said };
  if (what !== TAKE.SLEEP && !time.heard(clock)) return undefined;
  return { clock: time.clock.now(), ...said };
}

export function newHomeTakes(parts: HomeTakesParts): HomeTakes {
  const { plan, post, images, leash, lose } = parts;
  const asked = new Map<number, Asked>();
  const mostPages = Math.floor(plan.limits.memory / PAGE);
  const lie = (what: string): void => lose(`it broke the protocol: ${what}`);

  function watch(one: Asked, ms: number): void {
    clearTimeout(one.timer);
    one.timer = setTimeout(() => lose("it did not answer"), Math.min(ms + GRACE, LONGEST));
  }
  function leave(number: number): Asked | undefined {
    const one = asked.get(number);
    asked.delete(number);
    clearTimeout(one?.timer);
    return one;
  }
  return {
    ask: <T>(what: number, wait: number, use: (taken: Taken) => T) => {
      const number = images.next();
      const { promise, resolve, reject } = Promise.withResolvers<T>();
      const one = { what, gathered: gather(mostPages), resolve: (taken: Taken) => resolve(use(taken)), reject };
      asked.set(number, { ...one, timer: undefined });
      watch(asked.get(number) as Asked, wait);
      post(OP.TAKE, [number, what, wait]);
      return promise;
    },
    taken(number, error, facts) {
      const one = asked.get(number);
      if (one === undefined || !isUsage(facts["usage"])) return lie("an answer to nothing that was asked");
      const taken = error === null ? read(parts, one, facts) : undefined;
      if (error === null && taken === undefined) return lie("a copy that is none");
      leave(number);
      leash.note(facts["usage"]);
      if (taken === undefined) return one.reject(refusalFrom(error));
      one.resolve({ ...taken, number });
    },
    bytes(number, piece) {
      const one = asked.get(number);
      if (one?.what !== TAKE.SEND || !one.gathered.add(piece)) return lie("bytes that nobody asked for");
      watch(one, 0);
    },
    expectEnds() {
      for (const one of asked.values()) watch(one, 0);
    },
    end(why) {
      for (const number of [...asked.keys()]) {
        const one = leave(number);
        if (one?.what === TAKE.KEEP) images.forget(number);
        one?.reject(goneError(why));
      }
    },
  };
}
