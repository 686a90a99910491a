import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Analysis, analyse } from "../../embed/cli/analysis.ts";
import { GUEST_GLOBALS } from "../../embed/cli/needs.ts";
import { cordon } from "./command.ts";

let folder = "";
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "cordon-check-")));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, contents: string): string => {
  writeFileSync(join(folder, name), contents);
  return join(folder, name);
};

async function usesOf(source: string): Promise<string[]> {
  const analysis = await analyse(source);
  if (analysis.kind !== "parsed") throw new Error(JSON.stringify(analysis));
  return analysis.uses.map(
    ({ group, call, count }) => `${group}${call === undefined ? "" : `.${call}`}/${count ?? "?"}`,
  );
}

describe("what a script needs", () => {
  test.each([
    ["files.readText('a'); files['list'](); files[name]", ["files.readText/1", "files.list/0", "files/?", "name/?"]],
    ["const { readText, list: ls } = files;", ["files.readText/?", "files.list/?"]],
    ["sum(1, 2); sum(...xs)", ["sum/2", "sum/?", "xs/?"]],
    ["await tools.a(...args, 1)", ["tools.a/?"]],
    ["[Math.max(1), new Map(), console.log, args, globalThis, undefined]", []],
  ])("%s", async (source, expected) => {
    expect(await usesOf(source)).toEqual(expected);
  });

  test.each([
    "const f = (a, { b, c: [d] = [] }, ...e) => a + b + d + e; f();",
    "function g() { return h + arguments.length; var h; } g();",
    "for (const x of [1]) x; for (let i = 0; i < 1; i++) i; for (var k in {}) k;",
    "try { throw 1; } catch ({ message }) { message; }",
    "class A { static b = 1; #c = 2; d() { return this.#c + A.b; } } new A().e;",
    "label: for (;;) { break label; } ({ key: 1, other() {} }).key;",
    "import x, { y as z } from 'm'; import * as n from 'm'; export { x as w }; z; n; export default function q() { q; }",
    "made = 1; made + 1; typeof maybe;",
    "switch (1) { case 1: { let s = 1; s; } default: const t = 2; t; }",
    "{ function inner() {} inner(); } hoisted(); function hoisted() {}",
  ])("declares everything it names: %s", async (source) => {
    expect(await usesOf(source)).toEqual([]);
  });

  test("a name is free outside of the block, and of the function, that declares it", async () => {
    expect(await usesOf("{ let a = 1; a; } a; function f() { var b; } b; (c) => c; c;")).toEqual(["a/?", "b/?", "c/?"]);
  });

  test("the list of what every guest has is what a guest has", () => {
    const source = `Object.getOwnPropertyNames(globalThis)`;
    const { value } = JSON.parse(cordon(["run", "-e", source, "--json"]).out) as { value: string[] };
    const notGlobal = new Set(["arguments"]);
    expect(value.filter((name) => !GUEST_GLOBALS.has(name))).toEqual([]);
    expect([...GUEST_GLOBALS].filter((name) => !value.includes(name) && !notGlobal.has(name))).toEqual([]);
  });
});

describe("the analysis of hostile sources", () => {
  test.each([
    ["(".repeat(100_000), "gave-up"],
    ["[".repeat(100_000) + "]".repeat(100_000), "gave-up"],
    ["x=>".repeat(100_000), "gave-up"],
    ["const a = ;", "syntax"],
    ["\0", "syntax"],
    ["", "parsed"],
  ])("source %# ends", async (source, kind) => {
    expect((await analyse(source)).kind).toBe(kind);
  });

  test("takes no longer than its deadline, and leaves no worker behind", async () => {
    const start = performance.now();
    const analysis: Analysis = await analyse(`${"a = {b: [".repeat(400)}`.repeat(2_000), 50);
    expect(performance.now() - start).toBeLessThan(2_000);
    expect(analysis).toEqual({ kind: "gave-up", why: "not done after 0.05 s" });
  });
});

