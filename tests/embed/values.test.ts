import { isDeepStrictEqual } from "node:util";
import { runInNewContext } from "node:vm";
import { fc, test as prop } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { decodeValue, encodeValue } from "../../embed/values.ts";
import { handlesSeen } from "../../kernel/cbor.ts";
import { checkValue } from "../../kernel/index.ts";

/** Across and back. The kernel must accept what goes across. */
function cross(value: unknown): unknown {
  const bytes = encodeValue(value).slice();
  expect(checkValue(bytes, bytes.length)).toBeTypeOf("number");
  return decodeValue(bytes);
}
const refusal = (value: unknown, root = "result"): string => {
  try {
    encodeValue(value, root);
  } catch (error) {
    return `${(error as { code: string }).code} ${(error as Error).message}`;
  }
  return "crossed";
};

const number = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.maxSafeInteger(),
  fc.constantFrom(-0, 23, 24, 255, 256, 65535, 65536, 2 ** 32, -(2 ** 53), 2 ** 53, Number.NaN, -Infinity),
);
const anyUnit = fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit));
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.string({ unit: anyUnit, maxLength: 80 }),
  fc.constantFrom("__proto__", "constructor", "then", "toString", "\ud800", "\ufeffbom", "x".repeat(300)),
);
const typed = fc.oneof(
  fc.uint8Array(),
  fc.uint8ClampedArray(),
  fc.uint16Array(),
  fc.uint32Array(),
  fc.int8Array(),
  fc.int16Array(),
  fc.int32Array(),
  fc.float32Array(),
  fc.float64Array(),
  fc.bigInt64Array(),
  fc.bigUint64Array(),
);
const leaf = fc.oneof(
  number,
  text,
  typed,
  fc.boolean(),
  fc.constantFrom(null, undefined),
  fc.bigInt(),
  fc.date({ noInvalidDate: false }),
  fc.uint8Array().map((bytes) => bytes.slice().buffer),
);
const anyValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie("value"), { maxLength: 5 }),
    fc.sparseArray(tie("value"), { maxNumElements: 4, maxLength: 30 }),
    fc.array(fc.tuple(text, tie("value")), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
    fc.array(fc.tuple(leaf, tie("value")), { maxLength: 4 }).map((entries) => new Map(entries)),
    fc.array(leaf, { maxLength: 4 }).map((members) => new Set(members)),
  ),
})).value;

