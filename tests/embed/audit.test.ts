// The audit log as an embedder gets it: one record for each call, whoever serves it, bounded, and of no harm to the run.
import { fc, test as property } from "@fast-check/vitest";
import { afterEach, describe, expect, test } from "vitest";
import {
  type AuditCall,
  type AuditOptions,
  type AuditRecord,
  auditLine,
  createSandbox,
  layer,
  type Sandbox,
  type SandboxOptions,
} from "../../embed/node/index.ts";
import { FILES, type Granted, readOnly, revocable, tree } from "../../policy-libs/index.ts";

const boxes: Sandbox[] = [];
afterEach(() => {
  for (const box of boxes.splice(0)) box.dispose();
});

type More = Partial<AuditOptions>;
const listen = (more: More = {}) => {
  const all: AuditRecord[] = [];
  const calls = (): AuditCall[] => all.filter((record): record is AuditCall => !("event" in record));
  return { all, calls, audit: { to: (record: AuditRecord) => void all.push(record), ...more } };
};

async function boxOf(options: SandboxOptions): Promise<Sandbox> {
  const box = await createSandbox(options);
  boxes.push(box);
  return box;
}

const tools = {
  sum: (a: number, b: number) => a + b,
  fail: () => {
    throw Object.assign(new Error("no"), { code: "E_MINE" });
  },
  deny: () => {
    throw Object.assign(new Error("no"), { code: "E_DENIED", rule: "no-sending-on-sundays" });
  },
  later: async (x: unknown) => x,
  never: () => new Promise<void>(() => undefined),
};

async function recordsOf(source: string, more: More = {}): Promise<AuditCall[]> {
  const { audit, calls } = listen({ values: "full", results: true, ...more });
  const files = readOnly(tree({ "a.txt": "alpha" }));
  const box = await boxOf({ grant: { tools, files }, audit });
  const result = await box.run(source);
  expect(result.status).toBe("returned");
  return calls();
}

describe("a record of the audit log", () => {
  test("says who called what of what, with what, what came of it and what it cost", async () => {
    const [record] = await recordsOf("tools.sum(1, 2)", { name: "report" });
    expect(record).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      run: expect.stringMatching(/^[0-9a-f]{12}$/),
      domain: expect.any(Number),
      name: "report",
      capability: "tools",
      contract: "tools",
      call: "sum",
      args: [1, 2],
      result: 3,
      decision: "allowed",
      // [1, 2] is 0x82 0x01 0x02 and 3 is 0x03 (RFC 8949).
      cost: { bytes: 4, ms: expect.any(Number) },
    });
  });

  test("begins with what was granted, by name and contract", async () => {
    const { all, audit } = listen();
    await boxOf({ grant: { tools, data: tree() }, audit });
    expect(all).toEqual([expect.objectContaining({ event: "start", grants: { tools: "tools", data: "files" } })]);
  });

  test.each([
    ["tools.sum(1, 2)", { decision: "allowed" }],
    ["await tools.later(1)", { decision: "allowed" }],
    ["try { tools.fail() } catch {}", { decision: "failed", code: "E_MINE" }],
    ["try { tools.deny() } catch {}", { decision: "refused", code: "E_DENIED", rule: "no-sending-on-sundays" }],
    ["await files.readText('nix').catch(() => 0)", { decision: "failed", code: "E_NOT_FOUND" }],
    ["await files.writeText('a', '').catch(() => 0)", { decision: "refused", code: "E_READ_ONLY", rule: "read-only" }],
    [
      "await files.readText('../a').catch(() => 0)",
      { decision: "refused", code: "E_PATH", rule: "directory boundary" },
    ],
    ["await files.readText(1).catch(() => 0)", { decision: "refused", code: "E_VALUE", rule: "contract" }],
  ])("tells the decision on %s", async (source, expected) => {
    const records = await recordsOf(source);
    expect(records).toHaveLength(1);
    const { decision, code, rule } = records[0] as AuditCall;
    expect({ decision, code, rule }).toEqual({ code: undefined, rule: undefined, ...expected });
  });

  test("is there for a call of a revoked capability, which no function served", async () => {
    const { audit, calls } = listen();
    const { granted, revoke } = revocable(tree({ "a.txt": "x" })) as unknown as {
      granted: Granted;
      revoke: () => void;
    };
    const box = await boxOf({ grant: { files: granted }, audit });
    revoke();
    await box.run("await files.readText('a.txt').catch((e) => e.code)");
    expect(calls()).toEqual([expect.objectContaining({ decision: "refused", code: "E_REVOKED", rule: "revoked" })]);
  });

  test("of a call that is never answered comes when the sandbox ends, once", async () => {
    const { audit, calls } = listen();
    const box = await boxOf({ grant: { tools }, audit });
    await box.run("tools.never(); 1");
    expect(calls()).toEqual([]);
    box.dispose();
    box.dispose();
    expect(calls()).toEqual([expect.objectContaining({ call: "never", decision: "pending" })]);
  });

  test("of what a call gave has the name of the grant and its own contract", async () => {
    const records = await recordsOf("const f = await files.open('a.txt'); await f.readAt(0, 2); await f.close()");
    expect(records.map(({ capability, contract, call }) => [capability, contract, call])).toEqual([
      ["files", "files", "open"],
      ["files", "open-file", "readAt"],
      ["files", "open-file", "close"],
    ]);
    expect(records[0]?.result).toEqual({ $type: "handle", contract: "open-file" });
  });

  test("is written for calls in flight in the order in which they end", async () => {
    const { audit, calls } = listen({ values: "full" });
    const wait = async (ms: number) => await new Promise((resolve) => setTimeout(resolve, ms));
    const box = await boxOf({ grant: { wait }, audit });
    await box.run("await Promise.all([wait(60), wait(1), wait(30)])");
    expect(calls().map(({ args }) => args)).toEqual([[1], [30], [60]]);
    for (const { cost, args } of calls()) expect(cost.ms).toBeGreaterThanOrEqual((args as number[])[0]! - 2);
  });
});

