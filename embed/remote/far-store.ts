// A store of the embedder's, as one sandbox in a worker sees it: there it is kept under its own id, whatever is said here.
//
// Invariants
//   FS1  Each request is answered once: by the embedder's store, or never if that never answers.
//   FS2  A store that does not answer is not asked ever more: then a sandbox sleeps here.
import { concat } from "../snapshot/bytes.ts";
import type { Store } from "../snapshot/store.ts";
import { GOT, OP, type Post } from "./frame.ts";
import { cutUp } from "./pieces.ts";

export interface FarStore {
  readonly store: Store;
  /** The embedder says what came of something that was to be kept, or gives a piece of what was asked for. */
  stored(number: number, isKept: boolean): void;
  got(number: number, kind: number, isLast: boolean, piece: Uint8Array): void;
}

interface Asked extends PromiseWithResolvers<Uint8Array | undefined> {
  readonly pieces: Uint8Array[];
}

/** Naps that are to be kept at once. */
const MOST_PUTS = 3;

const unable = (what: string): Error => new Error(`the embedder's store could not ${what} it`);
const absent = (): never => {
  throw new Error("a sandbox in a worker keeps itself, and gets itself back");
};

export function newFarStore(post: Post): FarStore {
  const asked = new Map<number, Asked>();
  let [last, puts] = [0, 0];
  const ask = (begin: (number: number) => void): Promise<Uint8Array | undefined> => {
    const one = { ...Promise.withResolvers<Uint8Array | undefined>(), pieces: [] };
    asked.set(++last, one);
    begin(last);
    return one.promise;
  };
  const answered = (number: number): Asked | undefined => {
    const one = asked.get(number);
    asked.delete(number);
    return one;
  };
  const store: Store = {
    async put(_id, bytes) {
      if (puts >= MOST_PUTS) throw unable("keep");
      const pieces = cutUp(bytes);
      puts++;
      await ask((number) => {
        for (const [i, piece] of pieces.entries()) post(OP.PUT, [number, i === pieces.length - 1], piece);
      }).finally(() => puts--);
    },
    get: () => ask((number) => post(OP.GET, [number])),
    // The embedder does that: it knows when the sandbox has ended, whatever became of the worker.
    delete: async () => true,
    ...{ ids: absent, close: absent },
  };
  return {
    store,
    stored(number, isKept) {
      const one = answered(number);
      if (isKept) one?.resolve(undefined);
      else one?.reject(unable("keep"));
    },
    got(number, kind, isLast, piece) {
      asked.get(number)?.pieces.push(piece.slice());
      if (!isLast) return;
      const one = answered(number);
      if (kind === GOT.FAILED) one?.reject(unable("give back"));
      else one?.resolve(kind === GOT.NOTHING ? undefined : concat(one.pieces));
    },
  };
}
