// What is seen: redact and audit.
import { describe, expect, test } from "vitest";
import { within } from "../../policy-libs/call.ts";
import {
  type AuditRecord,
  any,
  arg,
  audit,
  bytes,
  capability,
  contract,
  type Granted,
  list,
  nothing,
  number,
  option,
  record,
  redact,
  string,
} from "../../policy-libs/index.ts";
import { functionsOf, manualClock, newListener, newWorld, outcome, settled } from "./attenuate-world.ts";

const PEOPLE = contract({
  name: "people",
  allows: "reading of people",
  never: "writes",
  calls: {
    find: {
      takes: [arg("name", string())],
      gives: list(record({ name: string(), password: option(string({ max: 12 })), age: number({ min: 1 }) })),
      refuses: ["E_NOT_FOUND"],
    },
    anything: { takes: [arg("value", any())], gives: any(), refuses: "any" },
    raw: { takes: [], gives: bytes(), refuses: [] },
    note: { takes: [arg("text", string({ max: 20 }))], gives: nothing(), refuses: [] },
  },
});

const SECRET = "hunter2";

function people(answer: unknown = undefined): { granted: Granted; noted: string[] } {
  const noted: string[] = [];
  const granted = capability(PEOPLE, {
    find: async (name) => {
      if (name === "nobody") throw Object.assign(new Error(`no ${SECRET}`), { code: "E_NOT_FOUND", cause: SECRET });
      return [{ name: `${name} ${SECRET}`, password: SECRET, age: 40 }];
    },
    anything: async (value) => answer ?? value,
    raw: async () => new TextEncoder().encode(`user:${SECRET}:${SECRET}\u00e4`),
    note: async (text) => void noted.push(text),
  }) as Granted;
  return { granted, noted };
}

