// Stand-in until the kernel's part lands: a signal that never fires.
import type { AbortSource } from "./abort.ts";

const NEVER: AbortSource = Object.freeze({
  aborted: false,
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
});

/** Fires when the guest of the running call has ended or the capability was revoked. Ask before the first `await`. */
export const signal = (): AbortSource => NEVER;
