// Each row of the table of meanings, with expectations from its words (docs/policy-language.md, Meaning).
import { describe, expect, test } from "vitest";
import type { RCond, RTerm } from "../../policy-libs/policy/resolved.ts";
import * as r from "../kit/resolved.ts";
import { CLOSE, CONFIRM, OPEN, of, READ, read, SEND, send, simple, truthOf } from "./ground.ts";

const now = (time = 0, host = "a.example") => send(host, 5, { time });
const host = r.named("host", [SEND]);
const size = r.named("size", [SEND]);
const path = r.named("path", [READ]);
const under = (root: string) => r.text(path, "under", root);
const calls = (op: typeof SEND, when?: RCond) => r.pattern([op], when);

/** The interval of a term, by asking: the least and the greatest number that it may be, up to 20; ∞ beyond. */
function intervalOf(term: RTerm, history: Parameters<typeof truthOf>[1], at = now()): string | undefined {
  const mayBe = [...Array(22).keys()].filter((n) => truthOf(r.compare(term, "==", r.constant(n)), history, at) !== "F");
  const known = truthOf(r.compare(term, ">=", r.constant(0)), history, at) === "T";
  const last = mayBe.at(-1) ?? 0;
  return known ? `${mayBe[0]}..${last === 21 ? "∞" : last}` : undefined;
}

describe("once", () => {
  const onceRead = r.once(calls(READ));
  test("holds when some event of the past matches, and not before", () => {
    expect(truthOf(onceRead, [], now())).toBe("F");
    expect(truthOf(onceRead, [read()], now())).toBe("T");
    expect(truthOf(onceRead, [read(), now(), now()], now())).toBe("T");
  });

  test("the present event is not of its own past", () => {
    expect(truthOf(r.once(calls(SEND)), [], now())).toBe("F");
  });

  test("a call is one that was performed; refused ones are refused or tried", () => {
    const refused = [read("/a", { kind: "refused" })];
    expect(truthOf(onceRead, refused, now())).toBe("F");
    expect(truthOf(r.once(r.pattern([READ], undefined, ["refused"])), refused, now())).toBe("T");
    expect(truthOf(r.once(r.pattern([READ], undefined, ["call", "refused"])), refused, now())).toBe("T");
    expect(truthOf(r.once(r.pattern([READ], undefined, ["call", "refused"])), [read()], now())).toBe("T");
  });

  test("a pattern's own parentheses are judged by the history before its event", () => {
    // A send after a read: not any send, if a read comes later.
    const sendAfterRead = r.once(calls(SEND, onceRead));
    expect(truthOf(sendAfterRead, [now(), read()], now())).toBe("F");
    expect(truthOf(sendAfterRead, [read(), now()], now())).toBe("T");
  });

  test("a pattern's own parentheses speak of its own event's arguments", () => {
    const secret = r.once(calls(READ, under("/secrets")));
    expect(truthOf(secret, [read("/secretsafe")], now())).toBe("F");
    expect(truthOf(secret, [read("/secrets/k")], now())).toBe("T");
  });

  test("within d: an event exactly d old counts, an older one does not", () => {
    const recent = r.once(calls(READ), { within: 10 });
    expect(truthOf(recent, [read("/a", { time: 5 })], now(15))).toBe("T");
    expect(truthOf(recent, [read("/a", { time: 5 })], now(16))).toBe("F");
    expect(truthOf(recent, [read("/a", { time: 5 }), read("/b", { time: 9 })], now(16))).toBe("T");
  });

  test("with no Q since: the last event that matches either matches P", () => {
    const open = r.once(calls(OPEN), { since: calls(CLOSE) });
    const [opened, closed] = [simple(OPEN), simple(CLOSE)];
    expect(truthOf(open, [opened], now())).toBe("T");
    expect(truthOf(open, [opened, closed], now())).toBe("F");
    expect(truthOf(open, [opened, closed, opened], now())).toBe("T");
    expect(truthOf(open, [closed], now())).toBe("F");
  });

  test("with no Q since: an event that matches both counts as P", () => {
    const both = r.once(r.pattern([OPEN, CLOSE]), { since: calls(CLOSE) });
    expect(truthOf(both, [simple(CLOSE)], now())).toBe("T");
  });

  test("with no Q since within d: the event of P has to be young", () => {
    const open = r.once(calls(OPEN), { since: calls(CLOSE), within: 10 });
    expect(truthOf(open, [simple(OPEN, "call", { time: 3 })], now(13))).toBe("T");
    expect(truthOf(open, [simple(OPEN, "call", { time: 3 })], now(14))).toBe("F");
  });

  test("a match that is unknown makes it unknown, and a true one beside it true", () => {
    const big = r.once(calls(SEND, r.compare(r.term(size), ">", r.constant(3))));
    expect(truthOf(big, [send("a.example")], now())).toBe("U");
    expect(truthOf(big, [send("a.example"), send("a.example", 4)], now())).toBe("T");
    expect(truthOf(big, [send("a.example", 3)], now())).toBe("F");
  });
});

