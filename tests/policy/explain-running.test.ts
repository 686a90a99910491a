import { describe, expect, test } from "vitest";
import { type AuditRecord, run } from "../../embed/node/index.ts";
import type { Contract } from "../../kernel/index.ts";
import { arg, capability, contract, integer, policy, string } from "../../policy-libs/node/index.ts";
import { compile } from "../../policy-libs/policy/compile.ts";
import { learn } from "../../policy-libs/policy/explain/learn.ts";
import { readLog } from "../../policy-libs/policy/explain/log-read.ts";
import { recorder } from "../../policy-libs/policy/explain/log-write.ts";
import { replayLog } from "../../policy-libs/policy/explain/replay.ts";
import type { Explanation } from "../../policy-libs/policy/explain/types.ts";
import type { PolicyOptions } from "../../policy-libs/policy/given.ts";
import { load } from "../../policy-libs/policy/load.ts";
import { vocabularyOf } from "../../policy-libs/policy/operations.ts";
import type { Joined } from "../../policy-libs/policy/resolved.ts";

const words = { allows: "x", never: "y" };
const NET = contract({
  ...{ name: "net", ...words },
  calls: {
    send: { takes: [arg("host", string()), arg("size", integer())], gives: integer(), refuses: [], mode: "sync" },
  },
});
const FILES = contract({
  ...{ name: "files", ...words },
  calls: { read: { takes: [arg("path", string())], gives: string(), refuses: [], mode: "sync" } },
});
const grant = {
  net: capability(NET, { send: (_host, size) => size }),
  files: capability(FILES, { read: (path) => `text of ${path}` }),
};
const NO_SEND = `policy no_send over net.send {
  default abstain
  deny net.send when once files.read because "it has read"
}
`;
const ATTEMPT = `files.read("/secret"); let e; try { net.send("a", 3) } catch (error) { e = error } e && [e.code, e.message]`;

describe("a running policy", () => {
  test("explains a refusal to the embedder, with the earlier event and its data", async () => {
    const told: Explanation[] = [];
    const source = policy.text(NO_SEND, {
      file: "acme.policy",
      explain: true,
      onDecided: ({ verdict, explain }) => {
        if (verdict === "denied") told.push(explain());
      },
    });
    await run({ source: ATTEMPT, grant, policy: source });
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({
      ...{ answer: "denied", policy: "no_send", rule: 0, because: "it has read" },
      at: { file: "acme.policy", line: 3, column: 3 },
      conditions: [{ text: "once files.read", value: "T" }],
      causes: [{ kind: "call", call: "files.read", data: new Map([["path", "/secret"]]) }],
      flips: { arguments: undefined, first: "never again", wait: undefined },
    });
  });

  test("tells the guest that it was denied and why the rule says so, and nothing else", async () => {
    const result = await run({ source: ATTEMPT, grant, policy: policy.text(NO_SEND, { explain: true }) });
    expect(result).toMatchObject({ status: "returned", value: ["E_DENIED", "it has read"] });
  });

  test("is in the audit log with policy, rule, place, condition and the earlier events", async () => {
    const records: AuditRecord[] = [];
    const audit = { to: (record: AuditRecord) => records.push(record), values: "full" } as const;
    await run({ source: ATTEMPT, grant, audit, policy: policy.text(NO_SEND, { file: "acme.policy" }) });
    expect(records).toContainEqual(
      expect.objectContaining({
        ...{ capability: "net", call: "send", decision: "refused", code: "E_DENIED" },
        rule: "no_send (acme.policy:3:3)",
        policy: {
          ...{ answer: "denied", party: "acme.policy", policy: "no_send", rule: 0, at: "acme.policy:3:3" },
          because: "it has read",
          conditions: [{ text: "once files.read", value: "T" }],
          causes: [{ event: 1, kind: "call", call: "files.read", time: expect.any(Number), data: { path: "/secret" } }],
        },
      }),
    );
  });

  test("keeps what was passed earlier out of an audit log that has only digests, or is redacted", async () => {
    const records: AuditRecord[] = [];
    const to = (record: AuditRecord) => records.push(record);
    const audit = [{ to }, { to, values: "full", redact: () => ["hidden"] }] as const;
    await run({ source: ATTEMPT, grant, audit: [...audit], policy: policy.text(NO_SEND) });
    const refused = records.filter((record) => "decision" in record && record.decision === "refused");
    expect(refused).toHaveLength(2);
    expect(JSON.stringify(refused)).not.toContain("/secret");
  });

  test("is in the audit log for what was suppressed, and for a result that was withheld", async () => {
    const text = `policy p over net.*, files.* {
  default abstain
  suppress net.send giving 7
  deny result files.read when value contains "secret"
}`;
    const records: AuditRecord[] = [];
    const audit = { to: (record: AuditRecord) => records.push(record) };
    const source = `const a = net.send("a", 1); try { files.read("/secret") } catch {} a`;
    expect(await run({ source, grant, audit, policy: policy.text(text) })).toMatchObject({ value: 7 });
    expect(records.slice(1)).toMatchObject([
      { call: "send", decision: "refused", policy: { answer: "suppressed", rule: 0 } },
      { call: "read", decision: "refused", policy: { answer: "denied", rule: 1 } },
    ]);
  });

  test("records in mode record what it would refuse, and lets it happen", async () => {
    const told: unknown[] = [];
    const source = policy.text(NO_SEND, {
      mode: "record",
      onDecided: ({ verdict, isEnforced, event }) => told.push([event.op.name, verdict, isEnforced]),
    });
    expect(await run({ source: ATTEMPT, grant, policy: source })).toMatchObject({
      status: "returned",
      value: undefined,
    });
    expect(told).toEqual([
      ["files.read", "allowed", true],
      ["net.send", "denied", false],
    ]);
  });

  test("refuses in mode record what an enforced party refuses, also beside others, and what halts", async () => {
    const both = `import "acme" as acme\n${NO_SEND}bundle both { all of no_send, acme.host_rules }`;
    const acme = `policy host_rules over net.send { default abstain deny net.send when size > 2 because "too much" }`;
    const options = { mode: "record", imports: { acme }, file: "mine" } as const;
    const attempt = `${ATTEMPT}`;
    const free = await run({ source: attempt, grant, policy: policy.text(both, options) });
    expect(free).toMatchObject({ status: "returned", value: undefined });
    const bound = await run({ source: attempt, grant, policy: policy.text(both, { ...options, enforced: ["acme"] }) });
    expect(bound).toMatchObject({ status: "returned", value: ["E_DENIED", "too much"] });
    const halting = NO_SEND.replace("deny net", "halt net");
    const halted = await run({ source: attempt, grant, policy: policy.text(halting, { mode: "record" }) });
    expect(halted.status).not.toBe("returned");
  });
});

