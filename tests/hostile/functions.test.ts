// Host functions that throw what is no error, give what cannot cross, or give bombs: the guest gets an answer it can
// catch, nothing live and nothing of the host, and the function goes on working.
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { createSandbox, run } from "../../embed/node/index.ts";
import { MODES, type Seen, seenBy } from "./guest-view.ts";
import { Account, boom, revoked, trapped } from "./odd.ts";

const unhandled = vi.fn();
process.on("unhandledRejection", unhandled);
afterEach(() => {
  expect(unhandled).not.toHaveBeenCalled();
});

type Makers = Readonly<Record<string, () => unknown>>;
/** A thenable on purpose. */
const THEN: string = "then";
type Settle = (value?: unknown) => void;
const thenable = (then: (resolve: Settle, reject: Settle) => void): object => ({ [THEN]: then });

const touched = vi.fn();
const raise = (value: unknown) => () => {
  throw value;
};
class Hostile extends Error {
  override get name(): string {
    return boom();
  }
  override get message(): string {
    return boom();
  }
  override get stack(): string {
    touched("stack");
    return boom();
  }
  get code(): string {
    return boom();
  }
}
const withStack = Object.defineProperty(new Error("plain"), "stack", { get: () => touched("stack") });
const cyclic = new Error("cyclic");
cyclic.cause = cyclic;
const manyCauses = (): Error => {
  let error = new Error("first");
  for (let i = 0; i < 2_000; i++) error = new Error("later", { cause: error });
  return error;
};
const here = import.meta.filename;
const coded = (error: Error): Error => Object.assign(error, { code: "E_MINE" });

/** What is thrown, and what the guest must see of it. */
const THROWN: Readonly<Record<string, readonly [unknown, Partial<Seen>]>> = {
  undefined: [undefined, { type: "undefined", isError: false }],
  null: [null, { tag: "Null" }],
  "a number": [42, { json: "42" }],
  "a bigint": [1n << 64n, { type: "bigint" }],
  text: ["no", { json: '"no"' }],
  "text with a path": [`in ${here}`, { json: '"in <path>"' }],
  "a record": [{ a: [1] }, { json: '{"a":[1]}', isError: false }],
  "a symbol": [Symbol("s"), { isError: true, code: "E_VALUE" }],
  "a function": [() => 1, { isError: true, code: "E_VALUE" }],
  "a class": [Account, { isError: true, code: "E_VALUE" }],
  "an instance": [new Account(), { isError: true, code: "E_VALUE" }],
  "a rejected promise": [Promise.reject(new Error("x")).catch(() => undefined), { isError: true, code: "E_VALUE" }],
  "a thenable": [thenable(boom), { isError: true, code: "E_VALUE" }],
  "a proxy": [new Proxy({}, {}), { isError: true }],
  "a proxy that throws": [trapped(), { isError: true }],
  "a proxy of an error": [new Proxy(coded(new TypeError("behind")), {}), { isError: true }],
  "a proxy of an error that throws": [trapped(new Error("x")), { isError: true }],
  "a revoked proxy": [revoked(), { isError: true }],
  "an error of a proxied prototype": [
    Object.setPrototypeOf(new Error("m"), trapped(Error.prototype)),
    { isError: true },
  ],
  "a frozen error": [
    Object.freeze(coded(new RangeError("cold"))),
    { name: "RangeError", message: "cold", code: "E_MINE" },
  ],
  "an error whose getters throw": [new Hostile(), { isError: true, name: "Error", message: "", code: undefined }],
  "an error with a stack getter": [withStack, { name: "Error", message: "plain" }],
  "an error that is its own cause": [cyclic, { message: "cyclic", isOwnCause: true }],
  "an error with a live cause": [
    coded(new TypeError("x", { cause: () => 1 })),
    { name: "TypeError", message: "x", code: "E_MINE" },
  ],
  "an error with a code that lives": [
    Object.assign(new Error("x"), { code: () => 1 }),
    { message: "x", code: undefined },
  ],
  "an error of many causes": [manyCauses(), { isError: true, message: "later" }],
  "an error of errors that live": [new AggregateError([() => 1], "all"), { name: "AggregateError", message: "all" }],
  "an error with a number as code": [Object.assign(new Error("x"), { code: 7 }), { code: 7 }],
  "an error of the web": [new DOMException("late", "TimeoutError"), { name: "TimeoutError", message: "late" }],
  "an error with a cause": [
    new Error("top", { cause: coded(new RangeError("deep")) }),
    { message: "top", cause: expect.objectContaining({ name: "RangeError", message: "deep", code: "E_MINE" }) },
  ],
  "an error that names files": [
    Object.assign(new Error(`no ${here}\n    at f (${here}:1:2)`, { cause: new Error(here) }), {
      path: here,
      code: here,
    }),
    { isError: true },
  ],
  "a message of megabytes": [new Error("x".repeat(2 ** 26)), { isError: true }],
};

