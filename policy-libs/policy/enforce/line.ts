// Lines of calls that wait for the same delays: the first of each is woken, and when it has gone the next. So whoever
// came first goes first, a call that comes later cannot overtake, and a thousand that wait cost no more than one.
//
// Invariants
//   L1  Of a line only the first goes on; whoever leaves, for whatever reason, lets the next go on.
//   L2  A line that nobody stands in is not kept.
import type { Decision, RRule } from "../resolved.ts";

export interface Place {
  readonly key: string;
  /** Resolves when it is the first. */
  readonly turn: Promise<void>;
  readonly go: () => void;
}

/** By the delays that they wait for. A Set keeps the order in which they came. */
export type Lines = Map<string, Set<Place>>;

const numbers = new WeakMap<RRule, number>();
let last = 0;
function numberOf(rule: RRule): number {
  const number = numbers.get(rule) ?? ++last;
  numbers.set(rule, number);
  return number;
}

/** Which delays a decision names: those that name the same wait for the same. "": none. */
export const keyOf = ({ obligations }: Decision): string =>
  obligations
    .flatMap(({ rule }) => (rule.effect.kind === "delay" ? [numberOf(rule)] : []))
    .sort((a, b) => a - b)
    .join();

export function join(lines: Lines, key: string): Place {
  const { promise, resolve } = Promise.withResolvers<void>();
  const place: Place = { key, turn: promise, go: resolve };
  const line = lines.get(key) ?? new Set<Place>();
  lines.set(key, line.add(place));
  if (line.size === 1) place.go();
  return place;
}

export function leave(lines: Lines, place: Place | undefined): void {
  const line = place && lines.get(place.key);
  if (place === undefined || !line?.delete(place)) return;
  const [next] = line;
  if (next === undefined) lines.delete(place.key);
  else next.go();
}
