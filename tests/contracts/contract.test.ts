// Contracts: data becomes the kernel's form and the words of documents.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fc, test as prop } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { encodeValue } from "../../embed/encode.ts";
import { run } from "../../embed/node/index.ts";
import type { CallContract, Contract, Shape } from "../../kernel/index.ts";
import {
  any,
  arg,
  boolean,
  bytes,
  COMMON_REFUSALS,
  type ContractData,
  capability,
  contract,
  contractFrom,
  date,
  handle,
  integer,
  isDescribed,
  isGranted,
  list,
  nothing,
  number,
  oneOf,
  option,
  type Parameter,
  record,
  rest,
  string,
  type Type,
  union,
} from "../../policy-libs/index.ts";
import { anyContract } from "./contract-generators.ts";

const words = { allows: "trying", never: "does anything else" };
const FILE = contract({
  name: "file",
  ...words,
  calls: {
    size: { takes: [], gives: integer(), refuses: ["E_CLOSED"], about: "its size" },
    readAt: {
      takes: [arg("offset", integer({ min: 0 })), arg("most", option(integer({ min: 0, max: 9 })))],
      gives: bytes(),
      refuses: ["E_PAST_END", "E_CLOSED"],
      mode: "blocking",
    },
    again: { takes: [], gives: handle("file"), refuses: "any", mode: "sync" },
  },
});

/** What the kernel is given, by its own types. */
const kernelForm = (made: unknown): Contract => made as Contract;
const callOf = (takes: readonly Parameter[], gives: Type = any(), refuses: readonly string[] = []): CallContract =>
  kernelForm(contract({ name: "one", ...words, calls: { it: { takes, gives, refuses } } })).calls[0] as CallContract;
const shapeOf = (type: Type): Shape => callOf([], type).gives;
const shown = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const itemsOf = (type: Type): string[] => {
  const shape = shapeOf(type);
  return shape.kind === "exact" ? shape.of.map(shown) : [];
};

/** Everything that can be reached without calling; Uint8Arrays cannot be frozen. */
function unfrozen(value: unknown, path = "contract"): string[] {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return [];
  const inner = Reflect.ownKeys(value).flatMap((key) => unfrozen(Reflect.get(value, key), `${path}.${String(key)}`));
  return Object.isFrozen(value) ? inner : [path, ...inner];
}

