// Layers that misbehave, and layers that cannot be started.
import { describe, expect, test } from "vitest";
import type { LayerOptions, StackedLayer } from "../../embed/api.ts";
import { capability, meter } from "../../policy-libs/index.ts";
import { cordon, gave, run } from "./cordon.ts";
import { code, FORWARD, fails, ITEM, newStore, over, STORE, sleep, wrapped } from "./layer-world.ts";

const { layer, stack } = cordon;

describe("a layer that misbehaves", () => {
  const callThrough = async (
    calls: string,
    more: Partial<LayerOptions> = {},
    call = "store.get('a')",
  ): Promise<[unknown, string | undefined, unknown]> => {
    using one = await over(newStore().granted, wrapped(calls), more);
    const result = gave(
      await run({ source: `[${code(call)}, ${code("store.count()")}]`, grant: one.grant }),
    ) as unknown[];
    return [result[0], one.ended(), result[1]];
  };

  test("loops: it ends after its fuel or its time for one answer, and its callers are told", async () => {
    const cut = expect.stringMatching(/^(E_TARGET|E_REVOKED)$/);
    const loops = async (calls: string, limits: LayerOptions["limits"]): Promise<unknown> => {
      const [answer, ended, later] = await callThrough(calls, { limits });
      expect([answer, later]).toEqual([cut, "E_REVOKED"]);
      return ended;
    };
    expect(await loops("get() { for (;;); }", { fuel: 2e6 })).toBe("it ran out of fuel");
    expect(await loops("get() { for (;;); }", { wall: 100 })).toBe("it ran out of wall");
    expect(await loops("async get() { await 1; for (;;); }", { fuel: 2e6 })).toBe("it ran out of fuel");
    expect(await loops("get: (name) => { const f = () => f(); return f() }", {})).toBeDefined();
  });

  test("may use its fuel anew for each answer", async () => {
    using one = await over(newStore().granted, wrapped("get(name) { for (let i = 0; i < 5e3; i++); return name; }"), {
      limits: { fuel: 4e6 },
    });
    const source = "let n = 0; for (let i = 0; i < 50; i++) n += (await store.get('x')).length; n";
    expect(gave(await run({ source, grant: one.grant }))).toBe(50);
    expect(one.meter.totals().fuel).toBeGreaterThan(4e7);
  });

  test.each([
    ["a number for a text", "get: () => 7"],
    ["a text that is too long", "get: () => 'x'.repeat(101)"],
    ["nothing", "get() {}"],
    ["an object for a text", "get: () => ({})"],
    ["a function for a text", "get: () => () => 1"],
    ["something for nothing", "put: () => 1", "store.put('a', 'b')"],
    ["a half for an integer", "count: () => 0.5", "store.count()"],
    ["a text for a handle", "open: () => 'item'", "store.open('a')"],
    ["a handle of another contract", "open: () => store", "store.open('a')"],
    ["an undeclared refusal", "get() { throw Object.assign(new Error('x'), { code: 'E_OTHER' }) }"],
    ["an error without a code", "get() { throw new Error('x') }"],
    ["something thrown that is no error", "get() { throw 7 }"],
    ["undefined, later", "async get() { await 1 }"],
  ])("gives %s: it ends, and its caller gets E_TARGET", async (_what, calls, call?: string) => {
    const [answer, ended, later] = await callThrough(calls, {}, call);
    expect(answer).toBe("E_TARGET");
    expect(ended).toBeDefined();
    expect(later).toMatch(/^(E_TARGET|E_REVOKED)$/);
  });

  // The engine answers E_VALUE for the layer, and the kernel takes that for a refusal that every contract declares.
  test("gives something that cannot cross: that is its fault, not its caller's", async () => {
    expect((await callThrough("get: () => Symbol()"))[0]).toBe("E_TARGET");
  });

  // What a domain passes on in the answer to a request is derived from what it held, not from the domain as well.
  test("that ends by its own fault takes along what it only passed on", async () => {
    using one = await layer({
      source: "({ store, item: { read: () => 7, size: () => 1 } })",
      grant: { store: newStore().granted },
      offers: { store: STORE, item: ITEM },
    });
    expect(gave(await run({ source: code("item.read()"), grant: one.grant }))).toBe("E_TARGET");
    expect(one.ended()).toBeDefined();
    expect(gave(await run({ source: code("store.get('a')"), grant: one.grant }))).toBe("E_REVOKED");
  });

  test("an offered object that has no such function, or one that throws while it is looked up, ends it as well", async () => {
    using one = await over(
      newStore().granted,
      "({ store: { get: (name) => store.get(name), count: () => 1, get put() { throw 1 }, open: 7 } })",
    );
    const source = (call: string): string => code(call);
    expect(gave(await run({ source: source("store.get('a')"), grant: one.grant }))).toBe("gave alpha");
    expect(gave(await run({ source: source("store.open('a')"), grant: one.grant }))).toBe("E_TARGET");
    expect(gave(await run({ source: source("store.get('a')"), grant: one.grant }))).toBe("E_REVOKED");
  });

  test("answers late, or never: its caller waits as for any call, and its own limits hold", async () => {
    using one = await over(
      newStore().granted,
      wrapped(
        "get: (name) => new Promise((resolve) => { setTimeout(() => resolve('late ' + name), 50) }), put: () => new Promise(() => 1)",
      ),
    );
    expect(gave(await run({ source: "await store.get('a')", grant: one.grant }))).toBe("late a");
    expect(await run({ source: "await store.put('a', 'b')", grant: one.grant, limits: { wall: 200 } })).toMatchObject({
      status: "exhausted",
      resource: "wall",
    });
    expect(gave(await run({ source: "await store.get('b')", grant: one.grant }))).toBe("late b");
  });

  test("is revoked during its own call, by what it calls", async () => {
    const lever: { pull?: () => void } = {};
    const base = capability(STORE, {
      get: () => {
        lever.pull?.();
        return "done";
      },
      put: () => undefined,
      open: () => fails("E_NONE"),
      count: () => 0,
    });
    const one = await over(base, FORWARD);
    lever.pull = () => one.dispose();
    expect(
      String(
        gave(await run({ source: `[${code("store.get('a')")}, ${code("store.get('a')")}].join()`, grant: one.grant })),
      ),
    ).toMatch(/^(E_TARGET|E_REVOKED),E_REVOKED$/);
  });

  test("that turns its caller's arguments against it, gets copies only", async () => {
    const source = wrapped(
      "put: (name, text) => { Object.prototype.polluted = 1; String.prototype.trim = () => 'bad'; return store.put(name, text) }",
    );
    using one = await over(newStore().granted, source);
    expect(
      gave(
        await run({ source: "await store.put('x', 'y'); [typeof {}.polluted, ' a '.trim()].join()", grant: one.grant }),
      ),
    ).toBe("undefined,a");
  });
});