describe("the log of a running policy", () => {
  const contracts = new Map<string, Contract>([
    ["net", NET],
    ["files", FILES],
  ]);
  const { vocabulary } = vocabularyOf(contracts);
  const compiled = (text: string) => {
    const loaded = load(text, { file: "t.policy", vocabulary });
    return compile((loaded as { entry?: Joined }).entry as Joined, { tracing: true });
  };
  async function recorded(text: string, source: string, options: PolicyOptions = {}) {
    const lines: string[] = [];
    const result = await run({
      ...{ source, grant },
      policy: policy.text(text, { ...options, ...recorder((line) => lines.push(line)) }),
    });
    const read = readLog(lines.join(""), vocabulary);
    if (read.kind === "wrong") throw new Error(JSON.stringify(read.problem));
    return { result, traces: read.traces };
  }
  const EVERYTHING = `policy p over * {
  default deny
  allow files.read, net.send
  ask net.send of user when size > 5
  change net.send so size at most 7
  delay files.read to 1 per 5ms
  deny net.send when once result files.read(value contains "secret")
  deny result files.read when value contains "hidden"
}`;
  const SOURCE = `const go = (work) => { try { return work() } catch (e) { return e.code } };
    [go(() => net.send("a", 3)), go(() => net.send("b", 6)), go(() => net.send("c", 9)), go(() => net.send("no", 9)),
     go(() => files.read("/a")), go(() => files.read("/hidden")), go(() => files.read("/secret")), go(() => net.send("d", 1))]`;

  test("replayed against the same policy differs nowhere, whatever it asked for, held back, changed and withheld", async () => {
    const approve = ({ arguments: [host] }: { readonly arguments: readonly unknown[] }) => host !== "no";
    const { result, traces } = await recorded(EVERYTHING, SOURCE, { approve });
    const D = "E_DENIED";
    expect(result).toMatchObject({ value: [3, 6, 7, D, "text of /a", D, "text of /secret", D] });
    const { differences, compared } = replayLog(traces, compiled(EVERYTHING));
    expect(differences).toEqual([]);
    expect(compared).toBeGreaterThan(10);
  });

  test("replayed against another policy differs at the first event, with both explanations", async () => {
    const { traces } = await recorded(NO_SEND, ATTEMPT);
    const open = compiled(NO_SEND.replace("files.read because", 'files.read(path starts with "/etc") because'));
    const { differences } = replayLog(traces, open, { before: compiled(NO_SEND) });
    expect(differences).toMatchObject([
      {
        ...{ before: "denied", now: "allowed", rule: { policy: "no_send", rule: 0, at: "policy:3:3" } },
        event: { op: { name: "net.send" } },
        explanationBefore: { answer: "denied", causes: [{ call: "files.read" }] },
        explanation: { answer: "allowed" },
      },
    ]);
  });

  test("in mode record is what a policy is learned from, under which the same program runs, and no other", async () => {
    const open = "policy open over * { default deny }";
    const program = (path: string) => `[files.read(${JSON.stringify(path)}), net.send("a.test", 3)]`;
    const { result, traces } = await recorded(open, program("/data/x"), { mode: "record" });
    expect(result).toMatchObject({ value: ["text of /data/x", 3] });
    const learned = learn(traces, vocabulary);
    if (learned.kind === "nothing") throw new Error(learned.message);
    const under = (source: string) => run({ source, grant, policy: policy.text(learned.text) });
    expect(await under(program("/data/x"))).toMatchObject({ value: ["text of /data/x", 3] });
    expect(await under(program("/data/y"))).toMatchObject({ status: "threw" });
  });
});
