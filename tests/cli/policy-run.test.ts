// `cordon run` and `cordon repl` under a policy: what the options and a grants file say, and how mistakes in them are told.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cordon, ROOT } from "./command.ts";
import { newFolder } from "./folder.ts";

const { folder, file } = newFolder("run-policy", { "data/a.txt": "alpha" });
const grant = () => ["--grant", `files=rw:${folder}/data`];
const READ = "await files.readText('a.txt')";
const run = (source: string, ...words: string[]) => cordon(["run", "-e", source, ...grant(), ...words]);
const NO_WRITE = `policy quiet over files.* {
  default abstain
  deny files.writeText when once files.readText because "it has read"
}
`;
const LIMITED = `policy few(n: int = 10, names: text = ["/a.txt"], strict: bool = false) over files.* {
  default deny
  allow files.readText when path in names
  deny files.readText when count files.readText >= n because "too many"
  deny files.readText when strict because "strict"
}
`;
const ASKS = 'policy careful over files.* { default abstain ask files.readText of user because "it reads" }';

describe("cordon run --policy", () => {
  test("refuses by the policy, and the guest hears the reason and nothing else", () => {
    const path = file("a.policy", NO_WRITE);
    expect(run(READ, "--policy", path)).toMatchObject({ code: 0, out: "alpha\n", err: "" });
    const source = `${READ}; try { await files.writeText('b', '') } catch (error) { [error.code, error.message] }`;
    expect(run(source, "--policy", path).out).toBe("[ 'E_DENIED', 'it has read' ]\n");
  });

  test("a script that is halted is told so, and exits as refused", () => {
    const path = file("halt.policy", 'policy p over files.* { default abstain halt files.readText because "enough" }');
    expect(run(READ, "--policy", path)).toMatchObject({ code: 3, err: "cordon: refused by policy: enough\n" });
    expect(JSON.parse(run(READ, "--policy", path, "--json").out)).toMatchObject({ status: "refused", by: "policy" });
  });

  test.each([
    [["n=0"], "too many"],
    [["few.n=0"], "too many"],
    [["strict=true"], "strict"],
    [['names=["/b.txt"]'], "refused by a policy"],
    [["names=/b.txt, /c.txt"], "refused by a policy"],
    [["n=1KiB", "names=/b.txt,/a.txt"], undefined],
  ])("--policy-parameter %j", (words, why) => {
    const given = words.flatMap((word) => ["--policy-parameter", word]);
    const { err } = run(READ, "--policy", file("few.policy", LIMITED), ...given);
    expect(err).toEqual(why === undefined ? "" : expect.stringContaining(`Error: ${why} [E_DENIED]`));
  });

  test.each([
    [["n=x"], "n is int, such as 5 or 10MB"],
    [["n=1, 2"], "n is int"],
    [["n=-1"], "n is int"],
    [["strict=yes"], "strict is bool, such as true or false"],
    [["n"], "not NAME=VALUE"],
    [["=1"], "not NAME=VALUE"],
    [["n=1", "n=2"], "n is given twice"],
    [["m=1"], 'P120 no policy has a parameter "m". There are'],
    [["nn=1"], 'Did you mean "n"?'],
  ])("--policy-parameter %j is told to be wrong", (words, message) => {
    const given = words.flatMap((word) => ["--policy-parameter", word]);
    const { err, out, code } = run(READ, "--policy", file("few.policy", LIMITED), ...given);
    expect([code, out, err]).toEqual([2, "", expect.stringContaining(message)]);
  });

  test("imports are beside the policy, or what --policy-import names", () => {
    const path = file("whole.policy", 'import "base.policy" as base\nbundle whole { all of base.quiet }');
    expect(run(READ, "--policy", path)).toMatchObject({
      code: 2,
      err: expect.stringContaining("whole.policy:1:1 P301"),
    });
    const given = ["--policy", path, "--policy-import", `base.policy=${file("other.policy", NO_WRITE)}`];
    expect(run(READ, ...given).out).toBe("alpha\n");
    file("base.policy", NO_WRITE.replace("writeText when", "readText unless"));
    expect(run(READ, "--policy", path).err).toContain("it has read");
    expect(run(READ, "--policy", path, "--policy-import", "base.policy=no.policy").err).toContain(
      "no.policy: no such file",
    );
  });

  test("--policy-use enforces one of a file's policies alone", () => {
    const path = file("two.policy", `${NO_WRITE}policy deaf over files.* { default deny }`);
    expect(run(READ, "--policy", path).err).toContain("refused by a policy");
    expect(run(READ, "--policy", path, "--policy-use", "quiet").out).toBe("alpha\n");
    expect(run(READ, "--policy", path, "--policy-use", "quite").err).toContain("there are quiet, deaf");
  });

  test("mistakes are told as file:line:column and code, nothing is run, and the exit code is that of wrong options", () => {
    const path = file("wrong.policy", "policy p over files.* {\n  default abstain\n  deny files.raedText\n}\n");
    const { code, out, err } = run("console.log('ran')", "--policy", path);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toBe(
      `${path}:3:8 P104 unknown call "files.raedText". Did you mean "files.readText"?\n` +
        "cordon: nothing was run: the policy must be right first\n",
    );
  });

  test("a policy about what is not granted is a mistake", () => {
    const path = file("net.policy", "policy p over net.connect { default deny }");
    expect(run("1", "--policy", path)).toMatchObject({ code: 2, err: expect.stringContaining("net.connect") });
  });

  test("what is strange, but no mistake, is told on stderr and the run goes on", () => {
    const path = file("strange.policy", `${NO_WRITE}policy needs(n: int) over files.* { default deny }`);
    expect(run(READ, "--policy", path)).toMatchObject({
      code: 0,
      out: "alpha\n",
      err: expect.stringContaining("P123"),
    });
    const alone = file("strange.policy", "policy needs(n: int) over files.* { default deny }");
    expect(run(READ, "--policy", alone)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/P123 .*\ncordon: .* has no policy that could be enforced\n/),
    });
  });

  test.each([
    [["--policy", "missing.policy"], "missing.policy: no such file"],
    [["--policy", "samples"], "samples: is a directory"],
    [["--policy"], "--policy needs a value"],
    [["--policy", "a", "--policy", "b"], "--policy twice"],
    [["--policy-parameter", "n=1"], "--policy-parameter without --policy FILE"],
    [["--tenant", "acme"], "--tenant without --policy FILE"],
    [["--approve", "yes"], "--approve without --policy FILE"],
    [["--polcy", "a"], "did you mean --policy?"],
  ])("%j: %s", (words, message) => {
    const { code, err, out } = run("1", ...words);
    expect([code, out, err]).toEqual([2, "", expect.stringContaining(message)]);
  });

  test("files that are no text, or too long, are told to be so", () => {
    expect(run("1", "--policy", file("bytes.policy", Uint8Array.of(0xff))).err).toContain("is not UTF-8 text");
    expect(run("1", "--policy", file("huge.policy", "#".repeat(600_000))).err).toContain("is longer than 512 KiB");
    expect(run("1", "--policy", file("empty.policy", "")).err).toContain("has no policy that could be enforced");
  });

  test("programs of WebAssembly are under it, too", () => {
    const words = join(ROOT, "tests/wasi/fixtures/words.wasm");
    const path = file("a.policy", 'policy p over files.* { default abstain halt files.readBytes because "no" }');
    expect(cordon(["run", words, ...grant(), "--policy", path, "--", "a.txt"])).toMatchObject({
      code: 3,
      err: "cordon: refused by policy: no\n",
    });
  });

  test("the repl is under it", () => {
    const words = ["repl", ...grant(), "--policy", file("a.policy", NO_WRITE)];
    const { out } = cordon(words, `${READ}\nawait files.writeText('b', '')\n`);
    expect(out).toContain("alpha\nError: it has read [E_DENIED]");
  });
});

