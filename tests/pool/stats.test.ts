// What a pool tells of its domains: the host's own knowledge, in every isolation.
import { fc, test as prop } from "@fast-check/vitest";
import { afterEach, describe, expect, test } from "vitest";
import { type DomainStats, newResidency, type Pool } from "../../embed/node/index.ts";
import { newSlot, type Slot } from "../../embed/pool/crew.ts";
import { largest } from "../../embed/pool/largest.ts";
import { homeSlot, type PoolState } from "../../embed/pool/state.ts";
import { ISOLATIONS, poolOf, sleep, watchedPool } from "./world.ts";

const POLL = { timeout: 10_000, interval: 20 };
const pools: Pool[] = [];
async function made(options: Parameters<typeof poolOf>[0]): Promise<Pool> {
  const pool = await poolOf(options);
  pools.push(pool);
  return pool;
}
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.dispose();
});

const rows = (pool: Pool, domains = 1_000): readonly DomainStats[] => pool.stats({ domains }).domains;

test("a sandbox waits for a worker with less to do that only starts, and for none that was lost", () => {
  const at = (id: number, state: object): Slot => Object.assign(newSlot(id), state);
  const place = {} as Slot["place"];
  const home = (...slots: Slot[]): number | undefined => homeSlot({ slots } as unknown as PoolState)?.id;
  expect(home(at(1, { place, sandboxes: 1 }), at(2, {}))).toBeUndefined();
  expect(home(at(1, { place }), at(2, {}))).toBe(1);
  expect(home(at(1, { place, sandboxes: 1 }), at(2, { why: "it was killed" }))).toBe(1);
  expect(home(at(1, { place, sandboxes: 2 }), at(2, { place, sandboxes: 1 }))).toBe(2);
  expect(home(at(1, {}), at(2, {}))).toBeUndefined();
});

test("sandboxes that are made at once after a pool live in all of its workers", async () => {
  const pool = await made({ isolation: "worker", workers: 2 });
  for (let i = 0; i < 6; i++) await pool.createSandbox();
  expect(
    rows(pool)
      .map(({ where }) => where)
      .toSorted(),
  ).toEqual([..."111222"].map((at) => `worker ${at}`));
});

describe.for(ISOLATIONS)("a domain, isolation %s", (isolation) => {
  test("is told of with whose it is, where it is, and what it does", async () => {
    const pool = await made({ isolation, tenants: { acme: {}, other: {} } });
    const gate = Promise.withResolvers<number>();
    const grant = { host: { wait: () => gate.promise, tick: () => 1 } };
    const box = await pool.createSandbox({ tenant: "acme", grant });
    await pool.createSandbox({ tenant: "other" });
    const where = isolation === "inline" ? "inline" : `${isolation} 1`;
    await expect.poll(() => rows(pool).map(({ state }) => state), POLL).toEqual(["idle", "idle"]);
    expect(rows(pool)).toMatchObject([
      { id: 1, tenant: "acme", where },
      { id: 2, tenant: "other", where },
    ]);
    const waiting = box.run("for (let i = 0; i < 20; i++) host.tick(); await host.wait()");
    await expect.poll(() => rows(pool)[0]?.state, POLL).toBe("parked");
    await expect.poll(() => rows(pool)[0]?.used.calls, POLL).toBe(21);
    gate.resolve(1);
    await waiting;
    expect(rows(pool)[0]?.state).toBe("idle");
    const spinning = box.run("while (true);", { limits: { wall: 2_000, fuel: 1e15 } });
    await expect.poll(() => rows(pool)[0]?.state, POLL).toBe("running");
    await expect.poll(() => rows(pool)[0]?.perSecond.fuel, POLL).toBeGreaterThan(1e6);
    expect(rows(pool)[1]).toMatchObject({ state: "idle", used: { calls: 0, domains: 1 } });
    await spinning;
    await expect.poll(() => rows(pool)[0]?.state, POLL).toBe("ended");
    expect(pool.stats().totals).toMatchObject({ domains: 2, states: { ended: 1, idle: 1, running: 0, parked: 0 } });
    box.dispose();
    expect(rows(pool).map(({ id }) => id)).toEqual([2]);
  });

  test("a guest that says it waits, or spins, changes nothing of what is told", async () => {
    const pool = await made({ isolation });
    const box = await pool.createSandbox();
    await box.run("globalThis.state = 'running'; globalThis.usage = { fuel: 0, memory: 0 }; globalThis.then = 1");
    const [row] = rows(pool);
    expect([row?.state, row?.tenant]).toEqual(["idle", "default"]);
    expect(row?.used.fuel).toBeGreaterThan(0);
    expect(row?.used.memory).toBeGreaterThan(0);
  });

  test("a guest that waits for a timer of its own is parked", async () => {
    const pool = await made({ isolation });
    const box = await pool.createSandbox();
    const running = box.run("await new Promise((resolve) => setTimeout(resolve, 1_000))");
    await expect.poll(() => rows(pool)[0]?.state, POLL).toBe("parked");
    await running;
    expect(rows(pool)[0]?.state).toBe("idle");
  });
});

