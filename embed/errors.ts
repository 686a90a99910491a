// What the embedder did wrong, thrown; what a guest did is a Result. Every code has one row here.

/** Codes are stable: programs, tests and documents hold on to them. Each row says what to do about it. */
export const CODES = {
  E_VALUE: "a value cannot cross: pass plain data (see the path in the message)",
  E_LIMIT: "a limit is unknown or out of its range: see LIMITS for names, units and bounds",
  E_GRANT: "a grant is not made of functions: pass functions in `grant` and data in `inputs`",
  E_POLICY: "a policy does not fit: nothing runs until its file is right (see file, line and column in the message)",
  E_OPTION: "an option is unknown or of the wrong type",
  E_ENGINE: "the engine could not be loaded: build it (`npm run build`) or pass its bytes",
  E_LAYER: "a layer could not be started: nothing above it runs (see the reason in the message)",
  E_TEMPLATE: "a template's source did not return: see how it ended in the message, and the Result in `cause`",
  E_CONTINUATION: "an interrupted run was resumed or cancelled before: each continuation is used once",
  E_SNAPSHOT: "a snapshot cannot be taken or read: see what is wrong with it, and at which byte, in the message",
  E_STORE: "a store of snapshots cannot be opened, read or written: see the path and the reason in the message",
  E_BUSY: "something goes on that must end first: wait for it, or say how long to wait",
  E_DISPOSED: "the sandbox was disposed: make a new one",
} as const;

/** A code of CordonError. */
export type ErrorCode = keyof typeof CODES;

/** Thrown for mistakes of the embedder. `code` is stable, `message` says what, where and what to do. */
export class CordonError extends Error {
  override readonly name = "CordonError";
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Is it a CordonError, of this copy of the package or another? */
export function isCordonError(thrown: unknown, code?: ErrorCode): thrown is CordonError {
  try {
    if (!(thrown instanceof Error) || thrown.name !== "CordonError") return false;
    return code === undefined || (thrown as { code?: unknown }).code === code;
  } catch {
    return false; // a proxy, say: anything may be thrown
  }
}
