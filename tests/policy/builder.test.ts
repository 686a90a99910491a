// The TypeScript builder makes the trees that the text makes.
import { describe, expect, test } from "vitest";
import * as b from "../../policy-libs/policy/builder.ts";
import { fromJson, toJson } from "../../policy-libs/policy/json.ts";
import type { File } from "../../policy-libs/policy/tree.ts";
import { bare, EXAMPLES, treeOf } from "./kit.ts";

const { argument: arg, group, result } = b;
const files = group("files", "read", "write", "open", "delete");
const net = group("net", "send", "connect");
const dns = group("dns", "resolve");
const payments = group("payments", "charge");
const vm = group("vm", "divide", "call", "grow");
const win = group("window", "open", "close");
const mail = group("mail", "read");
const http = group("http", "get");
const tool = group("tool", "call");
const db = group("db", "query");
const op = b.operation;

const INNER = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8"].map(b.block);

const restricting = (...over: readonly ReturnType<typeof op>[]) => ({ over, default: "abstain" }) as const;
const denying = (...over: readonly ReturnType<typeof op>[]) => ({ over, default: "deny" }) as const;

const upToEight = [
  b.policy(
    "no_send_after_read",
    restricting(net.send),
    b.deny(net.send).when(b.once(files.read)).because("this program has read a file"),
  ),
  b.policy(
    "few_windows",
    { parameters: [b.parameter("n", "int", 3)], ...restricting(win.all) },
    b
      .deny(win.open)
      .when(b.level(win.open, win.close).atLeast(arg("n")))
      .because("too many windows"),
  ),
  b.policy(
    "safe_division",
    restricting(vm.divide),
    b.deny(vm.divide).when(arg("divisor").is(0)).because("division by zero"),
  ),
  b.policy(
    "small_program",
    restricting(vm.all, files.write),
    b.halt(vm.call).when(arg("depth").above(200)).because("recursion too deep"),
    b.deny(vm.grow).when(arg("pages_after").above(256)).because("more than 16 MiB"),
    b
      .deny(files.write)
      .when(b.sum("size", files.write).plus(arg("size")).above(10_000_000))
      .because("disk quota"),
  ),
  b.policy(
    "editor_files",
    denying(files.all),
    b.allow(files.read).when(b.or(arg("path").under("/project"), arg("path").under("/usr/share/fonts"))),
    b.allow(files.write).when(b.and(arg("path").under("/project"), b.not(arg("path").like("/project/.git/**")))),
    b.deny(files.all).when(arg("path").like("**.key")).because("private keys"),
  ),
  b.policy(
    "sealed",
    denying(op("*")),
    b.allow(op("sandbox.seal"), files.read, net.send),
    b.allow(files.open, net.connect).unless(b.once(op("sandbox.seal"))),
  ),
  b.policy(
    "only_resolved",
    denying(dns.all, net.all),
    b.define("resolved", b.values("name", result(dns.resolve), 64)),
    b.allow(dns.resolve).when(arg("name").endsWith(".example.com")),
    b.allow(net.send).when(b.and(arg("host").inSet("resolved"), arg("port").in([80, 443]))),
  ),
  b.policy("no_inner_network", restricting(net.connect), b.deny(net.connect).when(arg("ip").in(INNER))),
];

