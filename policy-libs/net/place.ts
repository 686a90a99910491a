// What a network does, virtual or real, without policy: it gets addresses that were parsed and granted already, and
// never waits for a guest. Whoever asks comes again when `watch` tells of a change.
import type { Address } from "./address.ts";
import type { Later } from "./deadline.ts";

export interface Pair {
  readonly address: Address;
  readonly port: number;
}

/** Where a connection or a datagram comes from; what is left out, the place chooses. */
export interface LocalWish {
  readonly address?: Address | undefined;
  readonly port?: number | undefined;
}

/** One end of a TCP connection. */
export interface Stream {
  readonly local: Pair;
  readonly remote: Pair;
  /** Bytes that can be taken now. While there are any, `incoming` does not matter. */
  available(): number;
  take(most: number): Uint8Array;
  /** "ended": the peer will send nothing more. "broken": the connection is lost. */
  incoming(): "open" | "ended" | "broken";
  /** Bytes that can be put now. */
  room(): number;
  /** At most `room` bytes; copied. */
  put(bytes: Uint8Array): void;
  /** Can the peer still get what is put? */
  outgoing(): "open" | "broken";
  endWriting(): void;
  /** What was put before still goes out. */
  close(): void;
  /** One watcher: a second call takes the first one's place. */
  watch(changed: () => void): void;
}

export interface Acceptor {
  readonly local: Pair;
  /** Is a connection waiting? */
  isWaiting(): boolean;
  take(): Stream | undefined;
  /** What was taken before stays open; what still waits is reset. */
  close(): void;
  watch(changed: () => void): void;
}

export interface Letter {
  readonly bytes: Uint8Array;
  readonly from: Pair;
}

export interface Mailbox {
  readonly local: Pair;
  /** Size of the first letter, or undefined. */
  waiting(): number | undefined;
  take(): Letter | undefined;
  post(bytes: Uint8Array, to: Pair): Promise<void>;
  close(): void;
  watch(changed: () => void): void;
}

export interface Attempt<T> {
  readonly made: Promise<T>;
  /** `made` rejects, or what comes of it is closed. */
  cancel(): void;
}

export interface NetPlace {
  /** Addresses as some resolver says them: alleged. Rejects with E_NAME. */
  lookup(name: string): Promise<readonly unknown[]>;
  connect(to: Pair, from: LocalWish): Attempt<Stream>;
  listen(at: Pair): Promise<Acceptor>;
  bind(at: Pair): Promise<Mailbox>;
  /** This host's own addresses. */
  addresses(): readonly string[];
  readonly later: Later;
}
