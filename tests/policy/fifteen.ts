// The fifteen examples of docs/policy-language.md, resolved by hand: what the checker makes of their text must decide
// the same.
import { blockOf } from "../../policy-libs/policy/block.ts";
import type { AddressBlock, RPolicy, RTerm } from "../../policy-libs/policy/resolved.ts";
import type { Operation } from "../../policy-libs/policy/vocabulary.ts";
import {
  add,
  address,
  and,
  atMost,
  carries,
  compare,
  constant,
  count,
  first,
  label,
  level,
  masks,
  named,
  not,
  once,
  oneOf,
  or,
  pattern,
  policyOf,
  previous,
  remembered,
  result,
  rule,
  sum,
  term,
  text,
  values,
} from "../kit/resolved.ts";
import { VOCABULARY } from "./examples.ts";

/** Operations by name; "files.*" and "*" stand for all that they cover. */
export const ops = (...names: readonly string[]): readonly Operation[] =>
  names.flatMap((name) => {
    const group = name.endsWith("*") ? name.slice(0, -1) : undefined;
    const found = VOCABULARY.operations.filter((op) =>
      group === undefined ? op.name === name : op.name.startsWith(group) && !(name === "*" && op.isInstruction),
    );
    if (found.length === 0) throw new Error(name);
    return found;
  });

const on = (...names: readonly string[]) => pattern(ops(...names));
const arg = (name: string, ...of: readonly string[]) => named(name, ops(...of));
const at = (name: string, ...of: readonly string[]): RTerm => term(arg(name, ...of));
const number = (n: number) => constant(n);
const under = (root: string, ...of: readonly string[]) => text(arg("path", ...of), "under", root);
const like = (glob: string, ...of: readonly string[]) => text(arg("path", ...of), "like", glob);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

export const noSendAfterRead = policyOf("no_send_after_read", "abstain", ops("net.send"), [
  rule("deny", [on("net.send")], once(on("files.read")), "this program has read a file"),
]);

export const fewWindows = (n = 3): RPolicy =>
  policyOf(`few_windows(n: ${n})`, "abstain", ops("window.*"), [
    rule(
      "deny",
      [on("window.open")],
      compare(level(on("window.open"), on("window.close")), ">=", number(n)),
      "too many windows",
    ),
  ]);

export const safeDivision = policyOf("safe_division", "abstain", ops("vm.divide"), [
  rule("deny", [on("vm.divide")], compare(at("divisor", "vm.divide"), "==", number(0)), "division by zero"),
]);

const written = sum(arg("size", "files.write"), on("files.write"));
export const smallProgram = policyOf("small_program", "abstain", ops("vm.*", "files.write"), [
  rule("halt", [on("vm.call")], compare(at("depth", "vm.call"), ">", number(200)), "recursion too deep"),
  rule("deny", [on("vm.grow")], compare(at("pages_after", "vm.grow"), ">", number(256)), "more than 16 MiB"),
  rule(
    "deny",
    [on("files.write")],
    compare(add(written, at("size", "files.write")), ">", number(10_000_000)),
    "disk quota",
  ),
]);

const FILES = ["files.read", "files.write", "files.open", "files.delete"];
export const editorFiles = policyOf("editor_files", "deny", ops("files.*"), [
  rule("allow", [on("files.read")], or(under("/project", "files.read"), under("/usr/share/fonts", "files.read"))),
  rule(
    "allow",
    [on("files.write")],
    and(under("/project", "files.write"), not(like("/project/.git/**", "files.write"))),
  ),
  rule("deny", [on("files.*")], like("**.key", ...FILES), "private keys"),
]);

export const sealed = policyOf("sealed", "deny", ops("*"), [
  rule("allow", [on("sandbox.seal"), on("files.read"), on("net.send")]),
  rule("allow", [on("files.open"), on("net.connect")], not(once(on("sandbox.seal")))),
]);

