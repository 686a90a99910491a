// Who makes the call that is running: known before its first await.
import { type Signal, signal } from "../call.ts";
import { type Account, account } from "../meter/index.ts";

export interface Owner {
  readonly spent: Account;
  /** Fires when the guest is gone. */
  readonly gone: Signal;
}

export const caller = (): Owner => ({ spent: account(), gone: signal() });