describe("redact", () => {
  test("a field by its name, at any depth; text that matches, in values and keys", async () => {
    const value = { list: [{ password: "x", pass: [SECRET, { [SECRET]: 1 }] }], map: new Map([[SECRET, SECRET]]) };
    const rules = [{ field: "password" }, { text: /hunter\d/, mask: "***" }];
    const got = await functionsOf(redact(people().granted, rules))["anything"]!(value);
    expect(got).toEqual({
      list: [{ password: "[redacted]", pass: ["***", { "***": 1 }] }],
      map: new Map([["***", "***"]]),
    });
    expect(value.list[0]?.password).toBe("x");
  });

  test("fields by a pattern lose whatever they hold, of the same kind", async () => {
    const value = { api_key: 7, API_KEY2: true, keys_key: ["a"], k: 1, my_key: { deep: "x" }, b_key: Uint8Array.of(1) };
    const got = await functionsOf(redact(people().granted, [{ field: /_key/i }]))["anything"]!(value);
    const masked = { api_key: 0, API_KEY2: false, keys_key: [], k: 1, my_key: null, b_key: new Uint8Array(0) };
    expect(got).toEqual(masked);
  });

  test("what is masked still fits the contract, or is not delivered", async () => {
    const fits = redact(people().granted, [{ field: "password", mask: "***" }]);
    expect(await functionsOf(fits)["find"]!("ann")).toEqual([{ name: `ann ${SECRET}`, password: "***", age: 40 }]);
    for (const rule of [
      { field: "password", mask: "longer than twelve" },
      { field: "age" },
      { field: "name", mask: 7 },
      (value: unknown) => (typeof value === "number" ? () => value : value),
    ])
      expect(await outcome(() => functionsOf(redact(people().granted, [rule]))["find"]!("ann"))).toBe("E_DENIED");
  });

  test("errors are masked: message, and no cause; the code stays", async () => {
    const masked = redact(people().granted, [{ text: /hunter2/ }]);
    const error = await functionsOf(masked)["find"]!("nobody").catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ message: "no [redacted]", code: "E_NOT_FOUND" });
    expect("cause" in (error as object)).toBe(false);
    expect(JSON.stringify(error)).not.toContain(SECRET);
  });

  test("bytes are searched as Latin-1, and what is not masked stays byte for byte", async () => {
    const masked = redact(people().granted, [{ text: /hunter2/, mask: "?" }]);
    const got = (await functionsOf(masked)["raw"]!()) as Uint8Array;
    expect(new TextDecoder().decode(got)).toBe("user:?:?\u00e4");
    const all = Uint8Array.from({ length: 70_000 }, (_, i) => i & 255);
    expect(await functionsOf(masked)["anything"]!(all)).toEqual(all);
    const words = Uint16Array.of(0x7568, 0x746e, 0x7265, 0x0032);
    expect(await outcome(() => functionsOf(masked)["anything"]!(words))).toBe("E_DENIED");
  });

  test("text that is too long to be searched is masked whole", async () => {
    const masked = redact(people().granted, [{ text: /hunter2/ }], { longest: 100 });
    expect(await functionsOf(masked)["anything"]!("a".repeat(101))).toBe("[redacted]");
    expect(await functionsOf(masked)["anything"]!("a".repeat(100))).toBe("a".repeat(100));
  });

  test("a pattern's own state and flags hide nothing", async () => {
    const pattern = /hunter2/gy;
    pattern.lastIndex = 5;
    const masked = functionsOf(redact(people().granted, [{ text: pattern }, { field: /pass/g }]));
    for (let i = 0; i < 3; i++)
      expect(await masked["anything"]!([`my hunter2`, { pass: "x" }])).toEqual([
        "my [redacted]",
        { pass: "[redacted]" },
      ]);
    expect(await functionsOf(redact(people().granted, [{ text: /a/, mask: "$&" }]))["anything"]!("abc")).toBe("$&bc");
  });

  test("a function sees every value and its path; when it throws nothing is delivered", async () => {
    const paths: string[] = [];
    const rule = (value: unknown, path: readonly unknown[]): unknown => {
      paths.push(path.join("."));
      return path.at(-1) === "b" ? "gone" : value;
    };
    expect(await functionsOf(redact(people().granted, [rule]))["anything"]!({ a: [1], b: [2] })).toEqual({
      a: [1],
      b: "gone",
    });
    expect(paths).toEqual(["", "a", "a.0", "b"]);
    const broken = redact(people().granted, [
      () => {
        throw new Error(SECRET);
      },
    ]);
    expect(await outcome(() => functionsOf(broken)["anything"]!(1))).toBe("E_DENIED");
  });

  test("arguments: masked before the base sees them, refused if the contract would break", async () => {
    const { granted, noted } = people();
    const masked = functionsOf(redact(granted, [{ text: /hunter2/ }], { arguments: true, results: false }));
    await masked["note"]!("say hunter2");
    expect(await outcome(() => masked["note"]!("hunter2 and hunter2"))).toBe("E_DENIED");
    expect(noted).toEqual(["say [redacted]"]);
    expect(await masked["find"]!("x")).toMatchObject([{ password: SECRET }]);
  });

  test("handles and what listeners are told are masked; a handle in a masked field does not come through", async () => {
    const world = newWorld({ a: SECRET, [SECRET]: "x" });
    const masked = functionsOf(redact(world.granted, [{ text: /hunter2/ }]));
    const cell = functionsOf((await masked["open"]!("a")) as Granted);
    expect([await cell["get"]!(), cell["peek"]!()]).toEqual(["[redacted]", "[redacted]"]);
    const listener = newListener(SECRET);
    await masked["watch"]!(listener.granted);
    expect(await Promise.all(world.tell(SECRET))).toEqual([SECRET]);
    expect(listener.told[0]![0]).toBe("[redacted]");
    const handles = redact(world.granted, [{ field: "cell" }]);
    expect(await outcome(() => functionsOf(handles)["all"]!())).toBe("E_DENIED");
  });

  test("rules that are none are refused", () => {
    expect(() => redact(people().granted, [{ text: "hunter2" } as never])).toThrow(TypeError);
    expect(() => redact(people().granted, [], { longest: Number.NaN })).toThrow(TypeError);
  });
});

