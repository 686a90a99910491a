// The membrane: what every attenuator is made of. It stands around a capability and around everything that comes through.
//
//   outside (the guest)   |   inside (what was granted)
//   wrapper  <------------|--- capability of the inside:  its calls pass `around`
//   capability of the ----|---> wrapper: its calls, made by the inside, pass `back`
//   outside
//
// Capabilities are found in arguments and results, also inside lists and records. One that came through and goes back
// is unwrapped, so that each side knows its own things again.
//
// Invariants
//   M1  The contract and its calls stay what they are: only functions are replaced.
//   M2  No capability passes unwrapped: in arguments or results, of calls or of calls back, from promises as well.
//   M3  The base is called by `next` only.
// Trust
//   Trusts values.ts, copy.ts. Trusted by every attenuator.
import type { Capability, Contract } from "../../kernel/index.ts";
import { type CallMode, type Granted, type HostFunction, isGranted } from "../capability.ts";
import { wrapping } from "../unused.ts";
import { mapGranted } from "./copy.ts";
import { cameThrough } from "./dropped.ts";

/** A call that stands at the membrane. Values are as its caller knows them. */
export interface Crossing {
  readonly contract: Contract;
  readonly call: string;
  readonly args: readonly unknown[];
  /** Not of the capability that was wrapped, but of one that came through. */
  readonly isDerived: boolean;
  /** The capability on the side of the caller. Of one capability always the same one. */
  readonly self: Granted;
}

export type Args = readonly unknown[];
export type Next = (args: Args) => unknown;

/** What becomes of a call. Whatever it gives or throws, the caller gets; a call is made by `next`. */
export type Around = (crossing: Crossing, next: Next) => unknown;

export interface Rules {
  readonly around: Around;
  /** Calls that the inside makes of what it was given. Default: they pass. */
  readonly back?: Around;
  /** Do calls of this kind wait, whatever they wrap? See `waiting`. */
  readonly waits?: (crossing: Pick<Crossing, "contract" | "call" | "isDerived">) => boolean;
  /** What everything that comes through dies with, in the kernel. Default: with what it died already. */
  readonly caretaker?: Capability;
}

type Call = (...args: unknown[]) => unknown;

const pass: Around = ({ args }, next) => next(args);

export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";

/**
 * Runs `task` and goes on with what it gives or throws, at once if it is no promise: a call that answers at once still
 * does when it is wrapped.
 */
export function after(
  task: () => unknown,
  done: (value: unknown) => unknown,
  failed: (error: unknown) => unknown = rethrow,
): unknown {
  let value: unknown;
  try {
    value = task();
    if (isThenable(value)) return Promise.resolve(value).then(done, failed);
  } catch (error) {
    return failed(error);
  }
  return done(value);
}

function rethrow(error: unknown): never {
  throw error;
}

/** Wraps a capability, and all that comes through it. */
export function membrane<G extends Granted>(granted: G, rules: Rules): G {
  if (!isGranted(granted)) throw new TypeError("an attenuator takes a capability");
  const inside = new WeakMap<Granted, Granted>();
  const outside = new WeakMap<Granted, Granted>();

  const { around, back = pass, waits, caretaker } = rules;

  function outward(thing: Granted): Granted {
    const known = outside.get(thing);
    if (known !== undefined) return cameThrough(known, false);
    const way = { run: around, waits, caretaker, isDerived: thing !== granted, isBack: false };
    return cameThrough(meet(thing, wrap(thing, way, inward, outward)), true);
  }

  function inward(thing: Granted): Granted {
    const known = inside.get(thing);
    if (known !== undefined) return known;
    const way = { run: back, waits: undefined, caretaker, isDerived: true, isBack: true };
    const wrapper = wrap(thing, way, outward, inward);
    meet(wrapper, thing);
    return wrapper;
  }

  function meet(within: Granted, without: Granted): Granted {
    outside.set(within, without);
    inside.set(without, within);
    return without;
  }

  return outward(granted) as G;
}

interface Way {
  readonly run: Around;
  readonly waits: Rules["waits"];
  readonly caretaker: Capability | undefined;
  readonly isDerived: boolean;
  readonly isBack: boolean;
}
type Translate = (thing: Granted) => Granted;

function wrap(thing: Granted, way: Way, mapArgument: Translate, mapResult: Translate): Granted {
  const { contract } = thing;
  const modes = modesOf(thing, way);
  const entries = contract.calls.map(({ name: call }): [string, HostFunction] => {
    const inner = thing.functions[call] as Call;
    const next: Next = (args) =>
      after(
        () => inner(...args.map((value) => mapGranted(value, mapArgument))),
        (value) => mapGranted(value, mapResult),
      );
    const outer: Call = (...args) => way.run({ contract, call, args, isDerived: way.isDerived, self: wrapper }, next);
    return [call, asMode(outer, way.isBack ? "back" : modes[call]) as HostFunction];
  });
  const functions = Object.freeze(Object.fromEntries(entries));
  // Spread, so that what else a capability carries stays with it.
  const { caretaker = thing.caretaker } = way;
  const wrapper: Granted = Object.freeze({ ...thing, functions, modes, caretaker });
  // What it keeps open is closed when nobody has the wrapper any more.
  return wrapping(wrapper, thing);
}

/**
 * Whoever calls something asynchronous waits for a refusal where it waits for the result, and may catch it nowhere else.
 * What was given to the inside is asynchronous always.
 */
export function asMode(call: Call, mode: CallMode | "back" | undefined): Call {
  if (mode === "back") return async (...args) => await call(...args);
  if (mode === undefined || mode === "sync") return call;
  return (...args) => {
    try {
      return call(...args);
    } catch (error) {
      return Promise.reject(error);
    }
  };
}

/**
 * A call that answered at once and now may wait parks the guest, which then still needs no `await`: the program that
 * was written for the capability stays right.
 */
function modesOf({ contract, modes }: Granted, { waits, isDerived }: Way): Readonly<Record<string, CallMode>> {
  if (waits === undefined) return modes;
  const modeOf = (call: string): CallMode => {
    const mode = modes[call] ?? "sync";
    return mode === "sync" && waits({ contract, call, isDerived }) ? "blocking" : mode;
  };
  return Object.freeze(Object.fromEntries(contract.calls.map(({ name }) => [name, modeOf(name)])));
}
