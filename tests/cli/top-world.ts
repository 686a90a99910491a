// Statistics for tests of `cordon top`.
import { type DomainRow, STATES, type Stats, type TenantRow } from "../../embed/cli/top/rows.ts";

export const plain = (_style: string, text: string): string => text;

export const tenant = (name: string, fuel: number, memory = 0, sandboxes = 1): TenantRow => ({
  ...{ name, share: 1, queued: 0, running: 0, sandboxes, jobs: 2, isFrozen: false },
  ...{ used: { memory, fuel: 10 * fuel, calls: 0, domains: 1 }, perSecond: { fuel, calls: 5 } },
});

export const domain = (id: number, tenant: string, fuel = 0, more: Partial<DomainRow> = {}): DomainRow => ({
  ...{ id, tenant, where: "inline", state: "idle", age: 61_000, perSecond: { fuel, calls: 0 } },
  used: { fuel: 10 * fuel, memory: 1000 - id, calls: 0, domains: 1 },
  ...more,
});

export const stats = (tenants: readonly TenantRow[], domains: readonly DomainRow[] = []): Stats => ({
  ...{ pid: 7, isolation: "worker", uptime: 3_725_000, queued: 0, running: 0, tenants, domains },
  totals: {
    ...{ tenants: tenants.length, domains: domains.length, memory: 0, perSecond: { fuel: 0, calls: 0 } },
    states: Object.fromEntries(
      STATES.map((state) => [state, domains.filter((row) => row.state === state).length]),
    ) as Stats["totals"]["states"],
  },
  workers: [{ id: 1, state: "ready", running: 0, sandboxes: 1, restarts: 2, why: "it was killed" }],
});
