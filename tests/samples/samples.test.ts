// Every sample does what its README says.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, test } from "vitest";
import { cordon, ROOT } from "../cli/command.ts";

interface Ending {
  readonly guest: string;
  readonly how: string;
  readonly next: string;
  readonly untouched: boolean;
}

// Samples are a project of their own: they see the package, not its sources. So they are loaded, not imported.
const load = async <T>(...path: string[]): Promise<T> => (await import(sample(...path))) as T;
const sample = (...path: string[]): string => join(ROOT, "samples", ...path);
const data = ["--grant", "files=ro:samples/02-report/data"];

describe("sample 01, hello", () => {
  test("greets, computes, reads the clock, and finds no way out", () => {
    const { code, out, err } = cordon(["run", "samples/01-hello/guest.ts", "--", "Ada"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^Hello, Ada! It is \w+day (night|morning|afternoon|evening)\.\n/);
    expect(out).toContain("9592 primes below 100000, the last one 99991");
    expect(out).toContain("I can reach: nothing.");
  });
});

describe("sample 02, report", () => {
  test("its data is what make-data.ts makes, and small enough for a repository", async () => {
    const { salesCsv } = await load<{ salesCsv: () => string }>("02-report/make-data.ts");
    const committed = readFileSync(sample("02-report/data/sales.csv"), "utf8");
    expect(salesCsv()).toBe(committed);
    expect(committed.length).toBeLessThan(300_000);
    expect(committed.split("\n").length).toBeGreaterThan(4_000);
  });

  test("reports what the data says, counted here another way", () => {
    const { value } = JSON.parse(cordon(["run", "samples/02-report/guest.js", ...data, "--json"]).out) as {
      value: { total: string; orders: number; leftOut: number };
    };
    const rows = readFileSync(sample("02-report/data/sales.csv"), "utf8").trimEnd().split("\n").slice(1);
    const amounts = rows.map((row) => {
      const [, region = "", quantity = "", price = ""] = /^\d+,[\d-]+,([^,]+),.*,(-?\d*),([\d.]+)$/.exec(row) ?? [];
      return region === "?" || quantity === "" ? undefined : Number(quantity) * Number(price.replace(".", ""));
    });
    const good = amounts.filter((amount) => amount !== undefined);
    const total = (good.reduce((sum, amount) => sum + amount, 0) / 100).toLocaleString("en-US", {
      minimumFractionDigits: 2,
    });
    expect(value).toMatchObject({ orders: rows.length, leftOut: rows.length - good.length, total });
  });

  test("passes its own check against the contract, and a wrong call does not", () => {
    expect(cordon(["check", "samples/02-report/guest.js", "--types", ...data]).code).toBe(0);
    const wrong = cordon(["check", "-e", "await files.readTxt('a')", "--types", ...data]);
    expect([wrong.code, wrong.out.includes("files has no call readTxt")]).toEqual([1, true]);
  });
});

describe("sample 03, an npm package", () => {
  test("renders this repository's README as the package does outside", async () => {
    const args = [
      "run",
      "samples/03-npm-package/guest.js",
      "--modules",
      ".",
      "--grant",
      "files=ro:.",
      "--value",
      "text",
    ];
    const { marked } = await import("marked");
    const expected = await marked.parse(readFileSync(join(ROOT, "README.md"), "utf8"));
    expect(cordon(args)).toMatchObject({ code: 0, out: `${expected}\n` });
  });
});

const HOW: Readonly<Record<string, RegExp>> = {
  "01-endless-loop.js": /^exhausted: (fuel|wall)$/,
  "02-endless-promises.js": /^exhausted: (fuel|wall)$/,
  "03-recursion.js": /^returned "(RangeError|InternalError) after many calls"$/,
  "04-memory-hog.js": /^(threw \w+: out of memory|exhausted: memory)$/,
  "05-memory-bomb.js": /^returned "\w+: (string too long|out of memory|invalid string length)"$/,
  "06-log-flood.js": /^exhausted: (fuel|wall)$/,
  "07-promise-flood.js": /^(exhausted: (fuel|wall|memory)|threw \w+: out of memory)$/,
  "08-prototype-games.js": /^(returned|threw) /,
  "09-constructor-walk.js": /^returned \["nothing","nothing","nothing","nothing","nothing"\]$/,
  "10-tampering.js":
    /^returned \["replace a call: TypeError","delete a call: TypeError","mark the function: TypeError",42\]$/,
  "11-return-smuggling.js": /^threw SyntaxError: /,
  "12-poisoned-answers.js": /^threw Error: you looked$/,
};

describe("sample 04, the gallery", () => {
  test("each guest ends as it should, the next one runs, and the host is as before", async () => {
    const { gallery } = await load<{ gallery: () => Promise<Ending[]> }>("04-gallery/gallery.ts");
    const endings = await gallery();
    expect(endings.map(({ guest }) => guest)).toEqual(Object.keys(HOW));
    for (const { guest, how, next, untouched } of endings) {
      expect(`${guest}: ${how}`).toMatch(new RegExp(`^${guest}: ${HOW[guest]!.source.replace(/^\^/, "")}`));
      expect([guest, next, untouched]).toEqual([guest, "returned [1,4,9]", true]);
    }
  });
});

describe("sample 05, WebAssembly", () => {
  test("counts what it was granted to read, and fails without", () => {
    const text = readFileSync(join(ROOT, "README.md"));
    const lines = text.toString().split("\n").length - 1;
    const words = text
      .toString()
      .split(/[ \t\n\v\f\r]+/)
      .filter((word) => word !== "").length;
    const { out } = cordon(["run", "samples/05-wasm/program.wasm", "--grant", "files=ro:."]);
    expect(out).toBe(`lines ${lines}\nwords ${words}\nbytes ${text.length}\n`);
    expect(cordon(["run", "samples/05-wasm/program.wasm"]).code).toBe(1);
  });

  test("its binary is what its source compiles to", () => {
    const folder = mkdtempSync(join(tmpdir(), "cordon-sample-"));
    try {
      execFileSync(process.execPath, [sample("05-wasm/build.ts"), join(folder, "program.wasm")]);
      expect(readFileSync(join(folder, "program.wasm")).equals(readFileSync(sample("05-wasm/program.wasm")))).toBe(
        true,
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** Runs until somebody ends it. In a browser: tests/browser/sample.test.ts. */
const SERVER = "samples/17-browser/serve.ts";

/** Asks for the path as it stands: `fetch` would take the `..` out. */
async function status(url: string, path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(url);
  const [response] = (await once(get({ hostname, port, path }), "response")) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

describe("samples", () => {
  const folders = readdirSync(sample()).filter((name) => /^\d\d-/.test(name));

  test("each has a README of one screen", () => {
    for (const folder of folders) {
      const lines = readFileSync(sample(folder, "README.md"), "utf8").split("\n").length;
      expect([folder, lines > 5 && lines < 40]).toEqual([folder, true]);
    }
  });

  test("every program that a README names runs by itself", () => {
    for (const folder of folders) {
      const commands = readFileSync(sample(folder, "README.md"), "utf8").matchAll(/^node (samples\/\S+)$/gm);
      for (const [, file = ""] of commands)
        if (file !== SERVER)
          expect(execFileSync(process.execPath, [file], { cwd: ROOT, timeout: 60_000 }).length).toBeGreaterThan(50);
    }
  });

  test("the one that serves a page gives it and what it loads, and no other file", async () => {
    const server = spawn(process.execPath, [SERVER, "0"], { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
    try {
      const [url] = (await once(createInterface(server.stdout), "line")) as [string];
      expect(await (await fetch(url)).text()).toContain("<script");
      expect(await status(url, "/dist/browser/index.js")).toBe(200);
      for (const other of ["/package.json", "/dist/../package.json", "/dist/%2e%2e/package.json", "/dist//etc/passwd"])
        expect([other, await status(url, other)]).toEqual([other, 404]);
    } finally {
      server.kill();
    }
  }, 30_000);

  test("every command of a README succeeds", () => {
    for (const folder of folders) {
      const commands = readFileSync(sample(folder, "README.md"), "utf8").matchAll(/^npx cordon (.+)$/gm);
      for (const [, words = ""] of commands) expect([words, cordon(words.split(" ")).code]).toEqual([words, 0]);
    }
  });
});
