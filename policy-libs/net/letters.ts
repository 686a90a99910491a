// Datagrams that wait to be received: bounded in number and in bytes; what has no room is lost, as datagrams may be.
import type { Letter } from "./place.ts";

/** Bytes of all that wait at one mailbox. */
const MAX_BYTES = 1 << 20;

export interface Letters {
  add(letter: Letter): void;
  first(): number | undefined;
  take(): Letter | undefined;
  clear(): void;
}

export function newLetters(most: number): Letters {
  let waiting: Letter[] = [];
  let size = 0;
  return {
    add(letter) {
      if (waiting.length >= most || size + letter.bytes.length > MAX_BYTES) return;
      waiting.push(letter);
      size += letter.bytes.length;
    },
    first: () => waiting[0]?.bytes.length,
    take() {
      const letter = waiting.shift();
      size -= letter?.bytes.length ?? 0;
      return letter;
    },
    clear() {
      waiting = [];
      size = 0;
    },
  };
}
