// What a policy may speak of, made from contracts; and what it sees of a call's values.
import { fc, test as prop } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { ANY, type Contract } from "../../kernel/index.ts";
import {
  any,
  arg,
  boolean,
  bytes,
  contract,
  date,
  FILES,
  HTTP,
  handle,
  integer,
  KV,
  list,
  NET,
  nothing,
  number,
  oneOf,
  option,
  type Parameter,
  permissive,
  record,
  rest,
  string,
  type Type,
  union,
} from "../../policy-libs/index.ts";
import { callReader, resultReader } from "../../policy-libs/policy/data.ts";
import { render } from "../../policy-libs/policy/diagnostic.ts";
import { vocabularyOf } from "../../policy-libs/policy/operations.ts";
import type { Operation } from "../../policy-libs/policy/vocabulary.ts";

const words = { allows: "trying", never: "does anything else" };
const made = (
  name: string,
  calls: Readonly<Record<string, { takes?: readonly Parameter[]; gives?: Type }>>,
): Contract =>
  contract({
    name,
    ...words,
    calls: Object.fromEntries(
      Object.entries(calls).map(([call, { takes = [], gives = nothing() }]) => [call, { takes, gives, refuses: [] }]),
    ),
  });

const vocabulary = (granted: Readonly<Record<string, Contract>>) => vocabularyOf(new Map(Object.entries(granted)));
const operation = (granted: Readonly<Record<string, Contract>>, name: string): Operation =>
  vocabulary(granted).vocabulary.byName.get(name) as Operation;
const one = (takes: readonly Parameter[], gives: Type = nothing()): Operation =>
  operation({ it: made("it", { call: { takes, gives } }) }, "it.call");
