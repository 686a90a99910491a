import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EXIT } from "../../embed/cli/exit.ts";
import { cordon, signalled } from "./command.ts";

const evaluate = (source: string, ...args: string[]) => cordon(["run", "-e", source, ...args]);
const asJson = (source: string, ...args: string[]) => {
  const { out, code } = evaluate(source, "--json", ...args);
  return { code, ...(JSON.parse(out) as Record<string, unknown>) };
};

let folder = "";
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "cordon-cli-")));
  mkdirSync(join(folder, "data"));
  writeFileSync(join(folder, "data/a.txt"), "alpha");
  writeFileSync(join(folder, "secret.txt"), "secret");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, contents: string | Uint8Array): string => {
  writeFileSync(join(folder, name), contents);
  return join(folder, name);
};

describe("cordon run: what is run", () => {
  test("a source after -e, a file, and standard input", () => {
    expect(evaluate("6 * 7")).toEqual({ code: 0, out: "42\n", err: "" });
    expect(cordon(["run", file("plain.js", "export default [1, 'a'];")]).out).toBe("[ 1, 'a' ]\n");
    expect(cordon(["run", "-"], "return await Promise.resolve('from a pipe')").out).toBe("from a pipe\n");
    expect(cordon(["run", file("bang.js", "#!/usr/bin/env cordon run\n7")]).out).toBe("7\n");
  });

  test("TypeScript by its name or by --lang", () => {
    const source = "enum Level { Low, High }\nconst level: Level = Level.High;\nconsole.log(Level[level] as string);";
    expect(cordon(["run", file("typed.ts", source)])).toEqual({ code: 0, out: "High\n", err: "" });
    expect(evaluate("const n: number = 2; n", "--lang", "ts").out).toBe("2\n");
  });

  test("what follows -- are its arguments, and --input names texts", () => {
    expect(evaluate("[...args, currency].join()", "--input", "currency=EUR", "--", "a", "--fuel", "-x").out).toBe(
      "a,--fuel,-x,EUR\n",
    );
  });

  test("console.log goes to stdout, console.error to stderr, and the value is last", () => {
    expect(evaluate("console.log('a'); console.error('b'); console.warn('c'); 'd'")).toEqual({
      code: 0,
      out: "a\nd\n",
      err: "b\nc\n",
    });
  });

  test("a script runs until no timer is left, as under Node", () => {
    const { out, code } = evaluate("setTimeout(() => console.log('later'), 50); console.log('now'); undefined");
    expect({ out, code }).toEqual({ out: "now\nlater\n", code: 0 });
  });

  test("imports find files below --modules, and nothing without it or beyond it", () => {
    file("lib.js", "export const twice = (n) => 2 * n;");
    file("typed-lib.ts", "export const half = (n: number): number => n / 2;");
    const main = file(
      "main.js",
      "import { twice } from './lib.js'; import { half } from './typed-lib.ts'; export default twice(half(42));",
    );
    expect(cordon(["run", main, "--modules", folder]).out).toBe("42\n");
    expect(cordon(["run", main]).err).toContain("--modules DIR");
    const climbing = file("data/climb.js", "import '../secret.txt';");
    expect(cordon(["run", climbing, "--modules", join(folder, "data")]).err).toContain("leaves the directory");
  });
});

describe("cordon run: what is granted", () => {
  test("ro: reads and does not write; rw: writes; nothing outside either", () => {
    const data = join(folder, "data");
    const grant = (kind: string) => ["--grant", `files=${kind}:${data}`];
    expect(evaluate("await files.readText('a.txt')", ...grant("ro")).out).toBe("alpha\n");
    expect(evaluate("await files.writeText('b.txt', 'x')", ...grant("ro")).err).toContain("E_READ_ONLY");
    expect(evaluate("await files.writeText('b.txt', 'x')", ...grant("rw")).code).toBe(0);
    expect(readFileSync(join(data, "b.txt"), "utf8")).toBe("x");
    const outside = evaluate("await files.readText('../secret.txt')", ...grant("rw"));
    expect(outside.code).toBe(1);
    expect(outside.err).toContain("E_PATH");
    expect(outside.err).not.toContain(folder);
  });

  test("several grants have names of their own", () => {
    const args = ["--grant", `from=ro:${folder}/data`, "--grant", `to=rw:${folder}`];
    expect(evaluate("await to.writeText('copy.txt', await from.readText('a.txt'))", ...args).code).toBe(0);
    expect(readFileSync(join(folder, "copy.txt"), "utf8")).toBe("alpha");
  });

  test("without a grant there is nothing of the host", () => {
    const names = ["process", "require", "fetch", "Buffer", "WebAssembly", "files", "module", "Deno", "XMLHttpRequest"];
    expect(evaluate(`${JSON.stringify(names)}.filter((name) => name in globalThis)`).out).toBe("[]\n");
  });

  test("--virtual and --seed make runs that repeat", () => {
    const source = "await new Promise((f) => setTimeout(f, 1e8)); [Date.now(), Math.random()]";
    const [one, two, three] = [
      ["--seed", "7"],
      ["--seed", "7"],
      ["--seed", "8"],
    ].map((more) => evaluate(source, ...more).out);
    expect(one).toMatch(/^\[ 100000000, 0\.\d+ \]\n$/);
    expect(two).toBe(one);
    expect(three).not.toBe(one);
  });
});

