// Guest parts in pieces, as they go over a channel: memory may be larger than any frame.
import type { Image } from "../../kernel/index.ts";
import { concat, type Input, type Output } from "../snapshot/bytes.ts";
import { type GuestPart, mostGuestBytes, putGuest, takeGuest } from "../snapshot/guest.ts";

const PIECE = 4 * 1024 * 1024; // bytes

/** Of so many bytes, honestly cut: many small ones would cost whoever gathers them far more than their bytes. */
export const mostPieces = (bytes: number): number => Math.ceil(bytes / PIECE) + 1;

/** A memory as a guest part, in pieces: at least one. */
export function piecesOf({ pages, chunks, globals = [] }: Image): Uint8Array[] {
  const output: Output = [];
  putGuest(output, { pages, chunks, globals });
  return cutUp(concat(output));
}

/** At least one piece. */
export const cutUp = (whole: Uint8Array): Uint8Array[] =>
  Array.from({ length: Math.max(Math.ceil(whole.length / PIECE), 1) }, (_, i) =>
    whole.subarray(i * PIECE, (i + 1) * PIECE),
  );

/** Pieces that have come so far. */
export interface Gathered {
  /** False: they are more than a guest part of so many pages has, in bytes or in pieces, or the piece is empty. */
  add(piece: Uint8Array): boolean;
  /** The guest part that they are; undefined if they are none. */
  whole(): GuestPart | undefined;
}

const NO_PART = new Error("no guest part");
const fail = (): never => {
  throw NO_PART;
};

export function gather(mostPages: number): Gathered {
  const pieces: Uint8Array[] = [];
  const most = mostGuestBytes(mostPages);
  let length = 0;
  return {
    add(piece) {
      length += piece.length;
      if (piece.length === 0 || length > most || pieces.length >= mostPieces(most)) return false;
      pieces.push(piece.slice());
      return true;
    },
    whole() {
      const input: Input = { bytes: concat(pieces), at: 0, end: length, fail };
      try {
        const part = takeGuest(input, mostPages);
        return input.at === input.end ? part : undefined;
      } catch (error) {
        if (error !== NO_PART) throw error;
        return undefined;
      }
    },
  };
}