describe("the kernel's form", () => {
  test.each<[string, Type, unknown]>([
    ["any()", any(), { kind: "any" }],
    ["nothing() is undefined alone", nothing(), { kind: "exact", of: [Uint8Array.of(0xf7)] }],
    ["boolean() is false or true", boolean(), { kind: "exact", of: [Uint8Array.of(0xf4), Uint8Array.of(0xf5)] }],
    ["date()", date(), { kind: "date" }],
    ["number() has no bounds", number(), { kind: "number", least: -Infinity, most: Infinity }],
    ["number() with one bound", number({ min: -1.5 }), { kind: "number", least: -1.5, most: Infinity }],
    ["integer() is of the safe range", integer(), { kind: "integer", least: -(2 ** 53) + 1, most: 2 ** 53 - 1 }],
    ["integer() with bounds", integer({ min: 1, max: 2 }), { kind: "integer", least: 1, most: 2 }],
    ["a bound of -0 is one of 0", integer({ min: -0 }), { kind: "integer", least: 0, most: 2 ** 53 - 1 }],
    ["string() is text", string({ max: 3 }), { kind: "text", least: 0, most: 3 }],
    ["bytes()", bytes({ min: 1 }), { kind: "bytes", least: 1, most: 2 ** 53 - 1 }],
    ["list()", list(date(), { max: 2 }), { kind: "list", each: { kind: "date" }, least: 0, most: 2 }],
    ["union()", union(date(), any()), { kind: "union", of: [{ kind: "date" }, { kind: "any" }] }],
    ["option() is undefined or it", option(date()), { kind: "union", of: [shapeOf(nothing()), { kind: "date" }] }],
  ])("%s", (_, type, shape) => {
    expect(shapeOf(type)).toEqual(shape);
  });

  test("a record has the CBOR texts of its fields, in their order, and knows which are options", () => {
    const fields = [
      { key: Uint8Array.of(0x61, 0x7a), shape: { kind: "date" }, optional: false },
      { key: Uint8Array.of(0x62, 0x61, 0x62), shape: shapeOf(option(date())), optional: true },
    ];
    expect(shapeOf(record({ z: date(), ab: option(date()) }))).toEqual({ kind: "record", fields });
  });

  // RFC 8949, appendix A; half and single floats do not cross.
  test.each([
    [0, "00"],
    [23, "17"],
    [24, "1818"],
    [100, "1864"],
    [1000, "1903e8"],
    [1_000_000, "1a000f4240"],
    [1_000_000_000_000, "1b000000e8d4a51000"],
    [-1, "20"],
    [-10, "29"],
    [-100, "3863"],
    [-1000, "3903e7"],
    [1.1, "fb3ff199999999999a"],
    [1.0e300, "fb7e37e43c8800759c"],
    [-4.1, "fbc010666666666666"],
    [false, "f4"],
    [true, "f5"],
    [null, "f6"],
    ["", "60"],
    ["a", "6161"],
    ["IETF", "6449455446"],
    ['"\\', "62225c"],
    ["\u00fc", "62c3bc"],
    ["\u6c34", "63e6b0b4"],
    ["\ud800\udd51", "64f0908591"],
    [-0, "fb8000000000000000"],
    ["\ud800", "d9011143eda080"],
  ])("the literal %j is one CBOR item", (literal, item) => {
    expect(itemsOf(oneOf(literal))).toEqual([item]);
  });

  const literals = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string().map((text) => `\ud83d${text}\udc00`),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.maxSafeInteger(),
    fc.constantFrom(true, false, null, 2 ** 53, -(2 ** 53), 2 ** 32, 2 ** 32 - 1, 65_535, 65_536, 255, 256),
  );
  prop.prop([literals])("a literal is encoded as the values that cross are", (literal) => {
    expect(itemsOf(oneOf(literal))).toEqual([shown(encodeValue(literal))]);
  });

  test("an enumeration has each literal once", () => {
    expect(itemsOf(oneOf("b", 1, "b", "a"))).toEqual(["01", "6161", "6162"]);
  });

  test("options count not in `least`, and may be undefined", () => {
    const { takes } = callOf([arg("a", date()), arg("b", option(date()))]);
    expect(takes).toEqual({ kind: "tuple", of: [shapeOf(date()), shapeOf(option(date()))], least: 1 });
  });

  test("rest is the shape of what follows", () => {
    expect(callOf([rest(date())]).takes).toEqual({ kind: "tuple", of: [], least: 0, rest: { kind: "date" } });
  });

  test("refusals are the declared and the common ones, sorted", () => {
    const codes = [...COMMON_REFUSALS, "E_CLOSED"].sort().map((code) => shown(encodeValue(code)));
    expect((callOf([], any(), ["E_CLOSED", "E_VALUE"]).refuses as Uint8Array[]).map(shown)).toEqual(codes);
  });

  test("calls keep their order, modes are async unless said otherwise", () => {
    const modes = kernelForm(FILE).calls.map(({ name, mode }) => [name, mode]);
    expect(modes).toEqual([
      ["size", "async"],
      ["readAt", "blocking"],
      ["again", "sync"],
    ]);
    expect(kernelForm(FILE).calls[2]?.refuses).toBe("any");
  });

  prop.prop([anyContract])("is frozen to its depth", (data) => {
    expect(unfrozen(contract(data))).toEqual([]);
  });
});

const leadOf = (made: Contract | undefined, call = 0): Contract | undefined => {
  const gives = made?.calls[call]?.gives;
  return gives?.kind === "handle" ? gives.contract() : undefined;
};
const gives = (name: string, of: Type): ContractData => ({
  ...{ name, ...words },
  calls: { it: { takes: [], gives: of, refuses: [] } },
});

describe("handles", () => {
  test("by name lead to the contract itself", () => {
    expect(leadOf(kernelForm(FILE), 2)).toBe(FILE);
  });

  test("of a made contract lead to it, not to a copy", () => {
    expect(leadOf(kernelForm(contract(gives("folder", handle(FILE)))))).toBe(FILE);
  });

  test("of a made contract may be said without the builder", () => {
    const folder = contractFrom({
      ...gives("folder", any()),
      calls: { it: { takes: [], gives: { type: "handle", of: FILE }, refuses: [] } },
    });
    expect(leadOf(kernelForm(folder))).toBe(FILE);
  });

  test("by name lead to the innermost contract around of that name", () => {
    const outer = contract(gives("a", handle(gives("b", handle(gives("a", handle("a")))))));
    const innermost = leadOf(leadOf(kernelForm(outer)));
    expect(leadOf(innermost)).toBe(innermost);
    expect(innermost).not.toBe(outer);
  });

  test("by name lead out of a contract to the one around it", () => {
    const outer = kernelForm(contract(gives("a", handle(gives("b", handle("a"))))));
    expect(leadOf(leadOf(outer))).toBe(outer);
  });

  test("lead on after their contract is used alone", () => {
    const outer = kernelForm(contract(gives("a", handle(gives("b", handle("a"))))));
    const inner = leadOf(outer) as never;
    expect(leadOf(leadOf(kernelForm(contract(gives("c", handle(inner))))))).toBe(outer);
  });
});

