// biome-ignore-all lint/complexity/noExcessiveLinesPerFunction: tests
// biome-ignore-all lint/suspicious: sources of guests, and holes in arrays on purpose
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { ErrorValue } from "./testing/cbor.build.ts";
import { engineModule } from "./testing/engine.build.ts";
import { createHost, type Host } from "./testing/host.build.ts";

let host: Host;
let seen: unknown[] = [];
const grants = {
  t: {
    echo: (v: unknown) => v,
    see: (...args: unknown[]) => void (seen = args),
    give: () => given,
    throws: () => {
      throw given;
    },
  },
};
let given: unknown;

beforeAll(async () => {
  host = await createHost(await engineModule(), { grants });
});

/** Each source is a block of its own, so that names may repeat. */
const value = async (source: string) => ((await host.run(`{${source}}`)) as { value?: unknown }).value;
const failure = (source: string) =>
  host.run(source).then(
    (v) => expect.fail(`no error: ${JSON.stringify(v)}`),
    (error) => error.fields,
  );

describe("values both ways", () => {
  const samples: unknown[] = [
    undefined,
    null,
    true,
    false,
    0,
    -0,
    1,
    -1,
    23,
    24,
    255,
    256,
    65535,
    65536,
    2 ** 31 - 1,
    2 ** 31,
    -(2 ** 31),
    -(2 ** 31) - 1,
    2 ** 32,
    2 ** 53 - 1,
    -(2 ** 53) + 1,
    2 ** 53,
    0.1,
    5e-324,
    1.7e308,
    NaN,
    Infinity,
    -Infinity,
    "",
    "a",
    "\0b",
    "ü€😀",
    "\ud800",
    "x\udfffy\ud800\udc00",
    "e".repeat(70000),
    0n,
    1n,
    -1n,
    255n,
    -256n,
    2n ** 63n,
    -(2n ** 64n),
    2n ** 32768n - 1n,
    new Uint8Array([1, 2, 3]),
    new Uint8Array(0),
    new Uint8ClampedArray([9]),
    new Int8Array([-1]),
    new Uint16Array([65535, 1]),
    new Int16Array([-2]),
    new Uint32Array([4294967295]),
    new Int32Array([-3]),
    new BigUint64Array([2n ** 64n - 1n]),
    new BigInt64Array([-1n]),
    new Float32Array([1.5, NaN]),
    new Float64Array([0.1, -0]),
    new Uint8Array([1, 2]).buffer,
    new Date(0),
    new Date(NaN),
    new Date(1e15 + 0.0),
    /a[/]b/giu,
    new Map<unknown, unknown>([
      [1, { a: 1 }],
      ["k", [2]],
      [{}, null],
    ]),
    new Set([1, "1", [1]]),
    [],
    [1, [2, [3]]],
    {},
    { a: 1, b: { c: [null, undefined] } },
    { "": 0, "1": 1, "a b": 2, ü: 3, "\ud800": 4 },
    Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`key${i}`, i])),
    Array.from({ length: 5000 }, (_, i) => i % 7),
  ];

  test.each(samples.map((v, i) => [i, v]))("sample %i comes back as it went", async (_, v) => {
    given = v;
    expect(await value("t.echo(t.give())")).toStrictEqual(v);
    expect(await host.call("t.echo", v)).toStrictEqual(v);
  });

  test("numbers, text and nested data come back as they went", async () => {
    const key = fc.string({ unit: "binary", maxLength: 50 }).filter((k) => k !== "__proto__");
    const leaf = fc.oneof(
      fc.double(),
      fc.integer(),
      fc.string({ unit: "binary" }),
      fc.bigInt(),
      fc.boolean(),
      fc.uint8Array(),
    );
    const tree = fc.letrec((tie) => ({
      node: fc.oneof(
        { depthSize: "small" },
        leaf,
        fc.array(tie("node")),
        fc.dictionary(key, tie("node"), { noNullPrototype: true }),
      ),
    })).node;
    const comesBack = async (v: unknown) => {
      expect(await host.call("t.echo", v)).toStrictEqual(v);
    };
    await fc.assert(fc.asyncProperty(tree, comesBack), { numRuns: 300 });
  });

  test("holes stay holes, and a huge length costs nothing", async () => {
    expect(await value("t.echo([1,,3,,])")).toStrictEqual([1, , 3, ,]);
    expect(await value("const a = []; a[4294967290] = 1; t.echo(a)")).toHaveLength(4294967291);
    expect(await value("var b = [,undefined]; b.x = 1; t.see(b)")).toBeUndefined();
    expect(seen[0]).toStrictEqual([, undefined]);
  });

  test("__proto__ is a name like any other", async () => {
    given = JSON.parse('{"__proto__":{"polluted":1},"a":2}');
    expect(
      await value(
        "const g = t.give(); [g.polluted === undefined, Object.keys(g).join(), Object.getPrototypeOf(g) === Object.prototype]",
      ),
    ).toEqual([true, "__proto__,a", true]);
    await value("t.see(JSON.parse('{\"__proto__\":1}'))");
    expect(Object.keys(seen[0] as object)).toEqual(["__proto__"]);
  });

  test("cycles and sharing survive both ways", async () => {
    await value("const o = { n: 1 }; o.self = o; const m = new Map([[o, o]]); t.see(o, [o, m], m, new Set([m]))");
    const [o, list, map, set] = seen as [{ self: unknown }, unknown[], Map<unknown, unknown>, Set<unknown>];
    expect([o.self === o, list[0] === o, list[1] === map, map.get(o) === o, set.has(map)]).toEqual([
      true,
      true,
      true,
      true,
      true,
    ]);
    const shared = { a: 1 };
    given = [shared, { shared }, new Set([shared])];
    (given as unknown[]).push(given);
    expect(
      await value("var g = t.give(); [g[0] === g[1].shared, g[2].has(g[0]), g[3] === g, t.echo(g)[3].length]"),
    ).toEqual([true, true, true, 4]);
  });

  test("many objects, each met twice", async () => {
    expect(
      await value("const xs = Array.from({ length: 3000 }, (_, i) => ({ i })); t.see(xs, xs.slice().reverse())"),
    ).toBeUndefined();
    const [a, b] = seen as [object[], object[]];
    expect(a.every((x, i) => x === b[2999 - i])).toBe(true);
  });

  test("a getter's fresh objects are not taken for one", async () => {
    await value("t.see({ get a() { return {} }, get b() { return {} }, get c() { return {} } })");
    const v = seen[0] as { a: object; b: object; c: object };
    expect(v.a === v.b || v.b === v.c || v.a === v.c).toBe(false);
  });

  test("errors cross with name, message, code and cause", async () => {
    await value("const e = new RangeError('far', { cause: new TypeError('near') }); e.code = 'E_X'; t.see(e)");
    const error = seen[0] as ErrorValue;
    expect(error.fields).toMatchObject({
      name: "RangeError",
      message: "far",
      code: "E_X",
      fileName: "test.js",
      line: 1,
    });
    expect((error.fields["cause"] as ErrorValue).fields).toMatchObject({ name: "TypeError", message: "near" });
    given = new ErrorValue({
      name: "TypeError",
      message: "no",
      code: 7,
      cause: new ErrorValue({ name: "Odd", message: "why" }),
    });
    expect(
      await value(
        "try { t.throws() } catch (e) { [e instanceof TypeError, e.message, e.code, e.cause.name, e.cause instanceof Error, /test.js/.test(e.stack)] }",
      ),
    ).toEqual([true, "no", 7, "Odd", true, true]);
  });
});