describe("arguments in the audit log", () => {
  test("are digests unless that is said otherwise: the same for equal values, in whichever order their keys stand", async () => {
    const source = "tools.later({ a: 1, b: [2] }); tools.later({ b: [2], a: 1 }); tools.later({ a: 1, b: [3] }); 0";
    const { audit, calls } = listen();
    const box = await boxOf({ grant: { tools }, audit });
    await box.run(source);
    const [first, second, third] = calls().map(({ args }) => args);
    expect(first).toMatch(/^sha256:[0-9a-f]{16}$/);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
    expect(calls().every((record) => !("result" in record))).toBe(true);
  });

  test("are absent with none", async () => {
    const [record] = await recordsOf("tools.sum(1, 2)", { values: "none" });
    expect(record).not.toHaveProperty("args");
    expect(record).not.toHaveProperty("result");
  });

  test("that are large are told by their size", async () => {
    const [small, large] = await recordsOf("await tools.later('x'.repeat(50)); await tools.later('x'.repeat(200))", {
      maxValue: 100,
    });
    expect([small?.args, small?.result]).toEqual([["x".repeat(50)], "x".repeat(50)]);
    expect([large?.args, large?.result]).toEqual([
      { $type: "cut", bytes: 203 },
      { $type: "cut", bytes: expect.any(Number) },
    ]);
  });

  test("are what redact leaves of them, and nothing if it throws", async () => {
    const redact: AuditOptions["redact"] = (args, { call }) => {
      if (call === "sum") throw new Error("redact");
      return args.map(() => "***");
    };
    const [later, sum] = await recordsOf("await tools.later('secret'); tools.sum(1, 2)", { redact, results: false });
    expect(later?.args).toEqual(["***"]);
    expect(sum).not.toHaveProperty("args");
    expect(sum?.decision).toBe("allowed");
  });
});

const to = (): void => undefined;

describe("whoever listens to an audit", () => {
  test("changes nothing by throwing, by promises that reject, or by changing what it gets", async () => {
    const bad = [
      () => {
        throw new Error("listener");
      },
      async () => Promise.reject(new Error("listener")),
      (record: AuditRecord) => {
        if (!("event" in record)) (record.args as unknown[]).push("more");
      },
    ];
    const { audit, calls } = listen();
    const audits = [...bad.map((to) => ({ to, values: "full" as const })), audit];
    const box = await boxOf({ grant: { tools }, audit: audits });
    expect(await box.run("[tools.sum(1, 2), await tools.later('x')]")).toMatchObject({ value: [3, "x"] });
    expect(calls()).toHaveLength(2);
  });

  test.each([
    [{}, "audit.to must be"],
    [{ to: 5 }, "audit.to must be"],
    [{ to, values: "all" }, '"digest", "full" or "none"'],
    [{ to, maxBytes: -1 }, "maxBytes"],
    [{ to, mask: 1 }, 'no option "mask"'],
    [{ to, whenFull: "stop" }, '"end" or "drop"'],
    [5, "plain object"],
  ])("is refused if it is %o", async (audit, message) => {
    await expect(createSandbox({ audit: audit as unknown as AuditOptions })).rejects.toMatchObject({
      code: "E_OPTION",
      message: expect.stringContaining(message),
    });
  });
});