const upToFifteen = [
  b.policy(
    "secrets_stay",
    restricting(net.all),
    b.label(
      "secret",
      [result(files.read, arg("path").under("/secrets")), result(op("vault.get"))],
      [op("user.release")],
    ),
    b.deny(net.send).when(b.carries("secret")).because("it holds a secret"),
  ),
  b.policy(
    "assistant_payments",
    { parameters: [b.parameter("daily", "int", 500)], ...denying(payments.all) },
    b
      .allow(payments.charge)
      .when(
        b.and(
          arg("amount").atMost(100),
          b.sum("amount", payments.charge, { within: "1d", steps: 24 }).plus(arg("amount")).atMost(arg("daily")),
        ),
      ),
    b
      .ask(payments.charge)
      .of("owner")
      .when(b.or(arg("amount").above(20), b.never(payments.charge)))
      .because("first or large payment"),
  ),
  b.policy(
    "injection_guard",
    restricting(tool.call),
    b.label("untrusted", [result(op("web.fetch")), result(mail.read)]),
    b
      .ask(tool.call)
      .of("user")
      .when(b.and(b.carries("untrusted"), arg("name").in(["shell", "mail.send", "git.push"]))),
    b.deny(tool.call).when(b.and(arg("name").is("shell"), b.count(b.refused(tool.call), { within: "10m" }).atLeast(3))),
  ),
  b.policy(
    "polite_client",
    restricting(http.get),
    b.delay(http.get).to(30, "1m"),
    b.deny(http.get).when(b.count(http.get, { by: ["host", 64], within: "10s" }).atLeast(5)),
    b.change(http.get).so(b.edit.atMost("timeout", 30_000)),
  ),
  b.policy(
    "mask_mail",
    restricting(mail.read),
    b.change(result(mail.read)).so(b.edit.masks("text", "card-number"), b.edit.first("text", 20_000)),
  ),
  b.policy(
    "plugin",
    restricting(files.delete, op("telemetry.send")),
    b
      .deny(files.delete)
      .unless(b.previous(op("user.confirm"), files.all))
      .because("confirm first"),
    b.suppress(op("telemetry.send")).giving(true),
  ),
  b.policy(
    "own_rows",
    { parameters: [b.parameter("tenant", "text")], ...denying(db.query) },
    b.allow(db.query).when(b.and(arg("table_owner").is(arg("tenant")), arg("rows").atMost(1000))),
    b
      .deny(db.query)
      .when(b.count(db.query, { per: "tenant", within: "1s" }).atLeast(50))
      .because("tenant rate"),
  ),
];

const around = [
  b.importing("host.policy", "host", "sha256:0f3a"),
  b.bundle(
    "acme",
    b.allOf("host.base", b.use("own_rows", { tenant: "acme" }), b.use("few_windows", { n: 5 })),
    b.anyOf("editor_files", "only_resolved"),
  ),
  b.test(
    "send after read",
    "no_send_after_read",
    b.step(net.send, "a.example", 443, 10).is("allowed"),
    b.step(files.read, "/etc/hosts").is("allowed"),
    b.step(net.send, "a.example", 443, 10).is("denied", "once files.read"),
  ),
  b.prove("no_send_after_read").never([net.send], b.once(files.read)),
  b.prove(b.use("few_windows", { n: 2 })).narrowerThan("few_windows"),
];

/** What the examples do not have. */
const OTHERS = `set inner = [10.0.0.0/8, "x", 3, false]
policy other(on: bool = true, all: text = ["a"]) {
  default allow
  let late = once a.b(c == 1) with no failed c.d since within 10m
  let seen = values n on a.b max x
  let sum = length(body) + 1 + level a.b minus a.c max 9
  let same = late
  let both = late and on
  deny approved a.b, tried a.c*
      when x != y or x < 1 or x starts with "a" or x contains "b" or x in [10.0.0.0/8] or sum s on a.b per host > 0
  ask a.b
  suppress a.b
  change a.b so to.host becomes 10.0.0.0/8
  change a.b so n at most x, t first x when t like x and level a.b minus a.c max x > 1
  delay a.b to x per 1s when x in seen and count a.b by n max x > 1
}
test "waits" for other {
  wait 90s
  result a.b(1) is halted
}
prove other same as host.base
prove other disjoint from other
`
  .replaceAll(/\b(on): bool|\b(all): text|let (sum|same)/g, (found) => found.replace(/on|all|sum|same/, "`$&`"))
  .replace("late and on", "late and `on`");

