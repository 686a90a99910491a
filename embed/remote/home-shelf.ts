// Where a sandbox in a worker sleeps that has a store: the worker packs it, the embedder's store keeps the bytes.
//
// Invariants
//   SH1  A worker reaches one id of the store, that of its sandbox, and nothing once the sandbox has ended.
//   SH2  What is kept is at most as long as a packed memory of its limit can be; only so many requests are open at once.
//   SH3  What was put is deleted when the sandbox ends, whatever the worker says or does not say.
import { fetchFrom, type Shelf, storeError, takeFrom } from "../hibernation/bed.ts";
import { concat } from "../snapshot/bytes.ts";
import { mostPacked } from "../snapshot/packed.ts";
import { GOT, OP, type Post } from "./frame.ts";
import { cutUp, mostPieces } from "./pieces.ts";

export interface HomeShelf {
  put(number: number, isLast: boolean, piece: Uint8Array): void;
  get(number: number): void;
  /** Why the store did not give it back, the last time. */
  cause(): unknown;
  clear(): void;
}

export interface HomeShelfParts {
  readonly shelf: Shelf | undefined;
  readonly id: string;
  readonly post: Post;
  /** Bytes of memory that it may have. */
  readonly memory: number;
  readonly lie: (what: string) => void;
  /** The store has it. */
  readonly onKept: () => void;
  /** It waits for the store, or does so no more. */
  readonly onFetch: (isFetching: boolean) => void;
  /** The worker has it back. */
  readonly onGiven: () => void;
  /** Nobody else has the id. */
  readonly isFree: () => boolean;
}

/** What an honest worker asks for at once: three naps are to be kept, and one is to be had back. */
const MOST_OPEN = 4;
const NOTHING = new Uint8Array(0);

interface Coming {
  readonly pieces: Uint8Array[];
  length: number;
}

/** Pieces of what is to be kept, by their numbers. */
function newComing(memory: number) {
  const all = new Map<number, Coming>();
  const most = mostPacked(memory);
  return {
    all,
    /** Undefined: it is more than can be. `open`: requests besides these. */
    add(number: number, piece: Uint8Array, open: number): Coming | undefined {
      const known = all.get(number);
      if (known === undefined && open + all.size >= MOST_OPEN) return undefined;
      const one = known ?? { pieces: [], length: 0 };
      one.length += piece.length;
      if (one.length > most || one.pieces.length >= mostPieces(most)) return undefined;
      one.pieces.push(piece.slice());
      all.set(number, one);
      return one;
    },
  };
}

export function newHomeShelf(parts: HomeShelfParts): HomeShelf {
  const { shelf, id, post, memory, lie, onKept, onFetch, onGiven, isFree } = parts;
  const coming = newComing(memory);
  let [open, fetches, isStored, isCleared] = [0, 0, false, false];
  let [why, latest]: [unknown, number] = [undefined, 0];

  async function keep({ store, onError }: Shelf, number: number, { pieces }: Coming): Promise<void> {
    isStored = true;
    latest = number;
    open++;
    try {
      await store.put(id, concat(pieces));
      // It may have come after the deletion.
      if (isCleared) return void (isFree() && takeFrom({ store, onError }, id));
      if (number === latest) onKept();
      post(OP.STORED, [number, true]);
    } catch (cause) {
      onError(storeError(id, "cannot be stored, it is kept in memory", cause));
      if (!isCleared) post(OP.STORED, [number, false]);
    } finally {
      open--;
    }
  }
  async function give(from: Shelf, number: number): Promise<void> {
    open++;
    onFetch(++fetches > 0);
    why = undefined;
    try {
      const found = await fetchFrom(from, id);
      if (isCleared) return;
      const pieces = found === undefined ? [NOTHING] : cutUp(found);
      const kind = found === undefined ? GOT.NOTHING : GOT.BYTES;
      if (found !== undefined) onGiven();
      for (const [i, piece] of pieces.entries()) post(OP.GOT, [number, kind, i === pieces.length - 1], piece);
    } catch (error) {
      why = (error as Error).cause;
      if (!isCleared) post(OP.GOT, [number, GOT.FAILED, true]);
    } finally {
      open--;
      onFetch(--fetches > 0);
    }
  }
  return {
    put(number, isLast, piece) {
      const one = coming.add(number, piece, open);
      if (shelf === undefined || one === undefined) return lie("bytes for a store that are not its to send");
      if (isLast && coming.all.delete(number) && !isCleared) void keep(shelf, number, one);
    },
    get(number) {
      if (shelf === undefined || open >= MOST_OPEN) return lie("a question to a store that it has not");
      if (!isCleared) void give(shelf, number);
    },
    cause: () => why,
    clear() {
      if (!isCleared && isStored && shelf !== undefined) void takeFrom(shelf, id);
      isCleared = true;
      coming.all.clear();
    },
  };
}
