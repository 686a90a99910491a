// Pools for tests: in every isolation, and over workers that the test holds in its hand.

import { newEngine } from "../../embed/engine.ts";
import { createCordon, type Isolation, nodePowers, type Pool, type PoolOptions } from "../../embed/node/index.ts";
import { hiring } from "../../embed/node/workers/hire.ts";
import type { Channel } from "../../embed/remote/channel.ts";
import { serveFar } from "../../embed/remote/far.ts";
import type { Hired } from "../../embed/remote/worker-place.ts";

export const ISOLATIONS: readonly Isolation[] = ["inline", "worker", "process"];
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const cordon = createCordon(nodePowers);
export const poolOf = (options: PoolOptions = {}): Promise<Pool> => cordon.createPool({ workers: 1, ...options });

/** A pool, and the workers that it has hired so far. */
export async function watchedPool(options: PoolOptions): Promise<{ pool: Pool; hired: Hired[] }> {
  const hired: Hired[] = [];
  const own = createCordon({
    ...nodePowers,
    hiring: async () => ({
      parallel: 2,
      async hire(isolation) {
        const one = await hiring.hire(isolation);
        hired.push(one);
        return one;
      },
    }),
  });
  return { pool: await own.createPool(options), hired };
}

/** Two ends of a channel in this thread; what is posted arrives in a later task. */
export function channels(): [Channel, Channel] {
  const ends = [0, 1].map(() => ({ onFrame: (_frame: Uint8Array): void => undefined, onClose: (): void => undefined }));
  let isOpen = true;
  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    for (const { onClose } of ends) onClose();
  };
  const end = (mine: number): Channel => ({
    post(frame) {
      setImmediate(() => isOpen && ends[1 - mine]?.onFrame(frame));
    },
    listen: (onFrame, onClose) => void Object.assign(ends[mine] as object, { onFrame, onClose }),
    close,
    hold: () => undefined,
  });
  return [end(0), end(1)];
}

/** A pool of one worker that is what `serve` makes of its end of the channel. */
export async function poolOver(serve: (channel: Channel) => void, options: PoolOptions = {}): Promise<Pool> {
  const own = createCordon({
    ...nodePowers,
    hiring: async () => ({
      parallel: 2,
      async hire() {
        const [ours, theirs] = channels();
        serve(theirs);
        return { channel: ours, why: () => undefined, isFaulty: () => false, dismiss: async () => ours.close() };
      },
    }),
  });
  return own.createPool({ isolation: "worker", workers: 1, ...options });
}

/** A worker in this thread: all that a thread or a process is, but for what confines it. */
const engine = newEngine(nodePowers);
export const farOf = (channel: Channel): void =>
  serveFar(engine, channel, (why) => {
    throw new Error(why);
  });
