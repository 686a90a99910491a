import { describe, expect, test } from "vitest";
import { OPCODES, type Opcode, TRAMPOLINES } from "../../kernel/index.ts";
import { instrument } from "../../stdlib/toolchain/index.ts";
import {
  assemble,
  call,
  custom,
  f32,
  f64,
  get,
  i32,
  i64,
  leb,
  NOTHING,
  type Parts,
  raw,
  set,
  T,
  typeNumber,
} from "./assemble.ts";
import { artifactOf, FRAME, outcomeOf, runArtifact, runOriginal, SEGMENT } from "./machine.ts";

const NONE = { params: [], results: [] };
const gate = (name: string, params: number) => ({
  module: "cordon",
  name,
  params: Array.from({ length: params }, () => T.i32),
  results: [T.i32],
});
const refusal = (parts: Parts): string => {
  const made = instrument(assemble(parts));
  return made.kind === "refused" ? made.why : "accepted";
};

/** A value of each type whose NaN bits, if any, are canonical. */
const SAMPLES = { i: i32(0x1234), l: i64(-0x1234_5678_9abcn), f: f32(1.5), d: f64(-2.5) };
const LETTERS = { i: T.i32, l: T.i64, f: T.f32, d: T.f64 };
type Letter = keyof typeof SAMPLES;

/** A function that does nothing but this instruction. */
function only([name, row]: [string, Opcode]) {
  const operands = [...row.pops].flatMap((letter) => SAMPLES[letter as Letter]);
  const code = row.code > 0xff ? [0xfc, ...leb(row.code & 0xff)] : [row.code];
  const immediates = { memarg: [0, 4], memory: [0], memories: [0, 0] } as Record<string, number[]>;
  const results = [...row.pushes].map((letter) => LETTERS[letter as Letter]);
  const copied = name === "memory.copy" ? [...i32(8), ...i32(16), ...i32(4)] : operands;
  return { params: [], results, code: [...copied, ...code, ...(immediates[row.immediate] ?? [])], exported: name };
}

const plain = (Object.entries(OPCODES) as [string, Opcode][]).filter(
  ([, row]) => !row.pops.includes("x") && !row.pushes.includes("x") && /none|memarg|memor/.test(row.immediate),
);
const simple = plain.filter(([name]) => !["unreachable", "nop", "else", "end", "return"].includes(name));

