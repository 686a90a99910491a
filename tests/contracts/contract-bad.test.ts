// Contract data that is wrong, or too much.
import { describe, expect, test } from "vitest";
import { contractFrom } from "../../policy-libs/index.ts";
import { call, calls, gives, param, refusal, TEXT, takes, without } from "./contract-data.ts";

const nest = (levels: number): unknown => Array.from({ length: levels }).reduce((of) => ({ type: "list", of }), TEXT);
const many = <T>(count: number, of: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => of(index));
const named = (count: number, of: unknown): object => Object.fromEntries(many(count, (index) => [`n${index}`, of]));

describe("what is no contract is refused, with the place, what is wrong and what is right", () => {
  test.each<[string, unknown, string]>([
    [
      "nothing",
      undefined,
      "contract without a name: undefined is no record; a contract: { name, allows, never, calls }",
    ],
    ["a list", [], "contract without a name: a list is no record; a contract"],
    ["a function", () => 1, "contract without a name: a function is no record"],
    ["no name", without("name", calls({})), "contract without a name: name is missing; say name"],
    ["no calls", without("calls", calls({})), 'contract "bad": calls is missing'],
    ["no allows", without("allows", calls({})), 'contract "bad": allows is missing'],
    ["no never", without("never", calls({})), 'contract "bad": never is missing'],
    [
      "another property",
      { ...calls({}), call: 1 },
      'contract "bad": there is no property "call"; there are name, allows, never, calls',
    ],
    ["a name with a space", { ...calls({}), name: "a b" }, 'name: "a b" is no name; letters, digits and hyphens'],
    ["a name that is none", { ...calls({}), name: 7 }, "name: 7 is no text; a string"],
    ["documents of two lines", { ...calls({}), never: "a\nb" }, "never: a control character or an end of a line"],
    ["documents that end a comment", { ...calls({}), allows: "a */ b" }, "allows: */;"],
    ["documents without end", { ...calls({}), allows: "x".repeat(2_001) }, "allows: 2001 characters; at most 2000"],
    ["calls as a list", calls([]), "calls: a list is no record"],
    ["a call that is none", calls({ it: 3 }), "calls.it: 3 is no record; a call: { takes, gives, refuses }"],
    ["no gives", calls({ it: { takes: [], refuses: [] } }), "calls.it: gives is missing"],
    ["no takes", calls({ it: { gives: TEXT, refuses: [] } }), "calls.it: takes is missing"],
    ["no refuses", calls({ it: { takes: [], gives: TEXT } }), "calls.it: refuses is missing"],
    ["a misspelt property of a call", call({ mod: "sync" }), 'calls.it: there is no property "mod"'],
    [
      "an unknown mode",
      call({ mode: "later" }),
      'calls.it.mode: there is no mode "later"; there are sync, async, blocking',
    ],
    ["takes that is no list", call({ takes: {} }), "calls.it.takes: an object is no list"],
    [
      "a type as a parameter",
      takes(TEXT),
      'calls.it.takes[0]: "string" is no parameter; arg("name", type) or rest(type)',
    ],
    ["a parameter without a type", takes({ type: "arg", name: "a" }), "calls.it.takes[0]: of is missing"],
    ["a parameter without a name", takes({ type: "arg", of: TEXT }), "calls.it.takes[0]: name is missing"],
    [
      "a word of the language as a parameter",
      takes(param(TEXT, "new")),
      'takes[0].name: "new" is a word of JavaScript',
    ],
    ["two parameters of one name", takes(param(TEXT), param(TEXT)), 'calls.it.takes[1]: two parameters "a"'],
    [
      "an option before a required parameter",
      takes(param({ type: "option", of: TEXT }), param(TEXT, "b")),
      "calls.it.takes[0]: an option before a required parameter; options last",
    ],
    [
      "rest before a parameter",
      takes({ type: "rest", name: "r", of: TEXT }, param({ type: "option", of: TEXT })),
      "calls.it.takes[0]: rest before another parameter; rest is the last one",
    ],
    ["a hole among the parameters", call({ takes: new Array(1) }), "calls.it.takes[0]: undefined is no record"],
    [
      "a bound of a parameter",
      takes(param(TEXT), param({ type: "option", of: { type: "bytes", max: -1 } }, "b")),
      "calls.it.takes[1].max: -1; a length: an integer from 0",
    ],
    ["a type without a name", gives({}), "calls.it.gives: type is missing"],
    [
      "an unknown type",
      gives({ type: "float" }),
      'calls.it.gives: there is no type "float"; there are any, nothing, boolean, date, number, ',
    ],
    [
      "a type named by an object",
      gives({ type: { toString: () => "any" } }),
      "calls.it.gives: there is no type an object",
    ],
    ["a type that any object has", gives({ type: "constructor" }), 'calls.it.gives: there is no type "constructor"'],
    [
      "a property that the type has not",
      gives({ type: "boolean", max: 3 }),
      'calls.it.gives: there is no property "max"; there are type',
    ],
    ["a bound NaN", gives({ type: "number", min: Number.NaN }), "calls.it.gives.min: NaN; a number, not NaN"],
    ["a bound that is text", gives({ type: "number", min: "1" }), 'calls.it.gives.min: "1" is no number'],
    ["a bound null", gives({ type: "number", min: null }), "calls.it.gives.min: null is no number"],
    ["bounds the wrong way", gives({ type: "number", min: 2, max: 1 }), "calls.it.gives.min: 2 is more than max, 1"],
    [
      "a fraction as an integer",
      gives({ type: "integer", max: 1.5 }),
      "calls.it.gives.max: 1.5; an integer of the safe range",
    ],
    [
      "an integer beyond the safe range",
      gives({ type: "integer", max: 2 ** 53 }),
      "calls.it.gives.max: 9007199254740992; an integer",
    ],
    ["an infinite integer", gives({ type: "integer", min: -Infinity }), "calls.it.gives.min: -Infinity; an integer"],
    ["a fraction as a length", gives({ type: "string", max: 0.5 }), "calls.it.gives.max: 0.5; a length"],
    ["a negative length of a list", gives({ type: "list", of: TEXT, min: -1 }), "calls.it.gives.min: -1; a length"],
    ["an infinite length", gives({ type: "bytes", max: Infinity }), "calls.it.gives.max: Infinity; a length"],
    ["a list of nothing", gives({ type: "list" }), "calls.it.gives: of is missing"],
    [
      "a list of what is no type",
      gives({ type: "list", of: "string" }),
      'calls.it.gives.of: "string" is no record; a type, such as string()',
    ],
    ["a record without fields", gives({ type: "record" }), "calls.it.gives: fields is missing"],
    ["a field that is no type", gives({ type: "record", fields: { a: 1 } }), "calls.it.gives.fields.a: 1 is no record"],
    [
      "a union of nothing",
      gives({ type: "union", of: [] }),
      "calls.it.gives.of: a union of nothing; at least one type",
    ],
    [
      "an enumeration of nothing",
      gives({ type: "oneOf", values: [] }),
      "calls.it.gives.values: an enumeration of nothing",
    ],
    [
      "an enumeration of records",
      gives({ type: "oneOf", values: ["a", {}] }),
      "calls.it.gives.values[1]: an object is no literal",
    ],
    [
      "an enumeration of NaN",
      gives({ type: "oneOf", values: [Number.NaN] }),
      "calls.it.gives.values[0]: NaN is no literal",
    ],
    [
      "an enumeration of a bigint",
      gives({ type: "oneOf", values: [1n] }),
      "calls.it.gives.values[0]: a bigint is no literal",
    ],
    [
      "an enumeration of undefined",
      gives({ type: "oneOf", values: [undefined] }),
      "calls.it.gives.values[0]: undefined is no literal",
    ],
    ["a handle of nothing", gives({ type: "handle" }), "calls.it.gives: of is missing"],
    [
      "a handle of an unknown name",
      gives({ type: "handle", of: "other" }),
      'calls.it.gives.of: no contract around is named "other"; the contract itself, or data; around here are bad',
    ],
    [
      "a bad contract in a handle",
      gives({ type: "handle", of: { ...calls({}), name: "" } }),
      'calls.it.gives.of.name: "" is no name',
    ],
    [
      "a name of a contract that is not around",
      calls({
        a: { takes: [], gives: { type: "handle", of: { ...calls({}), name: "b" } }, refuses: [] },
        c: { takes: [], gives: { type: "handle", of: "b" }, refuses: [] },
      }),
      'calls.c.gives.of: no contract around is named "b"',
    ],
    [
      "refusals that are no list",
      call({ refuses: "E_A" }),
      'calls.it.refuses: "E_A" is no list; a list of codes, or "any"',
    ],
    ["a refusal that is no code", call({ refuses: ["E A"] }), 'calls.it.refuses[0]: "E A" is no name; a code'],
    ["a refusal that is no text", call({ refuses: [5] }), "calls.it.refuses[0]: 5 is no text"],
    ["a refusal twice", call({ refuses: ["E_A", "E_B", "E_A"] }), 'calls.it.refuses[2]: "E_A" is there twice'],
  ])("%s", (_, data, message) => {
    expect(refusal(data)).toContain(message);
  });

  const NAMES = [
    "",
    "__proto__",
    "constructor",
    "prototype",
    "then",
    "a b",
    "a-b",
    "1a",
    "a.b",
    "\u00e4",
    "a\n",
    "x".repeat(65),
  ];
  const own = (name: string, value: unknown): object => Object.defineProperty({}, name, { value, enumerable: true });
  test.each(NAMES)("%j is no name of a call, a field or a parameter", (name) => {
    const text = { takes: [], gives: TEXT, refuses: [] };
    expect(refusal(calls(own(name, text)))).toMatch(/^contract "bad": calls\./);
    expect(refusal(gives({ type: "record", fields: own(name, TEXT) }))).toMatch(
      /^contract "bad": calls\.it\.gives\.fields\./,
    );
    expect(refusal(takes(param(TEXT, name)))).toMatch(/^contract "bad": calls\.it\.takes\[0\]\.name: /);
  });

  test("the message has the error's code and name, and little of a long name", () => {
    const error: unknown = (() => {
      try {
        return contractFrom(gives({ type: "x".repeat(100_000) }));
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toMatchObject({ name: "ContractError", code: "E_CONTRACT" });
    expect((error as Error).message.length).toBeLessThan(400);
  });
});

describe("what is too much is refused, and a little less is not", () => {
  test.each<[string, (count: number) => unknown, number, string]>([
    // The contract is a level too, and so is the text in the middle.
    ["types inside of one another", (levels) => gives(nest(levels)), 30, "nested too deep; at most 32"],
    [
      "calls",
      (count) => calls(named(count, { takes: [], gives: TEXT, refuses: [] })),
      256,
      "calls: 257 calls; at most 256",
    ],
    [
      "parameters",
      (count) => takes(...many(count, (index) => param(TEXT, `p${index}`))),
      64,
      "65 parameters; at most 64",
    ],
    ["refusals", (count) => call({ refuses: many(count, (index) => `E_${index}`) }), 256, "257 refusals; at most 256"],
    [
      "alternatives",
      (count) =>
        gives({
          type: "union",
          of: [{ type: "option", of: { type: "union", of: many(count - 2, () => TEXT) } }, TEXT],
        }),
      12,
      "calls.it.gives.of: 13 alternatives; at most 12",
    ],
    // Three for each field; the rest is the contract around.
    [
      "parts",
      (count) => gives({ type: "record", fields: named(count, TEXT) }),
      3_327,
      "too large; at most 10000 parts",
    ],
    [
      "text",
      (count) => gives({ type: "oneOf", values: many(count, () => "x".repeat(1_024)) }),
      255,
      "too much text; at most 262144",
    ],
    ["contracts", (count) => calls(named2(count)), 63, "65 different contracts in one; at most 64"],
  ])("%s", (_, of, most, message) => {
    expect(refusal(of(most))).toBeUndefined();
    expect(refusal(of(most + 1))).toContain(message);
  });

  const named2 = (count: number): object =>
    Object.fromEntries(
      many(count, (index) => [
        `n${index}`,
        { takes: [], gives: { type: "handle", of: { ...calls({}), name: `c${index}` } }, refuses: [] },
      ]),
    );

  test("a list that says that it is endless is refused before it is walked", () => {
    const endless = new Proxy([], {
      getOwnPropertyDescriptor: (of, key) =>
        key === "length" ? { value: 2 ** 32 - 1, writable: true } : Reflect.getOwnPropertyDescriptor(of, key),
    });
    expect(refusal(call({ takes: endless }))).toContain("too large");
    expect(refusal(call({ takes: new Array(2 ** 32 - 1) }))).toContain("too large");
  });

  test("a contract that is used again and again counts each time", () => {
    let inner = contractFrom(
      calls({ a: { takes: many(20, (index) => param(TEXT, `p${index}`)), gives: TEXT, refuses: [] } }),
    );
    const twice = (): unknown =>
      calls({
        a: { takes: [], gives: { type: "handle", of: inner }, refuses: [] },
        b: { takes: [], gives: { type: "handle", of: inner.data }, refuses: [] },
      });
    let steps = 0;
    for (; refusal(twice()) === undefined; steps++) inner = contractFrom(twice());
    expect(refusal(twice())).toContain("too large");
    expect(steps).toBeLessThan(8);
  });

  test("the largest contracts are made in time", () => {
    const documents = { allows: "x".repeat(1_900), never: "y".repeat(1_900) };
    const toTop = { type: "handle", of: "top" };
    const leaf = (index: number): object => ({
      ...{ name: `c${index}`, ...documents },
      calls: { it: { takes: [], gives: { type: "record", fields: named(33, toTop) }, refuses: [] } },
    });
    const down = many(62, (index) => [
      `i${index}`,
      { takes: [], gives: { type: "handle", of: leaf(index) }, refuses: [] },
    ]);
    const start = performance.now();
    expect(refusal({ name: "top", ...documents, calls: Object.fromEntries(down) })).toBeUndefined();
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});
