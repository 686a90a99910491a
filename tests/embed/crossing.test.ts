// Values between the engine and the host where the adapter reads and makes them by the engine's own layout: at the
// edges of what it takes for plain data, and that it takes plain data for it.
import { fc, test as prop } from "@fast-check/vitest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSandbox, type Sandbox } from "../../embed/node/index.ts";
import { gave } from "./cordon.ts";

let box: Sandbox;
let seen: unknown[] = [];
const host = {
  echo: (value: unknown) => value,
  see: (value: unknown) => void seen.push(value),
  make: (json: string): unknown => JSON.parse(json),
};

beforeAll(async () => {
  box = await createSandbox({ grant: { host }, limits: { fuel: 1e12, calls: 1e7, bytes: 1e10 } });
});
afterAll(() => box.dispose());

/** The sandbox keeps what is declared outside of one. */
const inBlock = (source: string): string => `{ ${source}\n}`;

async function sees(source: string): Promise<unknown> {
  seen = [];
  gave(await box.run(inBlock(source)));
  return seen[0];
}
const value = async (source: string): Promise<unknown> => gave(await box.run(inBlock(source)));
const keys = (found: unknown): string[] => Object.keys(found as object);

describe("records to the host", () => {
  test("keep the order of the language, whatever was deleted or comes later", async () => {
    expect(keys(await sees("host.see({ b: 1, a: 2, 7: 3, 2: 4 })"))).toEqual(["2", "7", "b", "a"]);
    expect(keys(await sees("host.see({ b: 1, 4294967294: 2, 2147483648: 3, 4294967295: 4 })"))).toEqual([
      ...["2147483648", "4294967294", "b", "4294967295"],
    ]);
    // Twice: the second time the keys are known.
    for (const _ of [1, 2]) {
      expect(keys(await sees("host.see({ b: 1, 3000000000: 2 })"))).toEqual(["3000000000", "b"]);
    }
    expect(await sees("const o = { a: 1, b: 2, c: 3 }; delete o.b; host.see(o)")).toEqual({ a: 1, c: 3 });
    expect(keys(await sees("const o = { a: 1, b: 2 }; delete o.a; o.a = 3; host.see(o)"))).toEqual(["b", "a"]);
  });

  test("cross without what is not enumerable or no text, frozen or without a prototype", async () => {
    const hidden = 'Object.defineProperty({ a: 1, b: 2 }, "a", { enumerable: false })';
    expect(await sees(`host.see(${hidden})`)).toEqual({ b: 2 });
    expect(await sees("host.see({ a: 1, [Symbol()]: 2, [Symbol.iterator]: 3 })")).toEqual({ a: 1 });
    expect(await sees("host.see(Object.freeze({ a: 1, b: 'x' }))")).toEqual({ a: 1, b: "x" });
    expect(await sees("host.see({ __proto__: null, a: 1 })")).toEqual({ a: 1 });
    expect(await sees("host.see({})")).toEqual({});
  });

  test("have their getters run in order, and what these do to the record counts", async () => {
    const getter = "get b() { delete this.c; this.d = 5; this.a = 9; return 2 }";
    expect(await sees(`host.see({ a: 1, ${getter}, c: 3 })`)).toEqual({ a: 1, b: 2, c: undefined });
    const nested = "const o = { a: 1, b: { get x() { o.c = [1]; delete o.d; return 2 } }, c: 3, d: 4, e: 5 };";
    expect(await sees(`${nested} host.see(o)`)).toEqual({ a: 1, b: { x: 2 }, c: [1], d: undefined, e: 5 });
    const list = "const l = [1, { get x() { l.length = 2; l.push('new'); return 2 } }, 3, 4];";
    const found = (await sees(`${list} host.see(l)`)) as unknown[];
    expect(found.slice(0, 3)).toEqual([1, { x: 2 }, "new"]);
    expect(found.length).toBe(4);
  });

  test("of a class, behind a proxy or with a changed prototype are refused as ever", async () => {
    for (const source of ["new (class A { x = 1 })()", "new Proxy({}, {})", "Object.create({ a: 1 })", "() => 1"]) {
      expect(await value(`try { host.see(${source}); "crossed" } catch (e) { e.code }`), source).toBe("E_VALUE");
    }
  });

  test("share what they share, also in arguments that begin with plain ones", async () => {
    const shared = (await sees("const s = { x: 1 }; host.see({ n: 1, a: s, b: s, list: [1, s] })")) as {
      a: unknown;
      b: unknown;
      list: unknown[];
    };
    expect(shared.a).toBe(shared.b);
    expect(shared.list[1]).toBe(shared.a);
  });
});