describe("instrument", () => {
  test.each([FRAME, SEGMENT])("every instruction of the table computes what it did ($kind)", (mode) => {
    const source = assemble({ functions: simple.map(only), memory: { min: 2, max: 3 } });
    const [original, artifact] = [runOriginal(source), runArtifact(artifactOf(source, mode), mode)];
    expect(simple.length).toBeGreaterThan(150);
    for (const [name] of simple) {
      const told = outcomeOf(() => artifact.exports[name]?.());
      expect([name, told]).toEqual([name, outcomeOf(() => original.exports[name]?.())]);
    }
    expect(Buffer.compare(artifact.memory(), original.memory())).toBe(0);
  });

  test("a NaN of chance bits is settled before a store, a reinterpretation and a sign can show it", () => {
    const chance = [...get(0), ...get(0), 0xa3]; // 0 / 0: its sign differs from machine to machine
    const stored = [...i32(0), ...chance, 0x39, 3, 0, ...i32(0), 0x29, 3, 0];
    const source = assemble({
      memory: { min: 1 },
      functions: [
        { params: [T.f64], results: [T.i64], code: [...chance, 0xbd], exported: "bits" },
        { params: [T.f64], results: [T.i64], code: stored, exported: "stored" },
        { params: [T.f64], results: [T.f64], code: [...f64(1), ...chance, 0xa6], exported: "sign" },
      ],
    });
    const { exports } = runArtifact(artifactOf(source));
    expect(exports["bits"]?.(0)).toBe(0x7ff8_0000_0000_0000n);
    expect(exports["stored"]?.(0)).toBe(0x7ff8_0000_0000_0000n);
    expect(exports["sign"]?.(0)).toBe(1);
  });

  test("`return` and branches to the function leave by the block, several results included", () => {
    const code = [...i32(1), ...i32(2), ...get(0), 0x0d, 0, 0x1a, 0x1a, ...i32(3), ...i32(4), 0x0f, 0x00];
    const source = assemble({
      functions: [
        { params: [T.i32], results: [T.i32, T.i32], code, exported: "pair" },
        { params: [T.i32], results: [T.i32], code: [...get(0), ...call(0), 0x6a], exported: "sum" },
      ],
    });
    const { exports } = runArtifact(artifactOf(source));
    expect([exports["sum"]?.(1), exports["sum"]?.(0)]).toEqual([3, 7]);
  });

  test("segment mode confines an address that is a parameter of a block, or one of several results", () => {
    const parts = {
      memory: { min: 1 },
      functions: [
        { params: [], results: [T.i32, T.i32], code: [...i32(64), ...i32(5)], exported: "two" },
        { params: [], results: [], code: [...call(0), 0x36, 2, 0], exported: "store" },
        { params: [], results: [T.i32], code: [...i32(0), 0x28, 2, 64], exported: "load" },
      ],
      types: [{ params: [T.i32], results: [] }],
    };
    const inBlock = [...i32(68), 0x02, ...leb(typeNumber({ functions: [...parts.functions, NONE as never] }, 0))];
    const block = { ...NONE, code: [...inBlock, ...i32(9), 0x36, 2, 0, 0x0b], exported: "block" };
    const machine = runArtifact(
      artifactOf(assemble({ ...parts, functions: [...parts.functions, block] }), SEGMENT),
      SEGMENT,
    );
    machine.exports["store"]?.();
    machine.exports["block"]?.();
    expect([...machine.memory().subarray(64, 72)]).toEqual([5, 0, 0, 0, 9, 0, 0, 0]);
  });

  test("segment mode leaves alone the value that a conditional branch carries away", () => {
    const code = [...i32(100), ...get(0), 0x0d, 0, ...i32(7), 0x36, 2, 0, ...i32(0)];
    const source = assemble({
      memory: { min: 1 },
      functions: [{ params: [T.i32], results: [T.i32], code, exported: "carry" }],
    });
    const machine = runArtifact(artifactOf(source, SEGMENT), SEGMENT);
    expect(machine.exports["carry"]?.(1)).toBe(100);
    expect(machine.exports["carry"]?.(0)).toBe(0);
    expect(machine.memory()[100]).toBe(7);
  });

  test("dead code vanishes, with its blocks", () => {
    const dead = [0x02, NOTHING, ...i32(1), 0x04, NOTHING, 0x0c, 0, 0x05, 0x00, 0x0b, 0x0b, 0x1a];
    const source = assemble({
      functions: [{ params: [], results: [T.i32], code: [...i32(5), 0x0f, ...dead, ...i32(6)], exported: "five" }],
    });
    expect(runArtifact(artifactOf(source)).exports["five"]?.()).toBe(5);
  });

  test("a start function becomes cordon_init, and runs before one that is there", () => {
    const note = (digit: number) => [
      ...i32(0),
      ...i32(0),
      0x28,
      2,
      0,
      ...i32(10),
      0x6c,
      ...i32(digit),
      0x6a,
      0x36,
      2,
      0,
    ];
    const start = { ...NONE, code: note(1) };
    const init = { ...NONE, code: note(2), exported: "cordon_init" };
    const told = (functions: Parts["functions"]): number => {
      const machine = runArtifact(artifactOf(assemble({ functions, start: 0, memory: { min: 1 } })));
      expect(machine.memory()[0]).toBe(0);
      machine.exports["cordon_init"]?.();
      return machine.memory()[0] as number;
    };
    expect(told([start])).toBe(1);
    expect(told([start, init])).toBe(12);
  });

  test("gates are called through trampolines, from calls, tables and exports alike", () => {
    const indirect = [...i32(5), ...i32(6), ...i32(0), 0x11, 1, 0];
    const source = assemble({
      imports: [gate("answer", 4), gate("reply", 2)],
      functions: [
        { params: [], results: [T.i32], code: [...i32(1), ...i32(2), ...call(1)], exported: "direct" },
        { params: [], results: [T.i32], code: indirect, exported: "indirect" },
      ],
      table: [1],
    });
    const seen: number[][] = [];
    const reply = (...args: number[]): number => seen.push(args);
    const machine = runArtifact(artifactOf(source), FRAME, { gates: { reply } });
    expect([machine.exports["direct"]?.(), machine.exports["indirect"]?.()]).toEqual([1, 2]);
    expect(seen).toEqual([
      [1, 2],
      [5, 6],
    ]);
    expect(machine.spent()).toBeGreaterThan(200);
  });

  test("overlong numbers, as linkers write them, are read", () => {
    const five = (value: number): number[] => [value | 0x80, 0x80, 0x80, 0x80, 0];
    const code = [
      0x20,
      ...five(0),
      0x41,
      ...five(3),
      0x36,
      ...five(2),
      ...five(8),
      ...i32(0),
      0x11,
      ...five(1),
      ...five(0),
    ];
    const source = assemble({
      memory: { min: 1 },
      table: [1],
      globals: [{ type: T.i32, code: i32(41) }],
      functions: [
        { params: [T.i32], results: [T.i32], code, exported: "run" },
        { params: [], results: [T.i32], code: [0x23, ...five(0), ...i32(1), 0x6a, 0x24, ...five(0), 0x23, ...five(0)] },
      ],
    });
    const machine = runArtifact(artifactOf(source));
    expect([machine.exports["run"]?.(0), machine.memory()[8]]).toEqual([42, 3]);
  });

  test("a module without memory, table or functions becomes an artifact too", () => {
    expect(Object.keys(runArtifact(artifactOf(assemble({ functions: [] }))).exports)).toHaveLength(4);
  });

  test("names of functions are told by their number in the artifact, a broken name section is passed over", () => {
    const names = raw(1, [...leb(1), ...leb(0), 3, 0x66, 0x6f, 0x6f]);
    const functions = [{ ...NONE, code: [], exported: "x" }];
    const made = instrument(assemble({ functions, after: custom("name", names) }));
    const first = TRAMPOLINES.length + 8;
    expect(made.kind === "instrumented" && [...made.names]).toEqual([[first, "foo"]]);
    expect(instrument(assemble({ functions, before: custom("name", [1, 200, 5]) })).kind).toBe("instrumented");
  });

  test("what is no source module is refused with a reason", () => {
    const functions = [{ ...NONE, code: [], exported: "x" }];
    expect(refusal({ functions, imports: [{ ...gate("reply", 2), module: "env" }] })).toContain("env.reply");
    expect(refusal({ functions, imports: [gate("slice", 2)] })).toContain("cordon.slice");
    expect(refusal({ functions, imports: [gate("reply", 3)] })).toContain("another type");
    expect(refusal({ functions: [{ ...NONE, code: [], exported: "cordon.fuel" }] })).toContain("reserved name");
    expect(refusal({ functions: [{ ...NONE, code: [0xd0, 0x70, 0x1a] }] })).toContain("not in the table");
    expect(refusal({ functions, after: raw(11, [1, 1, 1, 65]) })).toContain("passive");
    expect(refusal({ functions: [{ ...NONE, code: set(0) }], start: 0 })).toBe("accepted"); // the verifier's engine says no
    expect(instrument(Uint8Array.of(0, 0x61)).kind).toBe("refused");
  });

  test("a source that the host's validator refuses is refused when the caller passes it", () => {
    const source = assemble({ functions: [{ ...NONE, code: set(0) }] });
    const validate = (bytes: Uint8Array): boolean => WebAssembly.validate(bytes as Uint8Array<ArrayBuffer>);
    expect(instrument(source, { validate }).kind).toBe("refused");
  });

  test("G5 totality: cut and broken sources are refused or instrumented, never thrown at", () => {
    const source = assemble({ functions: simple.slice(0, 40).map(only), memory: { min: 1 } });
    for (let at = 0; at < source.length; at++) {
      const broken = source.slice();
      broken[at] = (at * 31 + 129) & 0xff;
      for (const bytes of [broken, source.slice(0, at)]) {
        expect(["refused", "instrumented"]).toContain(instrument(bytes).kind);
      }
    }
  });

  test("custom sections, exports of memory and table are gone", () => {
    const functions = [{ ...NONE, code: [], exported: "x" }];
    const bytes = artifactOf(assemble({ functions, memory: { min: 1 }, before: custom("producers", [1, 2, 3]) }));
    expect(WebAssembly.Module.exports(new WebAssembly.Module(bytes)).map(({ name }) => name)).not.toContain("memory");
    expect(WebAssembly.Module.customSections(new WebAssembly.Module(bytes), "producers")).toEqual([]);
  });
});
