// Host functions that wait until the rates of one resource let one account use it. One timer for all of them, however
// many there are: a guest chooses how many, and pays for none.
import { chargeAccount, type Account as Ledger } from "../../kernel/index.ts";
import { checkAlive } from "../abort.ts";
import type { Signal } from "../call.ts";
import { newLine } from "../line.ts";
import { nodeOf } from "./meter.ts";
import { countWaiting, delayOf } from "./node.ts";
import { hostTime } from "./time.ts";

/** `never`: a rate of 0 holds nothing any more. `overdrawn`: nothing was charged. */
export type Outcome = "charged" | "overdrawn" | "never";

export interface Queue {
  /** Resolves when it was this one's turn, and `amount` was charged or not. */
  enter(amount: number, dropped: Signal): Promise<Outcome> | Outcome;
  /** Would it be its turn at once? */
  isReady(): boolean;
}

const LONGEST = 2 ** 30; // ms, below what hosts' timers can

export function newQueue(account: Ledger, index: number): Queue {
  const line = newLine<number, Outcome>();
  const node = nodeOf(account);
  const time = node?.time ?? hostTime;
  const delay = (): number => (node === undefined ? 0 : delayOf(node, index));
  const count = (change: 1 | -1): void => (node === undefined ? undefined : countWaiting(node, index, change));
  let cancel: (() => void) | undefined;

  const charge = (amount: number): Outcome =>
    amount === 0 || chargeAccount(account, index, amount) ? "charged" : "overdrawn";
  function left(): void {
    count(-1);
    if (line.size > 0) return;
    cancel?.();
    cancel = undefined;
  }
  function serve(): void {
    cancel = undefined;
    for (let amount = line.first(); amount !== undefined; amount = line.first()) {
      const ms = delay();
      if (ms > 0 && ms < Infinity) {
        cancel = time.after(Math.min(ms, LONGEST), serve);
        return;
      }
      line.serve(ms === Infinity ? "never" : charge(amount));
    }
  }
  return {
    enter(amount, dropped) {
      checkAlive(dropped);
      const ms = line.size === 0 ? delay() : 1;
      if (ms === 0) return charge(amount);
      if (ms === Infinity) return "never";
      const { done } = line.enter(amount, dropped, left);
      count(1);
      if (cancel === undefined) serve();
      return done;
    },
    isReady: () => line.size === 0 && delay() === 0,
  };
}
