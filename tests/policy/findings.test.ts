// What is strange about a file: warnings of what the analyses have proved, and none of what is meant.
import { describe, expect, test } from "vitest";
import { findingsOf } from "../../policy-libs/policy/analysis/findings.ts";
import { boundsOf } from "../../policy-libs/policy/bounds.ts";
import { render } from "../../policy-libs/policy/diagnostic.ts";
import { type Loaded, type LoadOptions, load } from "../../policy-libs/policy/load.ts";
import { EXAMPLES, VOCABULARY } from "./examples.ts";

function loaded(text: string, options: Partial<LoadOptions> = {}): Loaded {
  const result = load(text, { file: "p", vocabulary: VOCABULARY, ...options });
  if (result.kind === "wrong") throw new Error(result.diagnostics.map(render).join("\n"));
  return result;
}
const found = (text: string, options: Partial<LoadOptions> = {}): readonly string[] =>
  findingsOf(loaded(text, options)).map(render);

describe("findings", () => {
  test("of a rule say the strongest thing once, in the order of the file", () => {
    const text = `policy p over files.*, net.* {
      default deny
      allow files.read
      allow files.read when path under "/a"
      deny files.read when path like "**.key"
      deny files.read when path like "/a/**.key"
      allow net.send when once files.write
      deny files.read when path under "/b" and path under "/c"
      deny net.connect when port == 25
      change files.read so path becomes "/x"
    }`;
    expect(found(text)).toEqual([
      "p:4:7 P201 never decides: what it allows is granted without it",
      'p:6:7 P201 never decides: wherever it matches, other rules do, such as line 5 (deny files.read when path like "**.key")',
      "p:7:7 P203 never reached: no event ever matches it",
      "p:8:7 P204 its condition is never true: it holds only where an argument is missing, or something was forgotten",
      "p:9:7 P201 never decides: nothing grants what it is about",
    ]);
  });

  test("of two rules that are the same name the other one", () => {
    expect(found("policy p over net.send {\ndefault abstain\ndeny net.send\ndeny net.send }")).toEqual([
      "p:3:1 P201 never decides: wherever it matches, other rules do, such as line 4 (deny net.send)",
      "p:4:1 P201 never decides: wherever it matches, other rules do, such as line 3 (deny net.send)",
    ]);
  });

  test("of a bundle tell what its members bring about together", () => {
    const text = `policy asks over payments.charge { default abstain ask payments.charge of owner }
policy closed over payments.* { default deny allow payments.charge when amount < 1 and amount > 1 }
policy open over payments.* { default deny allow payments.charge }`;
    const CLOSED = "p:2:46 P203 never reached: no event ever matches it";
    expect(found(`${text}\nbundle acme { all of asks, closed }`)).toEqual([
      "p:1:52 P203 in bundle acme nothing grants payments.charge, so this ask is never reached",
      CLOSED,
    ]);
    expect(found(`${text}\nbundle acme { all of asks, open }`)).toEqual([CLOSED]);
    expect(found(`${text}\nbundle acme { any of closed, open all of asks }`)).toEqual([CLOSED]);
    expect(found(`${text}`)).toEqual([
      "p:1:52 P203 with all policies of this file in force, nothing grants payments.charge, so this ask is never reached",
      CLOSED,
    ]);
  });

  test("leave out what a parameter brings about, and what is so in one instance only", () => {
    const flag = "policy p(open: bool = false) over net.send { default deny allow net.send when open }";
    expect(found(flag)).toEqual([]);
    const most = `policy p(n: int) over window.open {
      default deny
      allow window.open when level window.open minus window.close >= n
    }`;
    expect(found(`${most} bundle a { all of p(n: 0) } bundle b { all of p(n: 1) }`)).toEqual([]);
    expect(found(`${most} bundle a { all of p(n: 0) }`)).toEqual([
      "p:3:30 P202 this is always true: level window.open minus window.close >= n",
    ]);
  });

  test("leave out a grant of a policy that abstains where there is a choice", () => {
    const text = `policy a over net.send { default abstain allow net.send }
policy b over net.send { default deny }`;
    expect(found(text)).toEqual(["p:1:42 P201 never decides: what it allows is granted without it"]);
    expect(found(`${text}\nbundle c { any of a, b }`)).toEqual([]);
  });

  test("are of the file alone, not of what it imports", () => {
    const imports = new Map([["lib", "policy p over net.send { default abstain deny net.send deny net.send }"]]);
    expect(found('import "lib" as lib bundle b { all of lib.p }', { imports })).toEqual([]);
  });

  test("are none in the fifteen examples, each by itself", () => {
    const alone = found(EXAMPLES).filter((line) => !line.includes("with all policies"));
    expect(alone).toEqual([]);
  });
});

describe("bounds", () => {
  const text = `policy sends(n: int = 1) over net.send { default abstain deny net.send when once files.read }
    policy keeps(hosts: int) over net.send { default abstain
      let seen = values host on net.send max hosts
      deny net.send when host in seen }
    bundle a { all of sends, keeps(hosts: 2) } bundle b { all of keeps(hosts: 4) }`;

  test("are told of each bundle and each policy, also where nothing is enforced by itself", () => {
    const only = text
      .replace("policy sends(n: int = 1)", "policy sends(n: int)")
      .replace("of sends,", "of sends(n: 1),");
    const { entry, bundles, policies } = boundsOf(loaded(only));
    expect([entry, policies]).toEqual([
      undefined,
      new Map([
        ["sends", undefined],
        ["keeps", undefined],
      ]),
    ]);
    // 64 bits a value, and one that says whether one was left out.
    const [a = 0, b = 0] = ["a", "b"].map((name) => bundles.get(name)?.get("domain"));
    expect(b).toBeGreaterThanOrEqual(4 * 64);
    expect(a).toBeLessThan(b);
    expect(a).toBeGreaterThan(2 * 64);
  });

  test("are with the parameters that the file was loaded with", () => {
    const parameters = new Map([["keeps.hosts", 8]]);
    const bits = boundsOf(loaded(text, { parameters }), parameters).policies.get("keeps")?.get("domain") ?? 0;
    expect(bits).toBeGreaterThanOrEqual(8 * 64);
    expect(boundsOf(loaded(text)).policies.get("sends")?.get("domain")).toBe(1);
  });
});
