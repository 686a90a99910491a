// `cordon policy`: policy files checked, tested, formatted and turned into JSON, and the mistakes of who does it first.
import { chmodSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Schema } from "../../embed/cli/grants/schema.ts";
import { cordon } from "./command.ts";
import { newFolder } from "./folder.ts";

const { folder, file } = newFolder("policies", { "sub/": "" });
const policyCommand = (...words: string[]) => cordon(["policy", ...words]);

const SEND = `policy no_send_after_read over net.connect {
  default abstain
  deny net.connect when once files.readText because "this program has read a file"
}
`;
const TESTED = `${SEND}
test "send after read" for no_send_after_read {
  net.connect("a.example", 443) is allowed
  files.readText("/etc/hosts") is allowed
  net.connect("a.example", 443) is denied by "once files.readText"
}
`;

describe("cordon policy check", () => {
  test("says of right files what is in them and what they remember", () => {
    const { out, err, code } = policyCommand("check", file("a.policy", TESTED), file("b.policy", SEND));
    expect([code, err]).toEqual([0, ""]);
    expect(out).toBe(
      `fine  ${folder}/a.policy: 1 policy, 1 test; remembers 1 bit of each domain\n` +
        `fine  ${folder}/b.policy: 1 policy; remembers 1 bit of each domain\n`,
    );
  });

  test("tells every mistake by file, line, column and code, with advice, one to a line", () => {
    const path = file("wrong.policy", SEND.replace("}", "  deny net.conect\n  deny net.connect when hots == 1\n}"));
    const { out, code } = policyCommand("check", path);
    expect(code).toBe(1);
    expect(out.split("\n").slice(0, 3)).toEqual([
      `${path}:4:8 P104 unknown call "net.conect". Did you mean "net.connect"?`,
      expect.stringMatching(/:5:25 P107 "hots" is not an argument of net\.connect.* Did you mean "host"\?$/),
      `wrong  ${path}: 2 mistakes`,
    ]);
    expect(out).toContain("  try: --contract NAME=FILE.json");
  });

  test("goes on with the next file after a wrong one", () => {
    const { out, code } = policyCommand("check", file("wrong.policy", "policy"), file("b.policy", SEND));
    expect(code).toBe(1);
    expect(out).toMatch(/wrong .*wrong\.policy: 1 mistake\nfine .*b\.policy/);
  });

  test("with --strict a warning is a mistake", () => {
    const needs = "policy p(n: int) over files.list { default abstain deny files.list when length(path) > n }";
    const path = file("warned.policy", `${SEND}${needs}`);
    expect(policyCommand("check", path)).toMatchObject({ code: 0, out: expect.stringMatching(/P123 .*\nfine /) });
    expect(policyCommand("check", path, "--strict")).toMatchObject({
      code: 1,
      out: expect.stringContaining("wrong  "),
    });
    expect(policyCommand("check", path, "--strict", "--parameter", "n=5").code).toBe(0);
  });

  test("--json is one object with all of it, and nothing else", () => {
    const { out } = policyCommand("check", file("a.policy", TESTED), file("wrong.policy", "policy p"), "--json");
    const { files } = JSON.parse(out) as { files: object[] };
    expect(files[0]).toMatchObject({
      verdict: "fine",
      policies: ["no_send_after_read"],
      tests: 1,
      bits: { domain: 1 },
    });
    expect(files[1]).toMatchObject({ verdict: "wrong", diagnostics: [{ code: "P018", line: 1, severity: "error" }] });
  });

  test("--grant says what a policy may speak of, and makes nothing of it", () => {
    const path = file("files.policy", 'policy p over data.* { default deny allow data.readText when path under "/x" }');
    expect(policyCommand("check", path).code).toBe(1);
    expect(policyCommand("check", path, "--grant", "data=ro:no/such/directory").code).toBe(0);
    expect(policyCommand("check", file("b.policy", SEND), "--grant", "data=ro:.").out).toContain("P104");
  });

  test("--contract adds a contract of one's own", () => {
    const data = {
      name: "payments",
      allows: "charging",
      never: "anything else",
      calls: {
        charge: {
          takes: [{ type: "arg", name: "amount", of: { type: "integer" } }],
          gives: { type: "nothing" },
          refuses: [],
        },
      },
    };
    const contract = file("payments.json", JSON.stringify(data));
    const path = file("pay.policy", "policy p over payments.* { default deny allow payments.charge when amount < 5 }");
    expect(policyCommand("check", path, "--contract", `payments=${contract}`).code).toBe(0);
    const wrong = file("payments.json", JSON.stringify({ ...data, calls: 1 }));
    expect(policyCommand("check", path, "--contract", `payments=${wrong}`)).toMatchObject({ code: 2 });
    expect(policyCommand("check", path, "--contract", `payments=${file("no.json", "{")}`).err).toContain(
      "no.json:1:2: not JSON",
    );
  });

  test("imports are files beside the policy, or what --import names", () => {
    const path = file("main.policy", 'import "base.policy" as base\nbundle all_of { all of base.no_send_after_read }');
    const { out, code } = policyCommand("check", path);
    expect([code, out]).toEqual([
      1,
      expect.stringContaining(`${path}:1:1 P301 cannot import "base.policy": no such file`),
    ]);
    expect(policyCommand("check", path, "--import", `base.policy=${file("other.policy", SEND)}`).code).toBe(0);
    file("base.policy", SEND);
    expect(policyCommand("check", path).code).toBe(0);
    file("base.policy", SEND.replace("once", "onze"));
    expect(policyCommand("check", path).out).toMatch(/^base\.policy:3:\d+ P0/m);
  });

  test("hostile text is shown escaped", () => {
    const { out } = policyCommand("check", file("hostile.policy", "policy p { default \u202eabstain \x1b[2J }"));
    expect(out).toContain("P0");
    expect(out).not.toMatch(/[\u202e\x1b]/);
  });
});