describe("cordon run: how it ends", () => {
  test.each([
    ["1", 0, "returned"],
    ["throw new Error('x')", 1, "threw"],
    ["const x = ;", 1, "threw"],
    ["for (;;);", 4, "exhausted"],
  ])("%s ends with exit code %d (%s)", (source, code, status) => {
    expect(asJson(source, "--fuel", "20M")).toMatchObject({ code, exit: code, status });
  });

  test("each limit is reached under its own name", () => {
    expect(asJson("for (;;);", "--wall", "200ms")).toMatchObject({ status: "exhausted", resource: "wall", code: 4 });
    expect(asJson("for (;;);", "--fuel", "1M")).toMatchObject({ status: "exhausted", resource: "fuel", code: 4 });
    const calls = ["--calls", "3", "--grant", `files=ro:${folder}/data`];
    expect(asJson("for (;;) await files.exists('a.txt')", ...calls)).toMatchObject({ resource: "calls", code: 4 });
    expect(asJson("'x'.repeat(100)", "--result", "50")).toMatchObject({ resource: "result", code: 4 });
    expect(evaluate("1", "--limits", "hardened").out).toBe("1\n");
  });

  test.skipIf(process.platform === "win32")("Ctrl-C ends a guest that spins, with 130", async () => {
    const ended = await signalled(["run", "-e", "console.log('spinning'); for (;;);", "--wall", "30s"], "SIGINT");
    expect(ended).toEqual({ code: EXIT.ctrlC.code, out: "spinning\n", err: "cordon: aborted\n" });
  });

  test("an error shows file, line, column and the line itself", () => {
    const path = file("broken.js", "const a = null;\nfunction f() {\n\treturn a.x;\n}\nf();\n");
    const { err, code } = cordon(["run", path]);
    expect(code).toBe(1);
    expect(err).toContain("TypeError: cannot read property 'x' of null\n");
    expect(err).toContain("> 3 |  return a.x;\n    |         ^\n");
    expect(err).toContain(`at f (${path}:3:9)`);
  });

  test("a frame of a long line shows the place, and not the whole line", () => {
    const { err } = evaluate(`${"a = 1;".repeat(20_000)} null.x`);
    expect(err.length).toBeLessThan(600);
    expect(err).toContain("null.x");
  });

  test("an error of a TypeScript source is at its own line and column", () => {
    const { err } = cordon(["run", file("broken.ts", "type A = number;\nconst a: A = 1;\nconst b: A = nope(a);\n")]);
    expect(err).toContain("> 3 | const b: A = nope(a);");
    expect(cordon(["run", file("syntax.ts", "let ok = 1;\nlet x: number = ;\n")]).err).toContain(
      "> 2 | let x: number = ;",
    );
  });

  test("--json prints one object and nothing else on stdout", () => {
    const value = "({ big: 10n ** 20n, when: new Date(0), map: new Map([[1, 2]]), nan: NaN, ['__proto__']: 1 })";
    const { out, err } = evaluate(`console.log('said'); ${value}`, "--json");
    expect(err).toBe("said\n");
    const result = JSON.parse(out) as { value: Record<string, unknown>; usage: Record<string, number> };
    expect(result.value["big"]).toEqual({ $type: "bigint", value: "100000000000000000000" });
    expect(result.value["when"]).toEqual({ $type: "Date", value: "1970-01-01T00:00:00.000Z" });
    expect(result.value["map"]).toEqual({ $type: "Map", entries: [[1, 2]] });
    expect(result.value["nan"]).toEqual({ $type: "number", value: "NaN" });
    expect(Object.getOwnPropertyDescriptor(result.value, "__proto__")?.value).toBe(1);
    expect(Object.keys(result.usage).toSorted()).toEqual(["bytes", "calls", "fuel", "memory", "wall"]);
  });

  test("--value says how the value is printed", () => {
    expect(evaluate("({ a: 'x' })", "--value", "json").out).toBe('{"a":"x"}\n');
    expect(evaluate("({ a: 'x' })", "--value", "none").out).toBe("");
    expect(evaluate("'x'", "--value", "text").out).toBe("x\n");
    expect(evaluate("1", "--value", "loud").code).toBe(2);
  });
});

