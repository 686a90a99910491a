// Audit logs on disk: whole lines in their order, bounded, and nobody waits.
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type AuditRecord, auditFile, createSandbox } from "../../embed/node/index.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cordon-audit-"));
});
afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true, force: true });
});
const at = (name: string): string => join(folder, name);
const lines = (name: string): string[] => readFileSync(at(name), "utf8").split("\n").slice(0, -1);
const line = (n: number, length = 100): string => `${String(n).padEnd(length - 1, ".")}\n`;

describe("an audit file", () => {
  test("has every line once and in order, also those of an earlier time", async () => {
    for (const from of [0, 500]) {
      const file = auditFile(at("log"));
      for (let n = from; n < from + 500; n++) expect(file.write(line(n), false)).toBe(true);
      expect(await file.close()).toEqual({ lost: 0 });
    }
    expect(lines("log")).toEqual(Array.from({ length: 1_000 }, (_, n) => line(n).trimEnd()));
  });

  test("is its owner's alone", async () => {
    await auditFile(at("log")).close();
    if (process.platform !== "win32") expect(statSync(at("log")).mode & 0o077).toBe(0);
  });

  test("is not written on the caller's turn, and soon after it", async () => {
    const file = auditFile(at("log"));
    file.write(line(1), false);
    expect(readFileSync(at("log"), "utf8")).toBe("");
    await expect.poll(() => readFileSync(at("log"), "utf8"), { timeout: 5_000 }).toBe(line(1));
    await file.close();
  });

  test("ends the torn line of an earlier process before its own", async () => {
    writeFileSync(at("log"), "whole\ntorn");
    const file = auditFile(at("log"));
    file.write("next\n", false);
    await file.close();
    expect(lines("log")).toEqual(["whole", "torn", "next"]);
  });

  test("takes no more than its bytes, earlier ones included, but one last line", async () => {
    appendFileSync(at("log"), line(0, 1_000));
    const file = auditFile(at("log"), { maxBytes: 5_000 });
    let taken = 0;
    while (file.write(line(taken, 500), false)) taken++;
    expect(file.room()).toBeLessThan(500);
    expect(file.write(line(99, 400), true)).toBe(true);
    await file.close();
    expect(statSync(at("log")).size).toBe(1_000 + taken * 500 + 400);
    expect(statSync(at("log")).size).toBeLessThanOrEqual(5_000);
    expect(taken).toBe(6);
  });

  test("with keep moves a full file aside, and drops the oldest", async () => {
    const file = auditFile(at("log"), { maxBytes: 5_000, keep: 2 });
    for (let n = 0; n < 40; n++) expect(file.write(line(n, 500), false)).toBe(true);
    await file.close();
    const all = [...lines("log.2"), ...lines("log.1"), ...lines("log")].map((text) => Number.parseInt(text, 10));
    // 8 lines of 500 fit into 5,000 less what is kept for the last.
    expect(all).toEqual(Array.from({ length: 24 }, (_, i) => 16 + i));
    for (const name of ["log", "log.1", "log.2"]) expect(statSync(at(name)).size).toBeLessThanOrEqual(5_000);
    expect(existsSync(at("log.3"))).toBe(false);
  });

  test("that is written faster than the disk takes it keeps all lines", async () => {
    const file = auditFile(at("log"));
    const big = 64 * 1024;
    let taken = 0;
    for (let n = 0; n < 300; n++) if (file.write(line(n, big), false)) taken++;
    const { lost } = await file.close();
    expect([taken, lost]).toEqual([300, 0]);
    expect(lines("log").map((text) => Number.parseInt(text, 10))).toEqual(Array.from({ length: 300 }, (_, n) => n));
  });

  test("has what a process wrote that ended at once", () => {
    const entry = pathToFileURL(join(import.meta.dirname, "../../embed/node/audit-file.ts")).href;
    const code = `const { auditFile } = await import(${JSON.stringify(entry)});
      const file = auditFile(${JSON.stringify(at("log"))});
      file.write("one\\n", false); file.write("two\\n", false); process.exit(0);`;
    expect(spawnSync(process.execPath, ["--input-type=module", "-e", code]).status).toBe(0);
    expect(lines("log")).toEqual(["one", "two"]);
  });

  test.skipIf(process.platform !== "linux")("that cannot be written takes no more, and says why", async () => {
    const file = auditFile("/dev/full");
    file.write(line(1), false);
    await expect
      .poll(() => file.problem(), { timeout: 5_000 })
      .toBe("the audit log cannot be written: the disk is full");
    expect([file.room(), file.write(line(2), false)]).toEqual([0, false]);
    expect(await file.close()).toEqual({ lost: 1 });
  });

  test("that cannot be opened is an error of the embedder", () => {
    mkdirSync(at("folder"));
    for (const [path, why] of [
      [at("nix/log"), "no such directory"],
      [at("folder"), "is a directory"],
    ] as const) {
      expect(() => auditFile(path)).toThrow(
        expect.objectContaining({ code: "E_OPTION", message: expect.stringContaining(why) }),
      );
    }
    expect(() => auditFile(at("log"), { maxBytes: 10 })).toThrow("maxBytes");
    expect(() => auditFile(at("log"), { keep: -1 })).toThrow("keep");
  });

  test("gets the records of a sandbox", async () => {
    const file = auditFile(at("log"));
    const box = await createSandbox({ grant: { f: (x: number) => x }, audit: { to: file } });
    await box.run("for (let i = 0; i < 100; i++) f(i)");
    box.dispose();
    await file.close();
    const records = lines("log").map((text) => JSON.parse(text) as AuditRecord);
    expect(records).toHaveLength(101);
    expect(records[100]).toMatchObject({ capability: "f", decision: "allowed" });
  });

  test.skipIf(process.platform !== "linux")(
    "whose disk is full ends the run, and no call is made without a record",
    async () => {
      const file = auditFile("/dev/full");
      let made = 0;
      const pause = async () => await new Promise((resolve) => setTimeout(resolve, 20, ++made));
      const box = await createSandbox({ grant: { pause }, audit: { to: file } });
      const result = await box.run("for (;;) await pause()");
      expect(result).toMatchObject({
        status: "refused",
        by: "audit",
        why: expect.stringContaining("the disk is full"),
      });
      expect(made).toBeLessThan(20);
      box.dispose();
      expect((await file.close()).lost).toBeGreaterThan(0);
    },
  );
});