describe("values", () => {
  prop.prop([anyValue])("every value comes back as it was", (value) => {
    // Not toStrictEqual: it asks a record's own "constructor".
    expect(isDeepStrictEqual(cross(value), value)).toBe(true);
  });

  prop.prop([number])("a number keeps its bits, the sign of zero included", (value) => {
    expect(Object.is(cross(value), value)).toBe(true);
  });

  prop.prop([text])("text keeps every unit, lone surrogates too, as value and as key", (value) => {
    expect(cross(value)).toBe(value);
    expect(Object.keys(cross(Object.fromEntries([[value, 1]])) as object)).toEqual([value]);
  });

  prop.prop([fc.bigInt({ min: -(2n ** 32767n), max: 2n ** 32767n })])("a bigint comes back", (value) => {
    expect(cross(value)).toBe(value);
  });

  test("bigints at the edges of their lengths come back", () => {
    const edges = [0n, -1n, 255n, 256n, -256n, -257n, 2n ** 64n, 2n ** 32768n - 1n, -(2n ** 32768n)];
    for (const value of edges) expect(cross(value)).toBe(value);
  });

  prop.prop([fc.array(fc.nat(30), { minLength: 2, maxLength: 30 })])("sharing and cycles are rebuilt", (links) => {
    const nodes: { id: number; to?: object; list: object[] }[] = links.map((_, id) => ({ id, list: [] }));
    links.forEach((to, from) => {
      const target = nodes[to % nodes.length] as object;
      (nodes[from] as { to?: object }).to = target;
      nodes[to % nodes.length]?.list.push(nodes[from] as object, target);
    });
    const twin = cross({ nodes, same: nodes }) as { nodes: typeof nodes; same: unknown };
    expect(twin.same).toBe(twin.nodes);
    twin.nodes.forEach((node, i) => {
      expect(node.id).toBe(i);
      expect(node.to).toBe(twin.nodes[(links[i] as number) % nodes.length]);
      node.list.forEach((item, j) => {
        const twinOf = nodes[i]?.list[j] as { id: number };
        expect(item).toBe(twin.nodes[twinOf.id]);
      });
    });
  });

  test("a value that holds itself crosses, in every container", () => {
    const [record, list, map, set] = [{} as Record<string, unknown>, [] as unknown[], new Map(), new Set()];
    const error = new Error("x");
    record["self"] = record;
    list.push(list);
    map.set("self", map);
    set.add(set);
    error.cause = error;
    const twin = cross([record, list, map, set, error]) as [typeof record, typeof list, typeof map, typeof set, Error];
    expect(twin[0]["self"]).toBe(twin[0]);
    expect(twin[1][0]).toBe(twin[1]);
    expect(twin[2].get("self")).toBe(twin[2]);
    expect(twin[3].has(twin[3])).toBe(true);
    expect(twin[4].cause).toBe(twin[4]);
  });

  test("shared bytes and dates are shared afterwards", () => {
    const [bytes, date, big] = [Uint8Array.of(1, 2), new Date(5), new BigInt64Array(2)];
    const twin = cross([bytes, bytes, date, date, big, big]) as unknown[];
    expect(twin[0]).toBe(twin[1]);
    expect(twin[2]).toBe(twin[3]);
    expect(twin[4]).toBe(twin[5]);
  });

  test("a view crosses with its own part of the buffer, a Buffer as plain bytes", () => {
    expect(cross(new Uint16Array(new ArrayBuffer(16), 2, 3).fill(7))).toStrictEqual(Uint16Array.of(7, 7, 7));
    expect(cross(Buffer.from("abc"))).toStrictEqual(Uint8Array.of(97, 98, 99));
  });

  test("holes stay holes", () => {
    const sparse: unknown[] = [1];
    sparse[5] = undefined;
    const twin = cross(sparse) as unknown[];
    expect([twin.length, 1 in twin, 5 in twin]).toEqual([6, false, true]);
  });

  test("an expression arrives as its source and flags", () => {
    const expression = /a(b)/dgimsuy;
    Object.defineProperty(expression, "flags", { value: "lies" });
    expect(cross(expression)).toEqual({ source: "a(b)", flags: "dgimsuy" });
  });

  test("records with the names of Object.prototype are plain and pollute nothing", () => {
    const hostile = JSON.parse(
      `{"__proto__": {"polluted": 1}, "constructor": {"prototype": 2}, "then": 3, "toString": 4}`,
    );
    const twin = cross(hostile) as Record<string, unknown>;
    expect(Object.keys(twin)).toEqual(["__proto__", "constructor", "then", "toString"]);
    expect(Object.getPrototypeOf(twin)).toBe(Object.prototype);
    expect(twin["polluted"]).toBeUndefined();
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  test("records of another realm and without a prototype cross", () => {
    expect(cross(runInNewContext("({ a: [1, new Map([[1, new Date(3)]])] })"))).toEqual({
      a: [1, new Map([[1, new Date(3)]])],
    });
    expect(cross(Object.assign(Object.create(null), { b: 1 }))).toStrictEqual({ b: 1 });
  });

  test("only own enumerable text keys cross", () => {
    const record = Object.defineProperty({ a: 1, [Symbol("s")]: 2 }, "hidden", { value: 3, enumerable: false });
    expect(cross(record)).toStrictEqual({ a: 1 });
  });
});

describe("errors as values", () => {
  test("keep name, message, code, cause and errors, and no stack of the host", () => {
    const cause = Object.assign(new RangeError("deep"), { code: "E_DEEP", extra: 1 });
    const twin = cross(new AggregateError([cause], "top", { cause })) as AggregateError & { cause: Error };
    expect(twin).toBeInstanceOf(Error);
    expect([twin.name, twin.message, twin.stack]).toEqual(["AggregateError", "top", "AggregateError: top"]);
    expect(twin.cause).toMatchObject({ name: "RangeError", message: "deep", code: "E_DEEP" });
    expect(twin.cause).not.toHaveProperty("extra");
    expect(twin.errors[0]).toBe(twin.cause);
  });

  test("are read through getters that throw", () => {
    class Hostile extends Error {
      override get message(): string {
        throw new Error("no");
      }
      override get name(): string {
        throw new Error("no");
      }
    }
    expect(cross(new Hostile())).toMatchObject({ name: "Error", message: "" });
    expect(cross(new DOMException("stop", "AbortError"))).toMatchObject({ name: "AbortError", message: "stop" });
  });

  test("carry what else the guest put there, but nothing that a printer would call", () => {
    const parts = { name: "E", message: "m", toString: 1, constructor: 2, hasOwnProperty: 3, status: 404, cause: 5 };
    const bytes = encodeValue(parts).slice();
    const error = decodeValue(Uint8Array.of(0xd8, 27, 0x82, 0x65, ...Buffer.from("Error"), ...bytes)) as Error;
    expect(String(error)).toBe("E: m");
    expect({ ...error }).toEqual({ status: 404 });
    expect([error.cause, error.constructor]).toEqual([5, Error]);
  });

  test.for([
    [
      "ENOENT: no such file, open '/secret place/x y.txt'",
      "ENOENT: no such file, open '<path>'",
      "/secret place/x y.txt",
    ],
    ["at file:///work/a/b.js:1:2 it broke", "at <path> it broke"],
    ["cannot read C:\\Users\\me\\x.txt", "cannot read <path>"],
    ['cannot read "C:\\Program Files\\x.txt"', 'cannot read "<path>"'],
    ["(/home/me/app.js:3:4)", "(<path>)"],
    ["bad\n    at fn (/x/y.js:1:2)\n    at node:internal/z:1", "bad"],
    ["from /strange/place/node_modules/left-pad/index.js", "from <path>"],
    ["GET https://example.com/tmp/x and /api/users/7 failed", "GET https://example.com/tmp/x and /api/users/7 failed"],
    [`in ${process.cwd()}/embed/values.ts`, "in <path>"],
    ["ratio 3/4, a:b, c:/ is fine", "ratio 3/4, a:b, <path> is fine"],
  ])("message %j tells no place of the host", ([message, told, path]) => {
    expect((cross(Object.assign(new Error(message), path === undefined ? {} : { path })) as Error).message).toBe(told);
  });
});

describe("what is live is refused with its path", () => {
  class Account {}
  const trap = new Proxy({}, {});
  const own = Object.fromEntries(["then"].map((name) => [name, () => 1]));
  const getter = Object.defineProperty({}, "x", { get: () => 1, enumerable: true });
  test.for<[string, unknown, string]>([
    ["a function in a list", { users: [1, 2, 3, { save() {} }] }, "result.users[3].save is a function"],
    ["a symbol", { "a b": Symbol("s") }, 'result["a b"] is a symbol'],
    ["a getter", { a: getter }, "result.a.x is a getter"],
    ["a proxy", [trap], "result[0] is a Proxy"],
    ["an instance", { account: new Account() }, "result.account is an instance of Account"],
    ["a promise", Promise.resolve(1), "result is a Promise (await it first)"],
    ["an own then", own, "result.then is a function"],
    ["an inherited then", Object.create(own), "result is a thenable"],
    ["a WeakMap", new WeakMap(), "result is a WeakMap"],
    ["a DataView", new DataView(new ArrayBuffer(1)), "result is a DataView"],
    ["a boxed number", Object(1), "result is a Number"],
    ["a Map's value", new Map([["k", () => 1]]), "result.k is a function"],
    ["a Set's member", new Set([Symbol.iterator]), "result[0] is a symbol"],
    ["an error's cause", new Error("x", { cause: () => 1 }), "result.cause is a function"],
    ["a bigint too large", [2n ** 32768n], "result[0] is a bigint of more than 4 KiB"],
  ])("%s", ([, value, message]) => {
    expect(refusal(value)).toContain(`E_VALUE ${message}`);
  });

  test("a getter is never run, not even once", () => {
    let runs = 0;
    refusal({
      get a() {
        return ++runs;
      },
    });
    refusal(new Proxy({ a: 1 }, { get: () => ++runs, ownKeys: () => [String(++runs)] }));
    expect(runs).toBe(0);
  });

  test("after a refusal the next value crosses", () => {
    const shared = {};
    refusal([shared, { deep: [shared, () => 1] }]);
    expect(cross([1, { a: 2 }])).toStrictEqual([1, { a: 2 }]);
  });

  test("depth, items and bytes are bounded", () => {
    let deep: unknown = 1;
    for (let i = 0; i < 499; i++) deep = [deep];
    expect(cross(deep)).toStrictEqual(deep);
    for (let i = 0; i < 100_000; i++) deep = { deep };
    expect(refusal(deep)).toMatch(/^E_VALUE result(\.deep){40}\.\.\. is nested deeper than 500/);
    let laughs: unknown = { x: 1 };
    for (let i = 0; i < 28; i++) laughs = { a: laughs, b: laughs };
    expect(refusal(laughs)).toContain("items");
    const holes: unknown[] = [];
    holes.length = 2 ** 32 - 1;
    expect(refusal(holes)).toContain("items");
    expect(refusal(["x".repeat(70_000_000)])).toContain("64 MiB");
    expect(refusal(new Uint8Array(65 << 20))).toContain("64 MiB");
  });

  test("what an encoder accepts, the kernel accepts: at the bound of items", () => {
    let laughs: unknown = { x: 1 };
    for (let i = 0; i < 19; i++) laughs = { a: laughs, b: laughs };
    const bytes = encodeValue(laughs);
    expect(checkValue(bytes, bytes.length)).toBeTypeOf("number");
  });
});

describe("bytes from anywhere", () => {
  prop.prop([fc.uint8Array({ maxLength: 60 })])("decode to a value or are malformed, never anything else", (bytes) => {
    try {
      decodeValue(bytes);
    } catch (error) {
      expect((error as Error).message).toMatch(/^malformed value/);
    }
  });

  prop.prop([anyValue, fc.nat(), fc.nat(255)])(
    "a changed byte is met with a value or a clear refusal",
    (value, at, byte) => {
      const bytes = encodeValue(value).slice();
      bytes[at % bytes.length] = byte;
      // A date may have become a handle: whether one may stand there is for a contract to say (C3).
      const accepted = typeof checkValue(bytes, bytes.length) === "number" && handlesSeen() === 0;
      let decoded = true;
      try {
        decodeValue(bytes);
      } catch (error) {
        expect((error as Error).message).toMatch(/^malformed value/);
        decoded = false;
      }
      if (accepted) expect(decoded).toBe(true);
    },
  );
});
