// Programs as other compilers made them, unchanged: clang with wasi-libc, Rust with its standard library.
import { describe, expect, test } from "vitest";
import { filesOf, readOnly, tree, treePlace } from "../../policy-libs/index.ts";
import { fixture, runModule, runTool } from "./programs.ts";

const DATA = { "data.txt": "pear\napple\nfig\n", sub: { "x.txt": "x", deep: {} } };
const lines = (text: string): string[] => text.trimEnd().split("\n");

describe("C programs", () => {
  test("printf reaches stdout", async () => {
    expect(await runModule(fixture("hello"))).toMatchObject({
      status: "returned",
      exitCode: 0,
      out: "hello, world 42\n",
    });
  });

  test("arguments and environment are those that were given, and no others", async () => {
    const seen = await runTool(["arguments", "", "zwei Wörter"], undefined, { env: { HOME: "/h", "A B": "c=d" } });
    expect(lines(seen.out)).toEqual([
      ...["argument 1: ", "argument 2: zwei Wörter"],
      ...["environment: HOME=/h", "environment: A B=c=d", "HOME is /h"],
    ]);
    expect((await runTool(["arguments"])).out).toBe("HOME is not set\n");
  });

  test("a thousand long arguments arrive", async () => {
    const many = Array.from({ length: 1000 }, (_, i) => `${i}`.repeat(60));
    const seen = await runTool(["arguments", ...many]);
    expect(lines(seen.out).slice(0, 1000)).toEqual(many.map((word, i) => `argument ${i + 1}: ${word}`));
  });

  test.each([
    ["exit", 7, "leavinglast words\n"],
    ["return", 3, "leavinglast words\n"],
    ["quick", 9, ""],
    ["exit", 255, "leavinglast words\n"],
  ])("%s with %d is the exit code", async (how, code, out) => {
    expect(await runTool(["leave", how, String(code)])).toMatchObject({ status: "returned", exitCode: code, out });
  });

  test("abort traps, and has no exit code", async () => {
    expect(await runTool(["leave", "abort", "3"])).toMatchObject({ status: "trapped", exitCode: undefined });
  });

  test("text, bytes and a stream are read from stdin to their end", async () => {
    async function* pieces() {
      for (const piece of ["one\ntw", "", "o\n", "x".repeat(100_000)]) yield new TextEncoder().encode(piece);
    }
    const text = `one\ntwo\n${"x".repeat(100_000)}`;
    for (const stdin of [text, new TextEncoder().encode(text), pieces()]) {
      const seen = await runTool(["input"], undefined, { stdin });
      expect(seen).toMatchObject({ out: text.toUpperCase(), err: "2 lines, 100008 bytes\n" });
    }
    expect(await runTool(["input"])).toMatchObject({ out: "", err: "0 lines, 0 bytes\n" });
  });

  test("a file is read, sorted and written, also where nobody closes it", async () => {
    const place = treePlace(DATA);
    expect((await runTool(["sort", "data.txt"], DATA)).out).toBe("apple\nfig\npear\n");
    const seen = await runModule(fixture("tools"), {
      args: ["tools", "sort", "/data.txt", "sub/sorted"],
      grant: { files: filesOf(place) },
    });
    expect(seen).toMatchObject({ exitCode: 0, out: "", err: "" });
    expect(new TextDecoder().decode(await place.readBytes("sub/sorted"))).toBe("apple\nfig\npear\n");
  });

  test("forty thousand lines are sorted as the host sorts them", async () => {
    const words = Array.from({ length: 40_000 }, (_, i) => `${(i * 7919) % 40_009} line`);
    const seen = await runTool(["sort", "big"], { big: `${words.join("\n")}\n` }, { limits: { output: "8 MiB" } });
    expect(lines(seen.out)).toEqual(words.toSorted());
  });

  test("the allocator never meets the shim's pages", async () => {
    const contents = { "data.txt": "x".repeat(3_000_000) };
    const seen = await runTool(["heap", "data.txt"], contents);
    expect(seen.out).toBe("59859984 bytes allocated, 80000 read, all whole\n");
  });

  test("memory that is limited runs out for the program, which can tell", async () => {
    expect(await runTool(["heap"], undefined, { limits: { memory: "2 MiB" } })).toMatchObject({ exitCode: 3 });
  });

  test("directories are listed", async () => {
    const seen = await runTool(["directory", ".", "/sub", "sub/deep", "nix", "data.txt"], DATA);
    expect(lines(seen.out)).toEqual([
      ...[".: data.txt sub/", "/sub: deep/ x.txt", "sub/deep:"],
      ...["nix: No such file or directory", "data.txt: Not a directory"],
    ]);
  });

  test("a directory of a thousand entries is listed whole, and emptied while it is read", async () => {
    const names = Array.from({ length: 1000 }, (_, i) => `entry-${String(i).padStart(4, "0")}`);
    const contents = { many: Object.fromEntries(names.map((name) => [name, ""])) };
    expect((await runTool(["directory", "many"], contents)).out).toBe(`many: ${names.join(" ")}\n`);
    expect((await runTool(["directory", "remove", "many"], contents)).out).toBe("removed 1000\nrmdir emptied: done\n");
  });

  test("making, renaming and removing succeed and fail as POSIX has it", async () => {
    expect(lines((await runTool(["directory"], DATA)).out)).toEqual([
      ...["mkdir new: done", "mkdir new again: File exists", "mkdir without parent: No such file or directory"],
      ...["create: done", "create again: File exists", "rmdir full: Directory not empty"],
      ...["unlink directory: Is a directory", "rename: done", "stat old: No such file or directory"],
      ...["stat new: done", "unlink: done", "unlink again: No such file or directory", "rmdir file: Not a directory"],
      ...["rmdir: done", "outside: Capabilities insufficient", "inside after all: done"],
    ]);
  });

  test("files are opened, read and written in every way", async () => {
    expect(lines((await runTool(["files"], DATA)).out)).toEqual([
      ...["written: 0123456789", "appended: 0123456789+more", "end at 10", "size 15", "changed: 01XY456789"],
      ...["the other descriptor reads 8: 123abc78", "lseek end 5", "unlinked, still 4: 0123", "gone: -1"],
      ...["No file descriptors available after more than 200", "free again: 1", "read only: -1 8", "directory: 1"],
      "missing: No such file or directory",
    ]);
  });

  test("without the grant there is no file; with one for reading only nothing is written", async () => {
    expect(await runTool(["sort", "data.txt"])).toMatchObject({ exitCode: 1, out: "" });
    const grant = { files: readOnly(tree(DATA)) };
    const seen = await runModule(fixture("tools"), { args: ["tools", "sort", "data.txt", "new"], grant });
    expect(seen).toMatchObject({ exitCode: 1, err: "new: Read-only file system\n" });
  });

  test("clocks go on, sleep waits, randomness differs", async () => {
    const before = Date.now();
    const [now, slept, random] = lines((await runTool(["times"])).out) as [string, string, string];
    expect(Number(now.slice(4))).toBeGreaterThanOrEqual(before);
    expect(Number(now.slice(4))).toBeLessThanOrEqual(Date.now());
    expect(slept).toMatch(/^slept enough/);
    expect(random).toBe("random differs");
  });

  test("a virtual run is the same each time and does not wait", async () => {
    const virtual = { start: 1_000_000, seed: 1 };
    const [one, two] = [await runTool(["times"], DATA, { virtual }), await runTool(["times"], DATA, { virtual })];
    expect(lines(one.out)).toEqual(["now 1000000", "slept enough (30)", "random differs"]);
    expect(two.out).toBe(one.out);
    expect(two.result.usage.fuel).toBe(one.result.usage.fuel);
  });
});

