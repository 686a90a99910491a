// A worker as a place for sandboxes.
import { CordonError } from "../errors.ts";
import type { Place } from "../pool/place.ts";
import type { Channel } from "./channel.ts";
import { newHome } from "./home.ts";
import { placeRemotely } from "./home-box.ts";

/** A thread or a process that serves sandboxes, however it was started. */
export interface Hired {
  readonly channel: Channel;
  /** Why it ended, if its host knows more than that it did: "out of memory", say. */
  why(): string | undefined;
  /** It has ended by itself, and not because all was well. */
  isFaulty(): boolean;
  /** Ends it, at once if it does not by itself. Resolves when it has. */
  dismiss(): Promise<void>;
}

export interface WorkerPlace extends Place {
  /** It can serve; rejects if it is lost before. */
  readonly ready: Promise<void>;
  /** Resolves with the reason once it is lost. */
  readonly lost: Promise<string>;
  end(why: string): void;
}

export function newWorkerPlace(hired: Hired): WorkerPlace {
  const [ready, lost] = [Promise.withResolvers<void>(), Promise.withResolvers<string>()];
  ready.promise.catch(() => undefined);
  const { channel } = hired;
  let [isWanted, isWaiting] = [false, false];
  const hold = (): void => channel.hold(isWanted || isWaiting);
  const home = newHome({
    ...{ channel, onReady: ready.resolve, explain: hired.why },
    onWaiting(is) {
      isWaiting = is;
      hold();
    },
    onLost(why) {
      ready.reject(new CordonError("E_ENGINE", `a worker could not be started: ${why}`));
      lost.resolve(why);
    },
  });
  return {
    ...{ ready: ready.promise, lost: lost.promise, end: home.lose },
    make: (plan, sharing) => placeRemotely(home, plan, sharing),
    hold(is) {
      isWanted = is;
      hold();
    },
  };
}
