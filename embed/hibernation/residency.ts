// Who is awake: at most so many sandboxes have memory; those used least lately sleep.
//
// Invariants
//   RS1  Who is in use, between `enter` and `leave`, is never put to sleep. So more may be awake than `most` while more
//        are in use.
//   RS2  Who cannot sleep at the moment, for something of it goes on, is asked again later.
//   RS3  A sandbox that is called while it sleeps wakes, or its caller gets an answer: it ends if it cannot.
//   RS4  A residency holds only those that it may have to put to sleep: a sleeper that everybody forgets is collected.
import { CordonError } from "../errors.ts";
import { checkId } from "../snapshot/store.ts";
import type { Shelf } from "./bed.ts";
import { type ResidencyOptions, readOptions } from "./options.ts";
import type { House, Resident } from "./resident.ts";

/** Keeps sandboxes that are made with it, of one kind or many, awake or asleep. */
export interface Residency {
  /** How many of them are awake. */
  awake(): number;
  asleep(): number;
  /** Bytes that sleepers hold in this process. */
  held(): number;
}

interface Rooms extends House {
  readonly most: number;
  readonly after: number;
  readonly shelf: Shelf | undefined;
  /** Awake and not in use, those left longest ago first. */
  readonly idle: Set<Resident>;
  /** Of those that a store may keep. */
  readonly ids: Set<string>;
  awake: number;
  asleep: number;
  held: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  /** When it is over. */
  due: number;
}

const houses = new WeakMap<object, Rooms>();
const roomsOf = ({ house }: Resident): Rooms => house as Rooms;

/** One that has ended goes. */
function tryToSleep(resident: Resident): void {
  if (resident.ways.hasEnded(resident)) quit(resident);
  else resident.ways.sleep(resident);
}

/** Those that cannot sleep now stay in their place. */
function makeRoom(rooms: Rooms): void {
  if (rooms.awake <= rooms.most) return;
  for (const resident of rooms.idle) {
    tryToSleep(resident);
    if (rooms.awake <= rooms.most) return;
  }
  if (rooms.idle.size > 0) schedule(rooms, RETRY);
}

const RETRY = 50; // ms
const LONGEST = 2 ** 31 - 1; // ms that a timer can wait

/** One timer for all: who was left first is due first. */
function sweep(rooms: Rooms): void {
  rooms.timer = undefined;
  const now = performance.now();
  for (const resident of rooms.idle) {
    const left = resident.since + rooms.after - now;
    if (left > 0) {
      schedule(rooms, left);
      break;
    }
    tryToSleep(resident);
    if (rooms.idle.has(resident)) schedule(rooms, RETRY);
  }
  makeRoom(rooms);
}

function schedule(rooms: Rooms, ms: number): void {
  if (ms === Number.POSITIVE_INFINITY) return;
  const due = performance.now() + ms;
  if (rooms.timer !== undefined && rooms.due <= due) return;
  clearTimeout(rooms.timer);
  rooms.due = due;
  rooms.timer = setTimeout(() => sweep(rooms), Math.min(ms, LONGEST));
  // A process does not live for its sleepers. Browsers have numbers here.
  (rooms.timer as { unref?: () => void }).unref?.();
}

function enter(resident: Resident): Promise<void> | undefined {
  const rooms = roomsOf(resident);
  resident.uses++;
  rooms.idle.delete(resident);
  const over = (error: unknown): never => {
    leave(resident);
    throw error;
  };
  try {
    const { ways, isAsleep } = resident;
    if (isAsleep && !ways.wakeNow(resident)) return ways.wake(resident).then(() => makeRoom(rooms), over);
  } catch (error) {
    leave(resident);
    return Promise.reject(error);
  }
  makeRoom(rooms);
  return undefined;
}

function leave(resident: Resident): void {
  const rooms = roomsOf(resident);
  resident.uses--;
  if (resident.uses > 0 || resident.isCleared || resident.isAsleep) return;
  if (resident.ways.hasEnded(resident)) return quit(resident);
  // RS4.
  if (rooms.most === Number.POSITIVE_INFINITY && rooms.after === Number.POSITIVE_INFINITY) return;
  resident.since = performance.now();
  rooms.idle.add(resident);
  makeRoom(rooms);
  schedule(rooms, rooms.after);
}

function quit(resident: Resident): void {
  if (resident.isCleared) return;
  const rooms = roomsOf(resident);
  rooms.idle.delete(resident);
  rooms.ids.delete(resident.id);
  if (resident.isAsleep) rooms.asleep--;
  else rooms.awake--;
  resident.ways.clear(resident);
}

/** RS3. Somebody called it who knows nothing of sleep. */
function needed(resident: Resident): void {
  const entered = enter(resident);
  if (entered === undefined) return leave(resident);
  const fail = (): void => {
    resident.ways.fail(resident);
    quit(resident);
  };
  entered.then(() => leave(resident), fail);
}

/** Sandboxes of `createSandbox({ residency })` share it. Throws CordonError E_OPTION. */
export function newResidency(given: ResidencyOptions = {}): Residency {
  const { most, after, shelf } = readOptions(given);
  const rooms: Rooms = {
    ...{ most, after, shelf, idle: new Set(), ids: new Set() },
    ...{ awake: 0, asleep: 0, held: 0, timer: undefined, due: 0 },
    ...{ enter, leave, quit, sleep: (resident: Resident) => resident.uses === 0 && resident.ways.sleep(resident) },
    onNeeded: needed,
    isFree: (id: string) => !rooms.ids.has(id),
    onTurned(resident, isAsleep) {
      rooms.awake += isAsleep ? -1 : 1;
      rooms.asleep += isAsleep ? 1 : -1;
      if (isAsleep) rooms.idle.delete(resident);
    },
    onHeld(bytes) {
      rooms.held += bytes;
    },
  };
  const residency = { awake: () => rooms.awake, asleep: () => rooms.asleep, held: () => rooms.held };
  houses.set(residency, rooms);
  return Object.freeze(residency);
}

export const isResidency = (value: unknown): value is Residency => houses.has(Object(value));

function takeId({ ids, shelf }: Rooms, id: string = crypto.randomUUID()): string {
  if (shelf === undefined) return "";
  if (ids.has(checkId(id)))
    throw new CordonError("E_OPTION", `the id ${JSON.stringify(id)} is in use in this residency: ids are used once`);
  ids.add(id);
  return id;
}

type Make<R> = (house: House, shelf: Shelf | undefined, id: string) => R;

/** Begins awake and in use. `id`: under which a store keeps it; default: one of its own. Throws CordonError E_STORE, E_OPTION. */
export function admit<R extends Resident>(residency: Residency, id: string | undefined, make: Make<R>): R {
  const rooms = houses.get(residency) as Rooms;
  const resident = make(rooms, rooms.shelf, takeId(rooms, id));
  rooms.awake++;
  resident.uses = 1;
  return resident;
}
