// Public types, no run-time code.
import type { Capability } from "./clist.ts";
import type { Account } from "./meter.ts";
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
}

/** What a target answers: one CBOR value, one with capabilities in it, an error value, or a promise of one of these. */
export type Reply = Uint8Array | Parcel | Failure;
export interface Failure {
  readonly failed: Uint8Array;
}

/** A value under way: where its contract has a handle, the number is an index of `capabilities`. */
export interface Parcel {
  readonly value: Uint8Array;
  readonly capabilities: readonly Capability[];
  /** Where the handles stand. Only the kernel says so: what it has not found is not there. */
  readonly found?: readonly Found[];
}

export interface CallContext {
  readonly domain: number;
  /** What the embedder said of the calling domain at its birth. */
  readonly owner: unknown;
  /** Who pays for what the target does. */
  readonly account: Account | undefined;
  /** The capabilities in the arguments. */
  readonly capabilities: readonly Capability[];
  readonly found: readonly Found[];
  /** The call was made but its result is no longer wanted: the domain has ended or the capability was revoked. */
  readonly onDropped: (task: () => void) => void;
}

/**
 * What a capability does. `bytes[0, length)` is the checked CBOR array of arguments; it is scratch space of the
 * kernel, valid until the function returns. The reply is copied at once. A throw revokes the capability: `broken`.
 */
export type Target = (
  method: number,
  bytes: Uint8Array,
  length: number,
  context: CallContext,
) => Reply | Promise<Reply>;

/** A span of a memory image. */
export interface ImageChunk {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** Memory with which a domain begins instead of what its module says. Untrusted: it can harm its own domain alone. */
export interface Image {
  readonly pages: number;
  readonly chunks: readonly ImageChunk[];
}

export interface DomainLimits {
  /** Pages of 64 KiB that the domain may ever have. */
  readonly pages: number;
  /** Calls in flight at once. */
  readonly inFlight: number;
}

/** What one run may use. Numbers are of the whole run; `deadline` is a time of the feral clock. */
export interface Allowance {
  readonly fuel: number;
  readonly calls: number;
  /** Bytes over gates, both ways. */
  readonly bytes: number;
  readonly deadline: number;
  /** Asked between slices: true ends the domain as aborted. */
  readonly aborted?: () => boolean;
  /** Of a domain that serves others, in ms: when it answers, and when its first caller comes, fuel and time begin again. */
  readonly perAnswer?: number;
}

export interface Usage {
  readonly fuel: number;
  readonly calls: number;
  readonly bytes: number;
  /** Bytes of memory, now and at most: memory never shrinks. */
  readonly memory: number;
}

/** What a request came to. */
export type Answer =
  | {
      readonly kind: "answered";
      readonly ok: boolean;
      readonly bytes: Uint8Array;
      readonly capabilities: readonly Capability[];
      readonly found: readonly Found[];
    }
  | { readonly kind: "ended"; readonly ending: Ending };

/** One gate call, for whoever watches. */
export interface CallRecord {
  readonly domain: number;
  readonly handle: number;
  readonly contract: string;
  readonly call: string;
  readonly decision: "done" | "failed" | "pending" | "refused";
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Of what was refused or failed: what its caller gets. Valid until the watcher returns. */
  readonly error?: Uint8Array;
  /** The end of a call that was told of as pending. */
  readonly isLate?: true;
}