describe("cordon policy check: analyses", () => {
  const ODD = `policy odd over files.* {
  default deny
  allow files.readText when path under "/x"
  deny files.readText when path == "/y/z"
  deny files.readText when path == "/x/a" and not once files.writeText
  ask files.list
}
`;

  test("tells of rules that never decide and conditions that are always true, as warnings", () => {
    const path = file("odd.policy", ODD);
    const { out, code } = policyCommand("check", path);
    expect(code).toBe(0);
    expect(out.split("\n").slice(0, 3)).toEqual([
      `${path}:4:3 P201 never decides: nothing grants what it is about`,
      expect.stringMatching(/:5:\d+ P202 this is always true: not once files\.writeText$/),
      `${path}:6:3 P203 nothing grants files.list, so this ask is never reached`,
    ]);
    expect(policyCommand("check", path, "--strict")).toMatchObject({
      code: 1,
      out: expect.stringContaining(": 3 mistakes"),
    });
  });

  test("a file of many rules is analysed when that is asked for, and says so", () => {
    const rules = Array.from({ length: 21 }, (_, n) => `  deny net.connect when port == ${n}\n`).join("");
    const path = file("many.policy", `policy many over net.connect {\n  default deny\n${rules}}\n`);
    expect(policyCommand("check", path).out).toMatch(/^fine .*\n {2}not analysed: 21 rules take time \(--analyse\)\n$/);
    expect(policyCommand("check", path, "--analyse").out).toContain(":3:3 P201 ");
  });

  test("a claim is proved, or refuted by a trace and the file is wrong", () => {
    const claims = `prove no_send_after_read never net.connect when once files.readText
prove no_send_after_read never net.connect when once net.connect within 1s
`;
    const path = file("claims.policy", SEND + claims);
    const { out, code } = policyCommand("check", path);
    expect(code).toBe(1);
    expect(out).toContain(`proved  ${path}:5:1 prove no_send_after_read never net.connect when once files.readText\n`);
    expect(out).toMatch(/refuted {2}.*:6:1 .*\n {2}net\.connect\(.*\)\n {2}net\.connect\(.*\)\nwrong/);
    const { files } = JSON.parse(policyCommand("check", path, "--json").out) as { files: { claims: object[] }[] };
    expect(files[0]?.claims).toMatchObject([
      { verdict: "proved", trace: [] },
      { verdict: "refuted", line: 6, trace: [{ call: "net.connect" }, { call: "net.connect" }] },
    ]);
  });
});

