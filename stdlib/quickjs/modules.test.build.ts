// biome-ignore-all lint/complexity/noExcessiveLinesPerFunction: tests
// biome-ignore-all lint/suspicious: sources of guests, and holes in arrays on purpose
import { describe, expect, test } from "vitest";
import { ENGINE, TURN } from "../abi.ts";
import { ErrorValue, encode } from "./testing/cbor.build.ts";
import { failure, fresh } from "./testing/fresh.build.ts";
import { GuestError } from "./testing/host.build.ts";

describe("modules", () => {
  const files: Record<string, string> = {
    a: "import { b } from 'b'; export const a = () => 'a' + b(); export const where = import.meta.url",
    b: "import { a } from 'a'; export const b = () => 'b'; export const later = () => a()",
    bad: "export default (",
    throwing: "throw new Error('at load')",
    tla: "export default await Promise.resolve('tla')",
  };
  const load = (specifier: string) => {
    const name = specifier.replace(/^\.\//, "");
    const source = files[name];
    if (source === undefined) throw Object.assign(new Error(`no module ${specifier}`), { code: "E_NO_MODULE" });
    return { name, source };
  };
  const withModules = () => fresh({ system: { modules: { load } } });

  test("static, cyclic and dynamic imports", async () => {
    const host = await withModules();
    expect(
      await host.run("import { a, where } from './a'; import * as b from 'b'; export default [a(), b.later(), where]"),
    ).toEqual({
      value: ["ab", "ab", "a"],
    });
    expect(await host.run("const m = await import('tla'); m.default")).toEqual({ value: "tla" });
    expect(await host.run("return (await import('a')) === (await import('./a'))")).toEqual({ value: true });
  });

  test("a module that is missing, broken or throwing is an error that can be caught", async () => {
    const host = await withModules();
    expect(await failure(host.run("import 'nope'"))).toMatchObject({ message: "no module nope", code: "E_NO_MODULE" });
    expect(await failure(host.run("import 'bad'"))).toMatchObject({ name: "SyntaxError", fileName: "bad", line: 1 });
    expect(await failure(host.run("import 'throwing'"))).toMatchObject({ message: "at load", fileName: "throwing" });
    expect(await failure(host.run("import { nothing } from 'a'"))).toMatchObject({ name: "SyntaxError" });
    expect(await host.run("try { await import('nope') } catch (e) { e.code }")).toEqual({ value: "E_NO_MODULE" });
    expect(await host.run("import { a } from 'a'; export default a()")).toEqual({ value: "ab" });
  });

  test("check tells the imports and loads nothing", async () => {
    const host = await fresh();
    const check = (source: string) => host.request(ENGINE.CHECK, { source, name: "c.js" });
    expect(await check("import a, { b } from 'x'; export * from './y'; globalThis.ran = 1")).toEqual({
      ok: true,
      value: { imports: ["x", "./y"] },
    });
    expect(await check("return await 5")).toEqual({ ok: true, value: { imports: [] } });
    expect(await check("globalThis.ran = 1")).toEqual({ ok: true, value: { imports: [] } });
    const bad = await check("let a = ;");
    expect([bad.ok, (bad.value as ErrorValue).fields]).toMatchObject([
      false,
      { name: "SyntaxError", fileName: "c.js", line: 1 },
    ]);
    expect(await host.run("typeof ran")).toEqual({ value: "undefined" });
  });
});

describe("calls", () => {
  test("a dotted path is followed with its receiver; what is no function is an error", async () => {
    const host = await fresh();
    await host.run(
      "const box = { n: 5, in: { add(x) { return this.k + x }, k: 2 } }; async function later(x) { return x * 2 }",
    );
    expect(await host.call("box.in.add", 40)).toBe(42);
    expect(await host.call("later", 4)).toBe(8);
    expect(await failure(host.call("box.n"))).toMatchObject({ name: "TypeError", message: "box.n is not a function" });
    for (const name of ["nope", "", "a b", "f(); evil", "box..n", "__proto__.x"])
      expect(await failure(host.call(name))).toMatchObject({ name: "TypeError" });
    expect(await failure(host.call("Symbol.for", "x"))).toMatchObject({ code: "E_VALUE" });
  });
});

describe("asynchronous host functions", () => {
  const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const grants = {
    h: {
      later: async (v: unknown) => v,
      slow: async (ms: number, v: unknown) => {
        await sleep(ms);
        return v;
      },
      fail: async () => Promise.reject(Object.assign(new RangeError("late"), { code: "E_LATE" })),
      never: () => new Promise(() => {}),
    },
  };

  test("thousands in flight, ending in any order", async () => {
    const host = await fresh({ grants });
    const source = `
      const all = Array.from({ length: 5000 }, (_, i) => h.slow(i % 7, i));
      let sum = 0; for (const v of await Promise.all(all)) sum += v; sum`;
    expect(await host.run(source)).toEqual({ value: (4999 * 5000) / 2 });
  });

  test("a rejection is an error with name, message and code", async () => {
    const host = await fresh({ grants });
    expect(await host.run("try { await h.fail() } catch (e) { [e instanceof RangeError, e.message, e.code] }")).toEqual(
      { value: [true, "late", "E_LATE"] },
    );
  });

  test("unknown, repeated and malformed completions change nothing", async () => {
    const host = await fresh({ grants });
    host.inject(encode([0, 12345, true, 1]));
    host.inject(encode([0, 12345, true, 1]));
    host.inject(encode([7, 1, true, 1]));
    host.inject(encode("nonsense"));
    host.inject(Uint8Array.of(0x84, 0x00, 0x1a, 0xff));
    host.inject(Uint8Array.of(0x84));
    expect(await host.run("await h.later(3)")).toEqual({ value: 3 });
  });

  test("a malformed value rejects its call", async () => {
    const host = await fresh({ grants });
    const token = host.post(ENGINE.RUN, { source: "await h.never()", name: "x", kind: "auto" });
    host.turn();
    host.inject(Uint8Array.of(0x84, 0x00, token + 1, 0xf5, 0xff));
    host.turn();
    expect(host.answered.get(token)).toMatchObject({ ok: false, value: { fields: { code: "E_VALUE" } } });
  });

  test("turn tells whether anything is left to wait for", async () => {
    const host = await fresh({ grants });
    host.post(ENGINE.RUN, { source: "h.never(); 1", name: "x", kind: "auto" });
    expect(host.turn()).toBe(TURN.PENDING);
    const quiet = await fresh({ grants });
    quiet.post(ENGINE.RUN, { source: "1", name: "x", kind: "auto" });
    expect(quiet.turn()).toBe(TURN.IDLE);
  });

  test("a blocking call parks the guest; other messages wait their turn", async () => {
    const host = await fresh({ grants, blocking: ["h.slow"], suspend: true });
    const both = Promise.all([
      host.run(
        "const order = []; const p = h.later(1).then(() => order.push('later')); const v = h.slow(20, { a: 2 }); order.push('slow'); await p; [v, order]",
      ),
    ]);
    expect(await both).toEqual([{ value: [{ a: 2 }, ["slow", "later"]] }]);
    expect(
      await failure(
        host.run("h.slow(1, 1)").then(() => {
          throw new GuestError(new ErrorValue({ name: "fine" }));
        }),
      ),
    ).toMatchObject({ name: "fine" });
  });

  test("so does one whose answer is to be awaited, in the midst of the engine's own work", async () => {
    const host = await fresh({ grants, awaited: true, suspend: true });
    const source =
      "[[3, 1, 2].sort((a, b) => h.slow(1, a) - h.slow(1, b)), JSON.stringify({ get a() { return h.slow(1, 7) } })]";
    expect(await host.run(source)).toEqual({ value: [[1, 2, 3], '{"a":7}'] });
    const plain = await fresh({ grants, awaited: true });
    expect(await failure(plain.run("h.slow(1, 1)"))).toMatchObject({ code: "E_CANNOT_WAIT" });
  });

  test("where the host cannot suspend, a blocking call is an error", async () => {
    const host = await fresh({ grants, blocking: ["h.slow"] });
    expect(await failure(host.run("h.slow(1, 1)"))).toMatchObject({ code: "E_CANNOT_WAIT" });
    expect(await host.run("1")).toEqual({ value: 1 });
  });
});