describe("an audit log without room", () => {
  const CALLS = 100;
  const loop = `let n = 0; for (let i = 0; i < ${CALLS}; i++) { n += tools.sum(i, 1) }; n`;

  test("ends the run before a call that could not be recorded", async () => {
    let made = 0;
    const counted = { sum: () => ++made };
    const { audit, calls } = listen({ maxBytes: 5_000 });
    const box = await boxOf({ grant: { tools: counted }, audit });
    expect(await box.run(loop)).toMatchObject({ status: "refused", by: "audit", why: "the audit log is full" });
    const allowed = calls().filter(({ decision }) => decision === "allowed");
    expect(allowed).toHaveLength(made);
    expect(made).toBeGreaterThan(0);
    expect(made).toBeLessThan(CALLS);
  });

  test("goes on with drop, and says at the end how many records it lacks", async () => {
    const { audit, calls, all } = listen({ maxBytes: 5_000, whenFull: "drop" });
    const box = await boxOf({ grant: { tools }, audit });
    expect((await box.run(loop)).status).toBe("returned");
    box.dispose();
    const last = all.at(-1) as { event: string; count: number };
    expect(last.event).toBe("dropped");
    expect(calls().length + last.count).toBe(CALLS);
    expect(all.reduce((sum, record) => sum + auditLine(record).length, 0)).toBeLessThan(5_000 + 512);
  });
});

describe("the line of a record", () => {
  const call = (name: string, args: unknown): AuditRecord => ({
    ...{ time: "2026-01-01T00:00:00.000Z", run: "0", domain: 1, name, capability: name, contract: name, call: name },
    ...{ args, decision: "allowed", code: name, cost: { bytes: 0, ms: 0 } },
  });

  property.prop([fc.string({ unit: "binary" }), fc.anything({ withDate: true, withMap: true, withSet: true })])(
    "is one line of ASCII without control characters, and JSON, whatever is in it",
    (name, value) => {
      const line = auditLine(call(name, [value]));
      expect(line).toMatch(/^[\x20-\x7e]*\n$/);
      expect((JSON.parse(line) as AuditCall).capability).toBe(name);
    },
  );

  test("keeps what a terminal would obey as text", () => {
    const line = auditLine(call("\x1b[2J\u202e\u2028\x9b", []));
    expect(line).toContain(String.raw`"call":"\u001b[2J\u202e\u2028\u009b"`);
  });
});

describe("a layer's audit", () => {
  const CALLS = Object.keys(FILES.data.calls);
  const source = `const inner = files; const outer = {};
    for (const name of ${JSON.stringify(CALLS)}) outer[name] = (...args) => inner[name](...args);
    return { files: outer };`;

  test("has the layer's own calls under its name; the guest above has its own, with how they ended", async () => {
    const [below, above] = [listen({ values: "full" }), listen({ values: "full", name: "guest" })];
    const shy = await layer({
      ...{ name: "shy", source, offers: { files: FILES } },
      ...{ grant: { files: tree({ "a.txt": "alpha" }) }, audit: below.audit },
    });
    const box = await boxOf({ grant: shy.grant, audit: above.audit });
    await box.run("await files.readText('a.txt'); await files.readText('nix').catch(() => 0)");
    const facts = ({ name, capability, call, decision, code }: AuditCall) => ({
      name,
      capability,
      call,
      decision,
      code,
    });
    const expected = (name: string) => [
      { name, capability: "files", call: "readText", decision: "allowed", code: undefined },
      { name, capability: "files", call: "readText", decision: "failed", code: "E_NOT_FOUND" },
    ];
    expect(below.calls().map(facts)).toEqual(expected("shy"));
    expect(above.calls().map(facts)).toEqual(expected("guest"));
    expect(below.calls()[0]?.domain).not.toBe(above.calls()[0]?.domain);
    shy.dispose();
  });
});
