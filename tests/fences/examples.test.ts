// Every code block of every document is run: ts and js as programs of a stranger who installed the package, sh as commands.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type CodeBlock, codeBlocks } from "./markdown.ts";
import { files, ROOT, read } from "./tree.ts";

interface Example extends CodeBlock {
  readonly guide: string;
}

/** These have tests of their own: tests/embed/readme.test.ts and tests/samples/samples.test.ts. Attacks are no guide. */
const ELSEWHERE = /^(?:embed\/README\.md$|samples\/|tests\/attacks\/)/;
const GUIDES = files("**/*.md").filter((file) => !ELSEWHERE.test(file));
const EXAMPLES = GUIDES.flatMap((guide) => codeBlocks(read(guide)).map((block): Example => ({ guide, ...block })));
const EXTENSIONS = new Map(Object.entries({ ts: "ts", typescript: "ts", js: "js", javascript: "js", mjs: "js" }));
const SHELLS = new Set(["sh", "bash", "shell", "console"]);
const SCRIPTS = Object.keys((JSON.parse(read("package.json")) as { scripts: object }).scripts);

function succeeds(args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    encoding: "utf8",
    timeout: 60_000,
    input: "",
  });
  expect(status, `${args.join(" ")}\n${stdout}${stderr}`).toBe(0);
}

/** The file lies in dist/, inside the package: so `import "cordon"` finds the package by its own name. */
function runProgram(code: string, extension: string): void {
  mkdirSync(join(ROOT, "dist"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, "dist/example-"));
  try {
    const file = join(folder, `example.${extension}`);
    writeFileSync(file, code);
    succeeds([file]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * `npx cordon ...` and `cordon ...` are run. Of npm, what .ci/run has done before any test is not done again, and a
 * script must exist. Any other command fails the test: somebody has to decide how it is to be covered.
 */
function runCommand(command: string): void {
  const words = command
    .replace(/\s+#.*$/, "")
    .trim()
    .split(/\s+/);
  const cordon = words.indexOf("cordon");
  if (cordon === 0 || (cordon === 1 && words[0] === "npx")) {
    const args = words.slice(cordon + 1).map((arg) => arg.replace(/^(["'])(.*)\1$/, "$2"));
    succeeds([join(ROOT, "embed/cli/bin.cjs"), ...args]);
    return;
  }
  const script = words[0] === "npm" ? words[words[1] === "run" ? 2 : 1] : undefined;
  expect(["install", ...SCRIPTS], `do not know how to check: ${command}`).toContain(script);
}

const commandsOf = (code: string): string[] =>
  code
    .replaceAll("\\\n", " ")
    .split("\n")
    .map((line) => line.replace(/^\$ /, "").trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .flatMap((line) => line.split(" && "));

describe("examples in the guides", () => {
  const programs = EXAMPLES.filter(({ language }) => EXTENSIONS.has(language));
  const shells = EXAMPLES.filter(({ language }) => SHELLS.has(language));

  test.for(programs)("$guide:$line runs ($language)", ({ code, language }) => {
    runProgram(code, EXTENSIONS.get(language) ?? "js");
  });

  test.for(shells)("$guide:$line runs ($language)", ({ code }) => {
    for (const command of commandsOf(code)) runCommand(command);
  });

  test("every code block names its language", () => {
    expect(EXAMPLES.filter(({ language }) => language === "").map(({ guide, line }) => `${guide}:${line}`)).toEqual([]);
  });

  test("a program that throws, and a command that nobody covers, are found", () => {
    expect(() => runProgram("const x: number = 1; throw x;", "ts")).toThrow("example.ts");
    expect(() => runCommand("npm run no-such-script")).toThrow("do not know");
    expect(() => runCommand("curl https://example.com")).toThrow("do not know");
    expect(existsSync(join(ROOT, "README.md"))).toBe(true);
  });
});