describe("what cannot cross", () => {
  test.each([
    ["t.echo(() => 1)", "a function at args[0]"],
    ["t.echo(1, { a: [0, { onDone() {} }] })", "a function at args[1].a[1].onDone"],
    ["t.echo({ 'a b': Symbol() })", "a symbol at args[0]['a b']"],
    ["t.echo(new Proxy({}, {}))", "a Proxy at args[0]"],
    ["t.echo(Promise.resolve())", "a Promise at args[0]"],
    ["t.echo({ then() {} })", "a function at args[0].then"],
    ["t.echo(new class Foo {})", "an instance of Foo at args[0]"],
    ["t.echo(new WeakMap())", "an instance of WeakMap at args[0]"],
    ["t.echo(new DataView(new ArrayBuffer(1)))", "an instance of DataView at args[0]"],
    ["t.echo(new Map([[1, [() => 1]]]))", "a function at args[0][1][0]"],
    ["t.echo(2n ** 40000n)", "a bigint of more than 4 KiB at args[0]"],
    ["return { f() {} }", "a function at value.f"],
    ["export default Symbol()", "a symbol at value"],
  ])("%s is E_VALUE with the path", async (source, text) => {
    const fields = await failure(source);
    expect(fields).toMatchObject({ name: "TypeError", code: "E_VALUE" });
    expect(fields.message).toContain(text);
  });

  test("a completion value that cannot cross is omitted", async () => {
    expect(await host.run("(() => 1)")).toEqual({ omitted: true });
    expect(await host.run("await 0; Symbol()")).toEqual({ omitted: true });
  });

  test("deep nesting is the guest's own error, with the engine usable afterwards", async () => {
    const fields = await failure("let v = []; for (let i = 0; i < 100000; i++) v = [v]; t.echo(v)");
    expect(fields).toMatchObject({ code: "E_VALUE" });
    expect(fields.message).toContain("nested too deeply");
    expect(await value("t.echo(5)")).toBe(5);
  });

  test("a value from below that is nested too deeply is an error too", async () => {
    given = 1;
    for (let i = 0; i < 1200; i++) given = [given];
    expect(await failure("t.give()")).toMatchObject({ code: "E_VALUE" });
    expect(await value("t.echo(5)")).toBe(5);
  });

  test("a view says no more than its shrunken buffer holds", async () => {
    const source =
      "const b = new ArrayBuffer(8, { maxByteLength: 16 }); const u = new Uint8Array(b, 2); const f = new Uint8Array(b, 0, 8);";
    expect(await value(`${source} b.resize(4); t.echo(u)`)).toStrictEqual(new Uint8Array(2));
    expect(await failure(`{${source} b.resize(4); t.echo(f) }`)).toMatchObject({ name: "TypeError" });
  });

  test("nothing leaks when an encoding fails half way", async () => {
    const source =
      "for (let i = 0; i < 20000; i++) try { t.echo({ a: 'x'.repeat(100), b: [1, { c: () => 1 }] }) } catch {}";
    await host.run(source);
    const before = host.memory.buffer.byteLength;
    for (let i = 0; i < 5; i++) await host.run(source);
    expect(host.memory.buffer.byteLength - before).toBeLessThan(65536 * 2);
  });
});

