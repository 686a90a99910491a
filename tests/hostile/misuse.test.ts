// Every argument of the API with what it is not meant to be: a CordonError with a stable code, and the next run works.
import { afterEach, describe, expect, test } from "vitest";
import {
  blocking,
  CODES,
  createCordon,
  createSandbox,
  decodeValue,
  isCordonError,
  LIMITS,
  type LimitName,
  parseLimit,
  run,
  runProgram,
  type Sandbox,
} from "../../embed/node/index.ts";
import { Account, boom, ODD, ODD_NAMES, thrownBy, trapped } from "./odd.ts";

afterEach(async () => {
  expect(await run({ source: "1 + 1" })).toMatchObject({ status: "returned", value: 2 });
});

/** An empty module. */
const module = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
/** (module (func (export "main") (result i32) (i32.const 7))) */
const MAIN = Uint8Array.from(
  Buffer.from("0061736d010000000105016000017f03020100070801046d61696e00000a0601040041070b", "hex"),
);

/** An option, what is said of an odd value there, and the odd values that are not odd there. */
type Row = readonly [option: string, what: RegExp, allowed?: RegExp];
const SHARED: readonly Row[] = [
  ["grant", /^E_GRANT: /, /^no text$/],
  ["limits", /^E_LIMIT: limits/],
  ["profile", /^E_OPTION: profile is/],
  ["console", /^E_OPTION: console/],
  ["virtual", /^E_OPTION: .*virtual/, /^true$/],
  ["trace", /^E_OPTION: trace/],
  ["signal", /^E_OPTION: signal/],
];
const OPTIONS: readonly Row[] = [
  ...SHARED,
  ["source", /^E_OPTION: source/],
  ["modules", /^E_OPTION: modules/],
  ["timeZoneOffset", /^E_OPTION: timeZoneOffset/, /^number$/],
  ["inputs", /^E_OPTION: inputs|^E_VALUE: inputs/],
  ["name", /^E_OPTION: name/],
  ["kind", /^E_OPTION: kind/],
  ["language", /^E_OPTION: language/],
  ["drain", /^E_OPTION: drain/, /^true$/],
];
const PROGRAM_OPTIONS: readonly Row[] = [
  ...SHARED,
  ["module", /^E_OPTION: module/],
  ["args", /^E_OPTION: args/],
  ["env", /^E_OPTION: env/, /^(a promise|a Date|an heir|a proxy)$/],
  ["stdin", /^E_OPTION: stdin/],
  ["stdout", /^E_OPTION: stdout/],
  ["stderr", /^E_OPTION: stderr/],
  ["entry", /^E_OPTION: entry/],
  ["entryArgs", /^E_OPTION: entryArgs/],
];

describe.each(ODD_NAMES)("%s", (name) => {
  const odd = ODD[name] as never;

  test("is no request", async () => {
    for (const act of [() => run(odd), () => createSandbox(odd), () => runProgram(odd)])
      expect(await thrownBy(act)).toMatch(/^E_OPTION: /);
  });

  test("is no option of run", async () => {
    for (const [option, what, allowed] of OPTIONS) {
      if (allowed?.test(name)) continue;
      expect(await thrownBy(() => run({ source: "1", [option]: odd } as never)), option).toMatch(what);
    }
  });

  test("is no option of runProgram", async () => {
    for (const [option, what, allowed] of PROGRAM_OPTIONS) {
      if (allowed?.test(name)) continue;
      expect(await thrownBy(() => runProgram({ module, [option]: odd } as never)), option).toMatch(what);
    }
  });

  test("is no source, name or option of a sandbox, and the sandbox lives on", async () => {
    await using box = await createSandbox();
    for (const act of [() => box.run(odd), () => box.check(odd), () => box.call(odd)])
      expect(await thrownBy(act)).toMatch(/^E_OPTION: /);
    for (const act of [() => box.run("1", odd), () => box.check("1", odd)])
      expect(await thrownBy(act)).toMatch(/^E_OPTION: /);
    expect(await box.run("6 * 7")).toMatchObject({ value: 42 });
  });

  test("is no limit and no name of one", async () => {
    for (const limit of Object.keys(LIMITS) as LimitName[])
      expect(await thrownBy(() => parseLimit(limit, odd))).toMatch(new RegExp(`^E_LIMIT: limits\\.${limit} is`));
    expect(await thrownBy(() => parseLimit(odd, 5))).toMatch(/^E_LIMIT: limits\..* is unknown/);
  });

  test("is no function to block on, and no CordonError", async () => {
    expect(await thrownBy(() => blocking(odd))).toMatch(/^E_GRANT: /);
    expect(isCordonError(odd)).toBe(false);
  });

  test("is no power of a Cordon", async () => {
    for (const powers of [odd, { engine: odd }, { engine: () => odd }])
      expect(await thrownBy(() => createCordon(powers as never).run({ source: "1" }))).toMatch(/^E_ENGINE: /);
  });
});