describe("cordon policy diff", () => {
  test("of what allows the same says so, however it is written", () => {
    const a = file("a.policy", SEND);
    const b = file("b.policy", SEND.replace("when once", "unless never"));
    expect(policyCommand("diff", a, b)).toMatchObject({ code: 0, out: expect.stringContaining("the same: ") });
    expect(policyCommand("diff", a, a).code).toBe(0);
  });

  test("of what is narrower says which, with a shortest trace that tells them apart", () => {
    const wide = file("wide.policy", SEND);
    const narrow = file("narrow.policy", SEND.replace("when once files.readText", ""));
    for (const files of [
      [wide, narrow],
      [narrow, wide],
    ]) {
      const { out, code } = policyCommand("diff", ...files);
      expect(code).toBe(1);
      expect(out.split("\n")[0]).toBe(`${narrow} is narrower: whatever it performs, ${wide} performs`);
      // Nothing need have happened before: one call is the shortest.
      expect(out.split("\n").slice(2)).toEqual([expect.stringMatching(/^ {2}net\.connect\(/), ""]);
    }
  });

  test("of two that each allow something of their own, shows both", () => {
    const a = file("a.policy", 'policy p over net.connect { default deny allow net.connect when host == "a.example" }');
    const b = file("b.policy", 'policy p over net.connect { default deny allow net.connect when host == "b.example" }');
    const { out } = policyCommand("diff", a, b);
    expect(out).toMatch(
      /^they differ\n.*a\.policy performs .*\n.*"a\.example".*\n.*b\.policy performs .*\n.*"b\.example"/,
    );
    const told = JSON.parse(policyCommand("diff", a, b, "--json").out) as { narrower: object[] };
    expect(told.narrower).toMatchObject([
      { verdict: "refuted" },
      { verdict: "refuted", trace: [{ call: "net.connect" }] },
    ]);
  });

  test("of a file that is wrong says what, and compares nothing", () => {
    const { code, out, err } = policyCommand("diff", file("a.policy", SEND), file("bad.policy", "policy p"));
    expect([code, out, err]).toEqual([2, "", expect.stringMatching(/bad\.policy:1:9 P018[\s\S]*cordon: /)]);
  });
});

describe("cordon policy test", () => {
  test("passes where every step goes as it says", () => {
    const path = file("a.policy", TESTED);
    expect(policyCommand("test", path)).toMatchObject({ code: 0, out: `passed  ${path}: 1 test\n` });
    expect(policyCommand("test", file("b.policy", SEND)).out).toContain("there are no tests");
  });

  test("tells each step that goes otherwise: line, expected, found, and the rule that decided", () => {
    const path = file("fails.policy", TESTED.replace('is denied by "once files.readText"', "is allowed"));
    const { out, code } = policyCommand("test", path);
    expect(code).toBe(1);
    expect(out).toBe(
      `${path}:9:3 test "send after read"\n` +
        '  step      net.connect("a.example", 443) is allowed\n' +
        "  expected  allowed\n" +
        "  found     denied by no_send_after_read (line 3): this program has read a file\n" +
        `failed  ${path}: 1 of 1 test\n`,
    );
    const { files } = JSON.parse(policyCommand("test", path, "--json").out) as { files: { failures: object[] }[] };
    expect(files[0]?.failures).toMatchObject([{ test: "send after read", line: 9, column: 3, expected: "allowed" }]);
  });

  test("of a file that is wrong no test is run", () => {
    expect(policyCommand("test", file("wrong.policy", `${TESTED}\npolicy`))).toMatchObject({
      code: 1,
      out: expect.stringContaining("no test was run"),
    });
  });
});

describe("cordon policy fmt", () => {
  const UGLY =
    '# why\npolicy p over files.* { default deny\n\n\n allow   files.readText when path under "/x"   # what\n}';
  const SET =
    '# why\npolicy p over files.* {\n  default deny\n\n  allow files.readText when path under "/x" # what\n}\n';

  test("sets a file in place, keeps its mode and its comments, and a second time changes nothing", () => {
    const path = file("ugly.policy", UGLY);
    if (process.platform !== "win32") chmodSync(path, 0o640);
    expect(policyCommand("fmt", path)).toMatchObject({ code: 0, out: `changed  ${path}\n` });
    expect(readFileSync(path, "utf8")).toBe(SET);
    if (process.platform !== "win32") expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(policyCommand("fmt", path)).toMatchObject({ code: 0, out: "" });
  });

  test("--check changes nothing and exits with 1", () => {
    const path = file("ugly.policy", UGLY);
    expect(policyCommand("fmt", path, "--check")).toMatchObject({ code: 1, out: `would change  ${path}\n` });
    expect(readFileSync(path, "utf8")).toBe(UGLY);
  });

  test("- is standard input to standard output", () => {
    expect(cordon(["policy", "fmt", "-"], UGLY)).toMatchObject({ code: 0, out: SET });
    expect(cordon(["policy", "fmt", "-"], "policy")).toMatchObject({
      code: 1,
      out: "",
      err: expect.stringContaining("stdin:1:7 P018"),
    });
    expect(cordon(["policy", "fmt", "-", "x.policy"]).code).toBe(2);
  });

  test("where one file is none, the others are set all the same, and where one cannot be read, none is", () => {
    const [ugly, bad] = [file("ugly.policy", UGLY), file("bad.policy", "policy")];
    expect(policyCommand("fmt", bad, ugly).code).toBe(1);
    expect(readFileSync(ugly, "utf8")).toBe(SET);
    file("ugly.policy", UGLY);
    expect(policyCommand("fmt", ugly, join(folder, "missing.policy")).code).toBe(2);
    expect(readFileSync(ugly, "utf8")).toBe(UGLY);
  });
});

describe("cordon policy json", () => {
  test("gives JSON that its schema accepts, and the way back gives the same policy", () => {
    const { out, code } = policyCommand("json", file("a.policy", TESTED));
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ items: [{ policy: "no_send_after_read" }, { test: "send after read" }] });
    const back = policyCommand("json", file("a.json", out));
    expect(policyCommand("json", file("again.policy", back.out)).out).toBe(out);
    const schema = JSON.parse(policyCommand("schema").out) as Schema & { readonly $defs: object };
    expect(Object.keys(schema.$defs)).toEqual(expect.arrayContaining(["file", "item"]));
  });

  test("what is no policy, or no JSON, is told with its place", () => {
    expect(policyCommand("json", file("bad.policy", "policy"))).toMatchObject({ code: 1, out: "" });
    expect(policyCommand("json", file("bad.json", '[{"policy": 1}]')).err).toContain("P020");
    expect(policyCommand("json", file("bad.json", '[\n{"a": 1, "a": 2}]')).err).toContain("bad.json:2:10: not JSON");
  });
});