describe("hostile values", () => {
  test("getters that call gates while their object is encoded", async () => {
    expect(
      await value("t.echo({ a: 1, get b() { return t.echo({ x: 'y'.repeat(5000), z: t.echo([1, 2]) }).z }, c: 3 })"),
    ).toStrictEqual({ a: 1, b: [1, 2], c: 3 });
    expect(await value("const o = { get again() { return t.echo({ n: 1 }) } }; t.see(o, o); t.echo(o)")).toStrictEqual({
      again: { n: 1 },
    });
  });

  test("a getter that throws throws, and one that shrinks its array leaves holes or undefined", async () => {
    expect(await failure("t.echo({ get a() { throw new EvalError('mine') } })")).toMatchObject({
      name: "EvalError",
      message: "mine",
    });
    await value("const xs = [1, 2, 3]; Object.defineProperty(xs, 0, { get() { xs.length = 1; return 0 } }); t.see(xs)");
    expect((seen[0] as unknown[])[0]).toBe(0);
  });

  test("setters and toJSON on prototypes see nothing", async () => {
    given = { a: [1, { b: 2 }] };
    const source = `
      let hits = 0;
      for (const p of [Object.prototype, Array.prototype]) for (const k of ["a", "b", "0", "1", "then", "toJSON"])
        Object.defineProperty(p, k, { configurable: true, set() { hits++ }, get() { hits++ } });
      const g = t.give();
      for (const p of [Object.prototype, Array.prototype]) for (const k of ["a", "b", "0", "1", "then", "toJSON"]) delete p[k];
      return [hits, g]`;
    expect(await value(source)).toStrictEqual([0, { a: [1, { b: 2 }] }]);
  });

  test("a detached or resized buffer is an error or its bytes, never a crash", async () => {
    const fields = await failure(
      "const b = new ArrayBuffer(8); const u = new Uint8Array(b); b.transfer(); t.echo(u); return 1",
    ).catch(() => ({ name: "none" }));
    expect(fields.name).toBe("TypeError");
    expect(await value("t.echo(5)")).toBe(5);
  });
});
