// One sandbox of a worker, as the embedder's side has it.
import { type Ending, frozenAt } from "../../kernel/index.ts";
import type { Meter } from "../../policy-libs/index.ts";
import type { CallMeter } from "../birth.ts";
import { CordonError } from "../errors.ts";
import type { DomainState } from "../pool/domain-state.ts";
import type { Sharing } from "../pool/place.ts";
import { endingText } from "../result.ts";
import type { Watchers } from "../watchers.ts";
import type { Post } from "./frame.ts";
import type { Copied } from "./home-copies.ts";
import { type HomeRuns, isParked } from "./home-runs.ts";
import type { HomeShelf } from "./home-shelf.ts";
import { goneError } from "./home-takes.ts";
import type { HomeTime } from "./home-time.ts";
import type { Leash } from "./leash.ts";
import type { Passage } from "./passage.ts";

export interface State extends Copied {
  readonly sharing: Sharing;
  readonly id: number;
  readonly post: Post;
  readonly meter: CallMeter;
  readonly account: Meter;
  readonly passage: Passage;
  readonly watchers: Watchers;
  readonly runs: HomeRuns;
  readonly leash: Leash;
  readonly shelf: HomeShelf;
  /** Where the guest's time is its own. */
  readonly time: HomeTime | undefined;
  readonly made: PromiseWithResolvers<void>;
  ending: Ending | undefined;
  isMade: boolean;
  isDisposed: boolean;
  isOver: boolean;
  /** Of those that it made, how many live. */
  children: number;
  readonly parent: State | undefined;
}

const goneText = ({ isDisposed, ending }: State): string =>
  isDisposed || ending === undefined ? "was disposed" : `has ended (${endingText(ending)})`;

/** While it is being made its engine runs. */
export function stateOf({ ending, isDisposed, isMade, resident, runs, account }: State): DomainState {
  if (isDisposed || ending !== undefined) return "ended";
  if (resident.isAsleep) return "asleep";
  if (runs.runs.size === 0) return isMade ? "idle" : "running";
  return isParked(runs) || frozenAt(account.account) !== undefined ? "parked" : "running";
}

/** Throws CordonError E_DISPOSED. */
export function alive(state: State): void {
  if (state.isDisposed || state.isOver) throw goneError(goneText(state));
}

/** Nothing more of it is to be heard. */
export function finish(state: State): void {
  if (state.isOver) return;
  state.isOver = true;
  if (state.parent !== undefined) state.parent.children--;
  state.resident.house.quit(state.resident);
  state.takes.end(goneText(state));
  state.passage.close();
  state.leash.end();
  state.meter.watching?.end();
  state.account.remove();
  state.home.remove(state.id);
}

/** How a run ends whose worker does: stable, for programs that look for it. */
export const lostText = (why: string): string => `the worker was lost: ${why}`;

const lostErrors = new WeakSet<object>();
export function lostError(why: string): CordonError {
  const error = new CordonError("E_ENGINE", `no sandbox could be made: ${lostText(why)}`);
  lostErrors.add(error);
  return error;
}

/** No sandbox was made because the worker was lost: nothing of a guest has run. */
export const isLost = (error: unknown): boolean => typeof error === "object" && error !== null && lostErrors.has(error);
