// Signals of the embedder. One that is not the host's own may throw: then nothing says that the guest may go on.
import { CordonError } from "./errors.ts";

export function checkSignal(signal: unknown): void {
  if (signal === undefined || isSignal(signal)) return;
  throw new CordonError("E_OPTION", "signal must be an AbortSignal");
}

function isSignal(value: unknown): boolean {
  try {
    const { aborted, addEventListener, removeEventListener } = value as AbortSignal;
    return (
      typeof aborted === "boolean" && [addEventListener, removeEventListener].every((f) => typeof f === "function")
    );
  } catch {
    return false;
  }
}

export function isAborted(signal: AbortSignal | undefined): boolean {
  try {
    return signal?.aborted === true;
  } catch {
    return true;
  }
}

/** Calls `abort` once it fires; the result stops listening. */
export function onAbort(signal: AbortSignal | undefined, abort: () => void): () => void {
  try {
    signal?.addEventListener("abort", abort, { once: true });
  } catch (cause) {
    throw new CordonError("E_OPTION", "signal threw when it was listened to", { cause });
  }
  return () => {
    try {
      signal?.removeEventListener("abort", abort);
    } catch {
      // `abort` is harmless after the end.
    }
  };
}
