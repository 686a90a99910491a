import { describe, test as example, expect } from "vitest";
import { compile } from "../../policy-libs/policy/compile.ts";
import { explain } from "../../policy-libs/policy/explain/explain.ts";
import { newMemory } from "../../policy-libs/policy/explain/memory.ts";
import type { Condition, Explanation } from "../../policy-libs/policy/explain/types.ts";
import { load } from "../../policy-libs/policy/load.ts";
import type { Joined, PolicyEvent } from "../../policy-libs/policy/resolved.ts";
import { argument as arg, event, operation, vocabularyOf } from "../kit/resolved.ts";

const SEND = operation("net.send", 0, [arg("host", "host"), arg("port", "int"), arg("size", "int")]);
const READ = operation("files.read", 1, [arg("path", "path")], [arg("text", "text")]);
const RESOLVE = operation("dns.resolve", 2, [arg("name", "host")], [arg("address", "ip")]);
const CONFIRM = operation("user.confirm", 3, []);
const OPEN = operation("window.open", 4, []);
const CLOSE = operation("window.close", 5, []);
const vocabulary = vocabularyOf([SEND, READ, RESOLVE, CONFIRM, OPEN, CLOSE]);

const send = (host = "a.example", port = 443, size = 10, time = 0): PolicyEvent =>
  event(SEND, { host, port, size }, { time });
const read = (path: string, time = 0): PolicyEvent => event(READ, { path }, { time });
const open = (time = 0): PolicyEvent => event(OPEN, {}, { time });

function policyOf(text: string): Joined {
  const loaded = load(text, { file: "t.policy", vocabulary });
  if (loaded.kind === "wrong") throw new Error(JSON.stringify(loaded.diagnostics));
  return loaded.entry as Joined;
}

/** Events are numbered from 1. */
function explained(text: string, history: readonly PolicyEvent[], now: PolicyEvent): Explanation {
  const memory = newMemory(compile(policyOf(text), { tracing: true }));
  for (const [at, one] of history.entries()) memory.commit(one, at + 1);
  return explain({ machine: memory.machine, state: memory.stateOf(now), past: (n) => history[n - 1] }, now);
}

const shown = ({ text, value, of }: Condition): unknown =>
  of.length === 0 ? [text, value] : [text, value, of.map(shown)];
const of = (body: string, over = "net.send, files.read, dns.resolve, window.open") =>
  `policy p over ${over} {\n  ${body.replaceAll("\n", "\n  ")}\n}\n`;

describe("an explanation", () => {
  const FORBIDDEN = of('default abstain\ndeny net.send when size > 5 or once files.read because "it has read"');

  example("names party, policy, rule, place and reason of a refusal", () => {
    expect(explained(FORBIDDEN, [], send())).toMatchObject({
      answer: "denied",
      party: "t.policy",
      policy: "p",
      rule: 0,
      at: { file: "t.policy", line: 3, column: 3 },
      because: "it has read",
    });
  });

  example("has of a true `or` the true parts, and of a false `and` the false ones", () => {
    expect(explained(FORBIDDEN, [], send()).conditions.map(shown)).toEqual([
      ["size > 5 or once files.read", "T", [["size > 5", "T"]]],
    ]);
    const allow = of('default deny\nallow net.send when port == 443 and host ends with ".example" and size < 5');
    const { rule, conditions } = explained(allow, [], send());
    expect(rule).toBe("nothing allows");
    expect(conditions.map(shown)).toEqual([
      ['port == 443 and host ends with ".example" and size < 5', "F", [["size < 5", "F"]]],
    ]);
  });

  example("says nothing of conditions when no rule speaks of the call", () => {
    expect(explained(of("default deny\nallow net.send"), [], read("/a"))).toMatchObject({
      ...{ rule: "nothing allows", because: undefined, conditions: [], causes: [] },
    });
  });

  example("names the earlier event with its data and time, not those that changed nothing", () => {
    const { causes } = explained(FORBIDDEN, [open(1), read("/a", 2), read("/b", 3)], send("a.example", 443, 1, 4));
    expect(causes).toEqual([
      { event: 2, kind: "call", call: "files.read", data: new Map([["path", "/a"]]), time: 2, of: "once files.read" },
    ]);
  });

  example("has only those events of remembered values that are about the present one", () => {
    const text = of("default abstain\nlet seen = values name on dns.resolve max 4\ndeny net.send when host in seen");
    const history = ["b.example", "a.example"].map((name) => event(RESOLVE, { name }));
    expect(explained(text, history, send()).causes.map((one) => one.event)).toEqual([2]);
  });

  example("of what is allowed names the rule that grants it, and has no flips", () => {
    const text = of("default deny\nallow net.send when size < 20");
    expect(explained(text, [], send())).toMatchObject({ answer: "allowed", rule: 0, flips: undefined });
    expect(explained(text, [], event(CONFIRM))).toMatchObject({ answer: "allowed", rule: "default", policy: "" });
  });
});

