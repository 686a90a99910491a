// What exchanging a request for an answer is, virtual or real, without policy: address and request were checked.
import type { Address } from "../net/address.ts";
import type { Later } from "../net/deadline.ts";
import type { Attempt } from "../net/place.ts";
import type { Header } from "./headers.ts";
import type { HttpUrl } from "./url.ts";

/** Gives the next piece of a body; no bytes at its end. */
export type Pull = () => Promise<Uint8Array>;

export interface Outgoing {
  readonly url: HttpUrl;
  /** The only address that is connected to. */
  readonly address: Address;
  readonly method: string;
  readonly headers: readonly Header[];
  readonly body: Uint8Array | Pull | undefined;
}

/** The body of an answer as it comes in. */
export interface Inflow {
  available(): number;
  take(most: number): Uint8Array;
  /** Does not matter while anything is available. An error is one of this capability. */
  state(): "open" | "ended" | Error;
  cancel(): void;
  watch(changed: () => void): void;
}

export interface Incoming {
  readonly status: number;
  readonly statusText: string;
  /** Names in small letters. */
  readonly headers: readonly Header[];
  readonly body: Inflow;
}

export interface HttpPlace {
  lookup(name: string): Promise<readonly unknown[]>;
  exchange(outgoing: Outgoing): Attempt<Incoming>;
  readonly later: Later;
}
