// What every key-value store does, in memory or on a disk.

/** How much a store holds. */
export interface KvBounds {
  /** Bytes of one value, as the store counts them. */
  readonly maxValueBytes: number;
  readonly maxEntries: number;
  /** Bytes of all keys and values. */
  readonly maxBytes: number;
}

/** UTF-16 units of a key. */
export const MAX_KEY = 1_024;
/** Entries of one list. */
export const MAX_LISTED = 10_000;
/** Bytes of the values of one list; the first is there whatever it has. Below the kernel's 64 MiB for one value. */
export const MAX_LISTED_BYTES = 8 * 1024 * 1024;
/** No value may be larger, whatever the embedder says: it would not cross. */
export const MAX_VALUE_BYTES = 32 * 1024 * 1024;

export const DEFAULT_KV_BOUNDS: KvBounds = {
  maxValueBytes: 1024 * 1024,
  maxEntries: 100_000,
  maxBytes: 64 * 1024 * 1024,
};

/** A value as the store keeps it. */
export interface Packed {
  readonly size: number;
}

/** An entry before it is changed: looked at only as far as somebody asks. */
export interface Before<P> {
  isThere(): boolean;
  packed(): P | undefined;
}

/** What becomes of an entry. Neither `put` nor `drop`: it stays. */
export interface Change<P, T> {
  readonly answer: T;
  readonly put?: P;
  readonly drop?: boolean;
}

export interface Range {
  readonly prefix: string;
  readonly after: string;
  readonly most: number;
  readonly values: boolean;
}

export interface Listed<P> {
  readonly key: string;
  readonly packed: P | undefined;
}

/** Keys have been checked. Every call is one step: nobody sees a part of it, and what it answers is what has happened. */
export interface KvStore<P extends Packed = Packed> {
  readonly bounds: KvBounds;
  /** A copy to be kept; refuses what cannot be, with E_VALUE or E_TOO_LARGE. */
  pack(value: unknown): P;
  /** A copy to be given away. */
  unpack(packed: P): unknown;
  get(key: string): Promise<P | undefined>;
  /** `decide` may be asked more than once: it changes nothing. What it throws, the call throws. */
  change<T>(key: string, decide: (before: Before<P>) => Change<P, T>): Promise<T>;
  /** In the order of code points. Stops early when values come to more than MAX_LISTED_BYTES. */
  list(range: Range): Promise<readonly Listed<P>[]>;
  size(): Promise<number>;
}
