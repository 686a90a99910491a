// biome-ignore-all lint/complexity/noExcessiveLinesPerFunction: tests
// biome-ignore-all lint/suspicious: sources of guests, and holes in arrays on purpose
import { describe, expect, test } from "vitest";
import { ENGINE } from "../abi.ts";
import { buildEngine } from "./build.ts";
import { failure, fresh } from "./testing/fresh.build.ts";

describe("timers, time and randomness", () => {
  test("timers fire in order, repeat, and are cleared", async () => {
    const host = await fresh();
    const source = `
      const log = []; let n = 0;
      setTimeout(() => log.push("b"), 15); setTimeout((x) => log.push(x), 1, "a"); setImmediate(() => log.push("i"));
      const gone = setTimeout(() => log.push("gone"), 5); clearTimeout(gone);
      await new Promise((done) => { const id = setInterval(() => { if (++n === 3) { clearInterval(id); done() } }, 5) });
      await new Promise((done) => setTimeout(done, 20));
      queueMicrotask(() => log.push("m")); await null;
      [log.filter((x) => x !== "i").join(""), log.includes("i"), n]`;
    expect(await host.run(source)).toEqual({ value: ["abm", true, 3] });
  });

  test("what a timer throws is reported and ends nothing", async () => {
    const host = await fresh();
    await host.run(
      "setTimeout(() => { throw new Error('in timer') }, 1); await new Promise((d) => setTimeout(d, 10)); 1",
    );
    expect(host.console[0]).toContain("in timer");
  });

  test("Date, performance and the zone follow the system's clock and options", async () => {
    let now = 1700000000123;
    const host = await fresh({ system: { clock: { now: () => now } }, options: { timeZoneOffset: 90 } });
    now += 50;
    expect(
      await host.run(
        "[Date.now(), new Date().getTime(), performance.now(), new Date(0).getTimezoneOffset(), new Date(0).getHours()]",
      ),
    ).toEqual({ value: [1700000000173, 1700000000173, 50, -90, 1] });
  });

  test("Math.random is made of the granted bytes, and a new configuration forgets those at hand", async () => {
    let fill = 0;
    const random = { bytes: (n: number) => new Uint8Array(n).fill(fill) };
    const host = await fresh({ system: { random } });
    expect(await host.run("Math.random()")).toEqual({ value: 0 });
    fill = 255;
    expect(await host.run("Math.random()")).toEqual({ value: 0 });
    await host.request(ENGINE.CONFIGURE, { grants: {}, system: {}, options: {} });
    expect(await host.run("Math.random()")).toEqual({ value: 1 - 2 ** -53 });
  });

  test("functions have the names that they are called by", async () => {
    const host = await fresh();
    const source =
      "[setTimeout, setInterval, clearTimeout, clearInterval, queueMicrotask, Math.random, performance.now, console.table, console.timeEnd].map((f) => f.name)";
    expect(await host.run(source)).toEqual({
      value: [
        "setTimeout",
        "setInterval",
        "clearTimeout",
        "clearInterval",
        "queueMicrotask",
        "random",
        "now",
        "table",
        "timeEnd",
      ],
    });
  });

  test("every build starts the same engine, and a start calls no gate", async () => {
    const [a, b] = [await buildEngine({ isOptimized: false }), await buildEngine({ isOptimized: false })];
    expect(Buffer.from(a).equals(b)).toBe(true);
  });
});