const others = [
  b.set("inner", b.block("10.0.0.0/8"), "x", 3, false),
  b.policy(
    "other",
    { parameters: [b.parameter("on", "bool", true), b.parameter("all", "text", ["a"])], default: "allow" },
    b.define("late", b.once(b.call(op("a.b"), arg("c").is(1)), { withNo: b.failed(op("c.d")), within: "10m" })),
    b.define("seen", b.values("n", op("a.b"), arg("x"))),
    b.define("sum", b.length("body").plus(1, b.level(op("a.b"), op("a.c"), 9))),
    b.define("same", arg("late")),
    b.define("both", b.and(b.named("late"), b.named("on"))),
    b
      .deny(b.approved(op("a.b")), b.tried(op("a.c*")))
      .when(
        b.or(
          arg("x").isNot(arg("y")),
          arg("x").below(1),
          arg("x").startsWith("a"),
          arg("x").contains("b"),
          arg("x").in(b.block("10.0.0.0/8")),
          b.sum("s", op("a.b"), { per: "host" }).above(0),
        ),
      ),
    b.ask(op("a.b")),
    b.suppress(op("a.b")),
    b.change(op("a.b")).so(b.edit.becomes("to.host", b.block("10.0.0.0/8"))),
    b
      .change(op("a.b"))
      .so(b.edit.atMost("n", arg("x")), b.edit.first("t", arg("x")))
      .when(b.and(arg("t").like(arg("x")), b.level(op("a.b"), op("a.c"), arg("x")).above(1))),
    b
      .delay(op("a.b"))
      .to(arg("x"), "1s")
      .when(b.and(arg("x").inSet("seen"), b.count(op("a.b"), { by: ["n", arg("x")] }).above(1))),
  ),
  b.test("waits", "other", b.wait("90s"), b.step(result(op("a.b")), 1).is("halted")),
  b.prove("other").sameAs("host.base"),
  b.prove("other").disjointFrom("other"),
];

describe("the builder", () => {
  const built = b.file(...upToEight, ...upToFifteen, ...around);

  const viaJson = (tree: File): unknown => {
    const read = fromJson(JSON.parse(JSON.stringify(toJson(tree))), "j");
    return "file" in read ? bare(read.file) : read.diagnostic;
  };

  test("makes the examples as the text does, and JSON agrees with both", () => {
    const read = treeOf(EXAMPLES);
    expect(bare(built)).toEqual(bare(read));
    expect(viaJson(read)).toEqual(bare(built));
  });

  test("has the rest of the grammar, too", () => {
    expect(bare(b.file(...others))).toEqual(bare(treeOf(OTHERS)));
    expect(viaJson(treeOf(OTHERS))).toEqual(bare(b.file(...others)));
  });

  test("throws where an item is made that no text could be", () => {
    expect(() => b.policy("two words", { default: "deny" })).toThrow(/P020 .*\.policy: expected a name/);
    expect(() => b.policy("p", { default: "deny" }, b.deny())).toThrow(/at least 1/);
    expect(() => b.policy("p", { default: "deny" }, b.deny(op("send")))).toThrow(/expected a call or calls/);
    expect(() => arg("a").under(b.length("b"))).toThrow(/only a literal or the name of a parameter/);
    expect(() => b.set("s", -1)).toThrow(/integer/);
    expect(() => b.delay(op("a.b")).to(1, "1w" as "1s")).toThrow(/no time/);
    expect(() => b.policy("p", { default: "deny" }, b.delay(op("a.b")).to(1, "367d"))).toThrow(/P404/);
    const rules = Array.from({ length: 2049 }, () => b.deny(op("a.b")));
    expect(() => b.policy("p", { default: "deny" }, ...rules)).toThrow(/P402/);
    expect(() => b.policy("p", { default: "deny" }, b.deny(undefined as never))).toThrow(TypeError);
  });

  test("rules are values: what is added to one does not change it", () => {
    const rule = b.deny(op("a.b"));
    rule.when(b.once(op("c.d"))).because("x");
    expect(rule.rule).toEqual(b.deny(op("a.b")).rule);
  });
});
