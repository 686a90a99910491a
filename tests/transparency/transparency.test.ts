// G10: an allowed program computes the same as an artifact, under the kernel, as on a bare engine.
//
// One exception, on purpose: the bits of a NaN that was computed. WebAssembly leaves them open, V8 changes them when it
// optimises, and an artifact makes them canonical wherever they can be seen. So generated programs do that themselves.
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { PAGE } from "../../kernel/index.ts";
import { assemble, type Bytes } from "../kit/assemble.ts";
import { modeOf, runs, segmentOf } from "../kit/confinement.ts";
import { anyProgram } from "../kit/generators.ts";
import type { Program } from "../kit/program.ts";
import { type Segment, segmentWorld } from "../kit/segment.ts";
import { artifactBytes, loadSource, newKernel, spawn, spawnSource } from "../kit/world.ts";
import "../kit/vitest.ts";
import { compileKernels } from "./compile.ts";

const kernel = newKernel();
const { numRuns } = runs(300);
const TRAP = "trap";
type Numbers = readonly (number | bigint)[];

/** Segments in which the generated programs find room to grow. */
const ROOM = 256;
const SEGMENT: Segment = segmentOf(ROOM);
const SEGMENT_BASE = 8 * PAGE;

/** The same of an artifact of either mode, in a memory without the kernel; a frame's knows no base. */
function told(bytes: Bytes, base: number, calls: readonly (readonly [string, Numbers])[]) {
  const guest = segmentWorld(SEGMENT, ROOM + 16).birth(bytes, base);
  const results: unknown[] = [];
  for (const [name, args] of calls) if (results.at(-1) !== TRAP) results.push(guest.call(name, args));
  return { results, fuel: guest.spent(), pages: guest.global(2).value };
}

/** Results of the program's entry and the hash of what it left behind, on a bare engine. */
function bare(bytes: Bytes, calls: readonly (readonly [string, Numbers])[]): unknown[] {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const out: unknown[] = [];
  for (const [name, args] of calls) {
    try {
      out.push((exports[name] as (...all: (number | bigint)[]) => unknown)(...args));
    } catch {
      return [...out, TRAP];
    }
  }
  return out;
}

async function guarded(bytes: Bytes, calls: readonly (readonly [string, Numbers])[]): Promise<unknown[]> {
  const domain = spawn(kernel, loadSource(kernel, bytes, modeOf(ROOM / 2)));
  const out: unknown[] = [];
  for (const [name, args] of calls) {
    const outcome = await domain.enter(name, args);
    if (outcome.kind !== "returned") return [...out, outcome.kind];
    out.push(outcome.value);
  }
  domain.end();
  return out;
}

const callsOf = ({ args }: Program) =>
  [
    ["run", args],
    ["digest", [0]],
    ["run", args],
    ["digest", [0]],
  ] as const;

describe("G10 transparency: generated programs", () => {
  test("an artifact under the kernel gives the same results, memory, globals and traps", async () => {
    let ended = 0;
    await fc.assert(
      fc.asyncProperty(anyProgram(), async (program) => {
        const plain = bare(program.bytes, callsOf(program));
        expect(await guarded(program.bytes, callsOf(program))).toEqual(plain);
        if (plain.length === 4) ended++;
      }),
      { numRuns },
    );
    expect(ended).toBeGreaterThan(numRuns / 3);
  });

  test("an artifact in a segment gives the same, and pays what it pays in a frame, while its addresses lie inside", () => {
    let ended = 0;
    fc.assert(
      fc.property(anyProgram(), (program) => {
        const calls = callsOf(program);
        const inSegment = told(artifactBytes(program.bytes, SEGMENT), SEGMENT_BASE, calls);
        expect(inSegment.results).toEqual(bare(program.bytes, calls));
        expect(inSegment).toEqual(told(artifactBytes(program.bytes, { kind: "frame" }), 0, calls));
        if (inSegment.results.length === 4) ended++;
      }),
      runs(150),
    );
    expect(ended).toBeGreaterThan(numRuns / 6);
  });
});

/** The programs compiled, and the arguments that they get. */
const KERNELS: readonly (readonly [string, number])[] = [
  ["fib", 20],
  ["sieve", 50_000],
  ["matmul", 40],
  ["digest", 4096],
  ["nbody", 2_000],
  ["qsort", 20_000],
  ["objects", 2_000],
  ["moves", 12],
];

describe.each(["-O0", "-O3"])("G10 transparency: programs compiled by AssemblyScript %s", (level) => {
  let bytes: Bytes;
  beforeAll(async () => {
    bytes = await compileKernels(level);
  });

  test.each(KERNELS)("%s(%i)", async (name, size) => {
    const calls = [[name, [size]]] as const;
    const plain = bare(bytes, calls);
    expect(plain).not.toEqual([TRAP]);
    expect(await guarded(bytes, calls)).toEqual(plain);
  });
});

describe("G10 transparency: the exception", () => {
  test("a NaN that was computed has canonical bits in an artifact; one that was only moved keeps its own", async () => {
    const odd = [1, 0, 0, 0, 0, 0, 0xf8, 0xff];
    const source = assemble({
      pages: 1,
      functions: [
        {
          params: "dd",
          results: "l",
          exported: "computed",
          code: [["local.get", 0], ["local.get", 1], ["f64.div"], ["i64.reinterpret_f64"]],
        },
        { params: "", results: "l", exported: "moved", code: [["f64.const", odd], ["i64.reinterpret_f64"]] },
        {
          params: "",
          results: "l",
          exported: "stored",
          code: [
            ["i32.const", 0],
            ["i32.const", 0],
            ["i64.const", -0x7ffff_ffff_fffff0n],
            ["i64.store", 0],
            ["f64.load", 0],
            ["f64.neg"],
            ["i64.reinterpret_f64"],
          ],
        },
      ],
    });
    const domain = spawnSource(kernel, source);
    expect(await domain.enter("computed", [0, 0])).toBeReturned(0x7ff8_0000_0000_0000n);
    const plain = bare(source, [
      ["moved", []],
      ["stored", []],
    ]);
    expect(await domain.enter("moved", [])).toBeReturned(plain[0]);
    expect(await domain.enter("stored", [])).toBeReturned(plain[1]);
  });
});