describe("a layer that cannot be started", () => {
  const refused = (source: string, more: Partial<LayerOptions> = {}): Promise<unknown> =>
    over(newStore().granted, source, more).then(
      () => "started",
      (error: { code: string; message: string }) => `${error.code} ${error.message}`,
    );

  test.each([
    ["a syntax error", "({ store: ", /its program threw: /],
    ["a throw", "throw new Error('not today')", /its program threw: not today/],
    ["a value that is no offer", "7", /must give an object with store/],
    ["nothing", "", /must give an object with store/],
    ["an offer without the name", "({})", /must give an object with store/],
    ["one name more", "({ store, more: store })", /must give an object with store/],
    ["data for a capability", "({ store: { a: 1 } })", /must give an object with store/],
    ["what it was granted under another contract", "({ store: tool })", /must give an object with store/],
    ["a promise that is rejected", "await Promise.reject(new Error('later'))", /its program threw: later/],
    ["a loop", "for (;;);", /it ran out of fuel/],
    ["a wait without end", "await new Promise(() => 1)", /it ran out of wall/],
    ["endless memory", "const a = []; for (;;) a.push(new Uint8Array(1e6).fill(1))", /out of memory|ran out of/],
  ])("because its program is %s", async (_what, source, why) => {
    const tenant = meter({ name: "tenant" });
    const tool = capability(ITEM, { read: () => "", size: () => 0 });
    const grant = { store: newStore().granted, tool };
    const text = await refused(source, { meter: tenant, grant, limits: { fuel: 2e7, wall: 300, memory: "8 MiB" } });
    expect(text).toMatch(/^E_LAYER layer test: /);
    expect(text).toMatch(why);
    await sleep(5);
    expect(tenant.usage()).toMatchObject({ domains: 0, memory: 0 });
  });

  test("because it is too large, or missing", async () => {
    expect(await refused(`({ store }) //${"x".repeat(5_000)}`, { limits: { source: 1_000 } })).toMatch(
      /^E_LAYER layer test: a source of \d+ bytes/,
    );
    expect(await refused(undefined as never)).toMatch(/^E_OPTION /);
    expect(await refused("({ store })", { offers: {} })).toMatch(/^E_OPTION /);
    expect(await refused("({ store })", { offers: undefined as never })).toMatch(/^E_OPTION /);
    expect(await refused("({ store })", { offers: { store: { name: "store" } } })).toMatch(/^E_CONTRACT /);
    expect(await refused("({ store })", { nonsense: 1 } as never)).toMatch(/^E_OPTION /);
  });

  test("in a stack: those below it end as well, and nothing is left", async () => {
    const tenant = meter({ name: "tenant" });
    const layers: StackedLayer[] = [FORWARD, FORWARD, "throw new Error('third')"].map((source) => ({
      source,
      offers: { store: STORE },
      meter: tenant,
    }));
    await expect(stack({ store: newStore().granted }, layers)).rejects.toMatchObject({
      code: "E_LAYER",
      message: expect.stringContaining("third"),
    });
    // Parked stacks end in turns of their own.
    await expect.poll(() => tenant.usage()).toMatchObject({ domains: 0, memory: 0 });
  });
});
