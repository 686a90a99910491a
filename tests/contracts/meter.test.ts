// Meters: limits, totals, freezes, bills. Exact, with a time that tests move.
import { describe, expect, test } from "vitest";
import { chargeAccount } from "../../kernel/index.ts";
import { account, type MeterOptions, meter, meterOf, meterUnder, within } from "../../policy-libs/index.ts";
import { RESOURCES } from "../../policy-libs/meter/resources.ts";
import { fakeDomain, fakeTime, paying } from "./meter-kit.ts";

const code = (task: () => unknown): unknown => {
  try {
    return task();
  } catch (error) {
    return (error as { code?: string }).code ?? (error as Error).name;
  }
};
const untyped = (options: unknown): MeterOptions => options as MeterOptions;

describe("a limit", () => {
  test("of an ancestor holds for all below it together, and refuses the whole charge", () => {
    const tenant = meter({ name: "tenant", limits: { netSend: 100 } });
    const [one, two] = [tenant.child({ name: "one" }), tenant.child({ name: "two", limits: { netSend: 50 } })];
    paying(one.account).charge("netSend", 70);
    expect(code(() => paying(two.account).charge("netSend", 31))).toBe("E_QUOTA");
    expect([one, two, tenant].map((each) => each.usage().netSend)).toEqual([70, 0, 70]);
    paying(two.account).charge("netSend", 30);
    expect(tenant.usage().netSend).toBe(100);
  });

  test("that is lowered below what is in use refuses everything but what costs nothing, and takes nothing away", () => {
    const tenant = meter({ name: "tenant", limits: { filesOpened: 10 } });
    const payer = paying(tenant.account);
    for (let i = 0; i < 5; i++) payer.charge("filesOpened");
    tenant.limit("filesOpened", 2);
    expect(tenant.usage().filesOpened).toBe(5);
    expect(code(() => payer.charge("filesOpened"))).toBe("E_QUOTA");
    payer.refund("filesOpened", 4);
    payer.charge("filesOpened");
    expect(code(() => payer.charge("filesOpened"))).toBe("E_QUOTA");
    tenant.limit("filesOpened", Infinity);
    payer.charge("filesOpened", 1e6);
    expect(tenant.limits()).toEqual({});
  });

  test("does not tell a guest the names of those above it", () => {
    const tenant = meter({ name: "secret customer", limits: { logBytes: 1 } });
    const payer = paying(tenant.child({ name: "run" }).account);
    expect(() => payer.charge("logBytes", 2)).toThrow(/^the account has no 2 of logBytes left$/);
  });
});

describe("an amount", () => {
  test.each([Number.NaN, -1, Infinity, -Infinity, 2 ** 60])("of %s is never charged", (amount) => {
    const tenant = meter({ name: "tenant" });
    const payer = paying(tenant.account);
    expect(code(() => payer.charge("bytes", amount))).toBe("RangeError");
    payer.refund("bytes", amount);
    expect(tenant.usage().bytes).toBe(0);
    payer.charge("bytes", 3);
    expect([tenant.usage().bytes, tenant.totals().bytes]).toEqual([3, 3]);
  });

  test("of what is no resource is never charged", async () => {
    const payer = paying(meter({ name: "tenant" }).account);
    expect(code(() => payer.charge("gold" as "fuel"))).toBe("RangeError");
    await expect(payer.wait("gold" as "fuel")).rejects.toThrow(RangeError);
    expect(() => payer.refund("gold" as "fuel")).not.toThrow();
  });

  test("given back is at most what is in use, so nobody earns by it", () => {
    const tenant = meter({ name: "tenant", limits: { outSockets: 1 } });
    const payer = paying(tenant.account);
    payer.refund("outSockets", 5);
    payer.charge("outSockets");
    payer.refund("outSockets");
    payer.refund("outSockets");
    payer.charge("outSockets");
    expect(code(() => payer.charge("outSockets"))).toBe("E_QUOTA");
  });
});

describe("totals", () => {
  test("of what is held count every time it was taken", () => {
    const tenant = meter({ name: "tenant" });
    const payer = paying(tenant.child({ name: "run" }).account);
    for (let i = 0; i < 3; i++) {
      payer.charge("filesOpened");
      payer.refund("filesOpened");
    }
    expect([tenant.usage().filesOpened, tenant.totals().filesOpened]).toEqual([0, 3]);
  });

  test("of what is used up do not count what was charged and did not happen", () => {
    const tenant = meter({ name: "tenant" });
    const payer = paying(tenant.child({ name: "run" }).account);
    payer.charge("fileWrite", 100);
    payer.refund("fileWrite", 100);
    payer.charge("fileWrite", 7);
    expect([tenant.usage().fileWrite, tenant.totals().fileWrite]).toEqual([7, 7]);
  });
});

