// The body of an answer that somebody pushes: bounded by asking for a pause.
import { newByteQueue } from "../net/bytes.ts";
import type { Inflow } from "./place.ts";

export interface Flow {
  readonly inflow: Inflow;
  push(bytes: Uint8Array): void;
  /** The end, or what went wrong. */
  end(how: "ended" | Error): void;
}

export interface FlowOptions {
  /** Bytes in the buffer at which the sender is to pause. */
  readonly maxBuffer: number;
  readonly pause: () => void;
  readonly resume: () => void;
  readonly cancel: () => void;
}

export function newFlow({ maxBuffer, pause, resume, cancel }: FlowOptions): Flow {
  const unread = newByteQueue();
  let state: "open" | "ended" | Error = "open";
  let isPaused = false;
  let isCancelled = false;
  let changed = (): void => undefined;
  const inflow: Inflow = {
    available: () => unread.size,
    take(most) {
      const bytes = unread.take(most);
      if (isPaused && unread.size < maxBuffer) {
        isPaused = false;
        resume();
      }
      return bytes;
    },
    state: () => state,
    cancel() {
      if (isCancelled) return;
      isCancelled = true;
      unread.clear();
      cancel();
    },
    watch(task) {
      changed = task;
    },
  };
  return {
    inflow,
    push(bytes) {
      if (isCancelled || state !== "open") return;
      unread.push(bytes);
      if (unread.size >= maxBuffer && !isPaused) {
        isPaused = true;
        pause();
      }
      changed();
    },
    end(how) {
      if (state === "open") state = how;
      changed();
    },
  };
}
