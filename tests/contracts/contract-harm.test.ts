// Contract data of somebody who means harm.
import { fc, test as prop } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { contractFrom } from "../../policy-libs/index.ts";
import { call, calls, gives, refusal, TEXT, without } from "./contract-data.ts";
import { anyContract } from "./contract-generators.ts";

describe("data of somebody who means harm", () => {
  test("a getter is refused and not run", () => {
    let ran = 0;
    const data = {
      ...calls({}),
      get never() {
        ran++;
        return "";
      },
    };
    const accessor = Object.defineProperty({}, "it", { enumerable: true, get: () => ran++ });
    const inList = Object.defineProperty([], "0", { enumerable: true, get: () => ran++ });
    expect(refusal(data)).toContain("never: an accessor; contracts are plain data");
    expect(refusal(calls(accessor))).toContain("calls.it: an accessor");
    expect(refusal(call({ takes: inList }))).toContain("calls.it.takes.0: an accessor");
    expect(ran).toBe(0);
  });

  test("what is inherited is not there", () => {
    expect(refusal(Object.create(calls({})))).toContain("name is missing");
    expect(refusal({ ...without("calls", calls({})), ["__proto__"]: calls({}) })).toContain(
      'there is no property "__proto__"',
    );
    expect(refusal(Object.setPrototypeOf({}, calls({})))).toContain("name is missing");
  });

  test("symbols are no names", () => {
    expect(refusal({ ...calls({}), [Symbol.iterator]: 1 })).toContain("a symbol as a name");
  });

  test("what contains itself is refused", () => {
    const type: Record<string, unknown> = { type: "list" };
    type["of"] = type;
    expect(refusal(gives(type))).toContain('calls.it.gives.of: contains itself; recursion is by name: handle("name")');
    const members: unknown[] = [];
    members.push({ type: "union", of: members });
    expect(refusal(gives({ type: "union", of: members }))).toContain("contains itself");
    const data: Record<string, unknown> = { ...calls({}) };
    data["calls"] = { it: { takes: [], gives: { type: "handle", of: data }, refuses: [] } };
    expect(refusal(data)).toContain("calls.it.gives.of: contains itself");
  });

  test("one object in two places is no cycle", () => {
    const shared = { type: "list", of: TEXT };
    expect(refusal(gives({ type: "union", of: [shared, shared] }))).toBeUndefined();
  });

  test.each<keyof ProxyHandler<object>>(["ownKeys", "getOwnPropertyDescriptor"])(
    "a proxy that throws in %s is refused",
    (trap) => {
      const thrown = {
        toString: () => {
          throw new Error("from the outside");
        },
      };
      const hostile = new Proxy(
        {},
        {
          ownKeys: () => ["type"],
          [trap]: () => {
            throw thrown;
          },
        },
      );
      expect(refusal(hostile)).toContain("cannot be read");
      expect(refusal(gives(hostile))).toContain("cannot be read");
    },
  );

  test("a proxy that was revoked is refused", () => {
    for (const target of [{}, []]) {
      const { proxy, revoke } = Proxy.revocable(target, {});
      revoke();
      expect(refusal(proxy)).toContain("cannot be read");
      expect(refusal(call({ takes: proxy }))).toContain("cannot be read");
    }
  });

  test("a proxy that answers differently every time is read once, and what was read is what is checked and kept", () => {
    let reads = 0;
    const fickle = new Proxy(
      { type: "integer", max: 1 },
      {
        getOwnPropertyDescriptor: (of, key) =>
          ({
            ...Reflect.getOwnPropertyDescriptor(of, key),
            ...(key === "max" ? { value: reads++ === 0 ? 5 : -Infinity } : {}),
          }) as PropertyDescriptor,
        get: () => {
          throw new Error("nobody should get");
        },
      },
    );
    const { data } = contractFrom(gives(fickle));
    expect(data.calls["it"]?.gives).toEqual({ type: "integer", max: 5 });
    expect(reads).toBe(1);
  });

  test("what was given may change later: the contract does not", () => {
    const type = { type: "integer", max: 1 };
    const made = contractFrom(gives(type));
    type.max = Number.NaN;
    expect(made.data.calls["it"]?.gives).toEqual({ type: "integer", max: 1 });
  });

  test("an object that pretends to be a made contract is data like any other", () => {
    const made = contractFrom(calls({}));
    expect(refusal({ ...made })).toContain('there is no property "form"');
    expect(refusal(new Proxy(made, {}))).toContain('there is no property "form"');
    expect(contractFrom(made)).toBe(made);
    expect(contractFrom(made.data)).toBe(made);
  });

  prop.prop([
    fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withSparseArray: true }),
  ])("anything at all is refused and breaks nothing", (data) => {
    for (const each of [
      data,
      calls(data),
      calls({ it: data }),
      call({ takes: data }),
      gives(data),
      gives({ type: "record", fields: data }),
      gives({ type: "list", of: data }),
    ]) {
      const isContract = refusal(each) === undefined;
      if (isContract) expect(structuredClone(contractFrom(each).data)).toBeDefined();
    }
  });

  /** The same data with one of its parts replaced. */
  function replaceAt(data: unknown, at: number, by: unknown): unknown {
    let left = at;
    const copy = (value: unknown): unknown => {
      if (left-- === 0) return by;
      if (Array.isArray(value)) return value.map(copy);
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copy(inner)]));
    };
    return copy(data);
  }
  prop.prop([
    anyContract,
    fc.nat({ max: 60 }),
    fc.constantFrom<unknown>(
      null,
      undefined,
      -1,
      Number.NaN,
      0.5,
      "",
      "x",
      "list",
      "handle",
      [],
      {},
      true,
      TEXT,
      "__proto__",
    ),
  ])("a contract with any one part replaced is refused or is a contract", (data, at, by) => {
    const changed = replaceAt(data, at, by);
    if (refusal(changed) === undefined) expect(contractFrom(contractFrom(changed).data)).toBeDefined();
  });
});
