import { fc, test } from "@fast-check/vitest";
import { describe, test as example, expect } from "vitest";
import { compile } from "../../policy-libs/policy/compile.ts";
import { type Learned, learn } from "../../policy-libs/policy/explain/learn.ts";
import { headerLine } from "../../policy-libs/policy/explain/log-line.ts";
import { type LoggedTrace, readLog } from "../../policy-libs/policy/explain/log-read.ts";
import { recorder } from "../../policy-libs/policy/explain/log-write.ts";
import { replayLog } from "../../policy-libs/policy/explain/replay.ts";
import { load, loadTree } from "../../policy-libs/policy/load.ts";
import { decideByHistory } from "../../policy-libs/policy/reference.ts";
import type { Joined, PolicyEvent } from "../../policy-libs/policy/resolved.ts";
import { settle } from "../../policy-libs/policy/settle.ts";
import { runTests } from "../../policy-libs/policy/suite.ts";
import type { File, Policy } from "../../policy-libs/policy/tree.ts";
import type { Vocabulary } from "../../policy-libs/policy/vocabulary.ts";
import { type Logged, logged, logText } from "../kit/logs.ts";
import { anyOver, drawJoined } from "../kit/policies.ts";
import { argument as arg, event, operation, showPolicy, vocabularyOf } from "../kit/resolved.ts";
import { drawTrace, type Trace } from "../kit/traces.ts";

const numRuns = process.env["CORDON_DEEP"] === "1" ? 5_000 : 300;

interface Case {
  readonly vocabulary: Vocabulary;
  readonly policy: Joined;
  readonly other: Joined;
  readonly trace: Trace;
}
const anyLog = (length = 12) =>
  anyOver(
    (draw, vocabulary): Case => ({
      vocabulary,
      policy: drawJoined(draw, vocabulary),
      other: drawJoined(draw, vocabulary),
      trace: drawTrace(draw, vocabulary, length),
    }),
  );

/** A checked policy changes no address into one with another spelling. (`filter` of a generator like this never ends.) */
function logOf({ policy, trace }: Pick<Case, "policy" | "trace">): readonly Logged[] {
  fc.pre(!showPolicy(policy).includes("::ffff"));
  return logged(policy, trace);
}

const traceOf = (log: readonly Logged[], name = "t"): LoggedTrace => ({
  name,
  entries: log.map((one, at) => ({ ...one, line: at + 2 })),
  isWhole: true,
});

describe("a policy log", () => {
  test.prop([anyLog()], { numRuns })("is read as it was written", ({ vocabulary, policy, trace }) => {
    const log = logOf({ policy, trace });
    expect(readLog(logText(log), vocabulary)).toEqual({ kind: "log", traces: [traceOf(log)] });
  });

  test.prop([anyLog(6), fc.nat(), fc.string({ unit: "binary" })], { numRuns })(
    "that was tampered with is read, or the first wrong line is named",
    ({ vocabulary, policy, trace }, at, junk) => {
      const text = logText(logOf({ policy, trace }));
      const place = at % (text.length + 1);
      for (const bad of [text.slice(0, place), text.slice(0, place) + junk + text.slice(place + junk.length)]) {
        const read = readLog(bad, vocabulary);
        if (read.kind === "log") continue;
        expect(read.problem.line).toBeLessThanOrEqual(bad.split("\n").length);
        expect(read.problem.message).not.toBe("");
      }
    },
  );

  test.prop([fc.string({ unit: "binary", maxLength: 400 })], { numRuns })("may be anything at all", (text) => {
    expect(readLog(text, vocabularyOf([])).kind).toBe("wrong");
  });
});

describe("replay", () => {
  test.prop([anyLog()], { numRuns })("of an unchanged policy differs nowhere", ({ policy, trace }) => {
    const log = logOf({ policy, trace });
    const { differences, compared } = replayLog([traceOf(log)], compile(policy, { tracing: true }));
    expect(differences).toEqual([]);
    expect(compared).toBe(log.filter(({ kind }) => kind === "decided").length);
  });

  test.prop([anyLog()], { numRuns })(
    "of another policy finds the first decision of each domain that the reference semantics makes otherwise",
    ({ policy, other, trace }) => {
      const log = logOf({ policy, trace });
      const history: PolicyEvent[] = [];
      const expected = new Map<number, readonly [line: number, now: string]>();
      for (const [at, one] of log.entries()) {
        if (one.kind === "past") history.push(one.event);
        else {
          const { verdict } = settle((now) => decideByHistory(other, history, now), one.proposed);
          const { domain } = one.proposed;
          if (verdict !== one.verdict && !expected.has(domain)) expected.set(domain, [at + 2, verdict]);
        }
      }
      const { differences } = replayLog([traceOf(log)], compile(other, { tracing: true }), { flips: false });
      expect(differences.map(({ domain, line, now }) => [domain, [line, now]])).toEqual([...expected]);
      for (const { now, explanation } of differences) expect(explanation.answer).toBe(now);
    },
  );
});