describe("cordon check", () => {
  test("tells imports and needs, and suggests the grant", () => {
    const path = file(
      "fine.js",
      "import { marked } from 'marked';\nexport default marked(await files.readText('a'));\n",
    );
    const { code, out } = cordon(["check", path]);
    expect(code).toBe(0);
    expect(out).toBe(
      [
        `fine  ${path}`,
        "  imports  marked  (--modules DIR)",
        "  seems to need  files.readText  (line 2)  --grant files=ro:DIR",
        '                 reads "a"',
        `  try  cordon run ${path} --modules DIR --grant files=ro:DIR`,
        "",
      ].join("\n"),
    );
    expect(cordon(["check", "-e", "files.remove('a')"]).out).toContain("--grant files=rw:DIR");
  });

  test("a syntax error is at its place, in JavaScript and in TypeScript", () => {
    const broken = cordon(["check", "-e", "let a;\nconst x = ;"]);
    expect([broken.code, broken.out.startsWith("eval.js:2:11: Unexpected token\n")]).toEqual([1, true]);
    const typed = cordon(["check", file("broken.ts", "let a: number = 1;\nconst x: = 2;\n")]);
    expect(typed.code).toBe(1);
    expect(typed.out).toContain("broken.ts:2:");
    expect(
      cordon(["check", file("fine.ts", "interface A { a: number }\nenum B { C }\nfiles.list() as unknown as A;\n")])
        .out,
    ).toContain("files.list  (line 3)");
  });

  test("runs nothing", () => {
    expect(cordon(["check", "-e", "console.log('ran'); for (;;);"])).toMatchObject({ code: 0, err: "" });
  });

  test.each([
    ["other.call()", "other is not granted"],
    ["files.readTxt('a')", "files has no call readTxt"],
    ["files.readText()", "files.readText(path: string) is called with 0 arguments"],
    ["files.rename('a')", "is called with 1 argument"],
    ["files.stat('a', 'b')", "is called with 2 arguments"],
  ])("--types refuses %s: %s", (source, message) => {
    const { code, out } = cordon(["check", "-e", source, "--types", "--grant", `files=ro:${folder}`]);
    expect([code, out.includes(message)]).toEqual([1, true]);
  });

  test("--types accepts what fits, and what the syntax does not tell", () => {
    const source =
      "files.list(); files.list('a'); files.readText(...args); const f = files; const { readText } = files;";
    expect(cordon(["check", "-e", source, "--types", "--grant", `files=ro:${folder}`])).toMatchObject({ code: 0 });
  });

  test("--json is one object", () => {
    const { out } = cordon(["check", "-e", "import 'a'; x.y(1)", "--json"]);
    expect(JSON.parse(out)).toEqual({
      name: "eval.js",
      imports: ["a"],
      needs: [{ group: "x", calls: ["y"], line: 1 }],
      problems: [],
      command: "cordon run eval.js --modules DIR",
      grants: {},
    });
  });
});

