// Programs that lie, and what they get: an error number, or their own end.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tree } from "../../policy-libs/index.ts";
import { everyFunction, PREVIEW1 } from "./preview1.ts";
import { assembled, fixture, runModule } from "./programs.ts";

const SEED = Number(process.env["CORDON_SEED"]);
const all = assembled(everyFunction());
const BADF = 8;
const NOSYS = 52;
const ERRNOS = Array.from({ length: 77 }, (_, errno) => errno);

const call = (entry: string, entryArgs: readonly (number | bigint)[]) =>
  runModule(all, {
    entry,
    entryArgs,
    grant: { files: tree({ a: "text", d: { e: "" } }) },
    limits: { wall: 2000, fuel: 1e8 },
  });

/** Numbers around which mistakes are: descriptors, ends of memory, ends of the number. */
const number = fc.oneof(
  fc.integer({ min: 0, max: 6 }),
  fc.constantFrom(64, 256, 65_536, 131_071, 131_072, 2 ** 31 - 1, -(2 ** 31), -1, -8, -65_536),
  fc.integer(),
);

const anyCall = fc.constantFrom(...Object.keys(PREVIEW1)).chain((name) => {
  const params = (PREVIEW1[name] as string).split(">")[0] as string;
  return fc.tuple(fc.constant(name), fc.array(number, { minLength: params.length, maxLength: params.length }));
});

describe("any call of WASI", () => {
  test("there are all 46, and each links with the type of the specification", async () => {
    expect(Object.keys(PREVIEW1)).toHaveLength(46);
    expect((await call("sched_yield", [])).result).toMatchObject({ status: "returned", value: 0 });
  });

  test("whatever the numbers, it gives an error number or ends its own program", async () => {
    await fc.assert(
      fc.asyncProperty(anyCall, async ([name, args]) => {
        const { result } = await call(name, args);
        expect(result.status).toMatch(/returned|trapped|exhausted/);
        const isExit = name === "proc_exit";
        if (isExit) expect(result).toMatchObject({ status: "returned", exitCode: (args[0] as number) >>> 0 });
        else if (result.status === "returned") expect(result.value).toBeOneOf(ERRNOS);
      }),
      { numRuns: 250, seed: SEED },
    );
  });

  test.each(Object.keys(PREVIEW1).filter((name) => name.startsWith("fd_") && !/allocate|times|renumber/.test(name)))(
    "%s knows no descriptor that was not opened",
    async (name) => {
      const params = (PREVIEW1[name] as string).split(">")[0] as string;
      for (const fd of [4, 255, 256, -1]) {
        const { result } = await call(name, [fd, ...Array.from({ length: params.length - 1 }, () => 0)]);
        expect(result).toMatchObject({ status: "returned", value: BADF });
      }
    },
  );

  test.each(["sock_accept", "sock_recv", "sock_send", "sock_shutdown", "path_link", "path_symlink", "proc_raise"])(
    "%s is not there",
    async (name) => {
      const params = (PREVIEW1[name] as string).split(">")[0] as string;
      const { result } = await call(
        name,
        Array.from({ length: params.length }, () => 0),
      );
      expect(result).toMatchObject({ status: "returned", value: NOSYS });
    },
  );
});

describe("paths", () => {
  const open = async (path: string): Promise<unknown> => {
    const data = [...new TextEncoder().encode(path)].map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
    const text = everyFunction(`(data (i32.const 64) "${data}") (func (export "main") (result i32)
      (call $path_open (i32.const 3) (i32.const 0) (i32.const 64) (i32.const ${new TextEncoder().encode(path).length})
        (i32.const 0) (i64.const 2) (i64.const 2) (i32.const 0) (i32.const 0)))`);
    return (await runModule(assembled(text), { grant: { files: tree({ a: "text", d: { e: "" } }) } })).exitCode;
  };

  test.each(["a", "./a", "d/../a", "d/./e", "d//e", "d/e/../../a", "d", ".", "", "d/"])(
    "%j is opened",
    async (path) => {
      expect(await open(path)).toBe(0);
    },
  );

  test.each([
    ["..", 76],
    ["../a", 76],
    ["d/../../a", 76],
    ["/a", 76],
    ["/", 76],
    ["nix", 44],
    ["nix/a", 44],
    ["a/b", 54],
    ["a\\b", 76],
    ["a\0b", 76],
    ["x".repeat(300), 76],
    ["x".repeat(5000), 37],
    ["...", 44],
  ])("%.40j is refused with %d", async (path, errno) => {
    expect(await open(path)).toBe(errno);
  });

  test("bytes that are no UTF-8 are refused and cost the program no capability", async () => {
    const open = (at: number) => `(call $path_open (i32.const 3) (i32.const 0) (i32.const ${at}) (i32.const 1)
      (i32.const 0) (i64.const 2) (i64.const 2) (i32.const 0) (i32.const 0))`;
    const text = everyFunction(`(data (i32.const 64) "\\ffa") (func (export "main") (result i32)
      (i32.add (i32.mul (i32.ne ${open(64)} (i32.const 0)) (i32.const 100)) ${open(65)}))`);
    expect(await runModule(assembled(text), { grant: { files: tree({ a: "" }) } })).toMatchObject({ exitCode: 100 });
  });
});

describe("a program beside others", () => {
  test("what one writes over the shim's own pages, another one does not see", async () => {
    const spoil = everyFunction(`(func (export "_start")
      (drop (call $fd_prestat_get (i32.const 3) (i32.const 0)))
      (memory.fill (i32.const 131072) (i32.const 255) (i32.const 65536))
      (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 0))))`);
    const [bad, good] = await Promise.all([
      runModule(assembled(spoil), { grant: { files: tree({}) }, limits: { wall: 1000, fuel: 1e8 } }),
      runModule(fixture("hello")),
    ]);
    expect(bad.status).toMatch(/returned|trapped|exhausted/);
    expect(good.out).toBe("hello, world 42\n");
    expect((await runModule(fixture("hello"))).out).toBe("hello, world 42\n");
  });

  test("G5 totality: whatever is changed in a program, it ends somehow", async () => {
    const original = fixture("hello");
    const change = fc.array(fc.tuple(fc.integer({ min: 100, max: original.length - 1 }), fc.nat(255)), {
      minLength: 1,
      maxLength: 2,
    });
    await fc.assert(
      fc.asyncProperty(change, async (changes) => {
        const module = original.slice();
        for (const [at, byte] of changes) module[at] = byte;
        const { status } = await runModule(module, { limits: { fuel: 1e7, wall: 2000, memory: "4 MiB" } });
        expect(status).toMatch(/returned|trapped|exhausted|refused/);
      }),
      { numRuns: 300, seed: SEED },
    );
  });
});
