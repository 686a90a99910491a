// What a process tells of its pool, as `cordon top` reads it.
export interface PerSecond {
  readonly fuel: number;
  readonly calls: number;
}

export interface TenantRow {
  readonly name: string;
  readonly share: number;
  readonly queued: number;
  readonly running: number;
  readonly sandboxes: number;
  readonly jobs: number;
  readonly used: Readonly<Record<"fuel" | "memory" | "calls" | "domains", number>>;
  readonly perSecond: PerSecond;
  readonly isFrozen: boolean;
}

export const STATES = ["running", "parked", "idle", "asleep", "ended"] as const;
export type State = (typeof STATES)[number];

export interface DomainRow {
  readonly id: number;
  readonly name?: string;
  readonly tenant: string;
  readonly where: string;
  readonly state: State;
  readonly age: number;
  readonly used: TenantRow["used"];
  readonly perSecond: PerSecond;
}

export interface WorkerRow {
  readonly id: number;
  readonly state: string;
  readonly running: number;
  readonly sandboxes: number;
  readonly restarts: number;
  readonly why?: string;
}

/** Of everything, also of what has no row. */
export interface Totals {
  readonly tenants: number;
  readonly domains: number;
  readonly memory: number;
  readonly states: Readonly<Record<State, number>>;
  readonly perSecond: PerSecond;
}

/** One line of statistics. */
export interface Stats {
  readonly pid: number;
  readonly isolation: string;
  readonly uptime: number;
  readonly queued: number;
  readonly running: number;
  readonly totals: Totals;
  readonly tenants: readonly TenantRow[];
  readonly domains: readonly DomainRow[];
  readonly workers: readonly WorkerRow[];
}