describe("previous", () => {
  test("holds only directly after P, as far as the named events go", () => {
    const confirmed = r.previous(calls(CONFIRM), [r.pattern([READ])]);
    const confirm = simple(CONFIRM);
    expect(truthOf(confirmed, [], now())).toBe("F");
    expect(truthOf(confirmed, [confirm], now())).toBe("T");
    expect(truthOf(confirmed, [confirm, simple(OPEN)], now())).toBe("T");
    expect(truthOf(confirmed, [confirm, read()], now())).toBe("F");
    expect(truthOf(confirmed, [confirm, read(), confirm], now())).toBe("T");
  });
});

describe("count and sum", () => {
  test("all of the past, saturating nowhere near", () => {
    expect(intervalOf(r.count(calls(READ)), [])).toBe("0..0");
    expect(intervalOf(r.count(calls(READ)), [read(), now(), read()])).toBe("2..2");
    expect(intervalOf(r.sum(size, calls(SEND)), [send("a", 2), read(), send("b", 3)])).toBe("5..5");
  });

  test("what may match counts at the upper end alone", () => {
    const big = calls(SEND, r.compare(r.term(size), ">", r.constant(3)));
    expect(intervalOf(r.count(big), [send("a"), send("a", 4)])).toBe("1..2");
    expect(intervalOf(r.sum(size, calls(SEND)), [send("a", 2), send("a")])).toBe("2..∞");
  });

  test("by a: only events whose a equals the present one's", () => {
    const perHost = r.count(calls(SEND), { by: { argument: host, max: 2 } });
    const history = [send("a"), send("b"), send("a")];
    expect(intervalOf(perHost, history, now(0, "a"))).toBe("2..2");
    expect(intervalOf(perHost, history, now(0, "b"))).toBe("1..1");
    expect(intervalOf(perHost, history, now(0, "c"))).toBe("0..0");
  });

  test("by a max n: of a key that was left out nothing is known; the first n stay exact", () => {
    const perHost = r.count(calls(SEND), { by: { argument: host, max: 2 } });
    const history = [send("a"), send("b"), send("c"), send("a")];
    expect(intervalOf(perHost, history, now(0, "a"))).toBe("2..2");
    expect(intervalOf(perHost, history, now(0, "c"))).toBe("0..∞");
    expect(intervalOf(perHost, history, now(0, "never seen"))).toBe("0..∞");
  });

  test("by a, if the key is missing: now, all is unknown; then, no upper end is known any more", () => {
    const perSize = r.count(calls(SEND), { by: { argument: size, max: 4 } });
    expect(intervalOf(perSize, [send("a", 1)], send("a"))).toBe(undefined);
    expect(intervalOf(perSize, [send("a", 1), send("a")], send("a", 1))).toBe("1..∞");
  });

  test("count within d is exact: d old counts, older does not", () => {
    const recent = r.count(calls(READ), { within: 10 });
    const history = [0, 1, 5, 10].map((time) => read("/a", { time }));
    expect(intervalOf(recent, history, now(10))).toBe("4..4");
    expect(intervalOf(recent, history, now(11))).toBe("3..3");
    expect(intervalOf(recent, history, now(16))).toBe("1..1");
    expect(intervalOf(recent, history, now(21))).toBe("0..0");
  });

  test("within d in n steps: lo counts steps wholly inside the window, hi every step touching it", () => {
    // Steps of 5 ms: [0,5) [5,10) [10,15) [15,20) …
    const stepped = r.sum(size, calls(SEND), { within: 10, steps: 2 });
    const history = [
      [1, 1],
      [6, 2],
      [11, 4],
      [16, 8],
    ].map(([time, size]) => send("a", size as number, { time: time as number }));
    // The window from 6: the step from 5 only touches it.
    expect(intervalOf(stepped, history, now(16))).toBe("12..14");
    // From 9, still; from 10 the step from 10 is wholly inside, and the one from 5 is gone.
    expect(intervalOf(stepped, history, now(19))).toBe("12..14");
    expect(intervalOf(stepped, history, now(20))).toBe("12..12");
    expect(intervalOf(stepped, history, now(21))).toBe("8..12");
  });

  test("steps that no whole millisecond divides: a step is inside if all its milliseconds are", () => {
    // Steps of 10/3 ms: 0..3, 4..6, 7..9, 10..13 …
    const stepped = r.count(calls(READ), { within: 10, steps: 3 });
    const history = [3, 4, 6].map((time) => read("/a", { time }));
    expect(intervalOf(stepped, history, now(13))).toBe("2..3");
    expect(intervalOf(stepped, history, now(14))).toBe("2..2");
    expect(intervalOf(stepped, history, now(15))).toBe("0..2");
  });
});