const names = ({ takes }: Operation): readonly string[] => takes.map(({ name }) => name);
const seen = (of: Operation, ...values: readonly unknown[]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(callReader(of)(values));

describe("operations", () => {
  test("a grant's calls are under the grant's name, and calls of handles under their contract's name", () => {
    const { vocabulary: all, conflicts } = vocabulary({ disk: FILES, web: HTTP, net: NET });
    expect(conflicts).toEqual([]);
    const groups = new Set(all.operations.map(({ group }) => group));
    // biome-ignore format: a list
    expect([...groups]).toEqual([
      "disk", "web", "net", "open-file", "open-reader", "open-writer", "open-watch", "http-source", "http-body",
      "socket", "listener", "datagram", "vm",
    ]);
    expect(all.byName.get("files.readText")).toBeUndefined();
    expect(all.operations.filter(({ group }) => group === "disk").map(({ call }) => call)).toEqual(
      Object.keys(FILES.data.calls),
    );
    all.operations.forEach((each, at) => {
      expect(each.id).toBe(at);
      expect(all.byName.get(each.name)).toBe(each);
      expect(each.isInstruction).toBe(each.group === "vm");
    });
  });

  test("there are always the four instructions", () => {
    const { operations } = vocabulary({}).vocabulary;
    expect(operations.map(({ name, takes }) => [name, takes.map(({ name: of, type }) => `${of}: ${type}`)])).toEqual([
      ["vm.divide", ["divisor: int"]],
      ["vm.call", ["depth: int"]],
      ["vm.grow", ["pages_after: int"]],
      ["vm.indirect", ["slot: int"]],
    ]);
  });

  test("plain host functions are operations without arguments", () => {
    const { operations, byName } = vocabulary({
      tools: permissive("tools", ["search", "__proto__"]),
      sum: permissive("sum", [""]),
    }).vocabulary;
    expect(operations.slice(0, 3).map(({ name, takes, gives }) => [name, takes, gives])).toEqual([
      ["tools.search", [], []],
      ["tools.__proto__", [], []],
      ["sum.call", [], []],
    ]);
    expect(byName.get("tools.constructor")).toBeUndefined();
  });

  test("one contract under two names, or met twice, is no conflict", () => {
    const { vocabulary: all, conflicts } = vocabulary({ inner: NET, outer: NET });
    expect(conflicts).toEqual([]);
    expect(all.operations.filter(({ group }) => group === "socket")).toHaveLength(7);
  });

  test("contracts that name one another are met once", () => {
    const child = made("child", { again: { gives: handle("child") } });
    const parent = contract({
      name: "parent",
      ...words,
      calls: { make: { takes: [], gives: list(handle(child as never)), refuses: [] } },
    });
    const { vocabulary: all } = vocabulary({ parent });
    expect(all.operations.map(({ name }) => name).slice(0, 2)).toEqual(["parent.make", "child.again"]);
  });

  test("two contracts of one name that differ are a conflict, also where they differ in names only", () => {
    const inner = made("door", { open: { takes: [arg("from", string()), arg("to", string())] } });
    const opener = made("opener", { open: { gives: handle(inner as never) } });
    const other = made("door", { open: { takes: [arg("to", string()), arg("from", string())] } });
    const { conflicts, vocabulary: all } = vocabulary({ door: other, opener });
    expect(conflicts.map(render)).toEqual([
      '(grants):1:1 P124 "door" means two contracts: of the grant "door" and of handles out of the grant "opener". Grant one of them under another name.',
    ]);
    expect(names(all.byName.get("door.open") as Operation)).toContain("from");
    expect((all.byName.get("door.open") as Operation).takes[0]?.name).toBe("to");
  });

  test("a grant is not named as the instructions are", () => {
    const { conflicts, vocabulary: all } = vocabulary({ vm: permissive("vm", ["divide"]) });
    expect(conflicts.map(({ code }) => code)).toEqual(["P124"]);
    expect(all.byName.get("vm.divide")?.isInstruction).toBe(true);
  });
});

describe("arguments", () => {
  test("types of contracts become types of policies", () => {
    const of = one(
      [
        arg("a", boolean()),
        arg("b", integer({ min: -3, max: 9 })),
        arg("c", number({ min: 0.5, max: 2.5 })),
        arg("d", string({ max: 7 })),
        arg("e", string({ is: "path" })),
        arg("f", string({ is: "host" })),
        arg("g", string({ is: "ip" })),
        arg("h", bytes({ min: 1 })),
        arg("i", oneOf("x", "y", null)),
        arg("j", oneOf(3, 5)),
        arg("k", oneOf(1, "x")),
        arg("l", list(string())),
        arg("m", any()),
        arg("n", date()),
        arg("o", union(string(), integer())),
        arg("p", option(integer())),
        arg("q", option(union(boolean(), oneOf(null)))),
        rest(string(), "more"),
      ].filter(({ name }) => name !== "h"),
    );
    const types = of.takes.filter(({ source }) => source?.part === undefined);
    // biome-ignore format: a table
    expect(types.map(({ name, type, values, least, most, optional }) => [name, type, values, least, most, optional])).toEqual([
      ["a", "bool",  undefined,  undefined, undefined, false],
      ["b", "int",   undefined,  0,         9,         false],
      ["c", "int",   undefined,  1,         2,         false],
      ["d", "text",  undefined,  undefined, 7,         false],
      ["e", "path",  undefined,  undefined, undefined, false],
      ["f", "host",  undefined,  undefined, undefined, false],
      ["g", "ip",    undefined,  undefined, undefined, false],
      ["i", "enum",  ["x", "y"], undefined, undefined, false],
      ["j", "int",   undefined,  3,         5,         false],
      ["k", "other", undefined,  undefined, undefined, false],
      ["l", "other", undefined,  undefined, undefined, false],
      ["m", "other", undefined,  undefined, undefined, false],
      ["n", "other", undefined,  undefined, undefined, false],
      ["o", "other", undefined,  undefined, undefined, false],
      ["p", "int",   undefined,  undefined, undefined, true],
      ["q", "bool",  undefined,  undefined, undefined, true],
    ]);
  });

  test("a field of a record has a plain name where nothing else in the call has it", () => {
    const of = one([
      arg("to", record({ host: string({ is: "host" }), port: number() })),
      arg("from", record({ host: string({ is: "host" }) })),
      arg("port", option(integer())),
    ]);
    expect(of.takes.map(({ name, also }) => [name, also])).toEqual([
      ["to.host", []],
      ["to.port", []],
      ["from.host", []],
      ["port", []],
    ]);
    const { takes } = operation({ net: NET }, "net.connect");
    expect(takes.map(({ name, also }) => [name, also])).toContainEqual(["host", ["to.host"]]);
  });

  test("results are the fields of a record, or one value", () => {
    const given = (gives: Type) =>
      one([], gives).gives.map(({ name, type, optional }) => `${name}${optional ? "?" : ""}: ${type}`);
    expect(given(nothing())).toEqual([]);
    expect(given(integer())).toEqual(["value: int"]);
    expect(given(record({ a: boolean(), b: option(string({ is: "ip" })) }))).toEqual(["a: bool", "b?: ip"]);
    expect(given(union(record({ a: boolean() }), oneOf(null)))).toEqual(["a?: bool"]);
    expect(given(handle("it"))).toEqual(["value: handle"]);
    expect(operation({ files: FILES }, "files.readText").gives.map(({ name }) => name)).toEqual(["value", "size"]);
  });

  test("of a URL there are its parts, and of data its size", () => {
    const { takes } = operation({ http: HTTP }, "http.fetch");
    expect(takes.map(({ name, type }) => `${name}: ${type}`)).toEqual([
      "url: text",
      "scheme: text",
      "host: host",
      "port: int",
      "path: path",
      "method: text",
      "method.size: int",
      "headers: other",
      "body: other",
      "redirect: enum",
      "timeout: int",
    ]);
    expect(names(operation({ files: FILES }, "files.append"))).toEqual(["path", "contents", "size"]);
    expect(names(operation({ files: FILES }, "files.rename"))).toEqual(["from", "to"]);
    expect(operation({ files: FILES }, "files.rename").takes.map(({ type }) => type)).toEqual(["path", "path"]);
  });

  test("what is said of a text is no part of its contract", () => {
    const [plain, annotated] = [string(), string({ is: "path" })].map((of) =>
      made("same", { call: { takes: [arg("a", of)] } }),
    );
    expect(annotated?.form).toBe(plain?.form);
    expect(annotated?.calls[0]?.takes).toEqual(plain?.calls[0]?.takes);
    expect(() =>
      contract({
        name: "x",
        ...words,
        calls: { y: { takes: [arg("a", { type: "string", is: "email" } as never)], gives: nothing(), refuses: [] } },
      }),
    ).toThrow(/path, host, ip, url/);
  });
});

describe("data", () => {
  test("a call's values are read by the names of its arguments, each by its type", () => {
    const of = operation({ net: NET }, "net.connect");
    expect(seen(of, { host: "EXAMPLE.com.", port: 443, timeout: 0.5 })).toEqual({
      host: "example.com",
      "to.host": "example.com",
      port: 443,
      "to.port": 443,
    });
    expect(seen(operation({ files: FILES }, "files.rename"), "a/../b", "../c")).toEqual({ from: "/b" });
  });

  test("what does not fit its type is absent", () => {
    const of = one([
      arg("i", number()),
      arg("b", any()),
      arg("e", oneOf("x", "constructor")),
      arg("t", string({ is: "ip" })),
    ]);
    for (const value of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 7n, "7", null, undefined, {}, [7]]) {
      expect(seen(of, value)).toEqual({});
    }
    expect(Object.is(seen(of, -0)["i"], 0)).toBe(true);
    expect(seen(of, 2 ** 53 - 1, true, "x", "::ffff:10.0.0.1")).toEqual({ i: 2 ** 53 - 1, e: "x", t: "10.0.0.1" });
    expect(seen(of, 1, 1, "toString", "10.1")).toEqual({ i: 1 });
    expect(seen(of)).toEqual({});
  });

  test("a field is read where the value has it itself", () => {
    const of = one([arg("a", record({ toString: string(), host: option(string()) }))]);
    expect(seen(of, {})).toEqual({});
    expect(seen(of, Object.create({ host: "inherited" }))).toEqual({});
    expect(seen(of, new Map([["host", "a"]]))).toEqual({});
    expect(seen(of, "text")).toEqual({});
    expect(seen(of, null)).toEqual({});
    expect(seen(of, { host: "own" })).toMatchObject({ host: "own", "a.host": "own" });
  });

  test("sizes are in bytes, of texts in UTF-8", () => {
    const of = operation({ files: FILES }, "files.append");
    expect(seen(of, "/a", "aé€😀")).toEqual({ path: "/a", size: 10, "contents.size": 10 });
    expect(seen(of, "/a", new Uint8Array(5))).toEqual({ path: "/a", size: 5, "contents.size": 5 });
    expect(seen(of, "/a", [1, 2])).toEqual({ path: "/a" });
  });

  test("a URL is read once, into its parts", () => {
    const of = operation({ http: HTTP }, "http.fetch");
    const data = seen(of, { url: "HTTPS://Example.com./a/../b?c", method: "GET", headers: [] });
    expect(data).toMatchObject({
      url: "https://example.com./b?c",
      host: "example.com",
      port: 443,
      scheme: "https",
      path: "/b",
    });
    expect(Object.keys(seen(of, { url: "http://user@example.com/" }))).toEqual([]);
  });

  test("only what is wanted is read", () => {
    const of = operation({ http: HTTP }, "http.fetch");
    const reader = callReader(of, new Set(["host", "nothing"]));
    expect([
      ...reader([
        {
          url: "http://a.example/",
          get method() {
            throw new Error("read");
          },
        },
      ]),
    ]).toEqual([["host", "a.example"]]);
  });

  test("a result has its own values and those of its call", () => {
    const of = operation({ files: FILES }, "files.stat");
    const read = resultReader(of);
    expect(Object.fromEntries(read(["/a//b"], { kind: "file", size: 7, modified: new Date() }))).toEqual({
      path: "/a/b",
      kind: "file",
      size: 7,
    });
  });

  test("what is both passed and given is told apart by a word", () => {
    const of = one([arg("path", string({ is: "path" }))], record({ path: string({ is: "path" }), size: integer() }));
    expect(Object.fromEntries(resultReader(of)(["/a"], { path: "/b", size: 1 }))).toEqual({
      "takes.path": "/a",
      "gives.path": "/b",
      size: 1,
    });
    expect(seen(of, "/a")).toEqual({ path: "/a" });
  });

  test("a contract that was not made by contract() has no arguments to read", () => {
    const odd: Contract = {
      name: "odd",
      form: "odd",
      calls: [{ name: "go", takes: ANY, gives: ANY, refuses: "any", mode: "sync" }],
    };
    expect(seen(operation({ odd }, "odd.go"), "/a")).toEqual({});
  });

  prop.prop([
    fc.array(fc.anything({ withMap: true, withNullPrototype: true, withTypedArray: true, withBigInt: true }), {
      maxLength: 4,
    }),
  ])("whatever the values are, data is of the argument's type", (values) => {
    const granted = { files: FILES, net: NET, http: HTTP, kv: KV };
    for (const of of vocabulary(granted).vocabulary.operations) {
      const data = callReader(of)(values);
      const typed = of.takes.flatMap(({ name, type }) =>
        data.has(name) ? [[typeof data.get(name), type] as const] : [],
      );
      for (const [is, type] of typed) {
        expect(is).toBe(type === "int" || type === "bytes" ? "number" : type === "bool" ? "boolean" : "string");
      }
    }
  });
});