describe("cordon run: what is wrong with the command line", () => {
  test.each([
    [["run"], "what to work on"],
    [["run", "no-such-file.js"], "no-such-file.js: no such file"],
    [["run", "samples"], "samples: is a directory"],
    [["run", "a.js", "b.js"], 'what is "b.js"?'],
    [["run", "-e", "1", "x.js"], "what to work on"],
    [["run", "-e", "1", "--feul", "3"], "did you mean --fuel?"],
    [["run", "-e", "1", "--fuel", "-3"], "--fuel=VALUE"],
    [["run", "-e", "1", "--fuel=-3"], "limits.fuel"],
    [["run", "-e", "1", "--fuel", "NaN"], "limits.fuel"],
    [["run", "-e", "1", "--memory", "1"], "limits.memory"],
    [["run", "-e", "1", "--limits", "huge"], "normal, hardened, batch"],
    [["run", "-e", "1", "--grant", "files"], "not NAME=KIND:WHAT"],
    [["run", "-e", "1", "--grant", "files=rx:."], "did you mean"],
    [["run", "-e", "1", "--grant", "files=ro:/no/such/place"], "no such directory"],
    [["run", "-e", "1", "--grant", "a=ro:.", "--grant", "a=rw:."], "a twice"],
    [["run", "-e", "1", "--grant", "console=ro:."], "is taken"],
    [["run", "-e", "1", "--modules", "/no/such/place"], "no such directory"],
    [["run", "-e", "1", "--lang", "python"], "js, ts or wasm"],
    [["rum", "-e", "1"], "did you mean run?"],
    [["hello.ts"], "did you mean cordon run hello.ts?"],
  ])("%j: %s", (args, message) => {
    const { code, out, err } = cordon(args as string[]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
    expect(err).not.toMatch(/\n\s+at /);
  });

  test("a source that is no UTF-8, or too long, is refused before anything runs", () => {
    expect(cordon(["run", file("latin.js", Buffer.from("'caf\xe9'", "latin1"))]).err).toContain(
      "not UTF-8 text, at byte 4",
    );
    expect(cordon(["run", file("utf16.js", Buffer.from("\ufeff1", "utf16le"))]).err).toContain("UTF-16");
    expect(
      cordon(["run", file("module.js", new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 0xff]))]).err,
    ).not.toContain("at main");
    const long = cordon(["run", file("long.js", " ".repeat(10_000_000))]);
    expect([long.code, long.err.includes("limits.source")]).toEqual([3, true]);
    expect(cordon(["run", file("longer.js", " ".repeat(17_000_000))]).err).toContain("longer than 16 MiB");
  });

  test("a source nested 100,000 deep ends, and says why", () => {
    const { code, err } = cordon(["run", file("deep.js", `${"[".repeat(100_000)}${"]".repeat(100_000)}`)]);
    expect([1, 4]).toContain(code);
    expect(err).not.toBe("");
  });
});

describe("cordon run: a program of WebAssembly", () => {
  const program = "samples/05-wasm/program.wasm";

  test("is recognised by its name or its first bytes, and exits as it says", () => {
    const { code, out } = cordon(["run", program, "--grant", "files=ro:."]);
    expect(code).toBe(0);
    expect(out).toMatch(/^lines \d+\nwords \d+\nbytes \d+\n$/);
    expect(cordon(["run", "-"], readFileSync(join(import.meta.dirname, "../..", program))).code).toBe(1);
  });

  test("that is none, or lacks what it should export, is refused", () => {
    const bad = cordon(["run", file("bad.wasm", "no module")]);
    expect([bad.code, bad.err.includes("not a valid WebAssembly module")]).toEqual([3, true]);
    expect(cordon(["run", program, "--entry", "nope"]).err).toContain("it exports main");
  });
});
