import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tree } from "../../policy-libs/index.ts";
import { instrument, link } from "../../stdlib/toolchain/index.ts";
import { mergeWithBinaryen } from "./merge.ts";
import { assembled, fixture, runModule } from "./programs.ts";

const library = readFileSync(join(import.meta.dirname, "../../dist/wasi.wasm"));
const WASI = "wasi_snapshot_preview1";
const SEED = Number(process.env["CORDON_SEED"]);

/** A program of these imports and this body. */
const program = (imports: string, rest: string): Uint8Array => assembled(`(module ${imports} (memory 1) ${rest})`);
const fdWrite = `(import "${WASI}" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))`;

describe("the linker", () => {
  test.each([
    ["hello", []],
    ["tools", ["tools", "files"]],
    ["tools", ["tools", "directory"]],
    ["tools", ["tools", "arguments", "one", "two"]],
    ["words", ["words", "data.txt"]],
  ])("links %s so that %j does what it does when Binaryen links it", async (name, args) => {
    const options = () => ({ args, grant: { files: tree({ "data.txt": "b a b", sub: {} }) } });
    const theirs = await runModule(mergeWithBinaryen(fixture(name), library), options());
    const ours = await runModule(fixture(name), options());
    expect(theirs.status).toBe("returned");
    expect([ours.out, ours.err, ours.exitCode]).toEqual([theirs.out, theirs.err, theirs.exitCode]);
  });

  test("keeps the library's pages from the program's allocator, which Binaryen's linker does not", async () => {
    const options = () => ({ args: ["tools", "heap", "data.txt"], grant: { files: tree({ "data.txt": "x" }) } });
    const theirs = await runModule(mergeWithBinaryen(fixture("tools"), library), options());
    expect(theirs.out).not.toMatch(/all whole/);
    expect((await runModule(fixture("tools"), options())).out).toMatch(/all whole/);
  });

  test("a program sees its own memory only, grows it in one piece, and finds it zero", async () => {
    const text = `
      (func $check (param $from i32) (param $to i32) (result i32) (loop $next
        (if (i32.load (local.get $from)) (then (return (i32.const 0))))
        (br_if $next (i32.lt_u (local.tee $from (i32.add (local.get $from) (i32.const 4))) (local.get $to))))
        (i32.const 1))
      (func (export "main") (result i32) (local $round i32) (local $size i32)
        (loop $again
          (local.set $size (memory.size))
          (drop (call $write (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))
          (if (i32.ne (memory.size) (local.get $size)) (then (return (i32.const 1))))
          (if (i32.ne (memory.grow (local.get $round)) (local.get $size)) (then (return (i32.const 2))))
          (if (i32.ne (memory.size) (i32.add (local.get $size) (local.get $round))) (then (return (i32.const 3))))
          (if (local.get $round) (then (if (i32.eqz (call $check (i32.shl (local.get $size) (i32.const 16))
            (i32.shl (memory.size) (i32.const 16)))) (then (return (i32.const 4))))))
          (memory.fill (i32.const 16) (i32.const 255) (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 16)))
          (br_if $again (i32.lt_u (local.tee $round (i32.add (local.get $round) (i32.const 1))) (i32.const 12))))
        (memory.size))`;
    expect(await runModule(program(fdWrite, text))).toMatchObject({ status: "returned", exitCode: 67, err: "" });
  });

  test("the maximum of a program's memory holds for it, not for the library", async () => {
    const grow = `(drop (call $write (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))
      (i32.add (i32.mul (memory.grow (i32.const 1)) (i32.const 100)) (memory.grow (i32.const 1)))`;
    const text = `(module ${fdWrite} (memory 1 2) (func (export "main") (result i32) ${grow}))`;
    expect(await runModule(assembled(text))).toMatchObject({ status: "returned", exitCode: 100 - 1 });
  });

  test("indices of functions, types and globals are right after linking, in code, table, exports and start", async () => {
    const text = `
      (global $g (mut i32) (i32.const 5))
      (type $binary (func (param i32 i32) (result i32)))
      (table 3 funcref) (elem (i32.const 0) $add $sub)
      (func $add (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
      (func $sub (param i32 i32) (result i32) (i32.sub (local.get 0) (local.get 1)))
      (func $begin (global.set $g (i32.add (global.get $g) (i32.const 1)))) (start $begin)
      (func $pair (result i32 i32) (i32.const 7) (i32.const 3))
      (func (export "main") (result i32)
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))
        (i32.mul (global.get $g) (call_indirect (type $binary) (call $pair) (i32.const 1))))`;
    expect(await runModule(program(fdWrite, text))).toMatchObject({ status: "returned", exitCode: 24 });
  });

  test("a library's function can stand in a program's table", async () => {
    const text = `
      (table 1 funcref) (elem (i32.const 0) $write) (data (i32.const 0) "\\10\\00\\00\\00\\03\\00\\00\\00") (data (i32.const 16) "hi\\n")
      (func (export "_start") (drop (call_indirect (param i32 i32 i32 i32) (result i32)
        (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8) (i32.const 0))))`;
    expect(await runModule(program(fdWrite, text))).toMatchObject({ status: "returned", out: "hi\n" });
  });

  test("a program without memory may exit", async () => {
    const text = `(module (import "${WASI}" "proc_exit" (func $exit (param i32))) (func (export "_start") (call $exit (i32.const 5))))`;
    expect(await runModule(assembled(text))).toMatchObject({ status: "returned", exitCode: 5 });
  });

  test("functions keep their names, under their new numbers", () => {
    const text = `(func $first) (func $second (export "f") (call $first))`;
    const linked = link(program(fdWrite, text), library);
    const made = linked.kind === "linked" ? instrument(linked.bytes) : undefined;
    const names = made?.kind === "instrumented" ? made.names : new Map<number, string>();
    const places = new Map([...names].map(([index, name]) => [name, index]));
    expect(places.get("second")).toBe((places.get("first") as number) + 1);
  });

  test("what imports no library is passed on as it is", () => {
    const bytes = assembled(
      `(module (import "cordon" "reply" (func (param i32 i32) (result i32))) (func (export "f")))`,
    );
    expect(link(bytes, library)).toMatchObject({ kind: "linked", usesLibrary: false, bytes });
  });
});