describe("level", () => {
  const open = r.level(calls(OPEN), calls(CLOSE), 3);
  const [up, down] = [simple(OPEN), simple(CLOSE)];
  test("goes up and down, and never below 0", () => {
    expect(intervalOf(open, [up, up, down])).toBe("1..1");
    expect(intervalOf(open, [down, down, up])).toBe("1..1");
  });

  test("from its bound on, no upper end is known, and it is not forgotten that none is", () => {
    expect(intervalOf(open, [up, up, up])).toBe("3..∞");
    expect(intervalOf(open, [up, up, up, up])).toBe("3..∞");
    expect(intervalOf(open, [up, up, up, up, down])).toBe("2..∞");
  });
});

describe("values", () => {
  const seen = r.values(path, calls(READ), 2);
  const isSeen = r.remembered(path, seen);
  test("true of what is remembered, false of what is not while nothing was left out, else unknown", () => {
    const first = [read("/a"), read("/a"), read("/b")];
    expect(truthOf(isSeen, first, read("/a"))).toBe("T");
    expect(truthOf(isSeen, first, read("/c"))).toBe("F");
    const full = [...first, read("/c")];
    expect(truthOf(isSeen, full, read("/b"))).toBe("T");
    expect(truthOf(isSeen, full, read("/c"))).toBe("U");
    expect(truthOf(isSeen, full, read("/d"))).toBe("U");
  });

  test("a value that came with an unknown match is unknown until it comes with a true one", () => {
    const big = r.values(host, calls(SEND, r.compare(r.term(size), ">", r.constant(3))), 2);
    expect(truthOf(r.remembered(host, big), [send("a")], send("a"))).toBe("U");
    expect(truthOf(r.remembered(host, big), [send("a"), send("a", 4)], send("a"))).toBe("T");
    expect(truthOf(r.remembered(host, big), [send("a", 4), send("a")], send("a"))).toBe("T");
    expect(truthOf(r.remembered(host, big), [send("a")], send("b"))).toBe("F");
  });

  test("a missing value is something left out", () => {
    expect(truthOf(isSeen, [of(READ, {})], read("/a"))).toBe("U");
    expect(truthOf(isSeen, [read("/a")], of(READ, {}))).toBe("U");
  });
});

describe("carries", () => {
  const secret = r.label("secret", [r.result([READ], under("/secrets"))], [calls(CONFIRM)]);
  const carries = r.carries(secret);
  const result = (at: string, domain = 1) => read(at, { kind: "result", domain });
  test("from a labelled event on, until a clearing one", () => {
    expect(truthOf(carries, [read("/secrets/k")], now())).toBe("F");
    expect(truthOf(carries, [result("/secrets/k"), result("/a")], now())).toBe("T");
    expect(truthOf(carries, [result("/secrets/k"), simple(CONFIRM)], now())).toBe("F");
    expect(truthOf(carries, [result("/secrets/k"), simple(CONFIRM), result("/secrets/k")], now())).toBe("T");
  });

  test("in the domain that it entered, and no other", () => {
    expect(truthOf(carries, [result("/secrets/k", 2)], now())).toBe("F");
  });
});