describe("a C library", () => {
  test.each([
    ["add", [2, 40], 42],
    ["add", [2 ** 31, -1], 2 ** 31 - 1],
    ["multiply", [3, 2n ** 40n], 3n * 2n ** 40n],
    ["half", [5], 2.5],
    ["is_ready", [], 1],
  ])("%s of numbers", async (entry, entryArgs, value) => {
    expect((await runModule(fixture("reactor"), { entry, entryArgs })).result).toMatchObject({
      status: "returned",
      value,
    });
  });
});

describe("a Rust program", () => {
  test("the standard library reads, sorts, hashes and writes", async () => {
    const place = treePlace({ "a.txt": "the cat the dog", "b.txt": "The end" });
    const args = ["words", "a.txt", "/b.txt", "-"];
    const seen = await runModule(fixture("words"), { args, stdin: "a cat\n", grant: { files: filesOf(place) } });
    expect(seen).toMatchObject({ exitCode: 0, out: '5 words, most: the; out holds ["deep"]\n', err: "" });
    const report = new TextDecoder().decode(await place.readBytes("out/deep/report.txt"));
    expect(report).toBe("3 the\n2 cat\n1 a\n1 dog\n1 end\n");
  });

  test("an error is told by its kind, and exits", async () => {
    const seen = await runModule(fixture("words"), { args: ["words", "nix"], grant: { files: tree({}) } });
    expect(seen).toMatchObject({ exitCode: 3, err: "nix: NotFound\n" });
  });
});
