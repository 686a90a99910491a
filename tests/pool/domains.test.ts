// Guests that make domains, wherever they live: under their maker's policy, audit, limits and tenant, and with its end.
import { describe, expect, test } from "vitest";
import type { AuditCall } from "../../embed/audit-record.ts";
import type { AuditRecord, Result } from "../../embed/node/index.ts";
import { meter, policy } from "../../policy-libs/index.ts";
import { cordon, gave } from "../embed/cordon.ts";
import { PLACES, placesOfAll } from "./places.ts";
import { poolOf, sleep, watchedPool } from "./world.ts";

const placed = placesOfAll();
const soon = (is: () => unknown) => expect.poll(is, { timeout: 10_000 });

function world(more: object = {}) {
  const did: string[] = [];
  const tools = { send: (size: number) => void did.push(`send ${size}`), read: () => void did.push("read") };
  return { did, grant: { tools, domains: cordon.domains({ allow: { tools }, ...more }) } };
}
const CHILD = `const child = await domains.create({ give: ["tools"] });
  const inChild = async (source) => (await child.run(source)).status;`;
const under = (rules: string) => policy.text(`policy p over tools.*, domains.* {\n default allow\n ${rules}\n}`);

describe.for(PLACES)("a policy, %s,", (place) => {
  test("remembers what parent and child did, and denies both", async () => {
    const { did, grant } = world();
    const rules = under('deny tools.send when once tools.read because "read"');
    const source = `${CHILD} const before = await inChild("tools.send(1)"); tools.read();
      const after = await inChild("tools.send(2)"); let own; try { tools.send(3) } catch (e) { own = e.code }
      [before, after, own]`;
    expect(gave(await placed(place).run({ source, grant, policy: rules }))).toEqual(["returned", "threw", "E_DENIED"]);
    expect(did).toEqual(["send 1", "read"]);
  });

  test("judges that domains are made", async () => {
    const { grant } = world();
    const rules = under("deny domains.create when count domains.create >= 2");
    const source = `const codes = [];
      for (let i = 0; i < 3; i++) codes.push(await domains.create().then(() => "made", (e) => e.code)); codes`;
    expect(gave(await placed(place).run({ source, grant, policy: rules }))).toEqual(["made", "made", "E_DENIED"]);
  });

  test("that halts a child ends the whole program, and nothing is performed after it", async () => {
    const { did, grant } = world();
    const rules = under('halt tools.send when once tools.read because "enough"');
    const source = `${CHILD} await inChild("tools.read(); try { tools.send(6) } catch (e) { tools.send(7) } tools.send(8)"); tools.send(9)`;
    const result = await placed(place).run({ source, grant, policy: rules });
    expect(result).toMatchObject({ status: "refused", by: "policy", why: "enough" });
    expect(did).toEqual(["read"]);
  });
});

/** Whose, which, and what came of it. */
function callOf(record: AuditRecord): string {
  const { capability, contract, call, decision } = record as AuditCall;
  return JSON.stringify([capability, contract, call, decision]);
}

test("an audit has the same records wherever they live", async () => {
  const seen = await Promise.all(
    PLACES.map(async (place) => {
      const records: AuditRecord[] = [];
      const { grant } = world();
      const source = `${CHILD} tools.send(1); await inChild("tools.send(2); tools.read()"); child.end(); await domains.create({ give: ["no"] }).catch(() => 0); 1`;
      gave(await placed(place).run({ source, grant, audit: { to: (one) => void records.push(one) } }));
      return records.map(callOf).toSorted();
    }),
  );
  expect(seen[0]?.length).toBeGreaterThan(3);
  expect(seen[1]).toEqual(seen[0]);
  expect(seen[2]).toEqual(seen[0]);
});

describe.for(PLACES)("a family, %s,", (place) => {
  test("is bounded by what its tenant may have: domains, memory, calls", async () => {
    const { grant } = world({ most: 100 });
    const source = `let n = 0; const kept = []; let code;
      for (;;) { try { kept.push(await domains.create({ give: ["tools"] })); n++ } catch (e) { code = e.code; break } } [n, code]`;
    const few = meter({ name: "few", limits: { domains: 4 } });
    expect(gave(await placed(place).run({ source, grant, meter: few }))).toEqual([3, "E_QUOTA"]);
    await soon(() => few.usage()).toMatchObject({ domains: 0, memory: 0, inFlight: 0 });
    const small = meter({ name: "small", limits: { memory: 6 * 2 ** 20 } });
    const [made, code] = gave(await placed(place).run({ source, grant, meter: small })) as [number, string];
    expect(code).toBe("E_QUOTA");
    expect(made).toBeGreaterThan(0);
    expect(made).toBeLessThan(6);
    await soon(() => small.usage()).toMatchObject({ domains: 0, memory: 0 });
  });

  test("makes children of children, which share the calls of the eldest, and reach nothing else", async () => {
    const { did, grant } = world({ depth: 3 });
    const nest = (source: string): string =>
      `const child = await domains.create({ give: ["tools", "domains"] }); (await child.run(${JSON.stringify(source)})).value`;
    const source = nest(nest("tools.send(3); [typeof domains, typeof tools, typeof process].join()"));
    expect(gave(await placed(place).run({ source, grant }))).toBe("object,object,undefined");
    expect(did).toEqual(["send 3"]);
    const many = nest(nest("for (;;) tools.send(1)"));
    gave(await placed(place).run({ source: many, grant, limits: { calls: 50 } }));
    // Some of them went into making and running the family.
    expect(did.length).toBeGreaterThan(30);
    expect(did.length).toBeLessThan(50);
  });
});

describe.for(["worker", "process"] as const)("a %s that is lost", (isolation) => {
  test("takes the family with it: the run is told, its tenant holds nothing, the next one serves", async () => {
    const { pool, hired } = await watchedPool({ isolation, workers: 1 });
    const { did, grant } = world();
    const box = await pool.createSandbox({ grant });
    const running: Promise<Result> = box.run(`${CHILD} await inChild("tools.send(1); for (;;);")`);
    await soon(() => did).toEqual(["send 1"]);
    await soon(() => pool.meter().usage().domains).toBe(2);
    await hired[0]?.dismiss();
    expect(await running).toMatchObject({ status: "trapped", reason: expect.stringMatching(/the worker was lost/) });
    await soon(() => pool.meter().usage()).toMatchObject({ domains: 0, memory: 0, inFlight: 0 });
    expect(gave(await pool.run({ source: `${CHILD} await inChild("1")`, grant }))).toBe("returned");
    await pool.dispose();
  });

  test("a child that spins is ended with its maker, by disposal and by abort", async () => {
    await using pool = await poolOf({ isolation });
    const { did, grant } = world();
    const source = `${CHILD} await inChild("tools.send(1); for (;;);")`;
    const box = await pool.createSandbox({ grant });
    const running = box.run(source);
    await soon(() => did.length).toBe(1);
    box.dispose();
    expect(await running).toMatchObject({ status: "aborted" });
    const stop = new AbortController();
    const other = pool.run({ source, grant, signal: stop.signal });
    await soon(() => did.length).toBe(2);
    await sleep(20);
    stop.abort();
    expect(await other).toMatchObject({ status: "aborted" });
    await soon(() => pool.meter().usage()).toMatchObject({ domains: 0, memory: 0, inFlight: 0 });
  });
});