describe("what cannot be linked", () => {
  const refusals: readonly (readonly [string, string, string, RegExp])[] = [
    [
      "an unknown function",
      `(module (import "env" "launch" (func)) (func (export "_start")))`,
      "linker",
      /unlinkable: it imports env\.launch, .*at byte \d+/,
    ],
    [
      "an unknown function of WASI",
      `(module (import "${WASI}" "fd_teleport" (func)) (func (export "_start")))`,
      "linker",
      /wasi_snapshot_preview1\.fd_teleport/,
    ],
    [
      "a memory",
      `(module (import "env" "memory" (memory 1)) (func (export "_start")))`,
      "linker",
      /imports env\.memory/,
    ],
    ["a global", `(module (import "env" "g" (global i32)) (func (export "_start")))`, "linker", /imports env\.g/],
    [
      "a function of WASI with another type",
      `(module (import "${WASI}" "fd_write" (func)) (func (export "_start")))`,
      "toolchain",
      /fd_write with another type, at byte \d+/,
    ],
    [
      "a gate with another type",
      `(module (import "cordon" "call" (func)) (func (export "_start")))`,
      "toolchain",
      /the gate "call" has another type, at byte \d+/,
    ],
    [
      "SIMD",
      `(module ${fdWrite} (func (export "_start") (drop (i32x4.splat (i32.const 1)))))`,
      "toolchain",
      /O-opcode: .*, at byte \d+/,
    ],
    [
      "a reference",
      `(module ${fdWrite} (func (export "_start") (drop (ref.null func))))`,
      "toolchain",
      /, at byte \d+/,
    ],
    [
      "a passive segment",
      `(module ${fdWrite} (memory 1) (data "x") (func (export "_start")))`,
      "toolchain",
      /passive segment, .*at byte \d+/,
    ],
    [
      "a program without an entry",
      `(module (func (export "other")))`,
      "program",
      /exports neither _start nor main: it exports other/,
    ],
  ];

  test.each(refusals)("%s is refused by name", async (_, text, by, why) => {
    const { result } = await runModule(assembled(text));
    expect(result).toMatchObject({ status: "refused", by, why: expect.stringMatching(why) });
  });

  test("the offset is that of the program as it was given", async () => {
    const bytes = assembled(`(module ${fdWrite} (func (export "_start") (drop (i32x4.splat (i32.const 1)))))`);
    const { result } = await runModule(bytes);
    const at = Number(/at byte (\d+)$/.exec((result as { why: string }).why)?.[1]);
    expect([...bytes.subarray(at, at + 2)]).toEqual([0xfd, 0x11]);
  });

  test("bytes that are no module are malformed", async () => {
    for (const bytes of [new Uint8Array(0), Uint8Array.from([0, 97, 115]), fixture("hello").subarray(0, 1000)]) {
      expect((await runModule(bytes)).result).toMatchObject({
        status: "refused",
        why: expect.stringMatching(/malformed/),
      });
    }
  });

  test("G5 totality: whatever is changed in a program, linking and instrumenting give an answer", () => {
    const original = fixture("hello");
    const change = fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(change, (changes) => {
        const bytes = original.slice();
        for (const [at, byte] of changes) bytes[at] = byte;
        const linked = link(bytes, library);
        if (linked.kind === "linked") expect(instrument(linked.bytes).kind).toMatch(/instrumented|refused/);
        else
          expect(linked).toMatchObject({ kind: expect.stringMatching(/refused|unlinkable/), at: expect.any(Number) });
      }),
      { numRuns: 3000, seed: SEED },
    );
  });
});
