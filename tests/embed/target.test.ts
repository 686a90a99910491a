// Host functions without an engine: bytes in, bytes out.
import { inspect } from "node:util";
import { describe, expect, test, vi } from "vitest";
import { blocking, callSignal, type Grants } from "../../embed/api.ts";
import { prepareGrants } from "../../embed/capability.ts";
import { newMeter } from "../../embed/target.ts";
import { decodeValue, encodeValue } from "../../embed/values.ts";
import type { CallContext, Failure, Reply } from "../../kernel/index.ts";
import { capability, permissive } from "../../policy-libs/index.ts";

/** A thenable on purpose. */
const THEN: string = "then";

interface Answered {
  readonly ok: boolean;
  readonly value: unknown;
}
const read = (reply: Reply): Answered => {
  const ok = reply instanceof Uint8Array;
  return { ok, value: decodeValue(ok ? reply : (reply as Failure).failed) };
};

const CONTEXT: CallContext = {
  ...{ domain: 1, owner: undefined, account: undefined, capabilities: [], found: [] },
  onDropped: () => undefined,
};

/** Calls the first function of the first grant as the kernel would. */
function call(
  grants: unknown,
  args: readonly unknown[] = [],
  context?: Partial<CallContext>,
): Answered | Promise<Answered> {
  const [prepared] = prepareGrants(grants);
  if (prepared === undefined) throw new Error("no grant");
  const bytes = encodeValue(args).slice();
  const reply = prepared.capability(newMeter()).target(0, bytes, bytes.length, { ...CONTEXT, ...context });
  return reply instanceof Promise ? reply.then(read) : read(reply);
}
const thrown = (fn: () => unknown): unknown => {
  const answer = call({ fn }) as Answered;
  expect(answer.ok).toBe(false);
  return answer.value;
};

describe("grants", () => {
  test("a group is one capability, a function one with a single call", () => {
    const grants = { tools: { a: () => 1, b: blocking(() => 2) }, now: () => 3 };
    const [tools, now] = prepareGrants(grants);
    expect(tools?.calls).toEqual({ a: { method: 0, mode: "sync" }, b: { method: 1, mode: "blocking" } });
    expect(now?.calls).toEqual({ "": { method: 0, mode: "sync" } });
  });

  test("functions are looked up once: changing the group later changes nothing", () => {
    const group: Record<string, () => number> = { fn: () => 1 };
    const [prepared] = prepareGrants({ group });
    group["fn"] = () => 2;
    const bytes = encodeValue([]).slice();
    const reply = prepared?.capability(newMeter()).target(0, bytes, 1, CONTEXT);
    expect(read(reply as Uint8Array).value).toBe(1);
  });

  test("a group is `this` to its functions", () => {
    const counter = {
      add(this: { n?: number }, by: number) {
        return (Reflect.get(this, "add") === counter.add ? 10 : 0) + by;
      },
    };
    expect(call({ counter }, [5])).toEqual({ ok: true, value: 15 });
  });

  test("a capability of policy-libs brings its contract and its modes", () => {
    const contract = permissive("adder", ["add"]);
    const [prepared] = prepareGrants({ it: capability(contract, { add: (a: number) => a + 1 }, { add: "blocking" }) });
    expect(prepared?.contract).toBe(contract);
    expect(prepared?.calls).toEqual({ add: { method: 0, mode: "blocking" } });
    expect(() => capability(contract, {})).toThrow("adder: no function for add");
    expect(() => capability(contract, { add: () => 1, more: () => 2 })).toThrow("adder: the contract has no call more");
  });

  class Account {
    close(): void {}
  }
  test.for<[string, unknown, string]>([
    ["data", { n: 1 }, "grant.n is a number: pass data in `inputs`"],
    ["null", { n: null }, "grant.n is null"],
    ["data in a group", { g: { f: () => 1, version: "1" } }, "grant.g.version is no function: pass data in `inputs`"],
    ["a group in a group", { g: { deep: { f: () => 1 } } }, "grant.g.deep is no function: groups do not nest"],
    ["an empty group", { g: {} }, "grant.g has no functions"],
    ["an instance", { account: new Account() }, "grant.account is an instance of Account: list the functions to grant"],
    ["a Map", { m: new Map() }, "grant.m is a Map"],
    ["a promise", { p: Promise.resolve() }, "grant.p is a Promise"],
    ["a proxy", { p: new Proxy({}, {}) }, "grant.p is a Proxy"],
    [
      "a getter",
      {
        g: {
          get f() {
            return () => 1;
          },
        },
      },
      "grant.g.f is a getter",
    ],
    ["a name with a space", { "a b": () => 1 }, 'grant "a b": not an identifier'],
    ["a name of the language", { globalThis: () => 1 }, "grant.globalThis: the name belongs to the language"],
    ["no object", 5, "grant must be a plain object"],
  ])("%s is refused with a clear error", ([, grants, message]) => {
    expect(() => prepareGrants(grants)).toThrow(
      expect.objectContaining({ code: "E_GRANT", message: expect.stringContaining(message) }),
    );
  });
});