describe("decodeValue", () => {
  test.each(ODD_NAMES)("%s is no bytes of a value and no length of them", async (name) => {
    expect(await thrownBy(() => decodeValue(ODD[name] as never))).toMatch(/^E_VALUE: a value is decoded from/);
    expect(await thrownBy(() => decodeValue(Uint8Array.of(1), ODD[name] as never))).toMatch(/^E_VALUE: length must/);
  });

  test.each([[[]], [[0xff]], [[0x82, 1]], [[1, 1]], [[0xd8, 29, 0]], [new Array(5000).fill(0x81)]])(
    "%j is malformed",
    async (bytes) => {
      expect(await thrownBy(() => decodeValue(Uint8Array.from(bytes)))).toMatch(/^E_VALUE: malformed value: /);
    },
  );

  test("takes bytes for what they are, not for what they say", async () => {
    const text = Uint8Array.of(0x42, 7, 8);
    for (const name of ["length", "byteLength", "buffer", "subarray", "slice"])
      Object.defineProperty(text, name, { get: boom });
    expect(decodeValue(text)).toEqual(Uint8Array.of(7, 8));
    expect(decodeValue(Uint8Array.of(7, 8), 1)).toBe(7);
  });
});

describe("options", () => {
  const names = "source grant limits profile console modules virtual timeZoneOffset trace inputs name kind signal";
  test.each(names.split(" "))("a getter for %s that throws is a CordonError with its cause", async (name) => {
    const options = Object.defineProperty({ source: "1" }, name, { enumerable: true, get: boom });
    await expect(run(options)).rejects.toMatchObject({ code: "E_OPTION", cause: { message: "boom" } });
  });

  test("are read once: what was checked is what is used", async () => {
    const reads: Record<string, number> = {};
    const first: Record<string, unknown> = {
      ...{ source: "typeof f + name", limits: { fuel: "50M" }, grant: { f: () => 1 }, inputs: { name: "x" } },
      ...{ name: "a.js", kind: "auto", language: "javascript", drain: false, virtual: true, profile: "normal" },
    };
    const request = {};
    for (const name of Object.keys(first)) {
      const get = (): unknown => {
        reads[name] = (reads[name] ?? 0) + 1;
        return reads[name] === 1 ? first[name] : Symbol("another");
      };
      Object.defineProperty(request, name, { enumerable: true, get });
    }
    expect(await run(request as never)).toMatchObject({ status: "returned", value: "functionx" });
    expect(new Set(Object.values(reads))).toEqual(new Set([1]));
  });

  test.each([
    ["run", () => run({ source: "1", sauce: 1 } as never)],
    ["run, in its virtual", () => run({ source: "1", virtual: { speed: 1 } } as never)],
    ["createSandbox", () => createSandbox({ signal: undefined } as never)],
    ["runProgram", () => runProgram({ module, source: "1" } as never)],
    ["runProgram, in its virtual", () => runProgram({ module, virtual: { speed: 1 } } as never)],
    ["a sandbox's run", async () => (await createSandbox()).run("1", { grant: {} } as never)],
    ["a sandbox's check", async () => (await createSandbox()).check("1", { memory: 1 } as never)],
  ])("that %s does not know are refused by name", async (_, act) => {
    expect(await thrownBy(act)).toMatch(/^E_OPTION: .* has no option "(sauce|speed|signal|source|grant|memory)"/);
  });

  test("the names of Object.prototype are no options, limits, profiles or kinds", async () => {
    for (const name of ["constructor", "toString", "hasOwnProperty", "__proto__"]) {
      const own = Object.defineProperty({ source: "1" }, name, { value: 1, enumerable: true });
      expect(await thrownBy(() => run(own))).toMatch(/^E_OPTION: .*has no option/);
      const limits = Object.defineProperty({}, name, { value: 1e6, enumerable: true });
      expect(await thrownBy(() => run({ source: "1", limits }))).toMatch(/^E_LIMIT: .* is unknown/);
      for (const key of ["profile", "kind", "language", "console"])
        expect(await thrownBy(() => run({ source: "1", [key]: name } as never))).toMatch(/^E_OPTION: /);
    }
  });

  test("what somebody put on Object.prototype is no option, no grant and no limit", async () => {
    const polluted: Record<string, unknown> = {
      ...{ grant: { evil: () => 1 }, evil: () => 1, inputs: { evil: 1 }, evilInput: 1, kind: "none", language: "none" },
      ...{
        signal: AbortSignal.abort(),
        limits: { fuel: 1 },
        fuel: 1,
        wall: 1,
        virtual: { start: 5 },
        start: 5,
        name: "x.ts",
      },
      ...{
        console: "none",
        modules: 5,
        trace: 5,
        drain: 5,
        profile: "none",
        entry: "none",
        entryArgs: [1],
        files: 5,
        env: 5,
      },
    };
    const box = await createSandbox();
    for (const [name, value] of Object.entries(polluted))
      Object.defineProperty(Object.prototype, name, { value, configurable: true });
    // All that is the caller's is read before anything is waited for.
    const source = "[typeof evil, typeof evilInput, Date.now() > 1e12].join()";
    const all = [
      run({ source }),
      box.run(source),
      createSandbox({ virtual: {} }),
      runProgram({ module: MAIN, grant: {} }),
    ];
    for (const name of Object.keys(polluted)) Reflect.deleteProperty(Object.prototype, name);
    const [ran, again, made, program] = await Promise.all(all);
    for (const one of [ran, again]) expect(one).toMatchObject({ value: "undefined,undefined,true" });
    expect(await (made as Sandbox).run("Date.now()")).toMatchObject({ value: 0 });
    expect(program).toMatchObject({ status: "returned", exitCode: 7 });
  });

  test("every code is one of the table", () => {
    expect(Object.keys(CODES).sort()).toEqual(
      [
        "E_BUSY",
        "E_CONTINUATION",
        "E_DISPOSED",
        "E_ENGINE",
        "E_GRANT",
        "E_LAYER",
        "E_LIMIT",
        "E_OPTION",
        "E_POLICY",
        "E_SNAPSHOT",
        "E_STORE",
        "E_TEMPLATE",
        "E_VALUE",
      ].sort(),
    );
  });
});