describe.each(MODES)("what a host function throws (%s)", (mode) => {
  let seen: Readonly<Record<string, Seen>>;
  beforeAll(async () => {
    seen = await seenBy(
      Object.fromEntries(Object.entries(THROWN).map(([name, [value]]) => [name, raise(value)])),
      mode,
    );
  });

  test.each(Object.keys(THROWN))("%s", (name) => {
    expect(seen[name]).toMatchObject({ how: "threw", ...THROWN[name]?.[1] });
  });

  test("tells nothing of the host: no path, no stack, no getter was run for one", () => {
    const all = Object.values(seen).map((one) => `${one.all} ${one.cause?.all}`);
    for (const text of all) expect(text).not.toMatch(/hostile|\.test\.|node:|file:|node_modules|\/work|\/home|boom \(/);
    expect(all.join()).toContain("cordon:engine"); // the eye that looks for stacks does see one: the guest's own
    expect(touched).not.toHaveBeenCalled();
  });
});

const nested = (wrap: (inner: unknown) => unknown, times: number): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < times; i++) value = wrap(value);
  return value;
};
const doubled = (wrap: (inner: unknown) => unknown): unknown => nested(wrap, 30);
const detached = (): ArrayBuffer => {
  const buffer = new ArrayBuffer(8);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
};
const detachedView = (): Uint8Array => {
  const bytes = new Uint8Array(8);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
};
const array = (length: number): unknown[] => {
  const items: unknown[] = [];
  items.length = length;
  return items;
};

