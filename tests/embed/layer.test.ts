// Security layers: guests in front of guests, over the real engine.
import { describe, expect, test } from "vitest";
import type { StackedLayer } from "../../embed/api.ts";
import { arg, capability, contract, handle, integer, meter } from "../../policy-libs/index.ts";
import { isFrame } from "../kit/confinement.ts";
import { cordon, gave, run } from "./cordon.ts";
import { code, FORWARD, ITEM, newStore, over, STORE, sleep, wrapped } from "./layer-world.ts";

const { layer, stack } = cordon;

const PROGRAM = `
  const out = [await store.get("a"), await store.count()];
  await store.put("b", "beta");
  const item = await store.open("b");
  out.push(await item.read(), await item.size());
  out.push(await store.get("none").catch((e) => e.code), await store.put("c", "full").catch((e) => e.code));
  try { out.push(await store.get(1)) } catch (e) { out.push(e.code) }
  out.join()`;
const ANSWER = "alpha,1,beta,4,E_NONE,E_FULL,E_VALUE";

describe("layers that do nothing", () => {
  test.each([0, 1, 2, 5, 10, 100])("%i of them are not noticed by what is above", async (count) => {
    const layers: StackedLayer[] = Array.from({ length: count }, (_, i) => ({
      name: `layer ${i}`,
      source: FORWARD,
      offers: { store: STORE },
    }));
    const store = newStore();
    using all = await stack({ store: store.granted }, layers);
    expect(gave(await run({ source: PROGRAM, grant: all.grant }))).toBe(ANSWER);
    expect(store.calls).toEqual(["get a", "put b", "get none", "put c"]);
    expect(all.layers.map((one) => one.ended())).toEqual(layers.map(() => undefined));
  });

  test("what is granted may be offered as it is, and is the same capability above", async () => {
    const store = newStore();
    using one = await over(store.granted, "({ store })");
    expect(gave(await run({ source: PROGRAM, grant: one.grant }))).toBe(ANSWER);
  });

  test("a layer may be an offering module, and uses inputs, its own console and meter", async () => {
    const tenant = meter({ name: "tenant" });
    const source = `console.log("hello " + who); export default { store: { get: async (name) => who + (await store.get(name)), put() {}, open: (n) => store.open(n), count: () => 0 } };`;
    using one = await over(newStore().granted, source, { inputs: { who: "me " }, meter: tenant, kind: "module" });
    expect(one.console()).toEqual([{ level: "log", text: "hello me " }]);
    expect(gave(await run({ source: "await store.get('a')", grant: one.grant }))).toBe("me alpha");
    expect(one.name).toBe("test");
    expect(one.meter.totals().fuel).toBeGreaterThan(1_000);
    expect(tenant.totals().fuel).toBe(one.meter.totals().fuel);
    one.dispose();
    // Its parked stack ends in a turn of its own.
    await expect.poll(() => tenant.usage()).toMatchObject({ domains: 0, memory: 0 });
  });

  test("each of a stack may drop what is below, and the rest passes by it", async () => {
    using all = await stack({ store: newStore().granted, ping: () => "pong", pong: () => "ping" }, [
      { source: FORWARD, offers: { store: STORE }, drops: ["ping"] },
      {
        source: "({ sized: { size: async () => (await store.get('a')).length, read: () => typeof ping } })",
        offers: { sized: ITEM },
        drops: ["store"],
      },
    ]);
    expect(
      gave(
        await run({
          source: "[typeof store, typeof ping, pong(), await sized.size(), await sized.read()].join()",
          grant: all.grant,
        }),
      ),
    ).toBe("undefined,undefined,ping,5,undefined");
  });
});