describe("limits", () => {
  const bad: readonly unknown[] = [
    ...[-1, -0.5, 0.1, 1.5, Number.NaN, Infinity, -Infinity, 2 ** 53, 1e300, 5e-324, 10n, -1n, 2n ** 200n],
    ...["", " ", "-1", "+1", "0x10", "1e99", "NaN", "Infinity", "1,000", "1.5.2", "1e-1", "1 fuel", "5 MiBs", "many"],
    ...["__proto__", "1constructor", "\0", "\u0661", `1${" ".repeat(70)}x`, "9".repeat(1e6), "1e5e5"],
    ...[true, null, [], [5], {}, { valueOf: () => 5 }, new Account(), trapped(), Symbol("5"), () => 5, new Number(5)],
  ];
  test.each(Object.keys(LIMITS) as LimitName[])(
    "%s: nothing but a whole number in its range, by any way in",
    async (name) => {
      for (const value of bad) {
        // "1_" is 1, as "1_000" is 1000: out of range for some, and no harm for others.
        if (value === "1_") continue;
        const limits = { [name]: value } as never;
        const asked = [
          () => run({ source: "1", limits }),
          () => createSandbox({ limits }),
          () => runProgram({ module, limits }),
        ];
        for (const ask of asked)
          expect(await thrownBy(ask), String(name)).toMatch(new RegExp(`^E_LIMIT: limits\\.${name} is`));
      }
    },
  );

  test.each(Object.entries(LIMITS))("%s: its ends are in it, and one beyond is not", (name, { least, most }) => {
    const limit = name as LimitName;
    expect([parseLimit(limit, least), parseLimit(limit, most)]).toEqual([least, most]);
    expect(() => parseLimit(limit, least - 1)).toThrow(`limits.${name} is ${least - 1}`);
    expect(() => parseLimit(limit, most + 1)).toThrow(`limits.${name} is ${most + 1}`);
  });

  test("a getter of a limit that throws is a CordonError", async () => {
    const limits = Object.defineProperty({}, "fuel", { enumerable: true, get: boom });
    await expect(run({ source: "1", limits })).rejects.toMatchObject({ code: "E_LIMIT", cause: { message: "boom" } });
  });

  test("limits that nobody would see are refused, not passed over", async () => {
    class Limits {
      get fuel(): number {
        return 1e6;
      }
    }
    for (const limits of [new Map([["fuel", 1e6]]), new Limits(), Object.create({ fuel: 1e6 }), [["fuel", 1e6]]])
      expect(await thrownBy(() => run({ source: "for (;;);", limits: limits as never }))).toMatch(/^E_LIMIT: /);
  });

  test("an unknown profile is refused, whatever it looks like", async () => {
    for (const profile of ["fast", "Normal", "normal ", "", "constructor", "__proto__", 0, ["normal"]] as never[])
      expect(await thrownBy(() => run({ source: "1", profile }))).toMatch(/^E_OPTION: profile is .*normal, hardened/);
  });
});