/** What lives, or is more than may cross: each a TypeError E_VALUE with its path. */
const REFUSED: Makers = {
  "a function": () => () => 1,
  "a function in a record": () => ({ a: { b: [() => 1] } }),
  "a symbol": () => Symbol("s"),
  "a class": () => Account,
  "an instance": () => new Account(),
  "a function as a key": () => new Map([[() => 1, 1]]),
  "a function in a Set": () => new Set([() => 1]),
  "a promise in a list": () => [Promise.resolve(1)],
  "a generator": () => (function* () {})(),
  "an iterator": () => [].values(),
  "a WeakRef": () => new WeakRef({}),
  "an AbortController": () => new AbortController(),
  "the global object": () => globalThis,
  "the process": () => process,
  "boxed values": () => [Object(1), Object("s"), Object(1n), Object(Symbol())],
  "a getter": () => ({
    get a() {
      return touched("getter");
    },
  }),
  "a setter": () => ({ set a(_: number) {} }),
  "a proxy in a list": () => [new Proxy({}, {})],
  "a proxy that throws in a list": () => [trapped([])],
  "a proxy of a Map": () => new Proxy(new Map(), {}),
  "a proxy of bytes": () => [new Proxy(new Uint8Array(3), {})],
  "a revoked proxy in a record": () => ({ a: revoked() }),
  "a proxied prototype": () => [Object.setPrototypeOf({}, trapped())],
  "a SharedArrayBuffer": () => new SharedArrayBuffer(8),
  "a detached buffer": detached,
  "a view of a detached buffer": detachedView,
  "a DataView": () => new DataView(new ArrayBuffer(8)),
  "a DAG of lists": () => doubled((inner) => [inner, inner]),
  "a DAG of records": () => doubled((inner) => ({ a: inner, b: inner })),
  "a DAG of Maps": () => doubled((inner) => new Map([[inner, inner]])),
  "a DAG of Sets": () => doubled((inner) => new Set([inner, [inner]])),
  "a DAG of causes": () => doubled((inner) => new Error("x", { cause: [inner, inner] })),
  "lists in lists": () => nested((inner) => [inner], 100_000),
  "Maps in Maps": () => nested((inner) => new Map([[1, inner]]), 100_000),
  "keys in keys": () => nested((inner) => new Map([[inner, 1]]), 100_000),
  "a sparse list of 2^32 - 1": () => array(2 ** 32 - 1),
  "a sparse list of 100 million": () => array(1e8),
  "sparse lists of a million each": () => Array.from({ length: 10 }, () => array(1e6)),
  "a bigint of megabytes": () => 1n << 80_000_000n,
  "a negative bigint of megabytes": () => -(1n << 80_000_000n),
  "a bigint of 4 KiB and one bit": () => 1n << 32_768n,
  "text of 512 MB": () => "x".repeat(2 ** 29 - 100),
  "a rope of 256 MB": () => doubledText(28),
  "many large texts": () => Array.from({ length: 8 }, () => "x".repeat(2 ** 24)),
  "bytes of 100 MB": () => new Uint8Array(1e8),
  "a key of 100 MB": () => ({ ["x".repeat(1e8)]: 1 }),
  "a Map of millions": () => new Map(Array.from({ length: 2_100_000 }, (_, i) => [i, i])),
};
function doubledText(times: number): string {
  let text = "a";
  for (let i = 0; i < times; i++) text += text;
  return text;
}

describe.each(MODES)("what a host function gives and cannot cross (%s)", (mode) => {
  let seen: Readonly<Record<string, Seen>>;
  let slowest = 0;
  beforeAll(async () => {
    const timed = (make: () => unknown) => () => {
      const value = make();
      const start = performance.now();
      queueMicrotask(() =>
        setImmediate(() => {
          slowest = Math.max(slowest, performance.now() - start);
        }),
      );
      return value;
    };
    seen = await seenBy(Object.fromEntries(Object.entries(REFUSED).map(([name, make]) => [name, timed(make)])), mode);
  });

  test.each(Object.keys(REFUSED))("%s", (name) => {
    expect(seen[name]).toMatchObject({ how: "threw", isError: true, name: "TypeError", code: "E_VALUE" });
  });

  test("names the place, runs no getter, and blocks its host for no more than a moment", () => {
    expect(seen["a function in a record"]?.message).toContain("result.a.b[0]");
    expect(touched).not.toHaveBeenCalled();
    // A loaded machine is slow; 2^30 items or 2^32 holes would take minutes.
    expect(slowest).toBeLessThan(5_000);
  });
});

