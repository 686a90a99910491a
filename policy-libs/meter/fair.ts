// Who of those that wait has the thread next: the one that is furthest behind its share, account by account.
//
// Start-time fair queueing (Goyal, Vin, Cheng 1996), once for each account: among those below an account that want the
// thread, the next is the one with the least key; its key grows by the time that it used, divided by its share. Time, not
// fuel: two guests that cost the thread the same have the same part of it, whatever their instructions.
//
//   account -> class (by priority) -> accounts below -> ... -> the line of an account's own domains
//
// Invariants
//   FQ1  While two of the same account and priority both wait, what each paid for its share differs by no more than one
//        turn of each. What they had is what they paid, but for long turns: GRACE once, and a hundredth. So a domain that others make, or that makes others, takes from its own account alone.
//   FQ2  Who did not want the thread gains nothing by it: `now` of an account never falls, and nobody begins below it.
//   FQ3  Who has the thread pays at every account above, in the queue or not: also who was entered past the queue.
//   FQ4  Only those that wait are held here: what else is known of an account goes with the account.
import { type Account, type RunQueue, SLICE_MS } from "../../kernel/index.ts";
import { add, type Keyed, removeFirst, sink } from "./heap.ts";
import { ownNode } from "./meter.ts";
import { type Priority, SHARE_OF } from "./options.ts";

/** What a host may know of its thread. */
export interface FairPowers {
  /** Ms, in all, in which the thread could have gone on but the machine had others to run. No guest pays for those. */
  readonly stolen?: (() => number) | undefined;
}

type Task = () => void;
interface Cell {
  readonly task: Task;
  next: Cell | undefined;
}

/** Longer than what a guest's turn aims at. */
const LONG_TURN = 1.5 * SLICE_MS;
/** What each may have of long turns without paying, and which part of its time it regains of that. */
const [GRACE, REGAINED] = [50, 0.01]; // ms

/** An account, a class of those below one, or a line. */
interface Party extends Keyed {
  readonly up: Party | undefined;
  readonly share: number;
  /** The key of the last of those below that had the thread. */
  now: number;
  /** Ms of long turns that it need not pay for. */
  grace: number;
  /** Those below that want it. */
  readonly waiting: Party[];
  /** The classes of an account. */
  readonly below: Record<Priority, Party | undefined> | undefined;
  line: Party | undefined;
  first: Cell | undefined;
  last: Cell | undefined;
}

const newParty = (up: Party | undefined, share: number, below?: Party["below"]): Party => ({
  ...{ key: up?.now ?? 0, place: -1, up, share, now: 0, grace: GRACE, waiting: [], below },
  ...{ line: undefined, first: undefined, last: undefined },
});

const newAccountParty = (up: Party | undefined, share: number): Party =>
  newParty(up, share, { interactive: undefined, normal: undefined, batch: undefined });

function classOf(account: Party, priority: Priority): Party {
  const found = account.below?.[priority];
  if (found !== undefined) return found;
  const made = newParty(account, SHARE_OF[priority]);
  if (account.below !== undefined) account.below[priority] = made;
  return made;
}

function append(line: Party, task: Task): void {
  const cell: Cell = { task, next: undefined };
  if (line.last === undefined) line.first = cell;
  else line.last.next = cell;
  line.last = cell;
}

function shift(line: Party): Task | undefined {
  const cell = line.first;
  line.first = cell?.next;
  if (line.first === undefined) line.last = undefined;
  return cell?.task;
}

/** It wants the thread, and so does all that is above it. */
function enter(party: Party): void {
  for (let at = party; at.up !== undefined && at.place < 0; at = at.up) {
    at.key = Math.max(at.key, at.up.now);
    add(at.up.waiting, at);
  }
}

/** Down to the line that is next. */
function descend(root: Party): Party {
  let at = root;
  for (let next = at.waiting[0]; next !== undefined; next = at.waiting[0]) {
    at.now = Math.max(at.now, next.key);
    at = next;
  }
  return at;
}

/** What has nothing left that waits does not wait: it is the first at each account above. */
function leave(line: Party): void {
  for (let at = line; at.up !== undefined && at.first === undefined && at.waiting.length === 0; at = at.up)
    removeFirst(at.up.waiting);
}

/** A pause of the host's own in a guest's turn would cost it as many turns as milliseconds. */
function lenient(party: Party, ms: number): number {
  const given = ms > LONG_TURN ? Math.min(ms - SLICE_MS, party.grace) : 0;
  party.grace = Math.min(party.grace - given + ms * REGAINED, GRACE);
  return ms - given;
}

function pay(line: Party, ms: number): void {
  for (let at = line; at.up !== undefined; at = at.up) {
    at.key = Math.max(at.key, at.up.now) + lenient(at, ms) / at.share;
    if (at.place >= 0) sink(at.up.waiting, at);
    // With nobody to be behind, nobody is ahead: who comes next must not have the thread until all this is made up for.
    else if (at.up.waiting.length === 0) at.up.now = at.key;
  }
}

/** Whether one of those that wait is behind by more than the turn that this one had since. */
function isAhead({ key, up, share }: Party): boolean {
  const first = up?.waiting[0];
  return first !== undefined && up !== undefined && Math.max(key, up.now) - first.key > SLICE_MS / share;
}

/** After so long the host is asked anew, or what it says would be of others' turns too. */
const LONG_AGO = 10 * SLICE_MS;

/** What a turn took of the thread: what others had meanwhile it did not. */
function newStopwatch(stolen: () => number): (ms: number) => number {
  let [last, since] = [0, Infinity];
  return (ms) => {
    since += ms;
    if (since < LONG_AGO && ms < LONG_TURN) return ms;
    const before = last;
    [last, since] = [stolen(), 0];
    const theirs = ms < LONG_TURN ? 0 : last - before;
    return theirs > 0 ? Math.max(ms - theirs, 0) : ms;
  };
}

/** A run queue that shares the thread by the tree of meters: `share` and `priority` of each. For one kernel. */
export function fairQueue({ stolen }: FairPowers = {}): RunQueue {
  const took = stolen === undefined ? (ms: number) => ms : newStopwatch(stolen);
  const parties = new WeakMap<Account, Party>();
  const root = newAccountParty(undefined, 1);
  let size = 0;

  function partyOf(account: Account): Party {
    const found = parties.get(account);
    if (found !== undefined) return found;
    const { share, priority } = ownNode(account) ?? { share: 1, priority: "normal" };
    const above = account.parent === undefined ? root : partyOf(account.parent);
    const made = newAccountParty(classOf(above, priority), share);
    parties.set(account, made);
    return made;
  }
  function lineOf(account: Account): Party {
    const party = partyOf(account);
    party.line ??= newParty(classOf(party, "normal"), 1);
    return party.line;
  }
  return {
    size: () => size,
    push(task, account) {
      const line = lineOf(account);
      append(line, task);
      size++;
      enter(line);
    },
    take() {
      const line = descend(root);
      const task = shift(line);
      if (task === undefined) return undefined;
      size--;
      leave(line);
      return task;
    },
    charge: (account, ms) => pay(lineOf(account), took(ms)),
    isDue(account) {
      for (let at: Party | undefined = lineOf(account); at !== undefined; at = at.up) if (isAhead(at)) return false;
      return true;
    },
  };
}
