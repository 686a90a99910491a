// Guests that host guests: the capability `domain`, over the real engine.
import { describe, expect, test } from "vitest";
import type { Grants, RunRequest } from "../../embed/api.ts";
import { blocking } from "../../embed/api.ts";
import { interrupt, meter, revocable } from "../../policy-libs/index.ts";
import { isFrame } from "../kit/confinement.ts";
import { PLACES, type Place, placesOfAll } from "../pool/places.ts";
import { cordon, gave } from "./cordon.ts";

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const makeIn = placesOfAll();
const soon = (is: () => unknown) => expect.poll(is, { timeout: 10_000 });

/** Runs and sandboxes in a place. */
function at(place: Place) {
  const { createSandbox, run } = makeIn(place);
  const withDomains = (source: string, allow: Grants = {}, more: Partial<RunRequest> = {}, most = 10) =>
    run({ source, grant: { domains: cordon.domains({ allow, most }) }, ...more });
  const value = async (...args: Parameters<typeof withDomains>): Promise<unknown> => gave(await withDomains(...args));
  return { createSandbox, run, withDomains, value };
}

const fuelOf = (outcome: unknown): number => (outcome as { usage: { fuel: number } }).usage.fuel;

describe.for(PLACES)("a child domain, %s", (place) => {
  const { value } = at(place);

  test("runs programs with inputs, keeps its state, and tells its value, console and use", async () => {
    const result = (await value(`
      const child = await domains.create({ name: "worker" });
      const first = await child.run("console.log('hi'); globalThis.n = a + 1; n", { a: 41 });
      const second = await child.run("n + 1");
      const called = await child.call("Math.max", [1, 9, 3]);
      ({ first, second, called, usage: await child.usage() })`)) as Record<string, Record<string, unknown>>;
    expect(result["first"]).toMatchObject({ status: "returned", value: 42, console: [{ level: "log", text: "hi" }] });
    expect(result["second"]).toMatchObject({ status: "returned", value: 43 });
    expect(result["called"]).toMatchObject({ status: "returned", value: 9 });
    expect(Object.keys(result["usage"] ?? {}).sort()).toEqual(["bytes", "calls", "fuel", "memory", "wall"]);
    expect(result["usage"]?.["fuel"]).toBeGreaterThan(fuelOf(result["first"]) + fuelOf(result["second"]));
  });

  test("sees nothing of its parent, nor the parent of it", async () => {
    const source = `
      globalThis.secret = 1; Array.prototype.own = 2;
      const child = await domains.create();
      const seen = await child.run("globalThis.theirs = 3; [typeof secret, typeof [].own, typeof domains, typeof tool].join()");
      [seen.value, typeof theirs].join()`;
    expect(await value(source, { tool: () => 1 })).toBe("undefined,undefined,undefined,undefined,undefined");
  });

  test("holds what it is given by name of what is allowed, and nothing else", async () => {
    const allow = { one: () => 1, two: { a: () => 2, b: blocking(async () => 3) } };
    const probe = "[typeof one, typeof two, typeof domains].join()";
    expect(await value(`(await (await domains.create({ give: ["two"] })).run("${probe}")).value`, allow)).toBe(
      "undefined,object,undefined",
    );
    expect(
      await value(
        '(await (await domains.create({ give: ["one", "two", "two"] })).run("one() + two.a() + two.b()")).value',
        allow,
      ),
    ).toBe(6);
    for (const name of ["three", "domains", "constructor", "__proto__", "toString", ""])
      expect(await value(`await domains.create({ give: [${JSON.stringify(name)}] }).catch((e) => e.code)`, allow)).toBe(
        "E_DENIED",
      );
  });

  test.each([
    ["frame", "returned"],
    ["segment", "threw"],
    ["arena", "threw"],
  ] as const)(
    "lives as its parent does, in a %s: with its room, and with room for brothers",
    async (confinement, big) => {
      const source = `
      const all = [];
      for (let i = 0; i < 5; i++) all.push(await domains.create());
      const one = await all[4].run("new ArrayBuffer(8 << 20).byteLength");
      [all.length, one.status]`;
      expect(await value(source, {}, { confinement })).toEqual([5, big]);
    },
  );

  test("throws, exhausts itself or spins, and its parent goes on", async () => {
    const statuses = await value(
      `
      const limits = { fuel: 5e6, wall: 5000, calls: 3, memory: 2 ** 22 };
      const out = [];
      for (const source of [
        "throw new TypeError('bad')", "for (;;);", "const f = () => f(); f()", "let s = 'x'; for (;;) s += s",
        "for (;;) hit()", "const a = []; for (;;) a.push(new Uint8Array(1e5))", "throw 7", "(" ]) {
        const child = await domains.create({ limits, give: ["hit"] });
        const { status, why, error } = await child.run(source);
        out.push([status, why ?? error.name].join(":"));
        child.end();
      }
      out`,
      { hit: () => 1 },
    );
    expect(statuses).toEqual([
      ...["threw:TypeError", "exhausted:fuel", "threw:RangeError", "threw:InternalError", "exhausted:calls"],
      ...["threw:InternalError", "threw:Thrown", "threw:SyntaxError"],
    ]);
  });

  test("one that spins stops neither its parent's other children nor the host", async () => {
    let ticks = 0;
    const ticker = setInterval(() => ticks++, 1);
    const both = await value(`
      const [spinner, other] = await Promise.all([domains.create({ limits: { wall: 300 } }), domains.create()]);
      const spinning = spinner.run("for (;;);");
      const quick = await other.run("7");
      [quick.value, (await spinning).why]`);
    clearInterval(ticker);
    expect(both).toEqual([7, "wall"]);
    expect(ticks).toBeGreaterThan(20);
  });

  test("is compiled for: imports, or the place of a syntax error", async () => {
    const checked = (await value(`
      const child = await domains.create();
      [await child.check("import 'a'; import b from 'b'; 1"), await child.check("let x = 1;\\nlet y = ;"), await child.check("let 1"), await child.run("1")]
    `)) as { ok: boolean; imports: string[]; line?: number; message?: string; value?: unknown }[];
    expect(checked[0]).toEqual({ ok: true, imports: ["a", "b"] });
    expect(checked[1]).toMatchObject({ ok: false, line: 2, column: expect.any(Number), message: expect.any(String) });
    expect(checked[2]).toMatchObject({ ok: false, line: 1 });
    expect(checked[3]).toMatchObject({ status: "returned" });
  });

  test("tells how it ended: ended by its parent in flight, of itself, and what is asked of it later is E_ENDED", async () => {
    const told = await value(`
      const child = await domains.create();
      const ended = child.ended();
      const running = child.run("for (;;);");
      await new Promise((resolve) => { setTimeout(resolve, 20); });
      child.end(); child.end();
      const tired = await domains.create({ limits: { fuel: 1e6 } });
      const how = tired.ended();
      await tired.run("for (;;);");
      const after = await tired.run("1");
      [(await running).status, await ended, await child.run("1").catch((e) => e.code), await child.check("1").catch((e) => e.code), await child.ended(), await how, after.status]`);
    expect(told).toEqual([
      "aborted",
      "it was disposed",
      "E_ENDED",
      "E_ENDED",
      "it was disposed",
      "it ran out of fuel",
      "refused",
    ]);
  });
});