/** What crosses as a copy, and what the guest sees of it. */
const COPIED: Readonly<Record<string, readonly [() => unknown, Partial<Seen>]>> = {
  "a view of shared memory": [
    () => new Uint8Array(new SharedArrayBuffer(2)).fill(3),
    { tag: "Uint8Array", json: '{"0":3,"1":3}' },
  ],
  "a view of a resizable buffer": [
    () => new Uint8Array(new ArrayBuffer(1, { maxByteLength: 8 })).fill(1),
    { json: '{"0":1}' },
  ],
  "a resizable buffer": [() => new ArrayBuffer(1, { maxByteLength: 8 }), { tag: "ArrayBuffer" }],
  "a bigint of 4 KiB": [() => (1n << 32_768n) - 1n, { type: "bigint" }],
  "a sparse list": [() => [1, ...array(3).slice(0, 0)].concat(array(2)), { tag: "Array", json: "[1,null,null]" }],
  "a frozen record": [() => Object.freeze({ a: 1 }), { json: '{"a":1}' }],
  "the names of Object.prototype": [
    () => JSON.parse('{"__proto__":{"x":1},"constructor":1,"then":2}') as unknown,
    { json: '{"__proto__":{"x":1},"constructor":1,"then":2}' },
  ],
  "a thenable": [() => thenable((resolve) => resolve(5)), { json: "5" }],
  "a thenable that settles twice": [
    () =>
      thenable((resolve, reject) => {
        resolve(1);
        resolve(2);
        reject(new Error("x"));
      }),
    { json: "1" },
  ],
  "a thenable that throws late": [
    () =>
      thenable((resolve) => {
        resolve(3);
        boom();
      }),
    { json: "3" },
  ],
  "thenables in thenables": [
    () => thenable((resolve) => resolve(thenable((next) => next(thenable((last) => last(42)))))),
    { json: "42" },
  ],
  "a function that is a thenable": [
    () =>
      Object.assign(
        () => 1,
        thenable((resolve) => resolve(9)),
      ),
    { json: "9" },
  ],
};

describe.each(MODES)("what a host function gives and crosses as a copy (%s)", (mode) => {
  test("each as it was", async () => {
    const seen = await seenBy(Object.fromEntries(Object.entries(COPIED).map(([name, [make]]) => [name, make])), mode);
    for (const [name, [, expected]] of Object.entries(COPIED))
      expect(seen[name], name).toMatchObject({ how: "gave", ...expected });
  });

  test("thenables that fail are ordinary errors", async () => {
    const seen = await seenBy(
      {
        throws: () => thenable(boom),
        "rejects with nothing": () => thenable((_, reject) => reject()),
        "rejects with a proxy": () => thenable((_, reject) => reject(trapped(new Error("x")))),
        "rejects with a revoked proxy": () => Promise.reject(revoked()),
        "has a getter that throws": () => Object.defineProperty({}, THEN, { get: boom }),
        "resolves to a function": () => thenable((resolve) => resolve(() => 1)),
      },
      mode,
    );
    expect(seen["throws"]).toMatchObject({ how: "threw", message: "boom" });
    expect(seen["rejects with nothing"]).toMatchObject({ how: "threw", type: "undefined" });
    expect(seen["rejects with a proxy"]).toMatchObject({ how: "threw", isError: true });
    expect(seen["rejects with a revoked proxy"]).toMatchObject({ how: "threw", isError: true });
    expect(seen["has a getter that throws"]).toMatchObject({ how: "threw", message: "boom" });
    expect(seen["resolves to a function"]).toMatchObject({ how: "threw", code: "E_VALUE" });
  });
});

describe("nothing live", () => {
  test("crosses: what either side changes afterwards, the other does not see", async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(4));
    const state = { list: [1], map: new Map([["a", 1]]), shared };
    const got: { list?: number[]; shared?: Uint8Array }[] = [];
    const grant = { state: () => state, take: (value: (typeof got)[0]) => void got.push(value) };
    await using box = await createSandbox({ grant });
    await box.run("globalThis.mine = state(); mine.list.push(2); mine.shared[0] = 9; mine.map.set('b', 2); take(mine)");
    expect([state.list, state.map.size, shared[0]]).toEqual([[1], 1, 0]);
    shared.fill(5);
    state.list.push(3);
    got[0]?.list?.push(4);
    got[0]?.shared?.fill(7);
    expect(await box.run("[mine.list, mine.map.size, mine.shared[0]]")).toMatchObject({ value: [[1, 2], 2, 9] });
    expect(got[0]?.shared?.buffer).toBeInstanceOf(ArrayBuffer);
  });

  test("comes back in a result: it is plain data, all the way down, of this realm", async () => {
    const source = `class A { x = 1 } Object.setPrototypeOf(A.prototype, null);
      ({ list: [1, { __proto__: { inherited: 1 }, own: 2 }], error: new (class Mine extends Error {})("m"), map: new Map([[{ k: 1 }, new Set([2])]]) })`;
    const { value } = (await run({ source })) as { value: Record<string, unknown> };
    const visit = (one: unknown): void => {
      expect(typeof one).not.toBe("function");
      if (typeof one !== "object" || one === null) return;
      expect([Object, Array, Map, Set, Error].map((kind) => kind.prototype)).toContain(Object.getPrototypeOf(one));
      for (const { get, set, value: inner } of Object.values(Object.getOwnPropertyDescriptors(one))) {
        expect([get, set]).toEqual([undefined, undefined]);
        visit(inner);
      }
      if (one instanceof Map) for (const pair of one) pair.forEach(visit);
      if (one instanceof Set) one.forEach(visit);
    };
    visit(value);
  });
});

