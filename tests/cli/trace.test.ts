// cordon run --trace: what was called, on a line of its own on stderr, or as records in the JSON object.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lineOf, newTracer, shorten, type TraceLine } from "../../embed/cli/trace.ts";
import { type AuditRecord, createSandbox } from "../../embed/node/index.ts";
import { cordon } from "./command.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cordon-trace-"));
  mkdirSync(join(folder, "data"));
  writeFileSync(join(folder, "data/a.txt"), "alpha");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const traced = (source: string, ...more: string[]) =>
  cordon(["run", "-e", source, "--trace", "--grant", `from=ro:${folder}/data`, ...more]);
const TIME = String.raw`\(\d+\.\d ms\)`;

describe("--trace of a script", () => {
  test("a line has the grant's own name, the call, its arguments, what came of it and the time; stdout has none", () => {
    const { out, err } = traced("console.log('said'); await from.readText('a.txt')");
    expect(out).toBe("said\nalpha\n");
    expect(err).toMatch(new RegExp(String.raw`^trace from\.readText\('a\.txt'\) -> 'alpha' ${TIME}\n$`));
  });

  test("a call that failed says why, and one that was refused says so", () => {
    const source = "try { await from.readText('nix') } catch {}; try { await from.readText(5) } catch {}";
    const [failed, refused] = traced(source).err.split("\n");
    expect(failed).toMatch(
      new RegExp(String.raw`^trace from\.readText\('nix'\) failed \w+: .*\[E_NOT_FOUND\] ${TIME}$`),
    );
    expect(refused).toMatch(/^trace from\.readText refused .*\[E_VALUE\]$/);
  });

  test("what is long is shortened, and stays on one line", () => {
    writeFileSync(join(folder, "data/long.txt"), "long\n".repeat(1000));
    const lines = traced("await from.readText('long.txt'); 0").err.trimEnd().split("\n");
    expect(lines).toHaveLength(1);
    expect((lines[0] as string).length).toBeLessThan(200);
  });

  test("a call that is open at the end is told as well", () => {
    const { err, code } = traced("from.readText('a.txt'); for (;;);", "--fuel", "200k");
    expect(err).toMatch(new RegExp(String.raw`^trace from\.readText\('a\.txt'\) unfinished ${TIME}$`, "m"));
    expect(code).toBe(4);
  });

  test("--json has records in its one object, where a guest's text cannot be taken for one", () => {
    const { out, err } = traced(
      "console.log('trace from.remove() -> 1 (0.1 ms)'); await from.readText('a.txt'); await from.stat('nix')",
      "--json",
    );
    expect(err).toBe("trace from.remove() -> 1 (0.1 ms)\n");
    const { trace } = JSON.parse(out) as { trace: TraceLine[] };
    expect(trace).toEqual([
      {
        grant: "from",
        call: "readText",
        args: ["'a.txt'"],
        outcome: "done",
        result: "'alpha'",
        ms: expect.any(Number),
      },
      {
        grant: "from",
        call: "stat",
        args: ["'nix'"],
        outcome: "failed",
        result: expect.any(String),
        ms: expect.any(Number),
      },
    ]);
    expect(Object.keys(JSON.parse(cordon(["run", "-e", "1", "--json"]).out) as object)).not.toContain("trace");
  });
});

describe("--trace of a program", () => {
  const TOOLS = "tests/wasi/fixtures/words.wasm";

  test("its files are traced, on lines of their own", () => {
    writeFileSync(join(folder, "data/data.txt"), "a b a\n");
    const args = ["run", TOOLS, "--trace", "--grant", `files=ro:${folder}/data`];
    const { out, err } = cordon([...args, "--", "data.txt"]);
    expect(out).not.toContain("trace");
    expect(err).toMatch(new RegExp(String.raw`^trace files\.stat\('data\.txt'\) -> .* ${TIME}$`, "m"));
    expect(err).toMatch(new RegExp(String.raw`^trace files\.readBytes\('data\.txt'\) -> .* ${TIME}$`, "m"));
    const { trace } = JSON.parse(cordon([...args, "--json", "--", "data.txt"]).out) as { trace: TraceLine[] };
    expect(trace.map(({ grant, call }) => `${grant}.${call}`)).toContain("files.readBytes");
  });
});