describe("layers that do something", () => {
  test("clamp: only some calls pass, and only for some arguments", async () => {
    const store = newStore();
    using one = await over(
      store.granted,
      wrapped(
        `put() { throw Object.assign(new Error("read only"), { code: "E_DENIED" }) }, get: (name) => { if (name !== "a") throw Object.assign(new Error("no"), { code: "E_NONE" }); return store.get(name) }`,
      ),
    );
    store.texts.set("b", "beta");
    const source = `[${code("store.put('x', 'y')")}, ${code("store.get('a')")}, ${code("store.get('b')")}].join()`;
    expect(gave(await run({ source, grant: one.grant }))).toBe("E_DENIED,gave alpha,E_NONE");
    expect(store.calls).toEqual(["get a"]);
  });

  test("transform: arguments on the way down, results and handles on the way up", async () => {
    const store = newStore();
    const source = wrapped(`
      put: (name, text) => store.put(name, [...text].reverse().join("")),
      get: async (name) => [...(await store.get(name))].reverse().join(""),
      open: async (name) => { const item = await store.open(name); return { read: async () => (await item.read()).toUpperCase(), size: async () => 2 * (await item.size()) } }`);
    using one = await over(store.granted, source);
    const program =
      "await store.put('x', 'abc'); const item = await store.open('x'); [await store.get('x'), await item.read(), await item.size()].join()";
    expect(gave(await run({ source: program, grant: one.grant }))).toBe("abc,CBA,6");
    expect(store.texts.get("x")).toBe("cba");
  });

  test("tee: two targets, and an answer only where they agree", async () => {
    const [left, right] = [newStore(), newStore()];
    right.texts.set("b", "other");
    left.texts.set("b", "beta");
    using one = await layer({
      source: `
        const both = async (call) => {
          const [a, b] = await Promise.all([call(left), call(right)]);
          if (a !== b) throw Object.assign(new Error("they differ"), { code: "E_DENIED" });
          return a;
        };
        ({ store: { get: (name) => both((s) => s.get(name)), put: (n, t) => both((s) => s.put(n, t)), open: (name) => left.open(name), count: () => both((s) => s.count()) } })`,
      grant: { left: left.granted, right: right.granted },
      offers: { store: STORE },
    });
    const source = `[${code("store.get('a')")}, ${code("store.get('b')")}, ${code("store.put('c', 'x')")}].join()`;
    expect(gave(await run({ source, grant: one.grant }))).toBe("gave alpha,E_DENIED,gave undefined");
    expect([left.texts.get("c"), right.texts.get("c")]).toEqual(["x", "x"]);
  });

  test("one that calls its caller back: through it, into it, and round again", async () => {
    const CALLBACK = contract({
      name: "callback",
      allows: "",
      never: "",
      calls: { step: { takes: [arg("n", integer())], gives: integer(), refuses: [] } },
    });
    const WALK = contract({
      name: "walk",
      allows: "",
      never: "",
      calls: { go: { takes: [arg("n", integer()), arg("back", handle(CALLBACK))], gives: integer(), refuses: [] } },
    });
    using one = await layer({
      source: "({ walk: { go: async (n, back) => n <= 0 ? 0 : 1 + (await back.step(n - 1)) } })",
      offers: { walk: WALK },
    });
    const source = "const back = { step: (n) => walk.go(n, back) }; await walk.go(100, back)";
    expect(gave(await run({ source, grant: one.grant }))).toBe(100);
    const twice =
      "const back = { step: (n) => Promise.all([walk.go(n, back), walk.go(n, back)]).then(([a, b]) => a + b) }; await walk.go(8, back)";
    expect(gave(await run({ source: twice, grant: one.grant }))).toBe(255);
  });

  test.runIf(isFrame)(
    "ten thousand calls in flight go through it and come back, each to its own",
    async () => {
      const N = 10_000;
      const waiting: (() => void)[] = [];
      const SLOW = contract({
        name: "slow",
        allows: "",
        never: "",
        calls: { echo: { takes: [arg("n", integer())], gives: integer(), refuses: [] } },
      });
      const base = capability(SLOW, {
        echo: (n) =>
          new Promise<number>((resolve) => {
            waiting.push(() => resolve(n));
            if (waiting.length === N) for (const task of waiting.toReversed()) task();
          }),
      });
      using one = await layer({
        source: "({ slow: { echo: async (n) => (await slow.echo(n)) + 1 } })",
        grant: { slow: base },
        offers: { slow: SLOW },
        limits: { inFlight: N + 10, calls: 1e6 },
      });
      const source = `const all = await Promise.all(Array.from({ length: ${N} }, (_, i) => slow.echo(i))); all.every((n, i) => n === i + 1) && all.length`;
      expect(gave(await run({ source, grant: one.grant, limits: { inFlight: N + 10, wall: 60_000 } }))).toBe(N);
    },
    90_000,
  );
});

