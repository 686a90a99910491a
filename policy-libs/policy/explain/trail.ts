// The events that registers name as their causes, kept while something may still name them: enforcement has no history.
//
// Invariants
//   T1  At most MOST events are kept, and of texts only their beginnings: a guest cannot make the trail grow.
import type { Datum, PolicyEvent } from "../resolved.ts";

/** Events that are kept; older ones are known by their numbers only. */
const MOST = 4_096;
/** Units of a text. */
const LONGEST = 256;

export interface Trail {
  /** The number of the event: from 1. */
  add(event: PolicyEvent): number;
  get(number: number): PolicyEvent | undefined;
}

const cut = (datum: Datum): Datum =>
  typeof datum === "string" && datum.length > LONGEST ? `${datum.slice(0, LONGEST)}…` : datum;
const shortened = (event: PolicyEvent): PolicyEvent => ({
  ...event,
  data: new Map([...event.data].map(([name, datum]) => [name, cut(datum)] as const)),
});

export function newTrail(most = MOST): Trail {
  const events = new Map<number, PolicyEvent>();
  let last = 0;
  return {
    add(event) {
      last += 1;
      events.set(last, shortened(event));
      for (const oldest of events.keys()) {
        if (events.size <= most) break;
        events.delete(oldest);
      }
      return last;
    },
    get: (number) => events.get(number),
  };
}