describe("the nearest call that is allowed", () => {
  const nearest = (body: string, now: PolicyEvent, history: readonly PolicyEvent[] = []) => {
    const found = explained(of(body), history, now).flips?.arguments;
    return found && Object.fromEntries(found.data);
  };

  example("has integers at the nearest boundary", () => {
    expect(nearest("default abstain\ndeny net.send when size > 5", send())).toMatchObject({ size: 5, port: 443 });
    expect(nearest("default abstain\ndeny net.send when size >= 5 and size < 20", send())).toMatchObject({ size: 4 });
    expect(nearest("default abstain\ndeny net.send when size >= 5 and size < 12", send())).toMatchObject({ size: 12 });
  });

  example("knows the boundary that a sum of the past leaves", () => {
    const body = "default abstain\ndeny net.send when sum size on net.send + size > 100";
    expect(nearest(body, send("a.example", 443, 50), [send("b.example", 1, 70)])).toMatchObject({ size: 30 });
  });

  example("keeps the longest common beginning of a text", () => {
    expect(nearest('default deny\nallow files.read when path under "/project/src"', read("/project/lib/x"))).toEqual({
      path: "/project/src",
    });
    expect(nearest('default abstain\ndeny files.read when path ends with ".key"', read("/a/b.key"))?.["path"]).toMatch(
      /^\/a\/b\.key.$/,
    );
  });

  example("takes a value that the policy remembers", () => {
    const body =
      "default deny\nlet seen = values name on dns.resolve max 4\nallow dns.resolve\nallow net.send when host in seen";
    expect(nearest(body, send("a.example"), [event(RESOLVE, { name: "b.test" })])).toMatchObject({ host: "b.test" });
  });

  example("changes two arguments only if one is not enough", () => {
    const body = 'default deny\nallow net.send when port == 80 and size < 5\nallow net.send when host == "b.test"';
    expect(nearest(body, send())).toMatchObject({ host: "b.test", port: 443, size: 10 });
    const both = "default deny\nallow net.send when port == 80 and size < 5";
    expect(nearest(both, send())).toEqual({ host: "a.example", port: 80, size: 4 });
  });

  example("is none where every call is refused", () => {
    expect(nearest("default abstain\ndeny net.send", send())).toBeUndefined();
  });
});

describe("the shortest continuation", () => {
  const first = (body: string, now: PolicyEvent, history: readonly PolicyEvent[] = []) => {
    const found = explained(of(body), history, now).flips?.first;
    return typeof found === "string"
      ? found
      : found?.map(({ kind, call, data, by }) => [by, kind, call, ...data.values()]);
  };

  example("goes through results, with the value that the call needs", () => {
    const body =
      "default deny\nlet seen = values name on result dns.resolve max 4\nallow dns.resolve\nallow net.send when host in seen";
    expect(first(body, send("a.example"))).toEqual([
      ["guest", "call", "dns.resolve", "a.example"],
      ["host", "result", "dns.resolve", "a.example", expect.any(String)],
    ]);
  });

  example("goes through what a call needs in its turn", () => {
    const body = "default abstain\ndeny net.send unless once files.read\ndeny files.read unless once window.open";
    expect(first(body, send())).toEqual([
      ["guest", "call", "window.open"],
      ["guest", "call", "files.read", expect.any(String)],
    ]);
  });

  example("says where an event of the host's is needed", () => {
    const body = "default abstain\ndeny net.send unless previous user.confirm among net.*";
    expect(first(body, send())).toEqual([["host", "call", "user.confirm"]]);
  });

  example("is never again where that is proved, and not found where it is not", () => {
    expect(first("default abstain\ndeny net.send when once files.read", send(), [read("/a")])).toBe("never again");
    expect(first("default abstain\ndeny net.send when size > 5", send())).toBe("never again");
    expect(first("default abstain\ndeny net.send when count window.open >= 2", send(), [open(), open()])).toBe(
      "never again",
    );
    const sum = "default abstain\ndeny net.send when sum size on net.send + size > 5";
    expect(first(sum, send())).toBe("not found");
    const windows = "default abstain\ndeny window.open when level window.open minus window.close >= 1";
    expect(first(windows, open(), [open()])).toEqual([["guest", "call", "window.close"]]);
  });
});

describe("the time to wait", () => {
  const wait = (body: string, now: PolicyEvent, history: readonly PolicyEvent[]) =>
    explained(of(body), history, now).flips?.wait;

  example("is until the event has left the window", () => {
    const body = "default abstain\ndeny net.send when once files.read within 1s";
    expect(wait(body, send("a.example", 443, 1, 300), [read("/a", 100)])).toBe(801);
  });

  example("is until enough events have left it", () => {
    const body = "default abstain\ndeny window.open when count window.open within 1s >= 2";
    expect(wait(body, open(20), [open(0), open(10), open(15)])).toBe(991);
  });

  example("is until a step of time has", () => {
    const body = "default abstain\ndeny net.send when sum size on net.send within 100ms in 4 steps + size > 20";
    expect(wait(body, send("a.example", 443, 10, 60), [send("a.example", 443, 15, 30)])).toBe(90);
  });

  example("is what a delay takes", () => {
    const body = "default abstain\ndelay net.send to 1 per 100ms";
    expect(wait(body, send("a.example", 443, 1, 30), [send()])).toBe(70);
  });

  example("is none where time changes nothing", () => {
    expect(wait("default abstain\ndeny net.send when size > 5", send(), [])).toBeUndefined();
  });
});