describe("audit", () => {
  function audited(options: Parameters<typeof audit>[2] = {}, sink?: (record: AuditRecord) => unknown) {
    const [world, clock, records] = [newWorld(), manualClock(5_000), [] as AuditRecord[]];
    const write = sink ?? ((entry: AuditRecord) => void records.push(entry));
    return { world, clock, records, functions: functionsOf(audit(world.granted, write, { clock, ...options })) };
  }

  test("one record for each call, when it ends: what, when, how long, and what came of it", async () => {
    const { world, clock, records, functions } = audited({ values: "full" });
    const slow = functions["slow"]!("a");
    await clock.advance(30);
    await outcome(() => functions["read"]!("missing"));
    expect(functions["count"]!(2)).toBe(2);
    await clock.advance(10);
    world.finish();
    await slow;
    expect(records).toMatchObject([
      { sequence: 1, call: "read", decision: "failed", code: "E_NOT_FOUND", began: 5_030, took: 0 },
      { sequence: 2, call: "count", decision: "done", args: { bytes: 9, value: [2] }, answer: { bytes: 8, value: 2 } },
      { sequence: 0, capability: "box", call: "slow", decision: "done", began: 5_000, took: 40, isBack: false },
    ]);
  });

  test("values: full, as a digest, or not at all; what is too large to keep is a digest", async () => {
    const shown = async (options: Parameters<typeof audit>[2]): Promise<AuditRecord> => {
      const { records, functions } = audited(options);
      await functions["write"]!("a", "x".repeat(1_000));
      return records[0]!;
    };
    expect((await shown({ values: "full" })).args).toEqual({ bytes: 1_004, value: ["a", "x".repeat(1_000)] });
    const short = await shown({ values: "full", most: 100 });
    expect(short.args.value).toBeUndefined();
    expect(short.args.digest).toMatch(/^sha256:/);
    expect((await shown({})).args.digest).toBe(short.args.digest);
    expect((await shown({ values: "none" })).args).toEqual({ bytes: 1_004 });
  });

  test("handles and calls back have records; a capability in a value is its name", async () => {
    const { world, records, functions } = audited({ values: "full" });
    const cell = functionsOf((await functions["open"]!("a")) as Granted);
    await cell["get"]!();
    await functions["watch"]!(newListener().granted);
    await Promise.all(world.tell("b"));
    expect(records.map(({ capability: of, call, isBack }) => `${of}.${call} ${isBack}`)).toEqual([
      ...["box.open false", "cell.get false", "box.watch false", "listener.changed true"],
    ]);
    expect(records[0]?.answer?.value).toEqual({ capability: "cell" });
    expect(records[3]?.args.value).toEqual(["b", { capability: "cell" }]);
  });

  test("a call that nobody waits for any more is recorded as dropped, once", async () => {
    const { world, records, functions } = audited();
    const caller = new AbortController();
    const call = { account: undefined, interrupt: undefined, signal: () => caller.signal as never };
    const slow = within(call, () => functions["slow"]!("a"));
    caller.abort();
    world.finish();
    await slow;
    expect(records.map(({ decision }) => decision)).toEqual(["dropped"]);
  });

  test("what is recorded is what crossed, whatever the base does to it later", async () => {
    const records: AuditRecord[] = [];
    const base = capability(PEOPLE, {
      ...functionsOf(people().granted),
      anything: (value: unknown) => {
        (value as string[])[0] = "changed";
        return value;
      },
    } as never) as Granted;
    const value = ["sent"];
    await functionsOf(audit(base, (entry) => records.push(entry), { values: "full" }))["anything"]!(value);
    value[0] = "changed again";
    expect([records[0]?.args.value, records[0]?.answer?.value]).toEqual([[["sent"]], ["changed"]]);
  });

  test("no record, no service: a sink that fails ends the capability, and delivers nothing", async () => {
    const failing = (): never => {
      throw new Error("disk full");
    };
    const { world, functions } = audited({}, failing);
    expect(await outcome(() => functions["read"]!("a"))).toBe("E_DENIED");
    expect(await outcome(() => functions["count"]!())).toBe("E_DENIED");
    expect(world.log.map(({ call }) => call)).toEqual(["read"]);
    const late = audited({}, async () => failing());
    expect(await outcome(() => late.functions["read"]!("a"))).toBe("alpha");
    await settled();
    expect(await outcome(() => late.functions["read"]!("a"))).toBe("E_DENIED");
  });

  test("a sink that keeps too much pending makes calls E_BUSY, until it has caught up", async () => {
    const written: (() => void)[] = [];
    const { functions } = audited({ pending: 3 }, () => new Promise<void>((resolve) => written.push(resolve)));
    for (let i = 1; i <= 3; i++) expect(functions["count"]!()).toBe(i);
    expect(await outcome(() => functions["count"]!())).toBe("E_BUSY");
    for (const done of written) done();
    await settled();
    expect(functions["count"]!()).toBe(4);
  });
});