describe.for(PLACES)("a family of domains, %s", (place) => {
  const { createSandbox, run, value, withDomains } = at(place);

  test("is as deep as allowed, and each level has what was allowed", async () => {
    const grant = { domains: cordon.domains({ allow: { name: () => "host" }, depth: 3 }) };
    const innermost = "name() + typeof domains";
    const third = `const c3 = await domains.create({ give: ["name"] }); "3" + (await c3.run(${JSON.stringify(innermost)})).value`;
    const second = `const c2 = await domains.create({ give: ["domains"] }); "2" + (await c2.run(${JSON.stringify(third)})).value`;
    const first = `const c1 = await domains.create({ give: ["domains"] }); "1" + (await c1.run(${JSON.stringify(second)})).value`;
    expect(gave(await run({ source: first, grant }))).toBe("123hostundefined");
    const tooDeep = `const c = await domains.create({ give: ["domains"] }); await c.run(${JSON.stringify(
      `const c = await domains.create({ give: ["domains"] }); (await c.run("await domains.create({ give: ['domains'] })")).error.code`,
    )})`;
    expect(gave(await run({ source: tooDeep, grant }))).toMatchObject({ value: "E_DENIED" });
  });

  test("may be 32 deep", async () => {
    const down = `globalThis.down = async (source, n) => {
      if (n === 0) return typeof domains;
      const child = await domains.create({ give: n === 1 ? [] : ["domains"] });
      await child.run(source);
      return n + (await child.call("down", [source, n - 1])).value;
    };`;
    const grant = { domains: cordon.domains({ depth: 32, most: 32 }) };
    const all = Array.from({ length: 32 }, (_, i) => 32 - i).join("");
    const source = `${down} await down(${JSON.stringify(down)}, 32)`;
    expect(gave(await run({ source, grant, limits: { wall: 60_000 } }))).toBe(`${all}undefined`);
  });

  test("has so many members at once, and one that ended makes room", async () => {
    const source = `
      const all = await Promise.allSettled(Array.from({ length: 12 }, () => domains.create()));
      const codes = all.map((one) => one.reason?.code ?? "made");
      const first = all[0].value;
      await first.end();
      const again = await domains.create().then(() => "made");
      [codes.filter((code) => code === "made").length, codes.filter((code) => code === "E_QUOTA").length, again]`;
    expect(await value(source, {}, {}, 5)).toEqual([5, 7, "made"]);
  });

  test("shares its eldest's fuel: three deep, whoever spins", async () => {
    const tenant = meter({ name: "tenant" });
    const grant = { domains: cordon.domains({ depth: 3 }) };
    const spin = "for (;;);";
    const inner = `(await (await domains.create({ give: [] })).run("${spin}")).status + ":" + (() => { for (;;); })()`;
    const middle = `(await (await domains.create({ give: ["domains"] })).run(${JSON.stringify(inner)}))`;
    const result = await run({
      source: `(await (await domains.create({ give: ["domains"] })).run(${JSON.stringify(middle)})); for (;;);`,
      grant,
      meter: tenant,
      limits: { fuel: 3e8 },
    });
    expect(result).toMatchObject({ status: "exhausted", resource: "fuel" });
    expect(tenant.totals().fuel).toBeLessThan(3e8 + 1e6);
    expect(tenant.totals().fuel).toBeGreaterThan(2.9e8);
    await soon(() => tenant.usage()).toMatchObject({ domains: 0, memory: 0, inFlight: 0 });
  });

  test("one after the other they cannot use more either, and each run begins anew", async () => {
    const tenant = meter({ name: "tenant" });
    await using box = await createSandbox({
      grant: { domains: cordon.domains() },
      meter: tenant,
      limits: { fuel: 1e8 },
    });
    const source = `
      const whys = [];
      for (let i = 0; i < 100; i++) {
        const child = await domains.create({ limits: { fuel: 3e7 } });
        whys.push((await child.run("for (;;);")).why);
        child.end();
      }`;
    expect(await box.run(source)).toMatchObject({ status: "exhausted", resource: "fuel" });
    expect(tenant.totals().fuel).toBeLessThan(1e8 + 1e6);
    await using other = await createSandbox({
      grant: { domains: cordon.domains() },
      meter: tenant,
      limits: { fuel: 1e8 },
    });
    for (let i = 0; i < 3; i++)
      expect(
        gave(await other.run("(await (await domains.create({ limits: { fuel: 6e7 } })).run('for (;;);')).why")),
      ).toBe("fuel");
  });

  // A segment has a size, so that its owner may not say more for a family in segments.
  test.runIf(isFrame)("shares its eldest's memory", async () => {
    const source = `
      const made = [];
      for (let i = 0; i < 50; i++) { const child = await domains.create().catch((e) => e.code); if (child === "E_QUOTA") break; made.push(child); }
      made.length`;
    const few = (await value(source, {}, { limits: { memory: "16 MiB" } }, 100)) as number;
    const many = (await value(source, {}, { limits: { memory: "128 MiB" } }, 100)) as number;
    expect(few).toBeGreaterThan(0);
    expect(few).toBeLessThan(16 / 1.125); // MiB, and what a domain has at birth
    expect(many).toBeGreaterThan(few);
  });

  test("shares its eldest's calls", async () => {
    const calls = await withDomains(
      `
      const child = await domains.create({ give: ["hit"] });
      const inner = await child.run("for (let i = 0; i < 20; i++) hit(); 1");
      const rest = await child.run("for (;;) hit()");
      [inner.status, rest.why]`,
      { hit: () => 1 },
      { limits: { calls: 50 } },
    );
    expect(gave(calls)).toEqual(["returned", "calls"]);
    expect(calls.usage.calls).toBe(50);
  });

  test("a child asks for more than its parent has and gets what that has", async () => {
    expect(
      await value(
        '(await (await domains.create({ limits: { wall: 1e6, fuel: 1e15 } })).run("for (;;);")).why',
        {},
        { limits: { wall: 400 } },
      ).catch(() => ""),
    ).toBe("");
    const result = await withDomains(
      'await (await domains.create({ limits: { fuel: 1e15 } })).run("for (;;);")',
      {},
      { limits: { fuel: 1e7 } },
    );
    expect(result).toMatchObject({ status: "exhausted", resource: "fuel" });
    const grant = { domains: cordon.domains({ limits: { fuel: 1e6 } }) };
    const capped = gave(
      await run({ source: '(await (await domains.create({ limits: { fuel: 1e9 } })).run("for (;;);"))', grant }),
    );
    expect(capped).toMatchObject({ why: "fuel" });
    expect((capped as { usage: { fuel: number } }).usage.fuel).toBeLessThan(1.1e6);
  });

  test("the meters of all are the tenant's: nothing lost, nothing twice, nothing left over", async () => {
    const tenant = meter({ name: "tenant" });
    const source = `
      const children = await Promise.all([1, 2, 3].map((n) => domains.create({ name: "c" + n })));
      const results = await Promise.all(children.map((child, n) => child.run("let s = 0; for (let i = 0; i < " + (n + 1) * 1e5 + "; i++) s += i; s")));
      results.map(({ usage }) => usage.fuel)`;
    const result = await run({ source, grant: { domains: cordon.domains() }, meter: tenant });
    const fuels = gave(result) as number[];
    expect((fuels[2] as number) / (fuels[0] as number)).toBeGreaterThan(2);
    const all = fuels.reduce((sum, fuel) => sum + fuel, result.usage.fuel);
    // What is more is their making.
    expect(tenant.totals().fuel).toBeGreaterThanOrEqual(all);
    expect(tenant.totals().fuel).toBeLessThan(all * 1.2 + 4e5);
    await soon(() => tenant.usage()).toMatchObject({ domains: 0, memory: 0, inFlight: 0 });
  });

  const SPINNERS = `
    globalThis.kept = [];
    for (let i = 0; i < 3; i++) {
      const child = await domains.create({ give: ["domains"] });
      kept.push(child);
      child.run("(await domains.create()).run('for (;;);'); for (;;);");
    }`;

  test.each([
    { how: "returned", rest: "1", fuel: 1e9, act: () => undefined },
    { how: "exhausted", rest: "for (;;);", fuel: 1e8, act: () => undefined },
    { how: "aborted", rest: "await new Promise(() => 1)", fuel: 1e12, act: (abort: () => void) => abort() },
    {
      how: "aborted",
      rest: "await new Promise(() => 1)",
      fuel: 1e12,
      act: (_: unknown, dispose: () => void) => dispose(),
    },
  ])("ends with its eldest: $how", async ({ how, rest, fuel, act }) => {
    const tenant = meter({ name: "tenant" });
    const controller = new AbortController();
    const box = await createSandbox({ grant: { domains: cordon.domains({ depth: 2 }) }, meter: tenant });
    const running = box.run(`${SPINNERS} ${rest}`, { signal: controller.signal, limits: { fuel } });
    if (how === "aborted") await sleep(100);
    act(
      () => controller.abort(),
      () => box.dispose(),
    );
    expect((await running).status).toBe(how);
    if (how === "returned") expect(tenant.usage().domains).toBeGreaterThan(3);
    box.dispose();
    await soon(() => tenant.usage()).toMatchObject({ domains: 0, memory: 0, inFlight: 0 });
  });

  test("ends when the capability that made it is revoked", async () => {
    const tenant = meter({ name: "tenant" });
    const { granted, revoke } = revocable(cordon.domains());
    const pending = run({
      source: `const child = await domains.create(); const code = await child.run("for (;;);").catch((e) => e.code); [code, await child.run("1").catch((e) => e.code), await domains.create().catch((e) => e.code)]`,
      grant: { domains: granted },
      meter: tenant,
    });
    await soon(() => tenant.usage().domains).toBe(2);
    revoke();
    expect(gave(await pending)).toEqual(["E_REVOKED", "E_REVOKED", "E_REVOKED"]);
    await soon(() => tenant.usage()).toMatchObject({ domains: 0, memory: 0 });
  });

  test("a child that nobody holds any more ends once its run is over", async () => {
    const tenant = meter({ name: "tenant" });
    await using box = await createSandbox({ grant: { domains: cordon.domains() }, meter: tenant });
    expect(gave(await box.run('(await (await domains.create()).run("await 1; 7")).value'))).toBe(7);
    await box.run("let x = []; for (let i = 0; i < 1e4; i++) x.push({}); x = undefined; 1");
    await sleep(20);
    expect(tenant.usage().domains).toBe(1);
  });

  test("passes on between domains under its contract: a layer may host and hand out children", async () => {
    using layer = await cordon.layer({
      source: "({ domains: { create: async (options) => domains.create({ ...options, give: [] }) } })",
      grant: { domains: cordon.domains({ allow: { hit: () => 1 } }) },
      offers: { domains: cordon.domains().contract },
    });
    const source = 'const child = await domains.create({ give: ["hit"] }); (await child.run("typeof hit")).value';
    expect(gave(await run({ source, grant: layer.grant }))).toBe("undefined");
  });
});

