// Answers from a recording, and from nothing else: the same calls in the same order get the same answers.
//
// Invariants
//   Y1  A call that is not the next one in the recording is refused, E_DENIED, and so is every call after it: what a
//       program does with wrong answers is not what was recorded.
//   Y2  Answers come in the order in which they came: of two pending calls the same one ends first.
//   Y3  Nothing is called: a replay has no powers.
// A recording is data of anybody: what is wrong in it refuses calls, or throws a TypeError here.
import type { Contract } from "../../kernel/index.ts";
import { capability, type Granted, type HostFunction } from "../capability.ts";
import { contractsFrom } from "./described.ts";
import { isEqual } from "./equal.ts";
import { type Args, asMode } from "./membrane.ts";
import {
  errorFrom,
  type Kept,
  keep,
  type RecordedCall,
  type RecordedEnd,
  type Recording,
  restore,
} from "./recording.ts";
import { type CommonRefusal, deny, refusal } from "./refusal.ts";

interface Player {
  readonly recording: Recording;
  readonly contracts: ReadonlyMap<string, Contract>;
  readonly things: Map<number, Granted>;
  readonly numbers: WeakMap<Granted, number>;
  /** Numbers of what the guest gave. */
  readonly taken: Set<number>;
  next: number;
  /** Ends that the next one has to wait for are before this one. */
  ended: number;
  readonly waiting: Map<number, { readonly go: () => void; readonly fail: (error: Error) => void }>;
  refused: CommonRefusal | undefined;
}

type Expected = RecordedCall | undefined;

function describe({ recording }: Player, expected: Expected): string {
  if (expected === undefined) return "the recording has no more calls";
  const contract = recording.things[expected.thing]?.contract ?? "?";
  return `the recording goes on with call ${recording.calls.indexOf(expected)}: ${contract}.${expected.call}`;
}

/** Ends the replay: this call, those that wait, and all that come. */
function diverge(player: Player, thing: number, call: string, what: string, expected: Expected): never {
  const contract = player.recording.things[thing]?.contract ?? "?";
  player.refused = refusal("E_DENIED", `${contract}.${call} ${what}; ${describe(player, expected)}`);
  for (const { fail } of player.waiting.values()) fail(player.refused);
  player.waiting.clear();
  throw player.refused;
}

/** The number of what the guest holds; what it was not given by us is its own, as in the recording. */
const numberIn =
  (player: Player, expected: Kept) =>
  (thing: Granted): number => {
    const known = player.numbers.get(thing);
    if (known !== undefined) return known;
    const { things } = player.recording;
    const isFree = (number: number): boolean =>
      things[number]?.isGuests === true && things[number].form === thing.contract.form && !player.taken.has(number);
    const number = expected.things.map(([, candidate]) => candidate).find(isFree);
    if (number === undefined) return -1;
    player.taken.add(number);
    player.numbers.set(thing, number);
    return number;
  };

const isSameKept = (a: Kept, b: Kept): boolean => isEqual([a.data, a.things], [b.data, b.things]);

function advance(player: Player, thing: number, call: string, args: Args): RecordedCall {
  if (player.refused !== undefined) throw player.refused;
  const expected = player.recording.calls[player.next];
  if (expected?.thing !== thing || expected.call !== call) return diverge(player, thing, call, "was called", expected);
  const given = keep(args, numberIn(player, expected.args));
  if (!isSameKept(given, expected.args)) return diverge(player, thing, call, "has other arguments", expected);
  player.next++;
  return expected;
}

function answer(player: Player, { threw, answer: kept }: RecordedEnd): unknown {
  const value = restore(kept, (number) => thingOf(player, number));
  if (threw) throw errorFrom(value);
  return value;
}

/** The next end in order, and those that waited for it. */
function passEnds(player: Player): void {
  for (;;) {
    const waiter = player.waiting.get(player.ended);
    if (waiter === undefined) return;
    player.waiting.delete(player.ended);
    player.ended++;
    waiter.go();
  }
}

function inOrder(player: Player, end: RecordedEnd): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const go = (): void => {
      try {
        resolve(answer(player, end));
      } catch (error) {
        reject(error);
      }
    };
    player.waiting.set(end.order, { go, fail: reject });
    passEnds(player);
  });
}

function play(player: Player, thing: number, call: string, args: Args): unknown {
  const { end } = advance(player, thing, call, args);
  // What never ended does not end now either, until the replay does.
  if (end === undefined)
    return new Promise((_, reject) => player.waiting.set(-player.next, { go: reject, fail: reject }));
  if (end.isLate) return inOrder(player, end);
  if (end.order !== player.ended) diverge(player, thing, call, "ended at once, after others", undefined);
  player.ended++;
  try {
    return answer(player, end);
  } finally {
    passEnds(player);
  }
}

function thingOf(player: Player, number: number): Granted {
  const known = player.things.get(number);
  if (known !== undefined) return known;
  const recorded = player.recording.things[number];
  const contract = player.contracts.get(recorded?.form ?? "");
  if (recorded === undefined || contract === undefined || recorded.isGuests) return deny("E_TARGET");
  const functions = contract.calls.map(({ name }): [string, HostFunction] => [
    name,
    asMode((...args) => play(player, number, name, args), recorded.modes[name]) as HostFunction,
  ]);
  const thing = capability(contract as never, Object.fromEntries(functions) as never, recorded.modes) as Granted;
  player.things.set(number, thing);
  player.numbers.set(thing, number);
  return thing;
}

/** A capability under `contract` that answers as the recording says. */
export function replay(recording: Recording, contract: Contract): Granted {
  const isRecording = recording?.version === 1 && Array.isArray(recording.things) && Array.isArray(recording.calls);
  if (!isRecording) throw new TypeError("this is no recording");
  if (recording.things[0]?.form !== contract.form) throw new TypeError(`the recording is not of ${contract.name}`);
  const tables = { things: new Map(), numbers: new WeakMap(), taken: new Set<number>(), waiting: new Map() };
  const contracts = contractsFrom(contract);
  return thingOf({ recording, contracts, ...tables, next: 0, ended: 0, refused: undefined }, 0);
}
