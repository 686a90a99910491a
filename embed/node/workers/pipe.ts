// A channel over a pipe: before each frame its length in four bytes.
import type { Duplex } from "node:stream";
import type { Channel } from "../../remote/channel.ts";
import { MOST_FRAME } from "../../remote/frame.ts";

const LENGTH = 4; // bytes

/** Cuts a stream into frames. A length that no frame has ends it: undefined. */
export function newCutter(onFrame: (frame: Uint8Array) => void): (piece: Uint8Array) => boolean {
  let pieces: Uint8Array[] = [];
  let have = 0;

  /** The first `count` bytes of what is there, copied and taken off. */
  function take(count: number): Uint8Array {
    const whole = pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces);
    pieces = whole.length > count ? [whole.subarray(count)] : [];
    have -= count;
    return new Uint8Array(whole.subarray(0, count));
  }
  let wanted: number | undefined;
  return (piece) => {
    pieces.push(piece);
    have += piece.length;
    for (;;) {
      if (wanted === undefined) {
        if (have < LENGTH) return true;
        wanted = new DataView(take(LENGTH).buffer).getUint32(0);
        if (wanted > MOST_FRAME) return false;
      }
      if (have < wanted) return true;
      onFrame(take(wanted));
      wanted = undefined;
    }
  };
}

/**
 * Hands on frames one by one, each in a turn of its own, as a port does: what follows from one has happened before the
 * next is looked at. The end comes last.
 */
export function newTurns(onFrame: (frame: Uint8Array) => void, onClose: () => void) {
  const frames: Uint8Array[] = [];
  let [isArmed, isClosed] = [false, false];
  function turn(): void {
    isArmed = false;
    const frame = frames.shift();
    if (frame !== undefined) onFrame(frame);
    else if (isClosed) return onClose();
    arm();
  }
  function arm(): void {
    if (isArmed || (frames.length === 0 && !isClosed)) return;
    isArmed = true;
    setImmediate(turn);
  }
  return {
    add(frame: Uint8Array): void {
      frames.push(frame);
      arm();
    },
    close(): void {
      isClosed = true;
      arm();
    },
  };
}

interface Holding {
  ref(): unknown;
  unref(): unknown;
}

export function pipeChannel(stream: Duplex & Partial<Holding>, holding: readonly Holding[]): Channel {
  return {
    post(frame) {
      if (!stream.writable) return;
      const head = new Uint8Array(LENGTH);
      new DataView(head.buffer).setUint32(0, frame.length);
      stream.cork();
      stream.write(head);
      stream.write(frame);
      stream.uncork();
    },
    listen(onFrame, onClose) {
      const turns = newTurns(onFrame, onClose);
      const cut = newCutter(turns.add);
      stream.on("data", (piece: Uint8Array) => {
        if (!cut(piece)) turns.add(new Uint8Array(0)); // no frame at all
      });
      stream.on("error", () => undefined); // "close" follows
      stream.on("close", turns.close);
    },
    close: () => void stream.destroy(),
    hold(isWanted) {
      for (const one of holding) isWanted ? one.ref() : one.unref();
    },
  };
}