describe("the tracer", () => {
  const mine = {
    ok: (...args: unknown[]) => args.length,
    bad: () => {
      throw Object.assign(new Error("two\nlines \x1b[2J"), { code: "E_X" });
    },
    later: async () => Promise.reject(new Error("later")),
    never: () => new Promise<void>(() => undefined),
  };
  const written: string[] = [];
  const screen = { write: (text: string) => void written.push(text), isTerminal: false, hasColors: false };
  const start = async (isJson: boolean) => {
    written.splice(0);
    const tracer = newTracer(isJson, screen);
    const box = await createSandbox({ grant: { mine }, audit: tracer.audit, limits: { calls: 20_000 } });
    return { tracer, box };
  };

  test("results and errors pass through it as they are", async () => {
    const { box } = await start(false);
    const source = `const n = mine.ok(1, 2, 3, 4, 5, 6);
      const message = (() => { try { mine.bad() } catch (e) { return e.message } })();
      return [n, message, await mine.later().catch((e) => e.message)]`;
    expect(await box.run(source)).toMatchObject({ value: [6, "two\nlines \x1b[2J", "later"] });
    expect(written).toEqual([
      expect.stringMatching(/^trace mine\.ok\(1, 2, 3, 4, \.\.\. 2 more\) -> 6 \(/),
      expect.stringMatching(/^trace mine\.bad\(\) failed Error: two lines \\x1b\[2J \[E_X\] \(/),
      expect.stringMatching(/^trace mine\.later\(\) failed Error: later \(/),
    ]);
  });

  test("what never answers is told at the end, once; refusals by the kernel without arguments", async () => {
    const { tracer, box } = await start(false);
    await box.run("mine.never(); 0");
    expect(written).toEqual([]);
    box.dispose();
    box.dispose();
    const who = { time: "", run: "", domain: 1, name: "", capability: "mine", contract: "mine" };
    const refused: AuditRecord = { ...who, call: "x\x1b", decision: "refused", cost: { bytes: 0, ms: 0 } };
    (tracer.audit.to as (record: AuditRecord) => void)(refused);
    expect(written).toEqual([
      expect.stringMatching(/^trace mine\.never\(\) unfinished \(/),
      "trace mine.x\\x1b refused\n",
    ]);
  });

  test("it ends a guest's line that has no end", async () => {
    const { tracer, box } = await start(false);
    tracer.wrote(Buffer.from("prompt> "));
    await box.run("mine.ok(); mine.ok()");
    tracer.wrote(Buffer.from("whole\n"));
    await box.run("mine.ok()");
    expect(written.map((text) => text.startsWith("\n"))).toEqual([true, false, false]);
  });

  test("records are bounded", async () => {
    const { tracer, box } = await start(true);
    await box.run("for (let i = 0; i < 10_005; i++) mine.ok()");
    expect([tracer.records?.length, tracer.dropped(), written]).toEqual([10_000, 5, []]);
  });

  test("text of a guest is short, on one line, and drives no terminal", () => {
    const values = [
      "\x1b[2J\n\u202e",
      { "\u009b2J": "\u2028" },
      new Uint8Array(1e6),
      [[[[1]]]],
      "x".repeat(1e6),
      Symbol("\x07"),
    ];
    for (const value of values) {
      expect(shorten(value)).toMatch(/^[\x20-\x7e]{1,120}$/);
    }
    expect(
      shorten(
        new Proxy(
          {},
          {
            ownKeys: () => {
              throw new Error("no");
            },
          },
        ),
      ),
    ).toMatch(/^[\x20-\x7e]+$/);
    const line = { grant: "g", call: "", args: [], outcome: "done", result: "1", ms: 1.26 } as const;
    expect(lineOf(line)).toBe("g() -> 1 (1.3 ms)");
  });
});

test("help names the options", () => {
  const { out } = cordon(["help", "run"]);
  for (const word of ["--trace", "--no-cache", "CORDON_NO_CACHE", "XDG_CACHE_HOME"]) expect(out).toContain(word);
  expect(readFileSync(join(import.meta.dirname, "../../README.md"), "utf8")).toContain("--no-cache");
});