describe("the smallest grants of a script", () => {
  interface Suggested {
    readonly word: string;
    readonly uses: readonly string[];
    readonly unknown: readonly string[];
  }
  const suggested = (source: string): Suggested[] => {
    const { needs } = JSON.parse(cordon(["check", "-e", source, "--json"]).out) as { needs: { grant?: Suggested }[] };
    return needs.flatMap(({ grant }) => grant ?? []);
  };
  const words = (source: string): string[] => suggested(source).map(({ word }) => word);

  test.each([
    ["files.readText('a'); files.list()", "files=ro:DIR"],
    ["files.readText('a'); files.append('a', 'b')", "files=rw:DIR"],
    ["files.open('a')", "files=ro:DIR"],
    ["files.open('a', { write: false })", "files=ro:DIR"],
    ["files.open('a', { create: true, write: true })", "files=rw:DIR"],
    ["files.open('a', options)", "files=rw:DIR"],
    ["data.readText('a')", "data=files:ro:DIR"],
    [
      "net.connect({ host: 'a.example', port: 443 }); net.connect({ port: 80, host: 'b.example' })",
      "net=a.example:443,b.example:80",
    ],
    ["net.connect({ host: '::1', port: 1 })", "net=[::1]:1"],
    [
      "net.listen({ port: 0 }); net.listen({ address: '0.0.0.0', port: 80 })",
      "net=listen:0.0.0.0:80,listen:127.0.0.1:0",
    ],
    ["net.send({ host: '10.0.0.1', port: 53, bytes }); net.bind({ port: 0 })", "net=udp:10.0.0.1:53,bind:127.0.0.1:0"],
    ["const port = 443, host = 'a' + '.example'; net.connect({ host, port })", "net=a.example:443"],
    ["http.fetch({ url: 'https://a.example/v1/x?y=z' })", "http=https://a.example/v1/x"],
    ["http.fetch({ url: `https://a.example:8443/v1/${id}` })", "http=https://a.example:8443/v1/"],
    ["const base = 'https://A.example'; http.fetch({ url: base + '/' + path })", "http=https://a.example/"],
    ["http.fetch({ url: 'http://a.example' })", "http=http://a.example/"],
    ["http.fetch({ url: 'https://a.example/../x' })", "http=https://a.example/"],
    ["const NAME = 'LANG'; env.get(NAME); env.get('TZ')", "env=LANG,TZ"],
    ["kv.get('a')", "kv=memory"],
    ["clock.now()", "clock"],
  ])("%s: %s", (source, word) => {
    expect(words(source)).toContain(word);
  });

  test.each([
    ["files.readText(path)", "a path that is computed (line 1)"],
    ["files.open('a', options)", "how a file is opened (line 1)"],
    ["\nuse(files)", "what is done with it where it is passed on (line 2)"],
    ["files[name]('a')", "what is done with it where it is passed on (line 1)"],
    ["net.connect({ host, port: 443 })", "which host connect is for (line 1)"],
    ["net.connect({ host: 'a.example', port })", "which port of a.example (line 1)"],
    ["net.connect({ ...where })", "which host connect is for (line 1)"],
    ["http.fetch({ url: `https://${host}/` })", "which host a request is for (line 1)"],
    ["http.fetch({ url: `https://a.exa${x}` })", "which host a request is for (line 1)"],
    ["http.fetch({ url: 'https://user:secret@a.example/' })", "which host a request is for (line 1)"],
    ["env.get(name); env.get(other)", "which variable it asks for (line 1)"],
    ["let host = 'a.example'; net.connect({ host, port: 1 })", "which host connect is for (line 1)"],
    [
      "const host = 'a.example'; { const host = f(); net.connect({ host, port: 1 }) }",
      "which host connect is for (line 1)",
    ],
    ["const to = { host: 'a.example', port: 1 }; to.host = x; net.connect(to)", "which host connect is for (line 1)"],
  ])("%s: cannot tell %s", (source, unknown) => {
    expect(suggested(source).flatMap((one) => one.unknown)).toContain(unknown);
  });

  test("of paths, what is read and what is written is told", () => {
    const [files] = suggested("const dir = 'in'; files.readText(`${dir}/a`); files.rename('b', 'c')");
    expect(files?.uses).toEqual(['reads "in/a"', 'writes "b"', 'writes "c"']);
  });

  test("hold nothing that a shell or a terminal would obey", () => {
    const source = `net.connect({ host: "a'; rm -rf ~ #", port: 1 }); env.get("X=$(id)"); files.readText("\x1b[2J'");
      http.fetch({ url: "https://a.example/$(id)" })`;
    const { out } = cordon(["check", "-e", source]);
    expect(out).toContain("  try  cordon run eval.js --grant net=HOST:PORT --grant env=NAME --grant files=ro:DIR");
    expect(out).not.toMatch(/rm -rf|\(id\)|\x1b/);
  });

  test("come as a grants file, with what is not known beside it, and the file works", () => {
    const source = "files.readText('a'); http.fetch({ url: 'https://a.example/v1/' }); env.get(x); tools.sum(1)";
    const { out, err, code } = cordon(["check", "-e", source, "--grants-file"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      grants: {
        files: { mode: "ro", path: "DIR" },
        http: { allow: ["https://a.example/v1/"] },
        env: { names: ["NAME"] },
      },
    });
    expect(err).toContain("cordon: env: cannot tell which variable it asks for (line 1)");
    expect(err).toContain("cordon: nothing on a command line gives tools");
    const path = file("suggested.json", cordon(["check", "-e", "data.readText('a')", "--grants-file"]).out);
    writeFileSync(path, readFileSync(path, "utf8").replace("DIR", "."));
    writeFileSync(join(folder, "a"), "alpha");
    expect(cordon(["run", "-e", "await data.readText('a')", "--grants", path]).out).toBe("alpha\n");
  });
});

