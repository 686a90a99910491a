// A tee: two targets make every call, and their answers are compared before one is given.
//
// Invariants
//   T1  Both get each call once, in the order in which the guest made it, with copies of its arguments of their own.
//   T2  An answer is delivered only if `compare` says true; then it is the first target's. All else is E_DENIED.
//   T3  A handle stands for a pair: what one target gives never comes to the other.
// Not promised: that both targets did it, or neither. One may fail where the other has acted.
import type { CallMode, Granted, HostFunction } from "../capability.ts";
import { isGranted } from "../capability.ts";
import { unused, whenUnused } from "../unused.ts";
import { rebuild } from "./copy.ts";
import { grantedIn } from "./dropped.ts";
import { isEqual } from "./equal.ts";
import { type Args, after, asMode, isThenable } from "./membrane.ts";
import { deny } from "./refusal.ts";
import type { Request } from "./request.ts";
import { checkSameForm, isSameForm } from "./same-form.ts";

/** What one of two targets did. */
export type TeeOutcome = { readonly gave: unknown } | { readonly threw: unknown };

/** May the first answer be given? */
export type Compare = (request: Request, first: TeeOutcome, second: TeeOutcome) => boolean;

interface Pair {
  readonly first: Granted;
  readonly second: Granted;
}

interface Tee {
  readonly compare: Compare;
  /** By what the guest holds. */
  readonly pairs: WeakMap<Granted, Pair>;
  /** By the first target's, then by the second's: one pair has one face. */
  readonly faces: WeakMap<Granted, WeakMap<Granted, Granted>>;
  /** Of both. */
  readonly met: WeakSet<Granted>;
}

type Call = (...args: unknown[]) => unknown;

const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown } | null | undefined)?.code;

/** The same values, or errors with the same code; capabilities of the same contracts at the same places. */
export const sameAnswer: Compare = (_request, first, second) => {
  if ("gave" in first && "gave" in second) return isEqual(first.gave, second.gave);
  return "threw" in first && "threw" in second && codeOf(first.threw) === codeOf(second.threw);
};

/** Arguments for one of the two. A capability of the guest's own would be called twice: it is refused. */
const argsFor = (tee: Tee, side: keyof Pair, args: Args): Args =>
  rebuild(args, {
    value: (item) => (isGranted(item) ? (tee.pairs.get(item)?.[side] ?? deny("E_DENIED")) : item),
  }) as Args;

const outcomeOf = (call: () => unknown): unknown =>
  after(
    call,
    (gave): TeeOutcome => ({ gave }),
    (threw): TeeOutcome => ({ threw }),
  );

function isAgreed(tee: Tee, request: Request, first: TeeOutcome, second: TeeOutcome): boolean {
  try {
    return tee.compare(request, first, second) === true;
  } catch {
    return false;
  }
}

/** Capabilities of a value, in the order in which `rebuild` meets them. */
function grantedInOrder(value: unknown): readonly Granted[] {
  const found: Granted[] = [];
  rebuild(value, {
    value: (item) => {
      if (isGranted(item)) found.push(item);
      return item;
    },
  });
  return found;
}

/** What neither of the two gave before is held by nobody. */
function refuseBoth(tee: Tee, ...outcomes: readonly TeeOutcome[]): never {
  for (const outcome of outcomes)
    for (const thing of "gave" in outcome ? grantedIn(outcome.gave) : []) if (!tee.met.has(thing)) unused(thing);
  return deny("E_DENIED", "the answers differ");
}

function deliver(tee: Tee, request: Request, first: TeeOutcome, second: TeeOutcome): unknown {
  if (!isAgreed(tee, request, first, second)) return refuseBoth(tee, first, second);
  if ("threw" in first) throw first.threw;
  const things = grantedInOrder(first.gave);
  if (things.length === 0) return first.gave;
  const others = "gave" in second ? grantedInOrder(second.gave) : [];
  const isPaired = things.every((thing, index) => others[index] !== undefined && isSameForm(thing, others[index]));
  if (!isPaired) return refuseBoth(tee, first, second);
  let index = 0;
  return rebuild(first.gave, {
    value: (item) => (isGranted(item) ? face(tee, item, others[index++] as Granted) : item),
  });
}

function call(tee: Tee, pair: Pair, name: string, args: Args): unknown {
  // Everything that may refuse comes before the first of the two has acted.
  const [mine, theirs] = [argsFor(tee, "first", args), argsFor(tee, "second", args)];
  const request = {
    capability: pair.first.contract.name,
    call: name,
    args: rebuild(args, { value: (item) => item }) as Args,
  };
  const first = outcomeOf(() => (pair.first.functions[name] as Call)(...mine));
  const second = outcomeOf(() => (pair.second.functions[name] as Call)(...theirs));
  if (!isThenable(first) && !isThenable(second))
    return deliver(tee, request, first as TeeOutcome, second as TeeOutcome);
  return Promise.all([first, second]).then(([a, b]) => deliver(tee, request, a as TeeOutcome, b as TeeOutcome));
}

/** A call that one of the two answers late is late. */
function modeOf({ first, second }: Pair, name: string): CallMode {
  const [mine, theirs] = [first.modes[name] ?? "sync", second.modes[name] ?? "sync"];
  return mine === "sync" && theirs !== "sync" ? "blocking" : mine;
}

/** What the guest holds of a pair. */
function face(tee: Tee, first: Granted, second: Granted): Granted {
  const faces = tee.faces.get(first) ?? new WeakMap<Granted, Granted>();
  tee.faces.set(first, faces);
  const known = faces.get(second);
  if (known !== undefined) return known;
  const pair = { first, second };
  const names = first.contract.calls.map(({ name }) => name);
  const modes = Object.freeze(Object.fromEntries(names.map((name) => [name, modeOf(pair, name)])));
  const functions = names.map((name): [string, HostFunction] => [
    name,
    asMode((...args) => call(tee, pair, name, args), modes[name]) as HostFunction,
  ]);
  const made: Granted = Object.freeze({ ...first, functions: Object.freeze(Object.fromEntries(functions)), modes });
  tee.pairs.set(made, pair);
  tee.met.add(first);
  tee.met.add(second);
  whenUnused(made, () => {
    unused(first);
    unused(second);
  });
  faces.set(second, made);
  return made;
}

/** A capability that is two: each call goes to both, and the first's answer is given if `compare` agrees. */
export function tee<G extends Granted>(first: G, second: G, compare: Compare = sameAnswer): G {
  if (!isGranted(first) || !isGranted(second)) throw new TypeError("tee takes two capabilities");
  if (typeof compare !== "function") throw new TypeError("tee compares by a function");
  checkSameForm(first, second);
  return face({ compare, pairs: new WeakMap(), faces: new WeakMap(), met: new WeakSet() }, first, second) as G;
}
