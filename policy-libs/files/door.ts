// Where files, readers, writers and watches are opened: counted, paid for, and given back once.
//
// Invariants
//   O1  At most `maxOpen` things of one capability are open, those being opened included.
//   O2  `filesOpened` is charged before anything is opened and refunded once: when it could not be, or is closed.
//   O3  What was opened for a guest that is gone meanwhile is closed.
import { signal } from "../call.ts";
import { type Account, account } from "../meter/index.ts";
import type { Opened } from "./handles.ts";
import { newLife } from "./life.ts";
import { refuse } from "./refusal.ts";
import { payLook, type Tariff } from "./tariff.ts";

export interface Opening<T> {
  open(payer: Account): Promise<T>;
  /** Closes it for a guest that cannot any more. */
  discard(thing: T): Promise<void>;
}

export interface Door {
  /** To be called before the first `await` of a call. */
  open<T>(allegedPath: unknown, opening: Opening<T>): Promise<Opened<T>>;
}

/** Takes one of the things that may be open; the result gives it back, once. */
function take(payer: Account, count: { now: number }, most: number, path: string): () => void {
  if (count.now >= most) refuse("E_QUOTA", path);
  payer.charge("filesOpened", 1);
  count.now++;
  let isTaken = true;
  return () => {
    if (!isTaken) return;
    isTaken = false;
    count.now--;
    payer.refund("filesOpened", 1);
  };
}

export function newDoor(most: number, tariff: Tariff): Door {
  const count = { now: 0 };
  return {
    open: async (allegedPath, { open, discard }) => {
      const [payer, gone, path] = [account(), signal(), String(allegedPath)];
      const release = take(payer, count, most, path);
      try {
        await payLook(payer, tariff);
        const thing = await open(payer);
        return { thing, life: newLife({ path, gone, discard: () => discard(thing), release }), path, tariff };
      } catch (error) {
        release();
        throw error;
      }
    },
  };
}
