// What trials are given: the package, as the page has loaded it.
import type * as Cordon from "../../../embed/index.ts";
import type * as Libraries from "../../../policy-libs/index.ts";

export interface Api {
  readonly cordon: typeof Cordon;
  readonly libraries: typeof Libraries;
}

/** A trial runs in the browser, and what it gives is compared outside of it: plain data. */
export interface Trial {
  run(api: Api): Promise<unknown>;
  readonly gives: unknown;
  /** Needs a host that can suspend a stack, or takes long and is the same without. */
  readonly suspends?: true;
  /** Why it cannot run on this package, or undefined. */
  missing?(api: Api): Promise<string | undefined>;
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The value of a run that must have returned. */
export function gave(result: Cordon.Result): unknown {
  if (result.status === "returned") return result.value;
  throw new Error(JSON.stringify({ ...result, error: "error" in result ? String(result.error) : undefined }));
}

export const statusOf = (result: Cordon.Result): string =>
  result.status === "exhausted" ? `exhausted: ${result.resource}` : result.status;