describe("records from the host", () => {
  test("of one shape are independent of each other", async () => {
    const source = `
      const json = '{"a":1,"b":"x","c":1.5}';
      const first = host.make(json), second = host.make(json), third = host.make(json);
      delete first.a; first.z = 1; second.a = { deep: true }; Object.freeze(third);
      Object.defineProperty(second, "c", { get() { return 7 } });
      JSON.stringify([first, second, third, host.make(json)]);`;
    expect(JSON.parse((await value(source)) as string)).toEqual([
      { b: "x", c: 1.5, z: 1 },
      { a: { deep: true }, b: "x", c: 7 },
      { a: 1, b: "x", c: 1.5 },
      { a: 1, b: "x", c: 1.5 },
    ]);
  });

  test("that begin alike and go on differently, nest in themselves or repeat a place are told apart", async () => {
    const texts = [
      '{"kind":1,"b":2,"c":3}',
      '{"kind":1,"b":2,"d":3}',
      '{"kind":1,"bb":2,"c":3}',
      '{"kind":{"kind":{"kind":1,"b":2,"c":3},"b":2,"x":3},"b":2,"c":{"kind":4,"b":5,"c":6}}',
      '{"kind":1,"b":2}',
      '{"__proto__":1,"b":2}',
      '{"9":1,"b":2,"1":3}',
      '{"":1,"b":2}',
      `{${Array.from({ length: 20 }, (_, i) => `"k${i}":${i}`).join()}}`,
      `{"${"long".repeat(30)}":1,"ä":2,"\\ud800":3}`,
    ];
    const order = Array.from({ length: 200 }, (_, i) => texts[(i * i + (i >> 3)) % texts.length] as string);
    const source = `JSON.stringify(${JSON.stringify(order)}.map((text) => JSON.stringify(host.make(text))))`;
    const plain = order.map((text) => JSON.stringify(JSON.parse(text)));
    expect(JSON.parse((await value(source)) as string)).toEqual(plain);
  });

  test("survive the guest's collector and its own setters", async () => {
    const source = `
      Object.defineProperty(Object.prototype, "a", { set() { throw new Error("set") }, configurable: true });
      const kept = [];
      for (let i = 0; i < 3000; i++) { const r = host.make('{"a":' + i + ',"b":{"a":1}}'); r.self = r; if (i % 100 === 0) kept.push(r); }
      delete Object.prototype.a;
      kept.every((r, i) => r.a === i * 100 && r.b.a === 1 && r.self === r);`;
    expect(await value(source)).toBe(true);
  });
});

describe("text", () => {
  const unit = fc.constantFrom("a", "\u007f", "\u0080", "é", "\u07ff", "\u0800", "\ud800", "\udc00", "😀", "\0");
  prop.prop([fc.array(unit, { maxLength: 40 }).map((units) => units.join(""))], { numRuns: 60 })(
    "of every length and width comes back as it was, whole, sliced, joined and as a key",
    async (text) => {
      const source = `
        const t = ${JSON.stringify(text)}, s = ("xx" + t + "yy").slice(2, -2), j = [..."" + t].join("") + "";
        let rope = ""; for (const unit of t) rope += unit;
        [t, s, j, rope].every((x) => host.echo(x) === t) && host.echo({ [t]: t })[t] === t;`;
      expect(await value(source)).toBe(true);
      expect(await sees(`host.see(${JSON.stringify(text)})`)).toBe(text);
    },
  );

  test("longer than is looked at twice comes back too", async () => {
    expect(
      await value(
        '["a", "é", "\\u4e00"].every((c) => [4095, 4096, 4097, 70000].every((n) => host.echo(c.repeat(n)) === c.repeat(n)))',
      ),
    ).toBe(true);
  });
});

test("plain data takes the short way: the layout is the engine's", async () => {
  const fuel = async (make: string): Promise<number> => {
    const { usage } = await box.run(`{ const it = ${make}; for (let i = 0; i < 300; i++) host.see(it); }`);
    return usage.fuel;
  };
  const fields = "a: 1, b: 2.5, c: 'x', d: true, e: null, f: 7, g: 'y', h: 3";
  const plain = (await fuel(`{ ${fields} }`)) - (await fuel("1"));
  // A symbol does not cross, but it makes a record that has to be asked property by property.
  const asked = (await fuel(`{ ${fields}, [Symbol.iterator]: 1 }`)) - (await fuel("1"));
  expect(plain / asked).toBeLessThan(0.7);
});
