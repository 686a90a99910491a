// Tests of one argument, made all at once when the first of them is asked for: a hundred rules look at a text once.
//
// Invariants
//   C1  What a channel remembers is of one event: it looks again when the frame has another stamp.
//   C2  All that is asked is known before the first look.
import { F, type Kleene, T, U } from "../kleene.ts";
import type { AddressBlock, Datum } from "../resolved.ts";
import { lookInBlocks } from "./addresses.ts";
import { lookAt, type TextCondition } from "./texts.ts";
import type { Frame, Test } from "./types.ts";

/** Finds the tests that a value passes, and says what it is to the others: F, or U. */
type Look = (datum: Datum, found: (test: number) => void) => Kleene;

/** `A`: what is asked in one test. */
export interface Channel<A> {
  readonly slot: number;
  readonly makeLook: (asked: readonly A[]) => Look;
  readonly asked: A[];
  readonly byKey: Map<string, number>;
  /** Undefined: nothing was looked at yet. */
  look: Look | undefined;
  stamp: number;
  otherwise: Kleene;
  /** The stamp of the last event that passed, of each test. */
  passedAt: Float64Array;
  readonly found: (test: number) => void;
}

function newChannel<A>(slot: number, makeLook: Channel<A>["makeLook"]): Channel<A> {
  const channel: Channel<A> = {
    slot,
    makeLook,
    asked: [],
    byKey: new Map(),
    look: undefined,
    stamp: 0,
    otherwise: U,
    passedAt: new Float64Array(0),
    found: (test) => {
      channel.passedAt[test] = channel.stamp;
    },
  };
  return channel;
}

function see<A>(channel: Channel<A>, { slots, stamp }: Frame): void {
  if (channel.look === undefined) {
    channel.look = channel.makeLook(channel.asked);
    channel.passedAt = new Float64Array(channel.asked.length);
  }
  channel.stamp = stamp;
  const datum = slots[channel.slot];
  channel.otherwise = datum === undefined ? U : channel.look(datum, channel.found);
}

function ask<A>(channel: Channel<A>, key: string, asked: A): Test {
  const known = channel.byKey.get(key);
  const number = known ?? channel.asked.push(asked) - 1;
  channel.byKey.set(key, number);
  return (_state, frame) => {
    if (channel.stamp !== frame.stamp) see(channel, frame);
    return channel.passedAt[number] === frame.stamp ? T : channel.otherwise;
  };
}

function lookForData(asked: readonly (readonly Datum[])[]): Look {
  const tests = new Map<Datum, number[]>();
  for (const [test, values] of asked.entries()) {
    for (const value of new Set(values)) tests.set(value, [...(tests.get(value) ?? []), test]);
  }
  return (datum, found) => {
    for (const test of tests.get(datum) ?? []) found(test);
    return F;
  };
}

function lookForTexts(asked: readonly TextCondition[]): Look {
  const look = lookAt(asked);
  return (datum, found) => {
    if (typeof datum !== "string") return U;
    look(datum, found);
    return F;
  };
}

function lookForAddresses(asked: readonly (readonly AddressBlock[])[]): Look {
  const look = lookInBlocks(asked);
  return (datum, found) => (typeof datum === "string" && look(datum, found) ? F : U);
}

interface OfSlot {
  readonly data: Channel<readonly Datum[]>;
  readonly texts: Channel<TextCondition>;
  readonly addresses: Channel<readonly AddressBlock[]>;
}

/** The channels of a machine, by slot. */
export type Channels = Map<number, OfSlot>;

function channelsOf(channels: Channels, slot: number): OfSlot {
  const known = channels.get(slot);
  if (known !== undefined) return known;
  const made = {
    data: newChannel(slot, lookForData),
    texts: newChannel(slot, lookForTexts),
    addresses: newChannel(slot, lookForAddresses),
  };
  channels.set(slot, made);
  return made;
}

export const askForData = (channels: Channels, slot: number, key: string, values: readonly Datum[]): Test =>
  ask(channelsOf(channels, slot).data, key, values);
export const askForText = (channels: Channels, slot: number, key: string, condition: TextCondition): Test =>
  ask(channelsOf(channels, slot).texts, key, condition);
export const askForAddress = (channels: Channels, slot: number, key: string, of: readonly AddressBlock[]): Test =>
  ask(channelsOf(channels, slot).addresses, key, of);
