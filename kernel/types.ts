// Public types, no run-time code.
import type { Capability } from "./clist.ts";
import type { Account } from "./meter.ts";
import type { Monitor } from "./monitor.ts";
import type { Ending } from "./outcome.ts";
import type { Found } from "./shape.ts";

/** The few powers of the host that the kernel needs, passed in by name. */
export interface FeralPowers {
  /** Decodes UTF-8, replacing what is malformed. Used on names of imports and exports. */
  readonly utf8: (bytes: Uint8Array) => string;
  /** Milliseconds, monotonic, with a fraction. */
  readonly now: () => number;
  /** Runs `task` in a later macrotask, after the host's own events. */
  readonly later: (task: () => void) => void;
  /** Who of those that wait is next; of one kernel alone. */
  readonly runQueue: RunQueue;
}

/**
 * Those that wait for the thread. Trusted with liveness alone: a task that it keeps never runs, one that it gives twice
 * does nothing the second time, and endings do not wait here.
 */
export interface RunQueue {
  size(): number;
  push(task: () => void, account: Account): void;
  /** Removes the next. */
  take(): (() => void) | undefined;
  /** A domain of this account had the thread for so long. */
  charge?(account: Account, ms: number): void;
  /** May a domain of this account be entered before those that wait? */
  isDue?(account: Account): boolean;
}

/** What a target answers: one CBOR value, one with capabilities in it, an error value, or a promise of one of these. */
export type Reply = Uint8Array | Parcel | Failure;
/** `later`: no failure, but news: the call takes its time, and a guest that is parked for its result gets a promise. */
export type Failure = { readonly failed: Uint8Array; readonly later?: Promise<Reply> };
export type Replying = Reply | Promise<Reply>;

/** Capabilities in a value under way, where the number of a handle is an index of them, and where the handles stand. */
export type Sent = { readonly capabilities: readonly Capability[]; readonly found: readonly Found[] };
/** Only the kernel says where handles stand: what it has not found is not there. */
export type Parcel = { readonly value: Uint8Array } & Omit<Sent, "found"> & Partial<Sent>;

export interface CallContext extends Sent {
  readonly domain: number;
  /** What the embedder said of the calling domain at its birth. */
  readonly owner: unknown;
  /** Who pays for what the target does. */
  readonly account: Account | undefined;
  /** The call was made but its result is no longer wanted: the domain has ended or the capability was revoked. */
  readonly onDropped: (task: () => void) => void;
  /** A target sets it that promises what others answer at once: the guest is to stand still for it. See `AWAITED`. */
  awaited?: boolean;
}

/**
 * What a capability does. `bytes[0, length)` is the checked CBOR array of arguments; it is scratch space of the
 * kernel, valid until the function returns. The reply is copied at once. A throw revokes the capability: `broken`.
 */
export type Target = (method: number, bytes: Uint8Array, length: number, context: CallContext) => Replying;

/** Bytes at a place in memory. */
export type Chunk = Readonly<{ at: number; bytes: Uint8Array }>;
/**
 * With what a domain begins: memory, as it differs from what its module says or from `base` (which has no base), and its
 * own mutable globals. Untrusted: it can harm its own domain alone.
 */
export type Image = Readonly<{ pages: number; chunks: readonly Chunk[] }> &
  Readonly<{ base?: Image | undefined; globals?: readonly (number | bigint)[] }>;

/** Looks at memory and globals of an idle domain, valid until it returns. */
export type Visit<T> = (memory: Uint8Array, globals: readonly (number | bigint)[]) => T;

/** `pages` of 64 KiB that the domain may ever have; `inFlight`: its calls that may wait at once. */
export type DomainLimits = { readonly pages: number; readonly inFlight: number };

export interface DomainOptions {
  readonly limits: DomainLimits;
  readonly image?: Image;
  /** It is a copy: the number that its first message tells it, so that it forgets what it must not share. */
  readonly incarnation?: number;
  /** Segment mode: one instance serves all such domains of an arena. */
  readonly isShared?: boolean;
  readonly onCall?: (record: CallRecord) => void;
  /** Told to targets. */
  readonly owner?: unknown;
  /** Who pays for what the domain uses. Default: an account of its own, without limits. */
  readonly account?: Account;
  /** Judges every capability that comes into its c-list. */
  readonly monitor?: Monitor | undefined;
}

/** `reasons`: of the artifact's monitors. */
export type PaidOptions = DomainOptions & { readonly account: Account; readonly reasons: readonly string[] };

/** What one run may use, all of it. `bytes`: over gates, both ways; `deadline`: a time of the feral clock. */
export type Allowance = Readonly<Record<"fuel" | "calls" | "bytes" | "deadline", number>> & {
  /** Asked between slices: true ends the domain as aborted. */
  readonly aborted?: () => boolean;
  /** Of a domain that serves others, in ms: when it answers, and when its first caller comes, fuel and time begin again. */
  readonly perAnswer?: number;
};

/** `memory`: bytes now and at most, for memory never shrinks. */
export type Usage = Readonly<Record<"fuel" | "calls" | "bytes" | "memory", number>>;

/** What a request came to. */
export type Answer =
  | ({ readonly kind: "answered"; readonly ok: boolean; readonly bytes: Uint8Array } & Sent)
  | { readonly kind: "ended"; readonly ending: Ending };

export type Decision = "done" | "failed" | "pending" | "refused";
/** What came of a gate call. The answer, an error too, is valid until the watcher returns; a late one was pending. */
export type Told = { readonly decision: Decision; readonly answer?: Uint8Array | undefined; readonly isLate?: boolean };

/** One gate call, for whoever watches. */
export type CallRecord = Readonly<Record<"domain" | "handle" | "bytesIn" | "bytesOut", number>> &
  Readonly<Record<"contract" | "call", string> & Told>;