const formOf = (data: ContractData): string => kernelForm(contract(data)).form;
const changed = (change: Partial<ContractData["calls"][string]>): ContractData => ({
  ...{ name: "one", ...words },
  calls: { it: { takes: [arg("a", string())], gives: any(), refuses: ["E_A", "E_B"], ...change } },
});

describe("a form", () => {
  test.each<[string, Partial<ContractData["calls"][string]>]>([
    ["documents", { about: "something else" }],
    ["names of parameters", { takes: [arg("b", string())] }],
    ["the order of refusals", { refuses: ["E_B", "E_A"] }],
    ["saying what is common", { refuses: ["E_A", "E_B", "E_VALUE"] }],
    ["saying what is the default", { takes: [arg("a", string({ min: 0 }))], mode: "async" }],
  ])("does not tell of %s", (_, change) => {
    expect(formOf(changed(change))).toBe(formOf(changed({})));
  });

  test.each<[string, Partial<ContractData["calls"][string]>]>([
    ["bounds", { takes: [arg("a", string({ max: 3 }))] }],
    ["what is given", { gives: union(any()) }],
    ["options", { takes: [arg("a", option(string()))] }],
    ["rest", { takes: [rest(string())] }],
    ["refusals", { refuses: ["E_A"] }],
    ["any refusal", { refuses: "any" }],
    ["modes", { mode: "sync" }],
    ["handles", { gives: handle(FILE) }],
  ])("tells of %s", (_, change) => {
    expect(formOf(changed(change))).not.toBe(formOf(changed({})));
  });

  test("tells of the names of contracts and calls, and of the order of calls", () => {
    const { calls } = changed({});
    const [it] = Object.values(calls) as [ContractData["calls"][string]];
    const forms = [{ it }, { that: it }, { it, that: it }, { that: it, it }].map((each) =>
      formOf({ ...changed({}), calls: each }),
    );
    expect(new Set([...forms, formOf({ ...changed({}), name: "two" })]).size).toBe(5);
  });

  test("does not tell of the order of fields and literals", () => {
    const a = changed({ gives: record({ x: handle(FILE), y: oneOf("p", "q") }) });
    const b = changed({ gives: record({ y: oneOf("q", "p"), x: handle(FILE) }) });
    expect(formOf(a)).toBe(formOf(b));
  });

  test("tells bounds of numbers from lengths, and infinite ones from none", () => {
    expect(formOf(changed({ gives: number({ min: 0 }) }))).not.toBe(formOf(changed({ gives: integer({ min: 0 }) })));
    expect(formOf(changed({ gives: number({ min: -Infinity }) }))).toBe(formOf(changed({ gives: number() })));
  });

  test("is of what a contract says, however often it names itself", () => {
    const once = gives("a", handle("a"));
    const twice = gives("a", handle(gives("a", handle(gives("a", handle("a"))))));
    expect(formOf(once)).toBe(formOf(twice));
    expect(formOf(once)).toBe(formOf(gives("a", handle(contract(once)))));
  });

  test("tells what a name leads to", () => {
    const inner = (out: ContractData): string => leadOf(kernelForm(contract(out)))?.form ?? "";
    const b = gives("b", handle("a"));
    const other = { ...gives("a", handle(b)), calls: { it: { takes: [], gives: handle(b), refuses: ["E_OTHER"] } } };
    expect(inner(gives("a", handle(b)))).not.toBe(inner(other));
  });

  test("tells contracts apart that differ only in what they lead to, side by side and further on", () => {
    const to = (end: Type): ContractData => gives("b", handle(gives("c", handle(gives("d", end)))));
    const leads = (...ends: Type[]): Contract[] =>
      Object.values(record(Object.fromEntries(ends.map((end, at) => [`f${at}`, handle(to(end))]))).fields).map(
        (of) => leadOf(kernelForm(contract(gives("a", of)))) as Contract,
      );
    const shape = shapeOf(record({ x: handle(to(date())), y: handle(to(any())), z: handle(to(date())) }));
    const forms =
      shape.kind === "record"
        ? shape.fields.map(({ shape: of }) => (of.kind === "handle" ? of.contract().form : ""))
        : [];
    expect(new Set(forms).size).toBe(2);
    expect(forms[0]).toBe(forms[2]);
    expect(forms).toEqual(leads(date(), any(), date()).map(({ form }) => form));
  });

  test("is the same from inside as from outside", () => {
    const outer = kernelForm(contract(gives("a", handle(gives("b", handle("a"))))));
    expect(leadOf(outer)?.form).toBe(formOf(gives("b", handle(gives("a", handle("b"))))));
  });

  prop.prop([anyContract])("is the same after the data has crossed", (data) => {
    const made = contract(data);
    expect(kernelForm(contractFrom(structuredClone(made.data))).form).toBe(kernelForm(made).form);
    expect(made.data).toEqual(structuredClone(made.data));
  });

  prop.prop([anyContract])("is JSON", (data) => {
    expect(Array.isArray(JSON.parse(formOf(data)))).toBe(true);
  });
});