describe("freeze", () => {
  test("counts: as many thaws as freezes", () => {
    const one = meter({ name: "one" });
    one.freeze();
    one.freeze();
    one.thaw();
    expect(one.isFrozen).toBe(true);
    one.thaw();
    expect(one.isFrozen).toBe(false);
    one.thaw();
    one.freeze();
    expect(one.isFrozen).toBe(true);
  });

  test("of an ancestor freezes those below", () => {
    const tenant = meter({ name: "tenant" });
    const run = tenant.child({ name: "run" });
    tenant.freeze();
    expect([tenant.isFrozen, run.isFrozen]).toEqual([true, true]);
    run.thaw();
    expect(run.isFrozen).toBe(true);
    tenant.thaw();
    expect(run.isFrozen).toBe(false);
  });

  test("by the embedder outlives the stop for a rate", async () => {
    const time = fakeTime();
    const one = meter({ name: "one", rates: { fuel: 1000 }, time });
    fakeDomain(one).burn(3000);
    one.freeze();
    await time.advance(10_000);
    expect(one.stops()).toEqual([[0, 2000]]);
    expect(one.isFrozen).toBe(true);
    one.thaw();
    expect(one.isFrozen).toBe(false);
  });

  test("for a rate is not ended by a thaw of the embedder", async () => {
    const time = fakeTime();
    const one = meter({ name: "one", rates: { fuel: 1000 }, time });
    fakeDomain(one).burn(3000);
    one.thaw();
    expect(one.isFrozen).toBe(true);
    one.freeze();
    one.thaw();
    one.thaw();
    expect(one.isFrozen).toBe(true);
    await time.advance(2000);
    expect(one.isFrozen).toBe(false);
  });
});

describe("a bill", () => {
  const prices = { fuel: 1e-6, netSend: 0.5 } as const;

  test("is the sum of uses times prices, with its parts", () => {
    const tenant = meter({ name: "acme" });
    const [one, two] = [tenant.child({ name: "one" }), tenant.child({ name: "two" })];
    fakeDomain(one).burn(2e6);
    paying(two.account).charge("netSend", 10);
    const { name, lines, total, parts } = tenant.bill(prices);
    expect({ name, lines, total }).toEqual({
      name: "acme",
      total: 7,
      lines: [
        { resource: "fuel", used: 2e6, price: 1e-6, cost: 2 },
        { resource: "netSend", used: 10, price: 0.5, cost: 5 },
      ],
    });
    expect(parts.map((part) => [part.name, part.total])).toEqual([
      ["one", 2],
      ["two", 5],
    ]);
  });

  test("keeps what those used that were removed, also what they use afterwards", () => {
    const tenant = meter({ name: "acme" });
    const run = tenant.child({ name: "run" });
    paying(run.account).charge("netSend", 4);
    run.remove();
    run.remove();
    paying(run.account).charge("netSend", 4);
    expect(tenant.bill(prices)).toMatchObject({ total: 4, parts: [] });
  });

  test.each([{ gold: 1 }, { fuel: Number.NaN }, { fuel: -1 }, { fuel: Infinity }, { fuel: "1" }, null])(
    "refuses prices that are none: %j",
    (wrong) => {
      expect(code(() => meter({ name: "acme" }).bill(wrong as never))).toBe("E_METER");
    },
  );
});

describe("the options of a meter", () => {
  test.each<unknown>([
    undefined,
    {},
    { name: "" },
    { name: "a", limits: { gold: 1 } },
    { name: "a", limits: { fuel: Number.NaN } },
    { name: "a", limits: { fuel: -1 } },
    { name: "a", limits: { fuel: undefined } },
    { name: "a", limits: { fuel: "1e9" } },
    { name: "a", limits: null },
    { name: "a", limits: { __proto__: null, constructor: 1 } },
    { name: "a", rates: { fuel: Infinity } },
    { name: "a", rates: { fuel: { burst: 1 } } },
    { name: "a", rates: { fuel: { perSecond: 1, burst: Number.NaN } } },
    { name: "a", rates: { gold: 1 } },
    { name: "a", share: 0 },
    { name: "a", share: Number.NaN },
    { name: "a", share: 1e9 },
    { name: "a", time: {} },
  ])("refuse %j", (wrong) => {
    expect(code(() => meter(untyped(wrong)))).toBe("E_METER");
  });

  test("are copied: what changes afterwards changes nothing", () => {
    const limits = { fuel: 5 };
    const one = meter({ name: "one", limits });
    limits.fuel = 1e9;
    expect(one.limits()).toEqual({ fuel: 5 });
  });

  test("name a depth of 128 at most", () => {
    let deepest = meter({ name: "0" });
    for (let i = 1; i < 128; i++) deepest = deepest.child({ name: `${i}` });
    expect(code(() => deepest.child({ name: "128" }))).toBe("E_METER");
    expect(chargeAccount(deepest.account, RESOURCES.indexOf("events"), 1)).toBe(true);
  });
});

describe("an account", () => {
  test("outside of a call has no limits and no memory", async () => {
    const outside = account();
    outside.charge("fuel", 1e300);
    outside.refund("fuel");
    await outside.wait("fuel");
  });

  test("inside of a call is the one who pays for it", () => {
    const one = meter({ name: "one" });
    const call = { account: one.account, signal: () => new AbortController().signal, interrupt: undefined };
    within(call, () => account().charge("randomBytes", 9));
    account().charge("randomBytes", 9);
    expect(one.usage().randomBytes).toBe(9);
  });

  test("knows the meter that made it", () => {
    const one = meterUnder(undefined, "one");
    expect(meterOf(one.account)).toBe(one);
    expect(meterOf(meterUnder(one, "two").account)?.name).toBe("two");
  });
});
