// cordon run --audit, and cordon explain: what is written is what is read, by a reader who trusts nothing of it.
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { EXIT } from "../../embed/cli/exit.ts";
import { type AuditCall, type AuditRecord, auditLine } from "../../embed/node/index.ts";
import { cordon, signalled } from "./command.ts";

let folder = "";
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "cordon-log-")));
  mkdirSync(join(folder, "data"));
  writeFileSync(join(folder, "data/a.txt"), "alpha");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const LOG = (): string => join(folder, "log.ndjson");
beforeEach(() => rmSync(LOG(), { force: true }));

const run = (source: string, ...more: string[]) =>
  cordon(["run", "-e", source, "--grant", `files=ro:${folder}/data`, "--audit", LOG(), ...more]);
const records = (): AuditRecord[] =>
  readFileSync(LOG(), "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as AuditRecord);
const calls = (): AuditCall[] => records().filter((record): record is AuditCall => !("event" in record));
const explain = (...args: string[]) => cordon(["explain", LOG(), ...args]);
const explained = (...args: string[]) => JSON.parse(explain(...args, "--json").out) as Record<string, unknown[]>;

describe("cordon run --audit", () => {
  test("writes one record for each call, digests unless full values are asked for", () => {
    expect(run("await files.readText('a.txt')")).toMatchObject({ code: 0, out: "alpha\n", err: "" });
    expect(run("await files.readText('a.txt')", "--audit-values", "full").code).toBe(0);
    expect(run("await files.readText('a.txt')", "--audit-values", "none").code).toBe(0);
    const [digest, full, none] = calls();
    expect(digest).toMatchObject({ name: "eval.js", capability: "files", call: "readText", decision: "allowed" });
    expect([digest?.args, full?.args, none?.args]).toEqual([expect.stringMatching(/^sha256:/), ["a.txt"], undefined]);
    expect(new Set(calls().map(({ run: id }) => id)).size).toBe(3);
  });

  test("and --trace are told of the same calls", () => {
    const { err } = run("await files.readText('a.txt')", "--trace");
    expect(err).toMatch(/^trace files\.readText\('a\.txt'\) -> 'alpha'/);
    expect(calls()).toHaveLength(1);
  });

  test("has the calls of a WebAssembly program by the names of the capability", () => {
    writeFileSync(join(folder, "data/data.txt"), "a b a\n");
    const args = ["tests/wasi/fixtures/words.wasm", "--grant", `files=ro:${folder}/data`, "--audit", LOG()];
    cordon(["run", ...args, "--", "data.txt"]);
    expect(calls().map(({ capability, call, decision }) => [capability, call, decision])).toContainEqual([
      ...["files", "readBytes", "allowed"],
    ]);
  });

  test("has what was refused of a WebAssembly program by its code", () => {
    const args = ["tests/wasi/fixtures/words.wasm", "--grant", `files=ro:${folder}/data`, "--audit", LOG()];
    cordon(["run", ...args, "--", "data.txt"]);
    const refused = calls().filter(({ decision }) => decision === "refused");
    expect(refused).toContainEqual(
      expect.objectContaining({ call: "makeDirectory", code: "E_READ_ONLY", rule: "read-only" }),
    );
  });

  test("that is full ends the run with exit code 3 and says what to do; or drops and counts; or rotates", () => {
    const loop = "for (let i = 0; i < 100; i++) await files.exists('a.txt')";
    const ended = run(loop, "--audit-max", "8KiB");
    expect([ended.code, ended.err]).toEqual([EXIT.refused.code, expect.stringContaining("--audit-max")]);
    expect(calls().length).toBeLessThan(100);
    rmSync(LOG());
    expect(run(loop, "--audit-max", "8KiB", "--audit-at-max", "drop").code).toBe(0);
    const dropped = records().flatMap((record) =>
      "event" in record && record.event === "dropped" ? record.count : [],
    );
    expect(calls().length + dropped.reduce((a, b) => a + b, 0)).toBe(100);
    rmSync(LOG());
    expect(run(loop, "--audit-max", "16KiB", "--audit-at-max", "rotate").code).toBe(0);
    const kept = readFileSync(`${LOG()}.1`, "utf8").split("\n").length + calls().length;
    expect(kept).toBeGreaterThan(60);
  });

  test("is written up to Ctrl-C", async () => {
    const source = "console.log('on'); await files.exists('a.txt'); for (;;);";
    const args = ["run", "-e", source, "--grant", `files=ro:${folder}/data`, "--audit", LOG()];
    expect((await signalled(args, "SIGINT")).code).toBe(EXIT.ctrlC.code);
    expect(records().length).toBeGreaterThanOrEqual(1);
  });

  test("is refused where the guest could write to it, also by a link", () => {
    const inside = cordon(["run", "-e", "1", "--grant", `files=rw:${folder}`, "--audit", LOG()]);
    expect([inside.code, inside.err]).toEqual([EXIT.usage.code, expect.stringContaining("the guest may write there")]);
    symlinkSync(join(folder, "data"), join(folder, "link"));
    const byLink = cordon(["run", "-e", "1", "--grant", `files=rw:${folder}/data`, "--audit", `${folder}/link/log`]);
    expect([byLink.code, byLink.err]).toEqual([EXIT.usage.code, expect.stringContaining("the guest may write there")]);
  });

  test.each([
    [["--audit", "/no/such/place/log"], "no such directory"],
    [["--audit", "x", "--audit-values", "some"], "digest, full, none"],
    [["--audit", "x", "--audit-max", "big"], "not a size"],
    [["--audit", "x", "--audit-max", "1"], "4096"],
    [["--audit", "x", "--audit-at-max", "stop"], "end, drop, rotate"],
    [["--audit-values", "full"], "without --audit LOG"],
  ])("%j is a mistake that is told before anything runs", (args, message) => {
    const { code, out, err } = cordon(["run", "-e", "console.log('ran')", ...args]);
    expect([code, out, err]).toEqual([EXIT.usage.code, "", expect.stringContaining(message)]);
  });
});

describe("cordon explain", () => {
  const write = () =>
    run(
      `await files.readText('a.txt'); await files.list(); await files.readText('nix').catch(() => 0);
       for (let i = 0; i < 3; i++) await files.writeText('out', '').catch(() => 0)`,
      "--audit-values",
      "full",
    );

  test("tells who called what how often, what was refused and why, and the smallest grants", () => {
    write();
    const { out, code } = explain();
    expect(code).toBe(0);
    expect(out).toMatch(/^6 calls in 1 run, from \d{4}-/);
    expect(out).toMatch(/files\.readText +2 calls .* 1 allowed, 1 failed\n/);
    expect(out).toMatch(
      /Refused\n +files\.writeText +3 times +E_READ_ONLY by read-only +in eval\.js +last with \("out",""\)/,
    );
    expect(out).toMatch(/Failed\n +files\.readText +1 time +E_NOT_FOUND +in eval\.js +last with \("nix"\)/);
    expect(out).toContain('eval.js  files  --grant files=ro:DIR\n      reads "a.txt"\n');
    expect(out).toContain("what was refused would take --grant files=rw:DIR");
  });

  test("--json has the same for machines", () => {
    write();
    const { calls: sums, refused, needed, unread } = explained();
    expect(sums).toContainEqual(expect.objectContaining({ capability: "files", call: "list", calls: 1, allowed: 1 }));
    expect(refused).toEqual([expect.objectContaining({ call: "writeText", code: "E_READ_ONLY", count: 3 })]);
    expect(needed).toEqual([
      expect.objectContaining({
        grant: expect.objectContaining({ word: "files=ro:DIR", fields: { mode: "ro", path: "DIR" } }),
        more: "files=rw:DIR",
      }),
    ]);
    expect(unread).toEqual({ torn: 0, malformed: 0, tooLong: 0 });
  });

  test("filters by grant, call, guest, run and refusal", () => {
    write();
    const [first] = calls();
    const count = (...args: string[]) => explained(...args)["records"] as unknown as number;
    expect(count()).toBe(6);
    expect(count("--capability", "files")).toBe(6);
    expect(count("--capability", "net")).toBe(0);
    expect(count("--call", "list", "--call", "writeText")).toBe(4);
    expect(count("--refused")).toBe(3);
    expect(count("--refused", "--call", "list")).toBe(0);
    expect(count("--domain", "eval.js")).toBe(6);
    expect(count("--domain", String(first?.domain))).toBe(6);
    expect(count("--domain", "other")).toBe(0);
    expect(count("--run", first?.run as string)).toBe(6);
    expect(count("--run", "0")).toBe(0);
  });

  test("says which grants nobody called, and what a log without values cannot tell", () => {
    cordon([
      ...["run", "-e", "await a.readText('a.txt')", "--audit", LOG()],
      ...["--grant", `a=ro:${folder}/data`, "--grant", `b=ro:${folder}/data`],
    ]);
    const { out } = explain();
    expect(out).toContain("Granted and not called\n  eval.js  b\n");
    expect(out).toContain("eval.js  a  --grant a=files:ro:DIR\n      the log has no arguments of some calls");
  });

  test("reads a log of many runs, torn lines and nonsense, and says what it could not read", () => {
    write();
    appendFileSync(LOG(), `nonsense\n{"time":5}\n[]\n\n${"x".repeat(2 * 1024 * 1024)}\n{"torn`);
    write();
    appendFileSync(LOG(), '{"torn at the end');
    const { records: count, runs, unread } = explained();
    expect([count, runs?.length]).toEqual([12, 2]);
    expect(unread).toEqual({ torn: 1, malformed: 4, tooLong: 1 });
    const { out } = explain();
    expect(out).toContain("the last line is torn, 4 lines that are no records, 1 line too long");
  });

  const call = (more: Partial<AuditCall>): string =>
    auditLine({
      ...{
        time: "2026-01-01T00:00:00.000Z",
        run: "r",
        domain: 1,
        name: "n",
        capability: "c",
        contract: "c",
        call: "f",
      },
      ...{ decision: "allowed", cost: { bytes: 1, ms: 1 }, ...more },
    });

  test("shows nothing of a log that drives a terminal or breaks a line", () => {
    const bad = "\x1b[31m\u202e\n\r\x07\x9b\u2028";
    const refused = { decision: "refused", code: bad, rule: bad } as const;
    writeFileSync(LOG(), call({ name: bad, capability: bad, contract: bad, call: bad, args: [bad], ...refused }));
    // As another program would write it: not escaped.
    appendFileSync(
      LOG(),
      `${readFileSync(LOG(), "utf8").trimEnd().replaceAll("\\u202e", "\u202e").replaceAll("\\u009b", "\x9b")}\n`,
    );
    expect(explain().out).toMatch(/^[\x20-\x7e\n]*$/);
    expect(explain().out.split("\n").length).toBeLessThan(20);
  });

  test("does not put what a guest made up into a command line to copy", () => {
    const args = [{ host: "a; rm -rf ~", port: 443 }];
    writeFileSync(LOG(), call({ capability: "net", contract: "net", call: "connect", args }));
    expect(explained()["needed"]).toEqual([
      expect.objectContaining({ grant: expect.objectContaining({ word: "net=HOST:PORT" }) }),
    ]);
    expect(explain().out).not.toContain("rm -rf");
  });

  test("names the hosts and variables that were used", () => {
    const net = { capability: "net", contract: "net" };
    writeFileSync(
      LOG(),
      [
        call({ ...net, call: "connect", args: [{ host: "api.example.com", port: 443 }] }),
        call({ ...net, call: "connect", args: [{ host: "::1", port: 80 }] }),
        call({ ...net, call: "listen", args: [{ port: 0 }] }),
        call({ ...net, call: "connect", args: [{ host: "no", port: 1 }], decision: "refused", code: "E_NOT_GRANTED" }),
        call({ capability: "env", contract: "env", call: "get", args: ["LANG"] }),
      ].join(""),
    );
    expect(explained()["needed"]).toEqual([
      expect.objectContaining({
        grant: expect.objectContaining({ word: "net=[::1]:80,api.example.com:443,listen:127.0.0.1:0" }),
        more: "net=[::1]:80,api.example.com:443,no:1,listen:127.0.0.1:0",
      }),
      expect.objectContaining({ grant: expect.objectContaining({ word: "env=LANG" }) }),
    ]);
  });

  test("keeps little of a log with more names than anybody has", () => {
    const many = Array.from({ length: 30_000 }, (_, i) => call({ capability: `c${i}`, call: `f${i}`, args: [i] }));
    writeFileSync(LOG(), many.join(""));
    const { calls: sums, beyond, records: count } = explained() as Record<string, never>;
    expect([(sums as unknown as unknown[]).length, beyond, count]).toEqual([10_000, 20_000, 30_000]);
    const { out } = explain();
    expect(out.split("\n").length).toBeLessThan(150);
    expect(out).toContain("... and 9960 more: --json has all");
  });

  test("what is no log at all is a mistake", () => {
    writeFileSync(LOG(), "hello\n");
    expect(explain()).toMatchObject({ code: EXIT.usage.code, err: expect.stringContaining("no audit log") });
    expect(cordon(["explain", "/no/such/log"])).toMatchObject({ code: EXIT.usage.code });
    expect(cordon(["explain", folder])).toMatchObject({
      code: EXIT.usage.code,
      err: expect.stringContaining("directory"),
    });
    expect(cordon(["explain"])).toMatchObject({ code: EXIT.usage.code });
    expect(cordon(["explain", "-"], call({})).out).toContain("1 call in 1 run");
  });
});