test("what sleeps is asleep and has no memory, by the name that it has", async () => {
  const pool = await made({ isolation: "inline" });
  await pool.createSandbox({ residency: newResidency({ after: 1 }), id: "sleeper" });
  await expect.poll(() => rows(pool)[0]?.state, POLL).toBe("asleep");
  expect(rows(pool)[0]).toMatchObject({ name: "sleeper", used: { memory: 0 } });
});

test("what stands still under a frozen meter is parked", async () => {
  const pool = await made({ isolation: "inline" });
  const box = await pool.createSandbox();
  const running = box.run("for (let i = 0; i < 1e7; i++); 1");
  await expect.poll(() => rows(pool)[0]?.state, POLL).toBe("running");
  pool.meter().freeze();
  expect(rows(pool)[0]?.state).toBe("parked");
  pool.meter().thaw();
  await running;
});

test("domains of a worker that is lost have ended", async () => {
  const { pool, hired } = await watchedPool({ isolation: "worker", workers: 1 });
  pools.push(pool);
  const box = await pool.createSandbox();
  await box.run("1");
  expect(rows(pool)[0]?.state).toBe("idle");
  await hired[0]?.dismiss();
  await expect.poll(() => rows(pool)[0]?.state, POLL).toBe("ended");
  expect(rows(pool)[0]?.used.memory).toBe(0);
});

describe("how much is told", () => {
  test("no domains unless they are asked for, at most so many, and all are counted", async () => {
    const pool = await made({ isolation: "inline", tenants: { big: {}, small: {} } });
    for (let i = 0; i < 12; i++) await pool.createSandbox({ tenant: "big" });
    await pool.createSandbox({ tenant: "small" });
    expect(pool.stats().domains).toEqual([]);
    const { domains, tenants, totals } = pool.stats({ domains: 6, tenants: 1 });
    expect(domains).toHaveLength(6);
    expect(tenants.map(({ name }) => name)).toEqual(["big"]);
    expect(totals).toMatchObject({ tenants: 2, domains: 13, states: { idle: 13 } });
    for (const wrong of [-1, 1.5, Number.NaN, "1"])
      expect(() => pool.stats({ domains: wrong as number })).toThrow(expect.objectContaining({ code: "E_OPTION" }));
    expect(() => pool.stats({ nope: 1 } as object)).toThrow(/no option/);
  });

  test("rates are of the time between two looks", async () => {
    const pool = await made({ isolation: "inline" });
    const box = await pool.createSandbox({ grant: { host: { tick: () => 1 } } });
    await sleep(120);
    rows(pool);
    await box.run("for (let i = 0; i < 50; i++) host.tick()");
    await sleep(200);
    const calls = rows(pool)[0]?.perSecond.calls ?? 0;
    expect(calls).toBeGreaterThan(0);
    expect(calls).toBeLessThanOrEqual(50 / 0.2);
    expect(rows(pool)[0]?.perSecond.calls).toBe(calls);
    await sleep(120);
    expect(rows(pool)[0]?.perSecond.calls).toBe(0);
  });

  const anyColumns = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 3 })), {
      maxLength: 60,
    })
    .map((all) => ({
      count: all.length,
      columns: [0, 1].map((at) => Float64Array.from(all, (row) => row[at] as number)),
      groups: [0, 1, 2, 3]
        .map((group) => all.flatMap((row, at) => (row[2] === group ? [at] : [])))
        .filter((rows) => rows.length > 0),
    }));

  prop.prop([anyColumns, fc.integer({ min: 0, max: 70 })])(
    "those that use the most are told of: of all by each measure, and of each tenant",
    ({ count, columns, groups }, most) => {
      const chosen = largest(count, most, columns, groups);
      expect(chosen).toHaveLength(Math.min(count, most));
      expect([...new Set(chosen)].sort((a, b) => a - b)).toEqual(chosen);
      const least = (rows: readonly number[], column: Float64Array, k: number): number =>
        rows.map((row) => column[row] as number).sort((a, b) => b - a)[k - 1] ?? Number.POSITIVE_INFINITY;
      const all = Array.from({ length: count }, (_, row) => row);
      const check = (rows: readonly number[], k: number): void => {
        for (const column of columns)
          for (const row of rows)
            if (k > 0 && (column[row] as number) > least(rows, column, Math.min(k, rows.length)))
              expect(chosen).toContain(row);
      };
      check(all, Math.floor(Math.floor(most / 2) / 2));
      for (const rows of groups) check(rows, Math.floor(Math.floor(most / 2) / 2 / groups.length));
    },
  );
});
