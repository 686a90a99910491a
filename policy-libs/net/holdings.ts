// What a guest holds open, tied to its owner: one slot of the grant, and one item of the owner's account.
//
// Invariants
//   O1  At most `most` things are open for one grant, those that are being opened included.
//   O2  Each is given back exactly once, by whichever comes first: close(), a failure to open, the end of the call that
//       opens it, the end of the guest's handle (unused.ts), the embedder's signal.
//   O3  After the guest's end nothing stays open.
import { onAbort } from "../abort.ts";
import type { Signal } from "../call.ts";
import type { Owner } from "./owner.ts";
import { refuse } from "./refusal.ts";

export interface Holding {
  readonly isOpen: boolean;
  /** What is to be closed. Closed at once if the holding has ended meanwhile. */
  fill(close: () => void): void;
  /** True the first time. */
  end(): boolean;
}

export interface Holdings {
  /** E_MOST_OPEN, or what the account says. */
  reserve(resource: "inSockets" | "outSockets", owner: Owner): Holding;
}

/** `until` closes everything when it fires. */
export function newHoldings(most: number, until?: Signal): Holdings {
  let open = 0;

  function begin(resource: "inSockets" | "outSockets", { spent, gone }: Owner): Holding {
    let isOpen = true;
    let close = (): void => undefined;
    const end = (): boolean => {
      if (!isOpen) return false;
      isOpen = false;
      open--;
      for (const forget of forgets) forget();
      spent.refund(resource, 1);
      close();
      return true;
    };
    const forgets = [gone, until].map((signal) => (signal === undefined ? () => undefined : onAbort(signal, end)));
    return {
      get isOpen() {
        return isOpen;
      },
      fill(task) {
        if (isOpen) close = task;
        else task();
      },
      end,
    };
  }

  return {
    reserve(resource, owner) {
      if (owner.gone.aborted || until?.aborted === true) refuse("E_ENDED");
      if (open >= most) refuse("E_MOST_OPEN");
      owner.spent.charge(resource, 1);
      open++;
      return begin(resource, owner);
    },
  };
}
