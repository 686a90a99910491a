// runProgram: what it takes, what it gives, where it stops.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isCordonError } from "../../embed/errors.ts";
import { runProgram } from "../../embed/node/program.ts";
import type { ProgramRequest } from "../../embed/program-options.ts";
import { tree } from "../../policy-libs/index.ts";
import { PROGRAM } from "../../stdlib/abi.ts";
import { assembled, fixture, runModule, runTool } from "./programs.ts";

const root = join(import.meta.dirname, "../..");
const plain = (body: string): Uint8Array => assembled(`(module ${body})`);
const spinner = plain(`(func (export "_start") (loop (br 0)))`);
const WASI = "wasi_snapshot_preview1";

/** Sleeps for an hour. */
const sleeper = assembled(`(module (import "${WASI}" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory 1) (func (export "main") (result i32) (i64.store (i32.const 24) (i64.const 3600000000000))
    (call $poll (i32.const 0) (i32.const 100) (i32.const 1) (i32.const 200))))`);

describe("runProgram", () => {
  test.each([
    ["add", [40, 2], 42],
    ["add", [40n, 2], 42],
    ["wide", [2n ** 62n], 2n ** 62n + 1n],
    ["wide", [1], 2n],
    ["half", [1], 0.5],
    ["pair", [], [1, 2n]],
    ["nothing", [], undefined],
  ])("calls %s, an export of numbers", async (entry, entryArgs, value) => {
    const module = plain(`(func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
      (func (export "wide") (param i64) (result i64) (i64.add (local.get 0) (i64.const 1)))
      (func (export "half") (param f64) (result f64) (f64.div (local.get 0) (f64.const 2)))
      (func (export "pair") (result i32 i64) (i32.const 1) (i64.const 2)) (func (export "nothing"))`);
    expect((await runModule(module, { entry, entryArgs })).result).toMatchObject({
      status: "returned",
      value,
      exitCode: 0,
    });
  });

  test.each([
    ["add", [1], /add takes 2 numbers, not 1/],
    ["add", [1, 2, 3], /add takes 2 numbers, not 3/],
    ["add", [1.5, 2], /argument 1 is no whole number/],
    ["add", [1, Number.NaN], /argument 2 is no whole number/],
    ["nix", [], /exports no function "nix": it exports add/],
    ["__proto__", [], /exports no function "__proto__"/],
  ])("refuses %s with other numbers", async (entry, entryArgs, why) => {
    const module = plain(`(func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))`);
    expect((await runModule(module, { entry, entryArgs })).result).toMatchObject({
      status: "refused",
      by: "program",
      why: expect.stringMatching(why),
    });
  });

  test("main's result is the exit code, and main(argc, argv) gets zeros", async () => {
    const module = plain(`(func (export "main") (param i32 i32) (result i32) (i32.add (i32.const 3) (local.get 0)))`);
    expect(await runModule(module)).toMatchObject({ status: "returned", exitCode: 3 });
  });

  test("a module that was changed in place is another program", async () => {
    const module = plain(`(func (export "main") (result i32) (i32.const 1))`);
    expect(await runModule(module)).toMatchObject({ exitCode: 1 });
    const at = module.indexOf(0x41); // i32.const
    module[at + 1] = 2;
    expect(await runModule(module)).toMatchObject({ exitCode: 2 });
    module[at + 1] = 1;
    expect(await runModule(module)).toMatchObject({ exitCode: 1 });
  });

  test("runs of one module share nothing", async () => {
    const module = plain(`(memory 1) (global $g (mut i32) (i32.const 0)) (func (export "main") (result i32)
      (global.set $g (i32.add (global.get $g) (i32.const 1))) (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
      (i32.add (global.get $g) (i32.load (i32.const 0))))`);
    const seen = await Promise.all(Array.from({ length: 5 }, () => runModule(module)));
    expect(seen.map(({ exitCode }) => exitCode)).toEqual([2, 2, 2, 2, 2]);
  });

  test("a start function runs first, under fuel", async () => {
    const module = plain(`(global $g (mut i32) (i32.const 0)) (func $s (global.set $g (i32.const 9))) (start $s)
      (func (export "main") (result i32) (global.get $g))`);
    expect(await runModule(module)).toMatchObject({ exitCode: 9 });
    const endless = plain(`(func $s (loop (br 0))) (start $s) (func (export "main") (result i32) (i32.const 1))`);
    expect((await runModule(endless, { limits: { fuel: 1e6 } })).result).toMatchObject({
      status: "exhausted",
      resource: "fuel",
    });
  });

  test("output goes where it is sent, piece by piece, and the result then has none", async () => {
    const pieces: string[] = [];
    const stdout = (bytes: Uint8Array): void => void pieces.push(new TextDecoder().decode(bytes));
    const seen = await runTool(["leave", "return", "0"], undefined, { stdout });
    expect([pieces.join(""), seen.out]).toEqual(["leavinglast words\n", ""]);
  });

  test("a sink that throws is the program's error, not ours", async () => {
    const stdout = (): never => {
      throw new Error("closed");
    };
    expect(await runModule(fixture("hello"), { stdout })).toMatchObject({ status: "returned", err: "" });
    const text = `(module (import "${WASI}" "fd_write" (func $write (param i32 i32 i32 i32) (result i32))) (memory 1)
      (func (export "main") (result i32) (call $write (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 8))))`;
    expect(await runModule(assembled(text), { stdout })).toMatchObject({ status: "returned", exitCode: 29 });
  });

  test("trace tells of calls of grants and of nothing else", async () => {
    const calls: string[] = [];
    await runTool(["sort", "a"], { a: "x" }, { trace: ({ contract, call }) => void calls.push(`${contract}.${call}`) });
    expect(new Set(calls)).toEqual(new Set(["files.stat", "files.readBytes"]));
  });

  test.each<[string, Record<string, unknown>]>([
    ["an unknown option", { argv: [] }],
    ["a module that is text", { module: "(module)" }],
    ["arguments with NUL", { args: ["a\0b"] }],
    ["arguments that are no texts", { args: [1] }],
    ["a variable with = in its name", { env: { "A=B": "" } }],
    ["a variable that is no text", { env: { A: 1 } }],
    ["stdin that is a number", { stdin: 5 }],
    ["stdout that is no function", { stdout: "inherit" }],
    ["entry arguments that are texts", { entryArgs: ["1"] }],
    ["an unknown limit", { limits: { speed: 1 } }],
    ["a grant that is data", { grant: { files: "data" } }],
    ["a signal that is none", { signal: {} }],
    ["too many grants", { grant: Object.fromEntries(Array.from({ length: 59 }, (_, i) => [`g${i}`, () => 1])) }],
  ])("%s is the embedder's mistake", async (_, options) => {
    const request = { module: fixture("hello"), ...options } as unknown as ProgramRequest;
    await expect(runProgram(request)).rejects.toSatisfy((error) => isCordonError(error));
  });
});