describe("what data says of itself is not asked", () => {
  const over = (list: unknown[], at: number, accessor: PropertyDescriptor): unknown[] =>
    Object.defineProperty(list, at, { enumerable: true, ...accessor });

  const holed = (list: number[], more: Readonly<Record<number, number>>): number[] => Object.assign(list, more);

  test.each<[string, (get: () => unknown) => unknown[]]>([
    ["in a list", (get) => over([1], 0, { get })],
    ["at the end of a long list", (get) => over(new Array(5000).fill(7), 4999, { get })],
    ["in a list with holes", (get) => over(holed([1], { 2: 3, 3: 4 }), 3, { get })],
    ["in a list in a record", (get) => [{ list: over(["a"], 0, { get }) }]],
    ["in a list that is frozen", (get) => Object.freeze(over([1, 2], 1, { get })) as unknown[]],
    ["in a list of a class", (get) => over(new (class extends Array {})(3).fill(1), 0, { get })],
    ["that nobody sees", (get) => over([1], 0, { get, enumerable: false })],
    ["that has a setter", (get) => over([1], 0, { get, set: () => undefined })],
    ["under a setter alone", (get) => over([1], 0, { set: get })],
  ])("a getter %s is refused, as in a record, and not run", async (_, make) => {
    let ran = 0;
    const list = make(() => ++ran);
    expect(await run({ source: "f()", grant: { f: () => list } })).toMatchObject({ error: { code: "E_VALUE" } });
    await expect(run({ source: "1", inputs: { list } })).rejects.toMatchObject({
      code: "E_VALUE",
      message: expect.stringMatching(/^inputs\.list\S*\[\d+\] is a [gs]etter: only data crosses$/),
    });
    expect(ran).toBe(0);
  });

  test("a list with holes does not ask its prototype for them", async () => {
    const asked: PropertyKey[] = [];
    const has = (_: object, key: PropertyKey): boolean => asked.push(key) > 0;
    const list = Object.setPrototypeOf(holed([1], { 2: 3 }), new Proxy(Array.prototype, { has, get: has }));
    expect(await run({ source: "f()", grant: { f: () => list } })).toMatchObject({ value: holed([1], { 2: 3 }) });
    // `then` is asked of every result, to see whether it is a promise.
    expect(asked.filter((key) => key !== "then" && key !== "constructor")).toEqual([]);
  });

  test.each([
    ["buffer", { get: () => Uint8Array.of(8, 9).buffer }],
    ["byteOffset", { value: 1 }],
    ["byteLength", { value: 1 }],
    ["length", { value: 1 }],
  ])("what bytes say of their %s is not believed", async (name, lie) => {
    const lying = Object.defineProperty(Uint8Array.of(1, 2), name, lie);
    expect(await run({ source: "f()", grant: { f: () => lying } })).toMatchObject({ value: Uint8Array.of(1, 2) });
    const wide = Object.defineProperty(Float64Array.of(1.5, -0), name, lie);
    expect(await run({ source: "f()", grant: { f: () => wide } })).toMatchObject({ value: Float64Array.of(1.5, -0) });
  });
});