describe("a layer that is killed", () => {
  test("revokes at once what is above: calls in flight, later ones, and handles that came through it", async () => {
    const held: { resolve?: (text: string) => void } = {};
    const base = capability(STORE, {
      get: () => {
        const { promise, resolve } = Promise.withResolvers<string>();
        held.resolve = resolve;
        return promise;
      },
      put: () => undefined,
      open: () => capability(ITEM, { read: () => "r", size: () => 1 }),
      count: () => 0,
    });
    const one = await over(
      base,
      wrapped(
        "open: async (name) => { const item = await store.open(name); return { read: () => item.read(), size: () => 1 } }",
      ),
    );
    const running = run({
      source: `
        const item = await store.open("a"); const before = await item.read();
        const inFlight = store.get("a").then(() => "answered", (e) => e.code);
        [before, await inFlight, ${code("store.count()")}, ${code("item.read()")}, ${code("store.open('a')")}].join()`,
      grant: one.grant,
    });
    await sleep(150);
    expect(held.resolve).toBeDefined();
    one.dispose();
    held.resolve?.("too late");
    expect(String(gave(await running))).toMatch(/^r,(E_TARGET|E_REVOKED),E_REVOKED,E_REVOKED,E_REVOKED$/);
    expect(one.ended()).toBe("it ended as aborted");
    one.dispose();
  });

  test("revokes what the layers above it offer of it, and spares what is below", async () => {
    const store = newStore();
    using all = await stack(
      { store: store.granted },
      [1, 2, 3].map((n) => ({ name: `l${n}`, source: FORWARD, offers: { store: STORE } })),
    );
    all.layers[1]?.dispose();
    const source = `${code("store.get('a')")}`;
    expect(gave(await run({ source, grant: all.grant }))).toBe("E_REVOKED");
    expect(gave(await run({ source, grant: all.layers[0]?.grant ?? {} }))).toBe("gave alpha");
    expect(all.layers[2]?.ended()).toBeUndefined();
    expect(gave(await run({ source, grant: { store: store.granted } }))).toBe("gave alpha");
  });

  test("its own capabilities die with it only for it", async () => {
    const store = newStore();
    const one = await over(store.granted, "({ store })");
    one.dispose();
    expect(gave(await run({ source: code("store.get('a')"), grant: one.grant }))).toBe("E_REVOKED");
    using two = await over(store.granted, FORWARD);
    expect(gave(await run({ source: code("store.get('a')"), grant: two.grant }))).toBe("gave alpha");
  });

  test("calls of the embedder on what it offers are refused too", async () => {
    const one = await over(newStore().granted, FORWARD);
    const { get } = (one.grant["store"] as unknown as { functions: { get: (name: string) => Promise<string> } })
      .functions;
    expect(await get("a")).toBe("alpha");
    await expect(get("b")).rejects.toMatchObject({ code: "E_NONE" });
    await expect(get(7 as never)).rejects.toMatchObject({ code: "E_VALUE" });
    one.dispose();
    await expect(get("a")).rejects.toMatchObject({ code: "E_REVOKED" });
  });
});