describe("what a host function does", () => {
  test("a value is answered at once, a promise and a thenable later", async () => {
    expect(call({ fn: (a: number, b: number) => a + b }, [1, 2])).toEqual({ ok: true, value: 3 });
    expect(await call({ fn: async () => ({ a: 1 }) })).toEqual({ ok: true, value: { a: 1 } });
    const thenable = Object.fromEntries([
      [
        THEN,
        (resolve: (value: unknown) => void) => {
          resolve(7);
          resolve(8);
          throw new Error("late");
        },
      ],
    ]);
    expect(await call({ fn: () => thenable })).toEqual({ ok: true, value: 7 });
  });

  test("a throw is an error value with name, message, code and cause, and no stack", () => {
    const fail = () => {
      throw Object.assign(new RangeError(`no ${import.meta.filename}`, { cause: new Error("deep") }), {
        code: "E_X",
        secret: 1,
      });
    };
    const error = thrown(fail) as Error & { code: string; cause: Error };
    expect([error.name, error.message, error.code, error.cause.message]).toEqual([
      "RangeError",
      "no <path>",
      "E_X",
      "deep",
    ]);
    expect(error.stack).toBe("RangeError: no <path>");
    expect(error).not.toHaveProperty("secret");
  });

  test.for<[string, unknown, unknown]>([
    ["text", "no", "no"],
    ["text with a path", "in /home/me/x", "in <path>"],
    ["a number", 42, 42],
    ["undefined", undefined, undefined],
    ["a record", { a: 1 }, { a: 1 }],
  ])("throwing %s throws it in the guest", ([, value, met]) => {
    expect(
      thrown(() => {
        throw value;
      }),
    ).toStrictEqual(met);
  });

  const HOME = "/home/me/x";
  const loop: Record<string, unknown> = { at: HOME };
  loop["self"] = loop;
  test.for<[string, unknown]>([
    ["a record", { code: "E", at: HOME, deep: [{ list: [`in ${HOME}:3`, "file:///srv/y"] }] }],
    ["a record's key", { [HOME]: 1 }],
    ["a list", [[HOME]]],
    ["a Map", new Map([[HOME, new Set([HOME])]])],
    ["a cycle", loop],
    ["a long text", { text: `${"a ".repeat(100)}${HOME}` }],
    ["a cause that is a record", new Error("m", { cause: { path: HOME, list: [HOME], map: new Map([[HOME, HOME]]) } })],
    ["a cause that is text", new Error("m", { cause: HOME })],
    ["a cause of a cause", new Error("m", { cause: new Error("n", { cause: { [HOME]: { at: HOME } } }) })],
    ["errors of many", new AggregateError([{ at: HOME }, new Error(HOME)], "m")],
    ["an error in a record", { error: new Error(HOME, { cause: [HOME] }) }],
    [
      "what its error calls a path",
      Object.assign(new Error("m", { cause: { at: "odd/place" } }), { path: "odd/place" }),
    ],
  ])("a path of the host does not cross in %s that is thrown", async ([, value]) => {
    const fail = (): never => {
      throw value;
    };
    for (const answer of [call({ fn: fail }), await call({ fn: async () => fail() })]) {
      const text = inspect((answer as Answered).value, { depth: 20, showHidden: true });
      expect(text).toContain("<path>");
      expect(text).not.toMatch(/home|srv|odd/);
    }
  });

  test("a path in data is data, also beside an error and after one", () => {
    const give = (value: unknown): unknown => (call({ fn: () => value }) as Answered).value;
    thrown(() => {
      throw { at: HOME, live: () => 1 };
    });
    expect(give({ at: HOME })).toStrictEqual({ at: HOME });
    expect(give([new Error("m", { cause: [HOME] }), HOME])).toMatchObject([{ cause: ["<path>"] }, HOME]);
  });

  test.for<[string, unknown]>([
    ["a function", () => 1],
    ["a symbol", Symbol("s")],
    ["a proxy", new Proxy({}, {})],
    [
      "a throwing getter",
      Object.defineProperty({}, "message", {
        enumerable: true,
        get() {
          throw new Error("x");
        },
      }),
    ],
  ])("throwing %s is met with an error all the same", ([, value]) => {
    expect(
      thrown(() => {
        throw value;
      }),
    ).toMatchObject({ name: "Error", code: "E_VALUE" });
  });

  test("an error with a live cause crosses without it", () => {
    expect(
      thrown(() => {
        throw new Error("x", { cause: () => 1 });
      }),
    ).toMatchObject({ message: "x" });
  });

  test.for<[string, () => unknown, string]>([
    ["a function", () => ({ users: [{ save() {} }] }), "result.users[0].save is a function"],
    ["an instance", () => [new (class Row {})()], "result[0] is an instance of Row"],
    [
      "a getter",
      () => ({
        get x() {
          return 1;
        },
      }),
      "result.x is a getter",
    ],
    ["a proxy", () => ({ p: new Proxy({}, {}) }), "result.p is a Proxy"],
  ])("a result with %s is a TypeError E_VALUE with its path", ([, fn, message]) => {
    expect(thrown(fn)).toMatchObject({ name: "TypeError", code: "E_VALUE", message: expect.stringContaining(message) });
  });

  test("the same for what a promise gives, and for one that rejects with a live thing", async () => {
    expect(await call({ fn: async () => [() => 1] })).toMatchObject({ ok: false, value: { code: "E_VALUE" } });
    expect(await call({ fn: () => Promise.reject(() => 1) })).toMatchObject({ ok: false, value: { code: "E_VALUE" } });
    expect(await call({ fn: () => Promise.reject(new TypeError("no")) })).toMatchObject({
      ok: false,
      value: { message: "no" },
    });
  });

  test("hostile promises and thenables are answered, and nothing is left unhandled", async () => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    const broken = Object.defineProperty({}, THEN, {
      get() {
        throw new Error("then");
      },
    });
    expect(await call({ fn: () => broken })).toMatchObject({ ok: false, value: { message: "then" } });
    const odd = Promise.resolve(1);
    Object.defineProperty(odd, "constructor", {
      get() {
        throw new Error("constructor");
      },
    });
    expect(await call({ fn: () => odd })).toBeDefined();
    const both = Object.fromEntries([
      [
        THEN,
        (_: unknown, reject: (why: unknown) => void) => {
          reject(new Error("a"));
          throw new Error("b");
        },
      ],
    ]);
    expect(await call({ fn: () => both })).toMatchObject({ ok: false, value: { message: "a" } });
    await new Promise((resolve) => setTimeout(resolve, 5));
    process.off("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  test("results of calls in flight do not overwrite one another", async () => {
    const replies = [1, 2, 3].map((n) => call({ fn: async () => `result ${n}` }));
    encodeValue("something else entirely");
    expect(await Promise.all(replies)).toEqual([1, 2, 3].map((n) => ({ ok: true, value: `result ${n}` })));
  });

  test("callSignal fires when the kernel drops the call, and is there only inside one", () => {
    let drop = (): void => undefined;
    let signal: AbortSignal | undefined;
    const grants: Grants = {
      fn: () => {
        signal = callSignal();
        return callSignal() === signal;
      },
    };
    expect(
      call(grants, [], {
        onDropped: (task) => {
          drop = task;
        },
      }),
    ).toEqual({ ok: true, value: true });
    expect(signal?.aborted).toBe(false);
    drop();
    expect(signal?.aborted).toBe(true);
    expect(() => callSignal()).toThrow(expect.objectContaining({ code: "E_OPTION" }));
  });

  test("more arguments than the host's stack is to hold are refused, and no function is called", () => {
    let calls = 0;
    const fn = (...args: readonly unknown[]): number => ++calls && args.length;
    expect(call({ fn }, Array(10_000).fill(0))).toEqual({ ok: true, value: 10_000 });
    expect(call({ fn }, Array(10_001).fill(0))).toMatchObject({ ok: false, value: { code: "E_VALUE" } });
    expect(call({ fn }, Array(1_000_000).fill(0))).toMatchObject({ ok: false, value: { code: "E_VALUE" } });
    expect(calls).toBe(1);
  });

  test("arguments that are malformed are the caller's fault", () => {
    const [prepared] = prepareGrants({ fn: () => 1 });
    const reply = prepared?.capability(newMeter()).target(0, Uint8Array.of(0x81, 0xff), 2, CONTEXT);
    expect(read(reply as Reply)).toMatchObject({ ok: false, value: { code: "E_VALUE" } });
  });
});
