// Results: the public form of how a run ended. One table from the kernel's endings.
import type { Ending } from "../kernel/index.ts";
import type { ConsoleLine } from "./output.ts";

/** What a run cost. */
export interface RunUsage {
  /** Work, in units of fuel. */
  readonly fuel: number;
  /** Bytes of memory at most. */
  readonly memory: number;
  /** Calls of what was granted. */
  readonly calls: number;
  /** Bytes over all gates, both ways. */
  readonly bytes: number;
  /** Milliseconds from start to end. */
  readonly wall: number;
}

/** What every result has. */
export interface RunFacts {
  readonly usage: RunUsage;
  /** What the guest said, unless `console` sends it elsewhere. */
  readonly console: readonly ConsoleLine[];
}

/** What a run can exhaust. */
export type Resource = "fuel" | "memory" | "depth" | "wall" | "calls" | "bytes" | "result";

/**
 * What goes on with an interrupted run; its sandbox lives until then. It belongs to this process, does not keep it alive,
 * and holds the guest's memory until it is used or dropped.
 */
export interface Continuation<T = unknown> {
  /**
   * Answers the question and goes on with the run, under what is left of its limits. Resolves with its result, or with the
   * next interruption. Rejects with CordonError E_CONTINUATION when it was used before.
   */
  resume(answer?: unknown): Promise<Result<T>>;
  /** Ends the run, and its sandbox, as aborted. Cannot fail, may be called twice. */
  cancel(): void;
}

/**
 * How a run ended, by `status`, or that it was interrupted. Only `returned`, `threw` and `interrupted` (and some
 * `refused`) leave a sandbox that can go on.
 */
export type Result<T = unknown> = RunFacts &
  (
    | {
        readonly status: "returned";
        readonly value: T /** The last expression's value cannot cross. */;
        readonly omitted?: true;
      }
    /** An Error of this realm with the guest's name, message, code, cause and stack. */
    | { readonly status: "threw"; readonly error: Error }
    | { readonly status: "refused"; readonly by: string; readonly why: string }
    | { readonly status: "exhausted"; readonly resource: Resource }
    | { readonly status: "trapped"; readonly reason: string }
    | { readonly status: "aborted" }
    /** A host function asks something: usage and console are those up to here. */
    | { readonly status: "interrupted"; readonly question: unknown; readonly continuation: Continuation<T> }
  );

/** How a run ended. */
export type Status = Result["status"];

export const NO_USAGE: RunUsage = Object.freeze({ fuel: 0, memory: 0, calls: 0, bytes: 0, wall: 0 });

export const NO_FACTS: RunFacts = Object.freeze({ usage: NO_USAGE, console: [] });
export const refused = (by: string, why: string): Result<never> => ({ status: "refused", by, why, ...NO_FACTS });

export function fromEnding(ending: Ending, facts: RunFacts): Result<never> {
  switch (ending.kind) {
    case "exhausted":
      return { status: "exhausted", resource: ending.resource, ...facts };
    case "trap":
      return { status: "trapped", reason: ending.reason, ...facts };
    case "aborted":
      return { status: "aborted", ...facts };
    case "refused":
      return { status: "refused", by: ending.by, why: ending.why, ...facts };
    case "unlinkable":
      return { status: "refused", by: "kernel", why: `no export ${JSON.stringify(ending.name)}`, ...facts };
    default:
      return {
        status: "refused",
        by: "verifier",
        why: `${ending.kind}: rule ${ending.rule} at byte ${ending.at}`,
        ...facts,
      };
  }
}

export function endingText(ending: Ending): string {
  if (ending.kind === "exhausted") return `it ran out of ${ending.resource}`;
  return ending.kind === "trap" ? `it trapped: ${ending.reason}` : `it ended as ${ending.kind}`;
}

/** What a guest threw, as an Error whatever it was. */
export function asError(value: unknown): Error {
  if (value instanceof Error) return value;
  const error = new Error(`the guest threw ${typeof value === "string" ? JSON.stringify(value) : typeof value}`);
  error.stack = error.message;
  return Object.assign(error, { value });
}