const ruleless = ({ items }: File, rule: number): File => ({
  items: items.map((item) => (item.kind === "policy" ? { ...item, rules: item.rules.toSpliced(rule, 1) } : item)),
});
const callsIn = (log: readonly Logged[]): readonly PolicyEvent[] =>
  log.flatMap((one) => (one.kind === "past" && one.event.kind === "call" ? [one.event] : []));

describe("what is learned", () => {
  test.prop([anyLog(20)], { numRuns })(
    "allows the log, without any of its rules it does not, and its tests pass",
    ({ vocabulary, policy, trace }) => {
      const log = logOf({ policy, trace });
      const calls = callsIn(log);
      const learned = learn([traceOf(log)], vocabulary, { maxExact: 2 });
      expect(learned.kind).toBe(calls.length === 0 ? "nothing" : "learned");
      if (learned.kind === "nothing") return;
      const entryOf = (tree: File): Joined => {
        const loaded = loadTree(tree, { file: "learned", vocabulary });
        if (loaded.kind === "wrong") throw new Error(JSON.stringify(loaded.diagnostics));
        return loaded.entry as Joined;
      };
      const refused = (tree: File): number => {
        const entry = entryOf(tree);
        return calls.filter((call) => decideByHistory(entry, [], call).refusal !== undefined).length;
      };
      expect(refused(learned.tree)).toBe(0);
      const { rules } = learned.tree.items[0] as Policy;
      for (const at of rules.keys()) expect(refused(ruleless(learned.tree, at))).toBeGreaterThan(0);
      const loaded = load(learned.text, { file: "learned", vocabulary });
      expect(loaded.kind === "loaded" && runTests(loaded.tests)).toEqual([]);
    },
  );

  const READ = operation("files.read", 0, [arg("path", "path"), arg("size", "int")]);
  const GET = operation("net.get", 1, [arg("host", "host"), arg("mode", "text")]);
  const vocabulary = vocabularyOf([READ, GET]);
  const read = (path: string, size = 1) => event(READ, { path, size });
  const get = (host: string, mode = "fast") => event(GET, { host, mode });
  const rulesOf = (events: readonly PolicyEvent[], options: Parameters<typeof learn>[2] = {}) => {
    const log = events.map((one): Logged => ({ kind: "past", event: one }));
    const { text } = learn([traceOf(log)], vocabulary, { ...options, tests: false }) as Learned;
    return [...text.matchAll(/allow .*/g)].map(([rule]) => rule);
  };

  example("lists a few values, takes the directory of many, and the largest integer", () => {
    expect(rulesOf([read("/a/b"), read("/a/c", 7)])).toEqual([
      'allow files.read when path in ["/a/b", "/a/c"] and size <= 7',
    ]);
    expect(rulesOf([read("/a/b/1"), read("/a/b/2"), read("/a/c/3")], { maxExact: 2 })).toEqual([
      'allow files.read when path under "/a" and size <= 1',
    ]);
  });

  example("takes the common end of many hosts, but never less than two labels", () => {
    const hosts = ["x.api.example.com", "y.api.example.com", "z.example.com"];
    expect(
      rulesOf(
        hosts.map((host) => get(host)),
        { maxExact: 2 },
      ),
    ).toEqual(['allow net.get when host ends with ".example.com" and mode == "fast"']);
    expect(
      rulesOf(
        ["a.com", "b.com", "c.com"].map((host) => get(host)),
        { maxExact: 2 },
      ),
    ).toEqual(['allow net.get when mode == "fast"']);
  });

  example("widens nothing above the roots, and nothing outside of them", () => {
    const paths = ["/home/me/a/1", "/home/me/b/2", "/home/me/b/3", "/etc/hosts"];
    const options = { maxExact: 2, roots: ["/home/me"] };
    expect(
      rulesOf(
        paths.map((path) => read(path)),
        options,
      ),
    ).toEqual(['allow files.read when (path under "/home/me" or path == "/etc/hosts") and size <= 1']);
    expect(
      rulesOf(
        paths.slice(1).map((path) => read(path)),
        options,
      ),
    ).toEqual(['allow files.read when (path under "/home/me/b" or path == "/etc/hosts") and size <= 1']);
  });

  example("asks nothing of an argument that was missing once", () => {
    expect(rulesOf([read("/a"), event(READ, { path: "/b" })])).toEqual(['allow files.read when path in ["/a", "/b"]']);
  });

  example("refuses what was never done, other calls too", () => {
    const log = [read("/a/b")].map((one): Logged => ({ kind: "past", event: one }));
    const { text } = learn([traceOf(log)], vocabulary) as Learned;
    const loaded = load(text, { file: "learned", vocabulary });
    const entry = (loaded as { entry?: Joined }).entry as Joined;
    for (const one of [get("a.com"), read("/a/c"), read("/a/b", 2)])
      expect(decideByHistory(entry, [], one).refusal).toMatchObject({ effect: "deny", rule: undefined });
  });
});

