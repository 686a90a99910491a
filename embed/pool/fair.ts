// Shares of one thread among tenants whose guests all want to run: who is ahead of his share stands still until the
// others have caught up. The kernel's scheduler gives each domain its slices in turn; this says which tenants take part.
//
// Each tenant has a time that goes on as its guests burn fuel, the slower the larger its share. Every few milliseconds
// those that want to run are compared; the meters of those that are ahead are frozen.
//
// Invariants
//   FR1  Among tenants that want to run all the time, fuel goes as their shares, to within what is burnt between looks.
//   FR2  The thread is never idle for a share: a tenant whose guests wait holds nobody back, and saves nothing for later.
import type { Domain } from "../../kernel/index.ts";
import type { Meter } from "../../policy-libs/index.ts";

/** Whose sandboxes they are, and its part. */
export interface Sharing {
  readonly name: string;
  readonly share: number;
}

type Guest = Pick<Domain, "isWaiting">;

/** A tenant on this thread. */
export interface Party extends Sharing {
  /** Its sandboxes are below it. */
  readonly meter: Meter;
  readonly guests: Set<Guest>;
  time: number;
  seen: number;
  isFrozen: boolean;
  isHungry: boolean;
}

export interface Fairness {
  /** The tenant of this name; `meter` is asked for one for it, once. */
  party(sharing: Sharing, meter: () => Meter): Party;
  /** A run of the guest begins; what is returned is called when it is over. */
  enter(party: Party, guest: Guest): () => void;
}

/** Between looks: a few slices. */
const LOOK_MS = 4;

function setFrozen(party: Party, isFrozen: boolean): void {
  if (party.isFrozen === isFrozen) return;
  party.isFrozen = isFrozen;
  if (isFrozen) party.meter.freeze();
  else party.meter.thaw();
}

/** Moves its time on; what was burnt since the last look. */
function settle(party: Party): number {
  const { fuel } = party.meter.totals();
  const burnt = fuel - party.seen;
  party.seen = fuel;
  party.time += burnt / party.share;
  return burnt;
}

const wantsToRun = ({ guests }: Party): boolean => {
  for (const guest of guests) if (!guest.isWaiting()) return true;
  return false;
};

/** Who was not hungry begins where the others are. */
function findHungry(parties: readonly Party[]): Party[] {
  const before = parties.filter(({ isHungry }) => isHungry);
  const least = Math.min(...before.map(({ time }) => time));
  for (const party of parties) {
    const isHungry = wantsToRun(party);
    if (isHungry && !party.isHungry && least < Infinity) party.time = Math.max(party.time, least);
    party.isHungry = isHungry;
  }
  return parties.filter(({ isHungry }) => isHungry);
}

function look(parties: readonly Party[]): void {
  const burnt = parties.reduce((sum, party) => sum + settle(party), 0);
  const hungry = findHungry(parties);
  const least = Math.min(...hungry.map(({ time }) => time));
  // One look's worth of work, shared: so that tenants that are about even all take part.
  const slack =
    burnt /
    Math.max(
      hungry.reduce((sum, { share }) => sum + share, 0),
      1e-3,
    );
  for (const party of parties) {
    const ahead = party.isHungry ? party.time - least : 0;
    setFrozen(party, party.isFrozen ? ahead > 0 : ahead > slack);
  }
}

export function newFairness(): Fairness {
  const parties = new Map<string, Party>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const busy = (): Party[] => [...parties.values()].filter(({ guests }) => guests.size > 0);

  function arm(): void {
    if (timer === undefined && busy().length > 1) timer = setTimeout(tick, LOOK_MS);
  }
  function tick(): void {
    timer = undefined;
    look(busy());
    arm();
  }
  /** Alone nobody is ahead. */
  function rest(): void {
    const left = busy();
    if (left.length <= 1) for (const party of left) setFrozen(party, false);
  }
  return {
    party({ name, share }, meter) {
      const known = parties.get(name);
      if (known !== undefined) return known;
      const made = meter();
      const party: Party = {
        ...{ name, share, meter: made, guests: new Set(), time: 0, seen: made.totals().fuel },
        ...{ isFrozen: false, isHungry: false },
      };
      parties.set(name, party);
      return party;
    },
    enter(party, guest) {
      if (party.guests.size === 0) settle(party);
      party.guests.add(guest);
      arm();
      return () => {
        party.guests.delete(guest);
        if (party.guests.size === 0) {
          setFrozen(party, false);
          party.isHungry = false;
        }
        rest();
      };
    },
  };
}