describe("cordon run --approve", () => {
  const asking = (...words: string[]) => run(READ, "--policy", file("asks.policy", ASKS), ...words);

  test("yes and no answer for whoever is not there", () => {
    expect(asking("--approve", "yes")).toMatchObject({ code: 0, out: "alpha\n", err: "" });
    expect(asking("--approve", "no")).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^Error: it reads \[E_DENIED\]/),
    });
  });

  test("without a terminal the answer is no, and that is said", () => {
    for (const words of [[], ["--approve", "ask"]]) {
      const { code, err } = asking(...words);
      expect([code, err]).toEqual([1, expect.stringContaining("nobody can be asked here: the answer is no")]);
    }
    expect(run(`for (let i = 0; i < 3; i++) try { ${READ} } catch {}`, "--policy", file("asks.policy", ASKS)).err).toBe(
      "cordon: the policy asks, and nobody can be asked here: the answer is no (--approve says otherwise)\n",
    );
  });

  test("another word is a mistake, and so is asking on a terminal that is the guest's", () => {
    expect(asking("--approve", "maybe")).toMatchObject({ code: 2, err: "cordon: --approve maybe: ask, yes, no\n" });
    expect(asking("--approve", "ask", "--grant", "terminal")).toMatchObject({
      code: 2,
      err: expect.stringContaining("the terminal is granted to the guest"),
    });
  });
});

