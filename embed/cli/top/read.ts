// A line of statistics, read: it comes from a process of the same user, and may be anything all the same.
import { STATES, type Stats } from "./rows.ts";

type Check = (value: unknown) => boolean;
type Shape = Readonly<Record<string, Check>>;

const number: Check = (value) => typeof value === "number" && Number.isFinite(value);
const text: Check = (value) => typeof value === "string";
const flag: Check = (value) => typeof value === "boolean";
const state: Check = (value) => STATES.some((one) => one === value);
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const record =
  (shape: Shape): Check =>
  (value) =>
    typeof value === "object" &&
    value !== null &&
    Object.entries(shape).every(([key, check]) => check(Object.hasOwn(value, key) ? value[key as never] : undefined));

const perSecond = record({ fuel: number, calls: number });
const used = record({ fuel: number, memory: number, calls: number, domains: number });

const tenant = record({
  ...{ name: text, share: number, queued: number, running: number, sandboxes: number, jobs: number },
  ...{ used, perSecond, isFrozen: flag },
});
const domain = record({
  ...{ id: number, name: maybe(text), tenant: text, where: text, state, age: number, used, perSecond },
});
const worker = record({
  ...{ id: number, state: text, running: number, sandboxes: number, restarts: number, why: maybe(text) },
});
const totals = record({
  ...{ tenants: number, domains: number, memory: number, perSecond },
  states: record(Object.fromEntries(STATES.map((one) => [one, number]))),
});
const stats = record({
  ...{ pid: number, isolation: text, uptime: number, queued: number, running: number, totals },
  ...{ tenants: list(tenant), domains: list(domain), workers: list(worker) },
});

/** A line of statistics; undefined for anything else. */
export function readStats(line: string): Stats | undefined {
  try {
    const found: unknown = JSON.parse(line);
    return stats(found) ? (found as Stats) : undefined;
  } catch {
    return undefined;
  }
}
