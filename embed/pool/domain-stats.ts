// Domains of a pool at a glance: all are counted, and those that use the most are told of one by one.
import { type Account, CALLS, DOMAINS, FUEL, MEMORY } from "../../kernel/index.ts";
import type { DomainState } from "./domain-state.ts";
import { largest } from "./largest.ts";
import type { Isolation } from "./options.ts";
import { look, newRate, type PerSecond, toldOf } from "./rate.ts";
import type { Living, Member } from "./state.ts";

/** A sandbox, with the domains that its guest has made. */
export interface DomainStats {
  /** Its number in this pool. */
  readonly id: number;
  /** What its embedder calls it: the `id` of its options. */
  readonly name?: string;
  readonly tenant: string;
  /** "inline", "worker 2", "process 2". */
  readonly where: string;
  readonly state: DomainState;
  /** Milliseconds since it was made. */
  readonly age: number;
  /** Memory and domains that are in use, fuel and calls in all. */
  readonly used: Readonly<Record<"fuel" | "memory" | "calls" | "domains", number>>;
  /** Since somebody looked before. */
  readonly perSecond: PerSecond;
}

/** All of them, also those that are not told of. */
export interface DomainTotals {
  readonly domains: number;
  readonly states: Readonly<Record<DomainState, number>>;
}

const used = ({ used }: Account, resource: number): number => used[resource] as number;

function rowOf(one: Living, isolation: Isolation, at: number): DomainStats {
  const { id, name, member, slot, account, since, rate = newRate(since) } = one;
  return {
    id,
    ...(name === undefined ? {} : { name }),
    ...{ tenant: member.tenant.name, state: one.state(), age: at - since },
    where: isolation === "inline" ? isolation : `${isolation} ${slot.id}`,
    used: {
      ...{ fuel: used(account, FUEL), memory: used(account, MEMORY) },
      ...{ calls: used(account, CALLS), domains: used(account, DOMAINS) },
    },
    perSecond: toldOf(rate),
  };
}

const STATES = (): Record<DomainState, number> => ({ running: 0, parked: 0, idle: 0, asleep: 0, ended: 0 });

/** All of them, looked at once: what matters of each stands in columns, for there may be very many. */
interface Seen {
  readonly all: Living[];
  readonly columns: readonly [fuel: Float64Array, memory: Float64Array, calls: Float64Array];
  /** Numbers of rows, by whose they are. */
  readonly groups: Map<Member, number[]>;
  readonly states: Record<DomainState, number>;
}

function see({ all, columns: [fuels, memories, calls], groups, states }: Seen, one: Living, at: number): void {
  one.rate ??= newRate(one.since);
  const { account, member, rate } = one;
  const row = all.length;
  look(rate, at, used(account, FUEL), used(account, CALLS));
  all.push(one);
  fuels[row] = rate.fuelPerSecond;
  memories[row] = used(account, MEMORY);
  calls[row] = rate.callsPerSecond;
  states[one.state()]++;
  const group = groups.get(member);
  if (group === undefined) groups.set(member, [row]);
  else group.push(row);
}

export interface Domains {
  readonly domains: readonly DomainStats[];
  readonly totals: DomainTotals;
}

function countStates(living: ReadonlySet<Living>): Record<DomainState, number> {
  const states = STATES();
  for (const one of living) states[one.state()]++;
  return states;
}

/** At most `most` of them one by one: those that use the most, of all and of each tenant. */
export function domainStats(living: ReadonlySet<Living>, isolation: Isolation, at: number, most: number): Domains {
  const domains = living.size;
  if (most === 0) return { domains: [], totals: { domains, states: countStates(living) } };
  const column = (): Float64Array => new Float64Array(domains);
  const seen: Seen = { all: [], columns: [column(), column(), column()], groups: new Map(), states: STATES() };
  for (const one of living) see(seen, one, at);
  const rows = largest(domains, most, seen.columns, [...seen.groups.values()]);
  return {
    domains: rows.map((row) => rowOf(seen.all[row] as Living, isolation, at)),
    totals: { domains, states: seen.states },
  };
}