describe("comparisons", () => {
  const span = r.count(calls(SEND), { within: 10, steps: 1 });
  // One step of 10 ms: of a send at 1, seen at 12, it is unknown whether it is inside.
  const history = [send("a", 1, { time: 1 }), send("a", 1, { time: 11 })];
  test.each([
    ["<", 1, "F"],
    ["<", 2, "U"],
    ["<", 3, "T"],
    ["<=", 0, "F"],
    ["<=", 1, "U"],
    ["<=", 2, "T"],
    [">", 0, "T"],
    [">", 1, "U"],
    [">", 2, "F"],
    [">=", 1, "T"],
    [">=", 2, "U"],
    [">=", 3, "F"],
    ["==", 0, "F"],
    ["==", 1, "U"],
    ["!=", 3, "T"],
    ["!=", 2, "U"],
  ] as const)("an interval of 1 to 2 %s %i is %s", (is, n, expected) => {
    expect(truthOf(r.compare(span, is, r.constant(n)), history, now(12))).toBe(expected);
  });

  test("every test of what is missing is unknown, its own equality too", () => {
    const missing = send("a");
    for (const is of ["==", "!=", "<", "<=", ">", ">="] as const)
      expect(truthOf(r.compare(r.term(size), is, r.constant(0)), [], missing)).toBe("U");
    expect(truthOf(r.compare(r.term(size), "==", r.term(size)), [], missing)).toBe("U");
    expect(truthOf(r.oneOf(size, [1]), [], missing)).toBe("U");
    expect(truthOf(r.compare(r.add(r.term(size), r.constant(1)), ">", r.constant(0)), [], missing)).toBe("U");
  });

  test("and, or and not are Kleene's", () => {
    const [t, f] = [r.truth(true), r.truth(false)];
    const u = r.compare(r.term(size), "==", r.constant(0));
    const values = [t, f, u].map((a) => [t, f, u].map((b) => truthOf(r.and(a, b), [], send("a"))).join(""));
    expect(values).toEqual(["TFU", "FFF", "UFU"]);
    const ors = [t, f, u].map((a) => [t, f, u].map((b) => truthOf(r.or(a, b), [], send("a"))).join(""));
    expect(ors).toEqual(["TTT", "TFU", "TUU"]);
    expect([t, f, u].map((a) => truthOf(r.not(a), [], send("a"))).join("")).toBe("FTU");
  });

  test("integers saturate at the greatest safe one", () => {
    const most = r.constant(Number.MAX_SAFE_INTEGER);
    expect(truthOf(r.compare(r.add(most, most), "==", most), [], now())).toBe("T");
  });
});

describe("texts, paths and addresses", () => {
  const like = (text: string, pattern: string) => truthOf(r.text(path, "like", pattern), [], read(text));
  test.each([
    ["/a/b.key", "**.key", "T"],
    ["/a/b.key", "*.key", "F"],
    ["/a/b.key", "/a/*.key", "T"],
    ["/a/b.key", "/*", "F"],
    ["/a/b.key", "/**", "T"],
    ["/a", "/a", "T"],
    ["/a", "/a*", "T"],
    ["/ab", "/a", "F"],
    ["/a.b", "/a?b", "F"],
    ["/project/.git/x/y", "/project/.git/**", "T"],
    ["", "**", "T"],
    ["", "*", "T"],
  ])("%s like %s is %s", (text, pattern, expected) => {
    expect(like(text, pattern)).toBe(expected);
  });

  test("like takes no exponential time", () => {
    const started = Date.now();
    expect(like("a".repeat(2_000), `${"*a".repeat(30)}b`)).toBe("F");
    expect(Date.now() - started).toBeLessThan(2_000);
  });

  test.each([
    ["/a", "/a", "T"],
    ["/a/b", "/a", "T"],
    ["/ab", "/a", "F"],
    ["/", "/a", "F"],
    ["/ab", "/", "T"],
    ["/", "/", "T"],
  ])("%s under %s is %s", (text, root, expected) => {
    expect(truthOf(under(root), [], read(text))).toBe(expected);
  });

  test("an address is in a block in whatever way it is written, and unknown if it is none", () => {
    const connect = r.operation("net.connect", 9, [r.argument("ip", "ip")]);
    const inner = { bits: 32, first: 0x0a00_0000n, last: 0x0aff_ffffn, text: "10.0.0.0/8" } as const;
    const cond = r.address(r.named("ip", [connect]), [inner]);
    const is = (ip: string) => truthOf(cond, [], of(connect, { ip }));
    expect(["10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"].map(is)).toEqual(["T", "T", "F", "F"]);
    expect(["::ffff:10.1.2.3", "::ffff:a01:203", "::a01:203", "10.1", "localhost"].map(is)).toEqual([..."TTFUU"]);
  });
});

describe("scopes", () => {
  const where = { domain: 1, capability: 1, tenant: "acme" };
  const counts = (per: "domain" | "capability" | "tenant" | "host") => {
    const history = [
      read("/a", where),
      read("/a", { ...where, domain: 2 }),
      read("/a", { ...where, capability: 2 }),
      read("/a", { ...where, tenant: "bolt" }),
      read("/a", { domain: 2, capability: 2, tenant: "bolt" }),
    ];
    return intervalOf(r.count(calls(READ), { per }), history, send("a", 1, where));
  };
  test("per domain, per capability, per tenant, and host for everybody", () => {
    expect((["domain", "capability", "tenant", "host"] as const).map(counts)).toEqual(["3..3", "3..3", "3..3", "5..5"]);
  });

  test("inside a pattern the scopes are those of its event", () => {
    // Each read after a send of its own domain, counted over all domains.
    const after = r.count(calls(READ, r.once(calls(SEND))), { per: "host" });
    const history = [send("a", 1, { domain: 2 }), read("/a", { domain: 2 }), read("/a", { domain: 3 })];
    expect(intervalOf(after, history)).toBe("1..1");
  });
});
