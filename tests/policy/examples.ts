// The fifteen examples of the language's document, what stands around them, and contracts small enough to read.
import type { Contract } from "../../kernel/index.ts";
import {
  arg,
  boolean,
  contract,
  integer,
  list,
  nothing,
  option,
  type Parameter,
  record,
  string,
  type Type,
} from "../../policy-libs/index.ts";
import { vocabularyOf } from "../../policy-libs/policy/operations.ts";
import type { Vocabulary } from "../../policy-libs/policy/vocabulary.ts";

type Calls = Readonly<Record<string, { readonly takes?: readonly Parameter[]; readonly gives?: Type }>>;

export const made = (name: string, calls: Calls): Contract =>
  contract({
    name,
    allows: "trying",
    never: "does anything else",
    calls: Object.fromEntries(
      Object.entries(calls).map(([call, { takes = [], gives = nothing() }]) => [call, { takes, gives, refuses: [] }]),
    ),
  });

const HOST = arg("host", string({ is: "host" }));
const PORT = arg("port", integer());
const PATH = arg("path", string({ is: "path" }));
const SIZE = arg("size", integer());
const NAME = arg("name", string());

/** Grants under which every example has what it speaks of. */
export const GRANTS: ReadonlyMap<string, Contract> = new Map([
  [
    "net",
    made("net", {
      send: { takes: [HOST, PORT, SIZE] },
      connect: { takes: [HOST, arg("ip", string({ is: "ip" })), PORT] },
    }),
  ],
  [
    "files",
    made("files", {
      read: { takes: [PATH], gives: string() },
      write: { takes: [PATH, SIZE] },
      open: { takes: [PATH] },
      delete: { takes: [PATH] },
    }),
  ],
  ["window", made("window", { open: {}, close: {} })],
  ["dns", made("dns", { resolve: { takes: [arg("name", string({ is: "host" }))], gives: list(string()) } })],
  ["sandbox", made("sandbox", { seal: {} })],
  ["vault", made("vault", { get: { takes: [NAME], gives: string() } })],
  ["user", made("user", { confirm: {}, release: {} })],
  ["payments", made("payments", { charge: { takes: [arg("amount", integer())] } })],
  ["tool", made("tool", { call: { takes: [NAME] } })],
  ["web", made("web", { fetch: { takes: [arg("url", string({ is: "url" }))], gives: string() } })],
  [
    "mail",
    made("mail", { read: { takes: [arg("folder", string())], gives: record({ text: string(), from: string() }) } }),
  ],
  ["http", made("http", { get: { takes: [HOST, arg("timeout", option(integer()))] } })],
  ["telemetry", made("telemetry", { send: { takes: [NAME], gives: boolean() } })],
  ["db", made("db", { query: { takes: [arg("table_owner", string()), arg("rows", integer())] } })],
]);

export const VOCABULARY: Vocabulary = vocabularyOf(GRANTS).vocabulary;

export const EXAMPLES = `
# 1. A lecture's policy: no process should send to the network after reading a file
policy no_send_after_read over net.send {
  default abstain
  deny net.send when once files.read because "this program has read a file"
}
# 2. No process should open more than three windows (for three in all its life: count window.open >= n)
policy few_windows(n: int = 3) over window.* {
  default abstain
  deny window.open when level window.open minus window.close >= n because "too many windows"
}
# 3. Only check for division by zero when dividing
policy safe_division over vm.divide {
  default abstain
  deny vm.divide when divisor == 0 because "division by zero"
}
# 4. Limits, as cgroups or RepyV2 would set them
policy small_program over vm.*, files.write {
  default abstain
  halt vm.call when depth > 200 because "recursion too deep"
  deny vm.grow when pages_after > 256 because "more than 16 MiB"
  deny files.write when sum size on files.write + size > 10MB because "disk quota"
}
# 5. A chroot with exceptions; an AppArmor profile
policy editor_files over files.* {
  default deny
  allow files.read when path under "/project" or path under "/usr/share/fonts"
  allow files.write when path under "/project" and not path like "/project/.git/**"
  deny files.* when path like "**.key" because "private keys"
}
# 6. Drop privileges after start-up, as servers do with seccomp
policy sealed over * {
  default deny
  allow sandbox.seal, files.read, net.send
  allow files.open, net.connect unless once sandbox.seal
}
# 7. Send only to hosts it has resolved
policy only_resolved over dns.*, net.* {
  default deny
  let resolved = values name on result dns.resolve max 64
  allow dns.resolve when name ends with ".example.com"
  allow net.send when host in resolved and port in [80, 443]
}
# 8. No way into the inner network (server-side request forgery)
policy no_inner_network over net.connect {
  default abstain
  deny net.connect when ip in [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16, 127.0.0.0/8]
}
# 9. A secret stays, unless released
policy secrets_stay over net.* {
  default abstain
  label secret from result files.read(path under "/secrets"), result vault.get cleared by user.release
  deny net.send when carries secret because "it holds a secret"
}
# 10. A shopping assistant with a budget
policy assistant_payments(daily: int = 500) over payments.* {
  default deny
  allow payments.charge when amount <= 100 and sum amount on payments.charge within 1d in 24 steps + amount <= daily
  ask payments.charge of owner when amount > 20 or never payments.charge because "first or large payment"
}
# 11. LLM tool calling: after untrusted text, dangerous tools need a person
policy injection_guard over tool.call {
  default abstain
  label untrusted from result web.fetch, result mail.read
  ask tool.call of user when carries untrusted and name in ["shell", "mail.send", "git.push"]
  deny tool.call when name == "shell" and count refused tool.call within 10m >= 3
}
# 12. A polite client: smooth, fair per host, bounded
policy polite_client over http.get {
  default abstain
  delay http.get to 30 per 1m
  deny http.get when count http.get by host max 64 within 10s >= 5
  change http.get so timeout at most 30000
}
# 13. Redaction of what the guest sees
policy mask_mail over mail.read {
  default abstain
  change result mail.read so text masks "card-number", text first 20kB
}
# 14. Plugin: confirm directly before each delete; telemetry goes nowhere, quietly
policy plugin over files.delete, telemetry.send {
  default abstain
  deny files.delete unless previous user.confirm among files.* because "confirm first"
  suppress telemetry.send giving true
}
# 15. Multi-tenant: own rows only, a rate for the whole tenant
policy own_rows(tenant: text) over db.query {
  default deny
  allow db.query when table_owner == tenant and rows <= 1000
  deny db.query when count db.query per tenant within 1s >= 50 because "tenant rate"
}
`;

/** Composition, tests and claims around them; it imports "host.policy". */
export const AROUND = `
import "host.policy" as host pinned "sha256:PIN"
bundle acme {
  all of host.base, own_rows(tenant: "acme"), few_windows(n: 5)
  any of editor_files, only_resolved
}
test "send after read" for no_send_after_read {
  net.send("a.example", 443, 10) is allowed
  files.read("/etc/hosts") is allowed
  net.send("a.example", 443, 10) is denied by "once files.read"
}
prove no_send_after_read never net.send when once files.read
prove few_windows(n: 2) narrower than few_windows
`;