describe("cordon types", () => {
  test("its declarations compile, and refuse what the contract refuses", async () => {
    const declarations = cordon(["types", "--grant", `files=ro:${folder}`]).out;
    const { spawnSync } = await import("node:child_process");
    file("grants.d.ts", declarations);
    const compile = (source: string): string => {
      const guest = file("guest.ts", `export {};\n${source}\n`);
      const tsc = join(import.meta.dirname, "../../node_modules/typescript/bin/tsc");
      const flags = [
        "--noEmit",
        "--ignoreConfig",
        "--strict",
        "--target",
        "es2024",
        "--module",
        "esnext",
        "--types",
        "",
        join(folder, "grants.d.ts"),
      ];
      return spawnSync(process.execPath, [tsc, ...flags, guest]).stdout.toString();
    };
    expect(compile("const text: string = await files.readText('a'); const first: string | undefined = args[0];")).toBe(
      "",
    );
    expect(compile("await files.readText(1);")).toContain("error TS2345");
    expect(compile("await files.nothing();")).toContain("error TS2339");
  });

  test("of a script without grants are a draft", () => {
    const { out } = cordon(["types", file("draft.js", "tools.sum(1, 2); tools.sum(1); log('x')")]);
    expect(out).toContain("declare const tools: {\n  sum(arg1: unknown, arg2: unknown): Promise<unknown>;\n};");
    expect(out).toContain("declare const log: unknown;");
  });
});

