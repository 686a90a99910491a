// An event with everything that was before it: what every condition is judged at.
import type { Kleene } from "./kleene.ts";
import type { Datum, PolicyEvent, RArgument, RPattern } from "./resolved.ts";
import type { Scope } from "./tree.ts";

export interface Moment {
  readonly event: PolicyEvent;
  /** The past is what stands before `at`. */
  readonly history: readonly PolicyEvent[];
  readonly at: number;
  /** Nothing is forgotten: sets, keys and levels have no bound, and windows are exact. */
  readonly isUnbounded: boolean;
  /** Whether the event at a place of the history matches, judged by what was before it. */
  readonly matches: (pattern: RPattern, at: number) => Kleene;
}

const SHARES: { readonly [scope in Scope]: (a: PolicyEvent, b: PolicyEvent) => boolean } = {
  domain: (a, b) => a.domain === b.domain,
  capability: (a, b) => a.capability === b.capability,
  tenant: (a, b) => a.tenant === b.tenant,
  host: () => true,
};

/** The places of the past, oldest first, that share the scope with the present. */
export function pastOf({ event, history, at }: Moment, scope: Scope): number[] {
  const past: number[] = [];
  for (let i = 0; i < at; i++) if (SHARES[scope](history[i] as PolicyEvent, event)) past.push(i);
  return past;
}

export const eventAt = ({ history }: Moment, at: number): PolicyEvent => history[at] as PolicyEvent;

/**
 * What an argument is in an event, under the name that it has in the event's operation. Undefined: it is missing, or is
 * nothing that a policy can see.
 */
export const datumOf = ({ op, data }: PolicyEvent, argument: RArgument): Datum | undefined =>
  data.get((argument.of.get(op) ?? argument).name);

export const isWithin = ({ event }: Moment, then: PolicyEvent, within: number | undefined): boolean =>
  within === undefined || event.time - then.time <= within;
