// A call as people and predicates are asked about it.
import type { Signal } from "../call.ts";
import { copyOf } from "./copy.ts";
import type { Args, Crossing } from "./membrane.ts";

/** A call that somebody judges: of what, which, with what. */
export interface Request {
  /** The name of the contract. */
  readonly capability: string;
  readonly call: string;
  /** Copies: what is done to them changes nothing. */
  readonly args: Args;
}

/** A call that somebody is asked about, and what tells them that nobody waits any more. */
export interface SignalledRequest extends Request {
  /** Fires when nobody wants the answer any more. */
  readonly signal: Signal;
}

export const requestOf = ({ contract, call, args }: Crossing): Request => ({
  capability: contract.name,
  call,
  args: copyOf(args),
});