const resolved = values(arg("name", "dns.resolve"), result(ops("dns.resolve")), 64);
export const onlyResolved = policyOf("only_resolved", "deny", ops("dns.*", "net.*"), [
  rule("allow", [on("dns.resolve")], text(arg("name", "dns.resolve"), "ends with", ".example.com")),
  rule(
    "allow",
    [on("net.send")],
    and(remembered(arg("host", "net.send"), resolved), oneOf(arg("port", "net.send"), [80, 443])),
  ),
]);

const INNER = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8"];
export const noInnerNetwork = policyOf("no_inner_network", "abstain", ops("net.connect"), [
  rule("deny", [on("net.connect")], address(arg("ip", "net.connect"), INNER.map(blockOf) as AddressBlock[])),
]);

const secret = label(
  "secret",
  [result(ops("files.read"), under("/secrets", "files.read")), result(ops("vault.get"))],
  [on("user.release")],
);
export const secretsStay = policyOf("secrets_stay", "abstain", ops("net.*"), [
  rule("deny", [on("net.send")], carries(secret), "it holds a secret"),
]);

const charged = sum(arg("amount", "payments.charge"), on("payments.charge"), { within: 1_440 * MINUTE, steps: 24 });
export const assistantPayments = (daily = 500): RPolicy => {
  const amount = at("amount", "payments.charge");
  const isInBudget = compare(add(charged, amount), "<=", number(daily));
  return policyOf(`assistant_payments(daily: ${daily})`, "deny", ops("payments.*"), [
    rule("allow", [on("payments.charge")], and(compare(amount, "<=", number(100)), isInBudget)),
    rule(
      { kind: "ask", of: "owner" },
      [on("payments.charge")],
      or(compare(amount, ">", number(20)), not(once(on("payments.charge")))),
      "first or large payment",
    ),
  ]);
};

const untrusted = label("untrusted", [result(ops("web.fetch")), result(ops("mail.read"))]);
const refusedTools = pattern(ops("tool.call"), undefined, ["refused"]);
export const injectionGuard = policyOf("injection_guard", "abstain", ops("tool.call"), [
  rule(
    { kind: "ask", of: "user" },
    [on("tool.call")],
    and(carries(untrusted), oneOf(arg("name", "tool.call"), ["shell", "mail.send", "git.push"])),
  ),
  rule(
    "deny",
    [on("tool.call")],
    and(
      compare(at("name", "tool.call"), "==", constant("shell")),
      compare(count(refusedTools, { within: 10 * MINUTE }), ">=", number(3)),
    ),
  ),
]);

const perHost = count(on("http.get"), { by: { argument: arg("host", "http.get"), max: 64 }, within: 10 * SECOND });
export const politeClient = policyOf("polite_client", "abstain", ops("http.get"), [
  rule({ kind: "delay", to: 30, per: MINUTE }, [on("http.get")]),
  rule("deny", [on("http.get")], compare(perHost, ">=", number(5))),
  rule({ kind: "change", edits: [atMost(arg("timeout", "http.get"), 30_000)] }, [on("http.get")]),
]);

const mailText = arg("text", "mail.read");
export const maskMail = policyOf("mask_mail", "abstain", ops("mail.read"), [
  rule({ kind: "change", edits: [masks(mailText, "card-number"), first(mailText, 20_000)] }, [
    result(ops("mail.read")),
  ]),
]);

export const plugin = policyOf("plugin", "abstain", ops("files.delete", "telemetry.send"), [
  rule("deny", [on("files.delete")], not(previous(on("user.confirm"), [on("files.*")])), "confirm first"),
  rule({ kind: "suppress", giving: true }, [on("telemetry.send")]),
]);

const queries = count(on("db.query"), { per: "tenant", within: SECOND });
export const ownRows = (tenant: string): RPolicy =>
  policyOf(`own_rows(tenant: "${tenant}")`, "deny", ops("db.query"), [
    rule(
      "allow",
      [on("db.query")],
      and(
        compare(at("table_owner", "db.query"), "==", constant(tenant)),
        compare(at("rows", "db.query"), "<=", number(1_000)),
      ),
    ),
    rule("deny", [on("db.query")], compare(queries, ">=", number(50)), "tenant rate"),
  ]);