describe("grants that are none", () => {
  test.each([
    ["a class instance", new Account(), /instance of Account/],
    ["a group with a getter that throws", Object.defineProperty({}, "f", { enumerable: true, get: boom }), /getter/],
    [
      "an object whose constructor throws",
      Object.create({
        get constructor() {
          return boom();
        },
      }),
      /instance of a class/,
    ],
    ["a proxy of a group", new Proxy({ f: () => 1 }, {}), /Proxy/],
    ["a promise of a group", Promise.resolve({ f: () => 1 }), /Promise/],
    ["text", "read", /a string/],
    ["a symbol", Symbol("f"), /a symbol/],
    ["bytes", new Uint8Array(3), /Uint8Array/],
    ["a group with a Map", { f: new Map() }, /groups do not nest/],
    ["a group with an empty name", { "": () => 1 }, /usable name/],
    ["globalThis", globalThis, /grant\.x/],
  ])("%s", async (_, x, message) => {
    for (const act of [
      () => run({ source: "1", grant: { x } as never }),
      () => runProgram({ module, grant: { x } as never }),
    ]) {
      const said = await thrownBy(act);
      expect(said).toMatch(/^E_GRANT: /);
      expect(said).toMatch(message);
    }
  });

  test.each(["a b", "", "1a", "a-b", "a.b", "__proto__", "globalThis", "eval", "}); evil(); (() => {", "\0", "\ud800"])(
    "the name %j",
    async (name) => {
      const grant = Object.defineProperty({}, name, { value: () => 1, enumerable: true });
      expect(await thrownBy(() => run({ source: "1", grant }))).toMatch(/^E_GRANT: /);
    },
  );
});
