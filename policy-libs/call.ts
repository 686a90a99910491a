// Stand-in until the kernel's part lands: a signal that never fires.

/** The part of an AbortSignal that is used here: policy libraries name nothing of a browser or of Node. */
export interface AbortSource {
  readonly aborted: boolean;
  addEventListener(type: "abort", task: () => void): void;
  removeEventListener(type: "abort", task: () => void): void;
}

const NEVER: AbortSource = Object.freeze({
  aborted: false,
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
});

/** Fires when the guest of the running call has ended or the capability was revoked. Ask before the first `await`. */
export const signal = (): AbortSource => NEVER;
