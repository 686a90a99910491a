// Where sandboxes of a pool live: on this thread, or on a worker's. What differs between isolations is this and nothing
// else: options are checked and jobs are planned before, in one way for all.
import type { Account } from "../../kernel/index.ts";
import type { Priority } from "../../policy-libs/index.ts";
import type { Plan } from "../birth.ts";
import type { Engine } from "../engine.ts";
import type { Job } from "../job.ts";
import type { Result } from "../result.ts";
import type { DomainState } from "./domain-state.ts";

/** What a copy is to be: its plan, and what was said of it that the original's does not say. */
export interface Copy {
  readonly plan: Plan;
  readonly options: object;
}

export interface SaveOptions {
  readonly key: Uint8Array | undefined;
  readonly wait: number;
}

/** A sandbox in its place. */
export interface Placed {
  /** `onOver` is called once the run is over: later than its first result if that is an interruption. */
  perform(job: Job, onOver: () => void): Promise<Result>;
  /** A copy at the same place, in its turn and at rest. Rejects with CordonError, E_BUSY after `wait` ms say. */
  fork(copy: Copy, wait: number): Promise<Making>;
  /** As bytes, sealed with the key. `engine`: the embedder's own. */
  save(options: SaveOptions, engine: () => Promise<Engine>): Promise<Uint8Array<ArrayBuffer>>;
  /** Gives its memory away until it is used. */
  sleep(wait: number): Promise<void>;
  /** Undefined while it lives, else how it ended. */
  ended(): string | undefined;
  state(): DomainState;
  /** What it uses: counted on this side. */
  readonly account: Account;
  /** Ends whatever runs. Cannot fail, may be called twice. */
  dispose(): void;
}

/** A sandbox that is being made: runs may be put to it before it is known whether that works. */
export interface Making extends Placed {
  /** Rejects with CordonError where no sandbox can be made. */
  readonly made: Promise<void>;
}

/** A tenant, as the scheduler of a thread knows it: its part, and before whom it has the thread. */
export interface Sharing {
  readonly name: string;
  readonly share: number;
  readonly priority: Priority;
}

export interface Place {
  /** `sharing`: among which tenants the place is shared, and how. */
  make(plan: Plan, sharing: Sharing): Promise<Making>;
  /** Keep the process alive for what it does, or do not. */
  hold(isWanted: boolean): void;
}
