// What a residency and those who live in it know of each other.

/** One sandbox as its residency knows it. */
export interface Resident {
  readonly house: House;
  readonly ways: Ways;
  /** In a store. */
  readonly id: string;
  isAsleep: boolean;
  isCleared: boolean;
  /** How many use it, and when it was left. */
  uses: number;
  since: number;
}

/** How those of one kind sleep and wake. There are very many of a kind: these are not their own. */
export interface Ways {
  hasEnded(resident: Resident): boolean;
  /** False while anything of it goes on. */
  sleep(resident: Resident): boolean;
  /** At once; false if it must be waited for. */
  wakeNow(resident: Resident): boolean;
  /** Fulfilled when it is awake, or has ended. Rejects with CordonError, and it sleeps on. */
  wake(resident: Resident): Promise<void>;
  /** It is called, and cannot wake. */
  fail(resident: Resident): void;
  /** It has ended: nothing of it is kept, nobody waits for it. */
  clear(resident: Resident): void;
}

/** What a sandbox does with its residency: given here, so that those who have none need not load it. */
export interface House {
  /** It is about to be used: fulfilled when it is awake, or has ended. Undefined: it is awake already. */
  enter(resident: Resident): Promise<void> | undefined;
  /** It is idle again. */
  leave(resident: Resident): void;
  /** Now, if it can be. */
  sleep(resident: Resident): boolean;
  /** It has ended. */
  quit(resident: Resident): void;
  /** Somebody calls it while it sleeps. */
  onNeeded(resident: Resident): void;
  /** It fell asleep, or woke. */
  onTurned(resident: Resident, isAsleep: boolean): void;
  /** Nobody has this id now. */
  isFree(id: string): boolean;
  /** It holds so many bytes more in this process. */
  onHeld(bytes: number): void;
}
