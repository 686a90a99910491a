// The segments in which engines live side by side, in one memory.
import { GUARD, type Mode } from "../kernel/index.ts";

/** 4 MiB each: the engine begins with 1.3 MiB. `dist/engine.segment.wasm` is made for these and for no others. */
export const ENGINE_SEGMENT: Extract<Mode, { kind: "segment" }> = { kind: "segment", mask: 2 ** 22 - 1, guard: GUARD };

/** Bytes of memory that a sandbox has in it at most. */
export const SEGMENT: number = ENGINE_SEGMENT.mask + 1;