describe("cordon policy: mistakes on the command line", () => {
  test.each([
    [["policy", "chek", "x"], 'unknown verb "chek"; did you mean check?'],
    [["policy", "x.policy"], "did you mean cordon policy check x.policy?"],
    [["policy", "check"], "which file?"],
    [["policy", "test"], "which file?"],
    [["policy", "json"], "which file?"],
    [["policy", "json", "a", "b"], "one file at a time"],
    [["policy", "check", "missing.policy"], "missing.policy: no such file"],
    [["policy", "check", "samples"], "samples: is a directory"],
    [["policy", "fmt", "samples"], "samples: is a directory"],
    [["policy", "diff", "a"], "which two files?"],
    [["policy", "diff", "a", "b", "c"], "which two files?"],
    [["policy", "diff", "missing.policy", "b"], "missing.policy: no such file"],
    [["policy", "check", "--stict", "a"], "did you mean --strict?"],
    [["policy", "check", "a", "--grant", "x=fles:ro:."], "did you mean files?"],
    [["policy", "check", "a", "--contract", "x"], "not NAME=FILE"],
    [["polcy", "check"], "did you mean policy?"],
  ])("%j: %s", (words, message) => {
    const { code, err, out } = cordon(words);
    expect([code, out, err]).toEqual([2, "", expect.stringContaining(message)]);
  });

  test("files that are no text, or too long", () => {
    for (const verb of ["check", "test", "fmt", "json"]) {
      expect(policyCommand(verb, file("bytes.policy", Uint8Array.of(0x70, 0xff))).err).toContain("not UTF-8");
      const { code, err, out } = policyCommand(verb, file("huge.policy", "#".repeat(512 * 1024 + 1)));
      expect([verb, (code ?? 0) > 0, err + out]).toEqual([verb, true, expect.stringMatching(/512 KiB|P401/)]);
    }
  });

  test("whoever reads the output may go away", async () => {
    const { execFileSync } = await import("node:child_process");
    if (process.platform === "win32") return;
    const bin = join(import.meta.dirname, "../../embed/cli/bin.cjs");
    const script = `"${process.execPath}" "${bin}" policy schema | head -c 10; exit \${PIPESTATUS[0]}`;
    const ended = (() => {
      try {
        execFileSync("bash", ["-c", script], { stdio: "pipe" });
        return 0;
      } catch (error) {
        return (error as { status: number }).status;
      }
    })();
    expect([0, 141]).toContain(ended);
  });

  test("help names every verb, each with an example", () => {
    const { out } = cordon(["help", "policy"]);
    for (const verb of ["check", "test", "diff", "fmt", "json", "schema"]) {
      expect(out).toContain(`\n  ${verb} `);
      expect(cordon(["policy", verb, "--help"]).out).toBe(cordon(["help", "policy", verb]).out);
    }
    expect(cordon(["policy"]).out).toBe(out);
    expect(cordon(["help"]).out).not.toContain("policy check:");
  });
});