describe("console", () => {
  test.each([
    ["console.log('a', 1, -0, 2n, null, undefined, true, Symbol('s'))", "log: a 1 -0 2n null undefined true Symbol(s)"],
    ["console.warn([1, 'x', , [[[[[[1]]]]]]])", "warn: [ 1, 'x', <empty>, [ [ [ [ [Array] ] ] ] ] ]"],
    ["console.log('%s is %d%%, %j', 'x', 5, [1], 'rest')", "log: x is 5%, [ 1 ] rest"],
    [
      "console.info(new Map([['k', new Set([1])]]), new Date(0), /x/g)",
      "info: Map(1) { 'k' => Set(1) { 1 } } 1970-01-01T00:00:00.000Z /x/g",
    ],
    [
      "console.log({ get a() { return 1 }, set b(v) {}, f() {}, [Symbol('s')]: 1, 'a-b': 'it\\'s' })",
      "log: { a: [Getter], b: [Setter], f: [Function: f], 'a-b': \"it's\", [Symbol(s)]: 1 }",
    ],
    [
      "const o = {}; o.o = o; console.log(o, class A {}, new (class B { x = 1 })())",
      "log: { o: [Circular] } [class A] B { x: 1 }",
    ],
    [
      "console.log(Promise.resolve(4), new Proxy({}, {}), new Uint8Array(2), Object.create(null))",
      "log: Promise { 4 } [Proxy] Uint8Array(2) [ 0, 0 ] [Object: null prototype] {}",
    ],
    ["console.assert(1 === 2, 'odd')", "error: Assertion failed: odd"],
    ["console.count(); console.group('g'); console.log('in')", "log: default: 1|log: g|log:   in"],
    [
      "console.table([{ a: 1 }, { b: 'x' }])",
      "log: ┌─────────┬───┬─────┐\n│ (index) │ a │ b   │\n├─────────┼───┼─────┤\n│ 0       │ 1 │     │\n│ 1       │   │ 'x' │\n└─────────┴───┴─────┘",
    ],
  ])("%s", async (source, text) => {
    const host = await fresh();
    await host.run(source);
    expect(host.console.join("|")).toBe(text);
  });

  test("text is bounded, however much is logged", async () => {
    const host = await fresh();
    await host.run(
      "const big = Array.from({ length: 1e3 }, () => ({ s: 'x'.repeat(1e4) })); console.log(big); console.log('y'.repeat(1e6))",
    );
    for (const line of host.console) expect(line.length).toBeLessThan(110000);
  });

  test("a rejection that nobody handles by the end of the run is told once; a handled one is not", async () => {
    const host = await fresh();
    await host.run("Promise.reject(new Error('lost')); const p = Promise.reject(1); await 0; p.catch(() => {}); 2");
    expect(host.console).toHaveLength(1);
    expect(host.console[0]).toMatch(/^error: Uncaught \(in promise\) Error: lost\n {4}at <eval> \(test\.js:1:\d+\)$/);
  });
});

describe("isolation", () => {
  test("no shared memory, no WebAssembly, no leftovers of a shell", async () => {
    const host = await fresh();
    const names = [
      "WebAssembly",
      "SharedArrayBuffer",
      "Atomics",
      "std",
      "os",
      "print",
      "navigator",
      "gc",
      "scriptArgs",
      "require",
      "process",
    ];
    expect(await host.run(`[${names.map((name) => `typeof ${name}`)}]`)).toEqual({
      value: names.map(() => "undefined"),
    });
  });

  test("grants are frozen and cannot be made to call anything else", async () => {
    const host = await fresh({ grants: { g: { f: () => 1 } } });
    expect(
      await host.run(
        "'use strict'; return [Object.isFrozen(g), Object.isFrozen(g.f), g.f.name, g.f.call({ x: 1 }), g.f.apply(null, [])]",
      ),
    ).toEqual({ value: [true, true, "f", 1, 1] });
    expect(await failure(host.run("new g.f()"))).toMatchObject({ name: "TypeError" });
  });

  test("out of memory is the guest's own error, again and again, and what it held comes back", async () => {
    const host = await fresh({ grants: { echo: (v: unknown) => v }, options: { memory: 64 << 20 } });
    const hogs = [
      "{ const xs = []; for (;;) xs.push({ a: 1, b: [2] }) }",
      "{ const xs = []; for (;;) xs.push('x'.repeat(1000) + xs.length) }",
      "{ const m = new Map(); for (let i = 0; ; i++) m.set(i, { i }) }",
      "{ const xs = []; for (;;) xs.push(new Promise(() => {})) }",
      "{ const xs = []; for (;;) xs.push(() => xs) }",
      "await 0; { const xs = []; for (;;) xs.push([1, 2, 3]) }",
      "const xs = []; try { for (;;) xs.push({ a: 1 }) } catch (e) { return echo(xs) }",
      "const xs = []; try { for (;;) xs.push(new Uint8Array(64000).fill(1)) } catch (e) { throw e }",
    ];
    for (const hog of hogs) {
      expect(await failure(host.run(hog))).toMatchObject({ name: "InternalError", message: "out of memory" });
      expect(await host.run("echo(1 + 1)")).toEqual({ value: 2 });
    }
    expect(await host.run("{ const xs = []; try { for (;;) xs.push({ a: 1 }) } catch (e) { e.message } }")).toEqual({
      value: "out of memory",
    });
  });

  test("without a limit of its own the engine still answers when the memory ends", async () => {
    const host = await fresh();
    expect(
      await failure(host.run("{ const xs = []; for (;;) xs.push(new Uint8Array(1 << 20).fill(1)) }")),
    ).toBeDefined();
    expect(await host.run("1 + 1")).toEqual({ value: 2 });
  });
});
