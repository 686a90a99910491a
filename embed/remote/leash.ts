// What a sandbox in a worker uses, in its embedder's account; and what the account allows, told to the worker.
//
// The worker's kernel counts; here it is added up. A limit that many sandboxes share is looked at now and then, so that
// together they may use more than it: as much as they can between two looks.
//
// Invariants
//   LE1  What was used is never taken back: a worker that says less than before is not believed.
//   LE2  Once the sandbox has ended it holds nothing.

import type { Ending, Resource } from "../../kernel/index.ts";
import { adjust, available, frozenAt } from "../../kernel/index.ts";
import { type Meter, RESOURCES } from "../../policy-libs/index.ts";
import type { Limits } from "../limits.ts";
import type { Amounts } from "./plan-data.ts";
import type { Used } from "./read.ts";

/** By the index of RESOURCES: those that the kernel charges itself. */
const NAMES = ["fuel", "memory", "calls", "bytes", "inFlight", "domains"] as const;
const HELD: readonly string[] = ["memory", "inFlight", "domains"];
/** What a run is ended for when an account above has no more of it. */
const ENDS: readonly (Resource & (typeof NAMES)[number])[] = ["fuel", "calls", "bytes"];

export interface Leash {
  /** What the worker's kernel may use, of what has a limit here. */
  limits(): Amounts;
  /** It is about to be made: of two that are made at once the second finds what the first has left. */
  reserve(): void;
  /** The worker says what the sandbox uses. */
  note(used: Used): void;
  /** Tells the worker what has changed, and ends what may use no more. */
  look(isBusy: boolean): void;
  end(): void;
}

export function newLeash(
  { account }: Meter,
  limits: Limits,
  tell: (limits: Amounts, isFrozen: boolean) => void,
  end: (ending: Ending) => void,
): Leash {
  const noted = NAMES.map(() => 0);
  // Those that it makes are among its domains.
  const most: Readonly<Record<string, number>> = { memory: limits.memory, inFlight: limits.inFlight, domains: 10_000 };
  let told = "";
  const index = (name: string): number => (RESOURCES as readonly string[]).indexOf(name);

  function allowed(): Amounts {
    const rows = NAMES.map((name, at) => [name, available(account, index(name)) + (noted[at] as number)] as const);
    return Object.fromEntries(rows.map(([name, left]) => [name, Math.min(Math.max(left, 0), Number.MAX_SAFE_INTEGER)]));
  }
  function charge(at: number, now: number): void {
    const change = now - (noted[at] as number);
    if (change === 0) return;
    noted[at] = now;
    adjust(account, index(NAMES[at] as string), change);
  }
  return {
    limits: allowed,
    reserve: () => charge(NAMES.indexOf("domains"), 1),
    note(used) {
      NAMES.forEach((name, at) => {
        const bound = most[name] ?? Infinity;
        charge(at, HELD.includes(name) ? Math.min(used[name], bound) : Math.max(used[name], noted[at] as number));
      });
    },
    look(isBusy) {
      if (!isBusy) return;
      const used = ENDS.find((name) => available(account, index(name)) <= 0);
      if (used !== undefined) end({ kind: "exhausted", resource: used });
      const now: [Amounts, boolean] = [allowed(), frozenAt(account) !== undefined];
      const text = JSON.stringify(now);
      if (text !== told) tell(...now);
      told = text;
    },
    end() {
      NAMES.forEach((name, at) => {
        if (HELD.includes(name)) charge(at, 0);
      });
    },
  };
}