describe.for(PLACES)("a hostile parent, %s", (place) => {
  const { run, value, withDomains } = at(place);

  test.each([
    "domains.create(7)",
    'domains.create({ name: "" })',
    'domains.create({ name: "x".repeat(65) })',
    'domains.create({ give: "files" })',
    "domains.create({ give: [1] })",
    "domains.create({ limits: { fuel: NaN } })",
    "domains.create({ limits: { fuel: -1 } })",
    "domains.create({ limits: { fuel: 0.5 } })",
    "domains.create({ limits: { memory: 1 } })",
    "domains.create({ limits: { nonsense: 1 } })",
    'domains.create({ language: "python" })',
    "domains.create({ meter: {} })",
    "domains.create({ grant: {} })",
    "child.run(1)",
    'child.run("1", 1)',
    'child.run("1", [1])',
    'child.run("1", new Map())',
    'child.run("1", { hit: 1 })',
    'child.run(new Uint8Array([255, 254]), { "not a name": 1 }).then((r) => Promise.reject({ code: r.status === "refused" ? "E_VALUE" : r.status }))',
    'child.call("", [])',
    'child.call("f", 1)',
    "child.call(1)",
    "child.check({})",
  ])("is refused with E_VALUE for %s, and its capability stays whole", async (source) => {
    const whole = `const child = await domains.create({ give: ["hit"] });
      const code = await (async () => ${source})().then(() => "done", (e) => e.code);
      [code, (await child.run("1 + 1")).value]`;
    expect(await value(whole, { hit: () => 1 })).toEqual(["E_VALUE", 2]);
  });

  test("cannot reach the host by what a child gives: errors, deep values, big ones, odd names", async () => {
    const out = await value(`
      const child = await domains.create({ limits: { result: 1000, output: 1000 } });
      [
        (await child.run("'x'.repeat(2000)")).why,
        (await child.run("for (let i = 0; i < 1000; i++) console.log('line ' + i); 1")).console.length < 50,
        (await child.run("const e = new Error('m'); e.then = 1; e.code = { a: 1 }; throw e")).error.message,
        (await child.run("({ __proto__: null, ['__proto__']: 1, constructor: 2 })")).value.constructor,
        (await child.run("throw { toString() { throw 1 } }")).status,
        (await child.run("Promise.reject(undefined)")).status,
        (await child.run("return () => 1")).error.code,
        (await child.run("(() => 1)")).omitted,
      ]`);
    expect(out).toEqual(["result", true, "m", 2, "threw", "threw", "E_VALUE", true]);
  });

  test("three hundred children one after the other, and a hundred calls at once, leave nothing behind", async () => {
    const tenant = meter({ name: "tenant" });
    const result = await withDomains(
      `
      let sum = 0;
      for (let i = 0; i < 300; i++) { const child = await domains.create(); sum += (await child.run("1")).value; child.end(); }
      const busy = await domains.create();
      const all = await Promise.all(Array.from({ length: 100 }, (_, i) => busy.run("1")));
      [sum, all.filter(({ status }) => status === "returned").length, all.filter(({ status }) => status === "refused").length]`,
      {},
      { meter: tenant },
    );
    const [sum, returned, refused] = gave(result) as [number, number, number];
    expect(sum).toBe(300);
    expect(returned).toBeGreaterThanOrEqual(65);
    expect(returned + refused).toBe(100);
    await soon(() => tenant.usage()).toMatchObject({ domains: 0, memory: 0, inFlight: 0 });
  });

  test("under a virtual clock children are virtual too, and the same each time", async () => {
    const source = `
      const out = [];
      for (let i = 0; i < 2; i++) {
        const child = await domains.create();
        await new Promise((resolve) => { setTimeout(resolve, 1000.5); });
        const { value, usage } = await child.run("await new Promise((r) => { setTimeout(r, 500); }); [Date.now(), Math.random()].join()");
        out.push(value, Object.keys(usage).join(), usage.fuel);
      }
      [...out, Date.now(), Math.random()].join(" ")`;
    const [one, two] = [
      await value(source, {}, { virtual: { start: 5000 } }),
      await value(source, {}, { virtual: { start: 5000 } }),
    ];
    expect(one).toBe(two);
    expect(one).toMatch(/^5500,0\.\d+ fuel,memory,calls,bytes/);
  });

  test("what a child's power asks, is asked of whoever runs the parent", async () => {
    const allow = { ask: (text: string) => interrupt(text) };
    const first = await withDomains(
      'const child = await domains.create({ give: ["ask"] }); (await child.run("[await ask(1), await ask(2)].join()")).value',
      allow,
    );
    if (first.status !== "interrupted") throw new Error(first.status);
    expect(first.question).toBe(1);
    const second = await first.continuation.resume("a");
    if (second.status !== "interrupted") throw new Error(second.status);
    expect(second.question).toBe(2);
    expect(gave(await second.continuation.resume("b"))).toBe("a,b");
    using layer = await cordon.layer({
      source: `({ go: { go: async () => (await (await domains.create({ give: ["ask"] })).run("await ask(1)")).status } })`,
      grant: { domains: cordon.domains({ allow }) },
      offers: {
        go: { name: "go", allows: "", never: "", calls: { go: { takes: [], gives: { type: "string" }, refuses: [] } } },
      },
    });
    expect(gave(await run({ source: "await go.go()", grant: layer.grant }))).toBe("aborted");
  });

  test("wrong options are the embedder's mistakes", async () => {
    for (const options of [
      { most: 0 },
      { most: 1.5 },
      { depth: 33 },
      { allow: { x: 1 } },
      { nonsense: 1 },
      { limits: { fuel: -1 } },
      { depth: 2, allow: { domains: () => 1 } },
    ])
      expect(() => cordon.domains(options as never)).toThrow(expect.objectContaining({ name: "CordonError" }));
  });
});