describe("cordon policy graph", () => {
  const drawn = () =>
    file(
      "drawn.policy",
      `${SEND}\npolicy counted(n: int) over net.* {
  default abstain
  deny net.connect when count net.connect >= n
}
`,
    );

  test("draws states, what leads from one to the next, and what is refused where", () => {
    const { out, err, code } = policyCommand("graph", drawn(), "--policy", "no_send_after_read");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toBe(`no_send_after_read: 2 states

> [1]  start
     --> [2]  files.readText
     stays    net.connect

  [2]  once files.readText
     stays    files.readText
     refuses net.connect: this program has read a file
`);
  });

  test("takes parameters, and prints JSON that says the same", () => {
    const words = ["graph", drawn(), "--policy", "counted", "--parameter", "n=2", "--json"];
    const { out, code } = policyCommand(...words);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ start: 1, isComplete: true, states: [{ state: 1 }, {}, { state: 3 }] });
  });

  test("writes SVG to a file, and says nothing else", () => {
    const path = join(folder, "drawn.svg");
    expect(policyCommand("graph", drawn(), "--svg", path)).toMatchObject({ code: 0, out: "", err: "" });
    expect(readFileSync(path, "utf8")).toMatch(/^<svg [\s\S]*once files\.readText[\s\S]*<\/svg>\n$/);
  });

  test("of a policy whose answers depend on arguments alone says so", () => {
    const path = file(
      "plain.policy",
      'policy p over files.* { default deny allow files.readText when path under "/a" }',
    );
    const { out, code } = policyCommand("graph", path);
    expect(code).toBe(0);
    expect(out.replaceAll("\n", " ")).toContain("nothing that it remembers has few values: it has one state");
    expect(out).toContain("stays    files.readText (depends on arguments)");
  });

  test("names the policies that there are, of one that is not there", () => {
    const { err, code } = policyCommand("graph", drawn(), "--policy", "no_sent");
    expect(code).toBe(2);
    expect(err).toContain("--policy no_sent: there is none; there are no_send_after_read, counted");
  });
});
