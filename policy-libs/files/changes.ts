// Changes that wait to be told: in order, each name once, and never more than a bound.
//
// Invariants
//   C1  At most `most` changes wait. One more makes all of them into one that says: look at everything again.
//   C2  What is told adds up: whoever knew the state of a name, and is told what waits, knows its state.
import { filesError, refuse } from "./refusal.ts";
import type { Change, ChangeKind } from "./types.ts";

/** Changes of one watch that wait. */
export const MAX_CHANGES = 1_000;

/** What two changes of one name are together; undefined: nothing has happened. */
// biome-ignore format: a table
const TOGETHER: Readonly<Record<ChangeKind, Readonly<Record<ChangeKind, ChangeKind | undefined>>>> = {
  appeared: { appeared: "appeared", changed: "appeared", removed: undefined },
  changed:  { appeared: "changed",  changed: "changed",  removed: "removed" },
  removed:  { appeared: "changed",  changed: "removed",  removed: "removed" },
};

export interface Changes {
  tell(kind: ChangeKind, name: string): void;
  /** Too much has happened to say what. */
  overflow(): void;
  next(): Promise<Change>;
  close(): void;
}

interface Waiter {
  readonly resolve: (change: Change) => void;
  readonly reject: (error: unknown) => void;
}

/** `path` is what the guest calls the thing that is watched. */
export function newChanges(path: string, most = MAX_CHANGES): Changes {
  const waiting = new Map<string, ChangeKind>();
  const waiters: Waiter[] = [];
  let isClosed = false;
  const take = (): Change | undefined => {
    const [first] = waiting;
    if (first === undefined) return undefined;
    waiting.delete(first[0]);
    return { kind: first[1], path: first[0] };
  };
  const serve = (): void => {
    while (waiters.length > 0 && waiting.size > 0) waiters.shift()?.resolve(take() as Change);
  };
  function tell(kind: ChangeKind, name: string): void {
    if (isClosed) return;
    const before = waiting.get(name);
    const together = before === undefined ? kind : TOGETHER[before][kind];
    if (before === undefined && waiting.size >= most) return overflow();
    if (together === undefined) waiting.delete(name);
    else waiting.set(name, together);
    serve();
  }
  function overflow(): void {
    waiting.clear();
    tell("changed", ".");
  }
  return {
    tell,
    overflow,
    next: async () => {
      if (isClosed) return refuse("E_CLOSED", path);
      if (waiters.length >= most) return refuse("E_QUOTA", path);
      const change = waiters.length === 0 ? take() : undefined;
      return change ?? (await new Promise<Change>((resolve, reject) => waiters.push({ resolve, reject })));
    },
    close: () => {
      isClosed = true;
      waiting.clear();
      for (const { reject } of waiters.splice(0)) reject(filesError("E_CLOSED", path));
    },
  };
}