describe("a grants file", () => {
  const grants = (policy: unknown, name = "grants.json"): string =>
    file(name, JSON.stringify({ grants: { files: { mode: "rw", path: "data" } }, policy }));
  const runWith = (path: string, ...words: string[]) => cordon(["run", "-e", READ, "--grants", path, ...words]);

  test("may name the policy, from its own directory on, and what the policy is given", () => {
    file("few.policy", LIMITED);
    expect(runWith(grants("few.policy")).out).toBe("alpha\n");
    expect(runWith(grants({ file: "few.policy", parameters: { n: 0 } })).err).toContain("too many");
    expect(runWith(grants({ file: "few.policy", parameters: { names: ["/b"] } })).err).toContain("E_DENIED");
    file("whole.policy", 'import "x" as base\nbundle whole { all of base.few(n: 0) }');
    expect(runWith(grants({ file: "whole.policy", imports: { x: "few.policy" } })).err).toContain("too many");
  });

  test.each([
    [7, "grants.json:1:", "policy is a number"],
    [{ fil: "x" }, "policy.fil", "did you mean file?"],
    [{}, "policy lacks", "report.policy"],
    [{ file: "x", parameters: { n: null } }, "policy.parameters.n", "must be"],
    ["missing.policy", "missing.policy", "no such file"],
  ])("policy %j is told to be wrong", (policy, where, message) => {
    const { code, err, out } = runWith(grants(policy));
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(where);
    expect(err).toContain(message);
  });

  test("--policy is taken instead, with a note, and two files must not name two", () => {
    file("few.policy", LIMITED);
    const { out, err } = runWith(grants("few.policy"), "--policy", file("a.policy", NO_WRITE));
    expect([out, err]).toEqual(["alpha\n", expect.stringContaining("is taken instead of few.policy of")]);
    const other = file("other.json", JSON.stringify({ grants: {}, policy: "few.policy" }));
    expect(runWith(grants("few.policy"), "--grants", other).err).toContain("a policy is named in");
  });
});

describe("the start of a command", () => {
  /** The bundle's files that a run loads. */
  function loaded(...words: string[]): readonly string[] {
    const hook = file(
      "hook.cjs",
      `const Module = require("node:module"); const { _load } = Module; const found = new Set();
       Module._load = function (name, parent, ...rest) {
         if (name.endsWith(".cjs")) found.add(Module._resolveFilename(name, parent));
         return _load.call(this, name, parent, ...rest);
       };
       process.on("exit", () => require("node:fs").writeFileSync(${JSON.stringify(join(folder, "loaded"))}, [...found].join("\\n")));`,
    );
    expect(cordon(["run", ...words], "", { NODE_OPTIONS: `--require ${hook}` }).code).toBe(0);
    return readFileSync(join(folder, "loaded"), "utf8")
      .split("\n")
      .filter((path) => path.includes("dist/cli/"));
  }
  const hasLanguage = (paths: readonly string[]): boolean =>
    paths.some((path) => readFileSync(path, "utf8").includes("nothing in a file begins like this"));

  test("of a hello, or of a run with grants, does not load the policy language", () => {
    const hello = loaded("samples/01-hello/guest.ts");
    expect(hello.length).toBeGreaterThan(0);
    expect(hasLanguage(hello)).toBe(false);
    expect(hasLanguage(loaded("-e", READ, ...grant()))).toBe(false);
    expect(hasLanguage(loaded("-e", READ, ...grant(), "--policy", file("a.policy", NO_WRITE)))).toBe(true);
  });
});