describe("cordon verify", () => {
  const program = "samples/05-wasm/program.wasm";

  test("accepts the engine and says what it found", () => {
    const { code, out } = cordon(["verify", "dist/engine.wasm", "--json"]);
    const summary = JSON.parse(out) as Record<string, unknown>;
    expect(code).toBe(0);
    expect(summary).toMatchObject({ verdict: "accepted", entries: ["cordon_turn"] });
    expect(summary["charges"]).toBe((summary["functions"] as number) + (summary["loops"] as number));
    expect(summary["functions"]).toBeGreaterThan(1_000);
  });

  test("refuses a source module with rule and offset, and accepts what is made of it", () => {
    const refused = cordon(["verify", program]);
    expect(refused.code).toBe(3);
    expect(refused.out).toMatch(/rule +V2-sections\n +means .*\n +offset +\d+ \(0x/);
    const artifact = join(folder, "artifact.wasm");
    expect(cordon(["verify", program, "--instrument", "-o", artifact]).code).toBe(0);
    expect(cordon(["verify", artifact]).out).toContain("accepted");
  });

  test("judges artifacts for segments of a size, and takes them for nothing else", () => {
    const json = cordon(["verify", "dist/engine.segment.wasm", "--segment", "4 MiB", "--json"]);
    expect([json.code, JSON.parse(json.out).verdict]).toEqual([0, "accepted"]);
    expect(cordon(["verify", "dist/engine.segment.wasm"]).out).toMatch(/rule +V1-trampolines/);
    expect(cordon(["verify", "dist/engine.segment.wasm", "--segment", "8MiB"]).code).toBe(3);
    expect(cordon(["verify", "dist/engine.wasm", "--segment", "4MiB"]).out).toMatch(/rule +V1-trampolines/);
    expect(cordon(["verify", "dist/engine.wasm", "--segment", "1MiB"]).out).toMatch(/rule +V7-segment/);
    const artifact = join(folder, "segment.wasm");
    expect(cordon(["verify", program, "--instrument", "--segment", "16MiB", "-o", artifact]).code).toBe(0);
    expect(cordon(["verify", artifact, "--segment", "16MiB"]).code).toBe(0);
    for (const size of ["3MiB", "32KiB", "256MiB", "x"]) {
      const { code, err } = cordon(["verify", artifact, "--segment", size]);
      expect([code, err]).toEqual([2, expect.stringContaining(`no segment has the size ${size}`)]);
    }
  });

  test("says where the checks of monitors stand, and refuses an artifact that has none", () => {
    const zero = [{ test: [["operand", 0], ["i64.const", 0], ["i64.eq"]], act: ["end", 0] }];
    const monitors = file(
      "zero.json",
      JSON.stringify({ registers: 1, reasons: ["zero"], on: { divide: zero, call: [] } }),
    );
    const { code, out } = cordon(["verify", program, "--instrument", "--monitors", monitors]);
    expect(code).toBe(0);
    expect(out).toMatch(/checks +vm\.divide at \d+ instructions, vm\.call in [\d,]+ functions\n/);
    expect(out).toMatch(/ +vm\.divide +function \d+ +offset \d+ \(0x/);
    const json = JSON.parse(cordon(["verify", program, "--instrument", "--monitors", monitors, "--json"]).out);
    expect(json.checks.places).toHaveLength(json.checks.counts.divide);
    expect(json.checks.counts.call).toBe(json.functions);
    const script = cordon(["run", "-e", "1", "--monitors", monitors]);
    expect([script.code, script.err]).toEqual([2, expect.stringContaining("the engine's")]);
    const none = file("none.json", JSON.stringify({ registers: 0, reasons: ["no calls"], on: { indirect: zero } }));
    expect(cordon(["run", program, "--monitors", none]).code).toBe(cordon(["run", program]).code);
    const artifact = join(folder, "unchecked.wasm");
    cordon(["verify", program, "--instrument", "-o", artifact]);
    expect(cordon(["verify", artifact, "--monitors", monitors]).code).toBe(3);
    expect(cordon(["verify", artifact, "--monitors", file("bad.json", "{}")]).code).toBe(2);
  });

  test("refuses an artifact with one byte changed where a charge stands", () => {
    const artifact = join(folder, "artifact2.wasm");
    cordon(["verify", program, "--instrument", "-o", artifact]);
    const bytes = readFileSync(artifact);
    const at = bytes.lastIndexOf(Buffer.from([0x23, 0x00])); // global.get of the fuel
    bytes[at + 1] = 1;
    const { code, out } = cordon(["verify", file("changed.wasm", ""), "--json"]);
    expect([code, JSON.parse(out).rule]).toEqual([3, "malformed"]);
    writeFileSync(join(folder, "changed.wasm"), bytes);
    const changed = cordon(["verify", join(folder, "changed.wasm"), "--json"]);
    expect(changed.code).toBe(3);
    expect(JSON.parse(changed.out)).toMatchObject({ verdict: "refused", rule: expect.stringMatching(/^V/) });
  });
});

describe("cordon repl", () => {
  const repl = (lines: string[], ...args: string[]) => cordon(["repl", ...args], `${lines.join("\n")}\n`);

  test("keeps state between inputs, and takes one that needs several lines", () => {
    expect(repl(["let a = 40", "function f() {", "return a + 2 }", "f()", "await f() + 1"]).out).toBe("42\n43\n");
  });

  test("shows errors and goes on; after an exhausted input there is a fresh sandbox", () => {
    const { out, code } = repl(["let kept = 1", "nope", "kept", "for (;;);", "typeof kept"], "--fuel", "20M");
    expect(code).toBe(0);
    expect(out).toContain("ReferenceError: nope is not defined");
    expect(out).toMatch(/\n1\ncordon: exhausted: fuel\n.*fresh sandbox\nundefined\n$/);
  });

  test(".usage, .limits, .help, .reset and .exit are commands of it", () => {
    const { out } = repl(
      ["1", ".usage", ".limits", ".help", "globalThis.x = 5", ".reset", "typeof x", ".exit", "2"],
      "--fuel",
      "7M",
    );
    expect(out).toMatch(/fuel [\d,]+, memory/);
    expect(out).toMatch(/fuel +7,000,000/);
    expect(out).toContain(".exit");
    expect(out.endsWith("undefined\n")).toBe(true);
  });

  test("history is kept only where it was asked for, for its owner alone", async () => {
    const { existsSync, statSync } = await import("node:fs");
    const history = join(folder, "history");
    repl(["1 + 1"]);
    expect(existsSync(history)).toBe(false);
    repl(["1 + 1", "2 + 2"], "--history", history);
    expect(readFileSync(history, "utf8")).toBe("1 + 1\n2 + 2\n");
    if (process.platform !== "win32") expect(statSync(history).mode & 0o077).toBe(0);
  });
});

describe("cordon help", () => {
  test("names every command, and shows each one's options and examples", () => {
    const { out, code } = cordon([]);
    expect(code).toBe(0);
    for (const name of ["run", "check", "types", "verify", "explain", "repl"]) {
      expect(out).toContain(`\n  ${name} `);
      const help = cordon(["help", name]).out;
      expect(help).toContain("Examples:\n  cordon ");
      expect(cordon([name, "--help"]).out).toBe(help);
    }
    expect(cordon(["--version"]).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test("the examples of every command succeed, but those that wait for somebody to type", async () => {
    const { COMMANDS } = await import("../../embed/cli/options.ts");
    const examples = Object.values(COMMANDS).flatMap(({ examples: all }) => [...all]);
    expect(examples.length).toBeGreaterThan(8);
    for (const example of examples) {
      const words = [...example.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? "").slice(1);
      expect([example, cordon(words).code]).toEqual([example, 0]);
    }
  });
});