const LISTENER = {
  name: "change-listener",
  ...words,
  calls: { changed: { takes: [arg("path", string())], gives: nothing(), refuses: "any", about: "a path has changed" } },
} as const;
const SHOWN = contract({
  name: "folder",
  ...words,
  calls: {
    open: { takes: [arg("path", string()), arg("how", option(oneOf("r", 1, null)))], gives: handle(FILE), refuses: [] },
    all: {
      takes: [],
      gives: list(record({ name: string(), at: option(date()), files: list(handle(FILE)) })),
      refuses: [],
    },
    watch: {
      takes: [arg("listener", handle(LISTENER)), rest(union(string(), list(option(number()))), "more")],
      gives: nothing(),
      refuses: [],
    },
    now: { takes: [arg("it", any()), arg("raw", record({}))], gives: option(boolean()), refuses: [], mode: "sync" },
    up: { takes: [], gives: option(handle("folder")), refuses: [], mode: "blocking" },
  },
});

describe("documents", () => {
  test("parameters and results are said in TypeScript", () => {
    expect(SHOWN.calls.map(({ params, returns }) => `(${params.join(", ")}): ${returns}`)).toEqual([
      '(path: string, how?: "r" | 1 | null): Promise<File>',
      "(): Promise<{ name: string; at?: Date; files: File[] }[]>",
      "(listener: ChangeListener, ...more: (string | (number | undefined)[])[]): Promise<void>",
      "(it: unknown, raw: {}): boolean | undefined",
      "(): Folder | undefined",
    ]);
    expect(isDescribed(SHOWN)).toBe(true);
  });

  test("handles are interfaces with documents", () => {
    expect(SHOWN.declarations).toContain(
      [
        ...["/**", " * Allows trying.", " * Never does anything else.", " */", "interface ChangeListener {"],
        ...["  /** a path has changed */", "  changed(path: string): Promise<void>;", "}"],
      ].join("\n"),
    );
    expect(SHOWN.declarations.match(/^interface \w+/gm)).toEqual([
      "interface Folder",
      "interface File",
      "interface ChangeListener",
    ]);
  });

  test("contracts of one name that differ have different interfaces", () => {
    const made = contract(gives("a", handle(gives("b", handle(gives("a", any()))))));
    expect(made.declarations.match(/^interface \w+/gm)).toEqual(["interface B", "interface A2"]);
  });

  test("a contract named as a type of the language does not become it", () => {
    const { returns } = contract(gives("x", handle(gives("date", any())))).calls[0] ?? {};
    expect(returns).toBe("Promise<DateHandle>");
  });

  test("are TypeScript that says what the contract says", () => {
    const methods = SHOWN.calls.map(({ name, params, returns }) => `${name}(${params.join(", ")}): ${returns};`);
    const use = `export const first = async (): Promise<number> => await (await folder.open("a", null)).size();
      folder.now(1, {}); folder.up()?.up();
      // @ts-expect-error: no path.
      folder.open(1);`;
    const source = `${SHOWN.declarations}\ndeclare const folder: {\n${methods.join("\n")}\n};\n${use}`;
    const directory = mkdtempSync(join(tmpdir(), "cordon-contract-"));
    try {
      writeFileSync(join(directory, "it.ts"), source);
      const tsc = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));
      const options = ["--noEmit", "--strict", "--lib", "es2024", "--target", "es2024"];
      const { stdout } = spawnSync(process.execPath, [tsc, ...options, "it.ts"], { cwd: directory, encoding: "utf8" });
      expect(stdout).toBe("");
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe("a capability under a contract", () => {
  const functions = { size: () => 3, readAt: (at: number, most = 1) => new Uint8Array(at + most), again: () => file };
  const file = capability(FILE, functions);

  test("has the modes of the contract, unless others are given", () => {
    expect(file.modes).toEqual({ size: "async", readAt: "blocking", again: "sync" });
    expect(capability(FILE, functions, { size: "sync" }).modes).toEqual({ ...file.modes, size: "sync" });
  });

  test("is granted, and needs a function for each call", () => {
    expect(isGranted(file)).toBe(true);
    expect(() => capability(FILE, { size: () => 1 } as never)).toThrow("file: no function for readAt, again");
    expect(() => capability(FILE, { ...functions, other: () => 1 } as never)).toThrow("the contract has no call other");
  });

  test("serves a guest", async () => {
    const source = "return [await file.size(), file.readAt(2).length, file.readAt(2, 3).length]";
    expect(await run({ source, grant: { file } })).toMatchObject({ status: "returned", value: [3, 3, 5] });
  });
});