describe("limits", () => {
  test.each([
    ["fuel", { fuel: 1_000_000 }],
    ["wall", { wall: 50 }],
  ])("%s ends a program that spins", async (resource, limits) => {
    expect((await runModule(spinner, { limits })).result).toMatchObject({ status: "exhausted", resource });
  });

  test("wall ends a program that sleeps, and an abort ends it at once", async () => {
    expect((await runModule(sleeper, { limits: { wall: 50 } })).result).toMatchObject({
      status: "exhausted",
      resource: "wall",
    });
    const begin = performance.now();
    expect((await runModule(sleeper, { signal: AbortSignal.timeout(50) })).status).toBe("aborted");
    expect(performance.now() - begin).toBeLessThan(2000);
    expect((await runModule(sleeper, { signal: AbortSignal.abort() })).status).toBe("aborted");
  });

  test("a program that waits for input that never comes is ended, and others go on meanwhile", async () => {
    async function* never(): AsyncGenerator<Uint8Array> {
      await new Promise(() => undefined);
    }
    const waiting = runTool(["input"], undefined, { stdin: never(), limits: { wall: 300 } });
    expect((await runModule(fixture("hello"))).out).toBe("hello, world 42\n");
    expect((await waiting).result).toMatchObject({ status: "exhausted", resource: "wall" });
  });

  test("calls are counted for grants alone", async () => {
    const few = await runTool(["directory", ".", ".", "."], {}, { limits: { calls: 3 } });
    expect(few.result).toMatchObject({ status: "exhausted", resource: "calls" });
    expect((await runTool(["leave", "return", "0"], undefined, { limits: { calls: 0 } })).status).toBe("returned");
  });

  test("bytes over gates are counted", async () => {
    const text = "x".repeat(200_000);
    const seen = await runTool(["input"], undefined, { stdin: text, limits: { bytes: 100_000 } });
    expect(seen.result).toMatchObject({ status: "exhausted", resource: "bytes" });
  });

  test("output beyond its limit fails as on a full disk", async () => {
    const text = `(module (import "${WASI}" "fd_write" (func $write (param i32 i32 i32 i32) (result i32))) (memory 1)
      (func $say (result i32) (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
      (func (export "main") (result i32) (i32.store (i32.const 4) (i32.const 3000))
        (i32.add (i32.mul (call $say) (i32.const 100)) (call $say))))`;
    const seen = await runModule(assembled(text), { limits: { output: 5000 } });
    expect(seen).toMatchObject({ status: "returned", exitCode: 51 });
    expect(seen.out.length).toBe(3000);
  });

  test("a program that needs more memory than there is does not begin", async () => {
    const seen = await runModule(plain(`(memory 100) (func (export "_start"))`), { limits: { memory: "2 MiB" } });
    expect(seen.result).toMatchObject({ status: "exhausted", resource: "memory" });
  });

  test("recursion ends by its depth", async () => {
    const seen = await runModule(plain(`(func $f (export "main") (result i32) (i32.add (call $f) (i32.const 1)))`));
    expect(seen.result).toMatchObject({ status: "exhausted", resource: "depth" });
  });
});

describe("programs that use gates themselves", () => {
  test("the sample finds its console and its grant under the numbers of PROGRAM", async () => {
    const module = readFileSync(join(root, "samples/05-wasm/program.wasm"));
    const { result } = await runModule(module, { grant: { files: tree({ "README.md": "one two\nthree\n" }) } });
    expect(PROGRAM.FIRST_GRANT).toBe(4);
    expect(result).toMatchObject({
      status: "returned",
      value: 0,
      console: [{ text: "lines 2" }, { text: "words 3" }, { text: "bytes 14" }],
    });
  });

  test("a handle that nothing was granted for has no calls", async () => {
    const module =
      assembled(`(module (import "cordon" "call" (func $call (param i32 i32 i32 i32 i32) (result i32))) (memory 1)
      (data (i32.const 0) "\\80") (func (export "try") (param i32) (result i32)
        (call $call (local.get 0) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0))))`);
    for (const handle of [4, 5, 61, 63, 64, -1]) {
      const { result } = await runModule(module, { entry: "try", entryArgs: [handle] });
      expect(result).toMatchObject({ status: "returned", value: -1 });
    }
  });
});