describe("a hostile log", () => {
  const SEND = operation("net.send", 0, [arg("host", "host"), arg("size", "int")]);
  const vocabulary = vocabularyOf([SEND]);
  const good = {
    past: "call",
    op: "net.send",
    data: { host: "a.test", size: 1 },
    time: 1,
    domain: 1,
    capability: 1,
    tenant: "",
  };
  const problem = (...lines: readonly (object | string)[]) => {
    const text = lines.map((line) => (typeof line === "string" ? line : `${JSON.stringify(line)}\n`)).join("");
    const read = readLog(headerLine("t") + text, vocabulary, { maxLine: 5_000, maxLines: 10, maxLength: 50_000 });
    return read.kind === "log" ? read.traces : `${read.problem.line}: ${read.problem.message}`;
  };

  example.each([
    [{ ...good, op: "net.sned" }, '2: there is no call "net.sned" in these contracts. Did you mean "net.send"?'],
    [{ ...good, data: { host: "A.test" } }, '2: "A.test" is no host for "host"'],
    [{ ...good, data: { size: -1 } }, '2: -1 is no int for "size"'],
    [{ ...good, data: { size: 2 ** 53 } }, '2: 9007199254740992 is no int for "size"'],
    [{ ...good, data: { hots: "a" } }, '2: "hots" is no argument of net.send'],
    [{ ...good, data: [] }, '2: "data" is no record'],
    [{ ...good, past: "maybe" }, '2: "maybe" is no kind of event'],
    [{ ...good, time: 0.5 }, '2: "time" is no whole number of 0 or more'],
    [{ ...good, tenant: 7 }, '2: "tenant" is no text'],
    [{ ...good, more: 1 }, '2: "more" is no field of such a line'],
    [{ ...good, past: undefined, decided: "fine", kind: "call" }, '2: "fine" is no verdict'],
    [{ ...good, past: undefined, decided: "denied", kind: "failed" }, "2: nobody decides about a failed event"],
    ["[1]\n", "2: the line is no record"],
    ["{\n", "2: this is no JSON"],
    [`${"[".repeat(4_000)}\n`, "2: this is no JSON"],
    [`"${"a".repeat(5_000)}"\n`, "2: the line has 5002 characters, and 5000 are the most"],
    [{ log: "other", version: 1, trace: "" }, "2: this is no policy log"],
    [{ log: "cordon-policy", version: 2, trace: "" }, "2: this is version 2: known is 1"],
  ] as const)("has %j named", (line, said) => {
    expect(problem(line)).toBe(said);
  });

  example("has names of prototypes that are no arguments", () => {
    expect(problem(`${JSON.stringify(good).replace('"host"', '"__proto__"')}\n`)).toBe(
      '2: "__proto__" is no argument of net.send',
    );
    expect(problem({ ...good, op: "constructor" })).toMatch(/^2: there is no call "constructor"/);
  });

  example("cannot turn time back, nor go on after it was cut, nor be too long", () => {
    expect(problem({ ...good, time: 5 }, { ...good, time: 4 })).toBe("3: time goes back, from 5 to 4");
    expect(problem({ cut: true }, good)).toBe("3: nothing follows a log that was cut");
    expect(problem(...Array.from({ length: 10 }, () => good))).toBe("11: the log has more than 10 lines");
    expect(problem(`${" ".repeat(60_000)}\n`)).toBe("0: the log has 60049 characters, and 50000 are the most");
    expect(readLog("", vocabulary)).toMatchObject({ kind: "wrong", problem: { line: 0, message: "the log is empty" } });
  });

  example("that was torn off is read as far as it is whole, and said to be torn", () => {
    expect(problem(good, JSON.stringify(good).slice(0, 20))).toMatchObject([
      { isWhole: false, entries: [{ line: 2 }] },
    ]);
    expect(problem(good)).toMatchObject([{ isWhole: true }]);
  });
});

describe("a recorder", () => {
  const SEND = operation("net.send", 0, [arg("host", "text")]);
  const vocabulary = vocabularyOf([SEND]);

  example("stops at its bound, and says so", () => {
    const lines: string[] = [];
    const { onHappened } = recorder((line) => lines.push(line), { maxBytes: 1_000 });
    for (let at = 0; at < 100; at++) onHappened(event(SEND, { host: `h${at}` }, { time: at }));
    const text = lines.join("");
    expect(text.length).toBeLessThanOrEqual(1_000);
    const read = readLog(text, vocabulary);
    expect(read).toMatchObject({ kind: "log", traces: [{ isWhole: false }] });
    expect(read.kind === "log" && read.traces[0]?.entries.length).toBe(lines.length - 2);
  });

  example("writes what a guest passes as ASCII on one line", () => {
    const lines: string[] = [];
    const { onHappened } = recorder((line) => lines.push(line));
    const hostile = '\u001b[2J\n\u202e"\ud800\u007f\u2028';
    onHappened(event(SEND, { host: hostile }));
    expect(lines[1]).toMatch(/^[\x20-\x7e]*\n$/);
    expect(readLog(lines.join(""), vocabulary)).toMatchObject({
      traces: [{ entries: [{ event: { data: new Map([["host", hostile]]) } }] }],
    });
  });
});
