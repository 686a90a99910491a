// Frames: memories of domains in `frame` mode, and the pool that they come from.
//
// Invariants
//   FR1  A frame serves only tenants whose size at birth is its real size, and reads as zero to a new tenant: nothing
//        tells of a former one. A frame that grew is dropped.
//   FR2  A frame comes back only after every stack that was entered on it has returned or unwound (domain.ts calls
//        `release` when nothing runs or is parked).
// Trust
//   Trusted by domain.ts. Guard pages of the host engine confine the guest to its frame.
import { type EngineMemory, newMemory } from "./engine.ts";
import { MAX_PAGES, PAGE } from "./limits.ts";

export type Frame = { readonly memory: EngineMemory; readonly initialPages: number };
export type FramePool = ReturnType<typeof newFramePool>;

/** Frames kept per size. Each holds address space of the host: 8 GB of V8's. */
const KEPT = 32;

export function newFramePool() {
  const idle = new Map<number, Frame[]>();
  return {
    take: (pages: number): Frame =>
      idle.get(pages)?.pop() ?? { memory: newMemory(pages, MAX_PAGES), initialPages: pages },
    release(frame: Frame): void {
      const kept = idle.get(frame.initialPages) ?? [];
      if (frame.memory.buffer.byteLength !== frame.initialPages * PAGE || kept.length >= KEPT) return;
      new Uint8Array(frame.memory.buffer).fill(0);
      idle.set(frame.initialPages, kept);
      kept.push(frame);
    },
  };
}
