// The kit is code under test too: generators keep the laws, and what cuts modules open sews them up again.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OPCODES } from "../../kernel/index.ts";
import type { Instruction } from "../kit/assemble.ts";
import { decodeModule, disassemble } from "../kit/disassemble.ts";
import { anyMutilation, anyProgram, anySpinner, mutilate } from "../kit/generators.ts";
import { lawBreakers } from "../kit/laws.ts";
import type { Program } from "../kit/program.ts";
import { editBody, joinSections, sectionsOf } from "../kit/surgery.ts";
import { wat } from "../kit/wat.ts";
import { artifactBytes } from "../kit/world.ts";

const seed = Number(process.env["CORDON_SEED"] ?? 1);

function run({ bytes, args }: Program): string {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  try {
    return String((exports["run"] as (...args: (number | bigint)[]) => unknown)(...args));
  } catch (thrown) {
    return String(thrown);
  }
}

const laws = {
  key: ({ bytes }: Program) => bytes.join(),
  holds: ({ bytes }: Program) => WebAssembly.validate(bytes),
  size: ({ tape }: Program) => tape.length * 0x1000000 + tape.reduce((sum, n) => sum + n, 0),
};

describe("generators", () => {
  test("programs keep the laws: same seed same module, all valid, shrinks smaller and valid", () => {
    expect(lawBreakers(anyProgram(), laws, seed)).toEqual([]);
    expect(lawBreakers(anyProgram({ addresses: "wild" }), laws, seed)).toEqual([]);
    expect(lawBreakers(anySpinner(), laws, seed)).toEqual([]);
  });

  test("mutilations keep the laws", () => {
    const key = (value: unknown): string => JSON.stringify(value);
    const holds = (): boolean => true;
    const size = ({ bytes }: { bytes: readonly number[] }): number => bytes.length;
    expect(lawBreakers(anyMutilation(), { key, holds, size }, seed)).toEqual([]);
  });

  test("the checker of laws complains of a generator that breaks them", () => {
    let state = 0;
    const unstable = fc.nat().map((n) => n + state++);
    const fine = { key: String, holds: () => true, size: () => 0 };
    expect(lawBreakers(unstable, fine, seed)).not.toEqual([]);
    expect(lawBreakers(fc.nat(), { ...fine, holds: (n) => n !== 0 }, seed)).not.toEqual([]);
    expect(lawBreakers(fc.nat(), { ...fine, size: (n) => -n }, seed)).not.toEqual([]);
    expect(lawBreakers(fc.constant(1), fine, seed)).not.toEqual([]);
  });

  test("programs use every instruction of the opcode table", () => {
    const used = new Set<string>();
    for (const { parts } of fc.sample(anyProgram(), { seed, numRuns: 1500 })) {
      for (const { code } of parts.functions) for (const [name] of code as readonly Instruction[]) used.add(name);
    }
    const never = Object.keys(OPCODES).filter((name) => !used.has(name));
    expect(never.filter((name) => name !== "nop" && name !== "unreachable")).toEqual([]);
  });

  test("most programs that are to end do, on a plain engine", () => {
    const ends = fc.sample(anyProgram({ traps: false }), { seed, numRuns: 300 }).map(run);
    expect(ends.filter((end) => !end.includes("Error")).length).toBeGreaterThan(250);
  });
});

describe("surgery", () => {
  test.each([1, 2, 3])("taking a module apart and joining it gives the same module (%i)", (salt) => {
    for (const { bytes } of fc.sample(anyProgram(), { seed: seed + salt, numRuns: 20 })) {
      expect(joinSections(sectionsOf(bytes))).toEqual(bytes);
      const artifact = artifactBytes(bytes);
      const body = decodeModule(artifact).bodies.at(-1) as { at: number; end: number };
      const index = decodeModule(artifact).bodies.length - 1;
      expect(WebAssembly.validate(editBody(artifact, index, body.end - 1, body.end - 1, [1, 1]))).toBe(true);
    }
  });

  test("disassembling covers a body without a gap", () => {
    for (const { bytes } of fc.sample(anyProgram(), { seed, numRuns: 50 })) {
      for (const body of decodeModule(bytes).bodies) {
        const seen = disassemble(bytes, body);
        expect(seen.at(-1)?.end).toBe(body.end);
        for (const [i, one] of seen.slice(1).entries()) expect(one.at).toBe(seen[i]?.end);
      }
    }
  });

  test("a mutilation leaves the original alone", () => {
    const original = wat('(module (func (export "f") (result i32) (i32.const 1)))');
    const copy = Uint8Array.from(original);
    for (const one of fc.sample(anyMutilation(), { seed, numRuns: 200 })) mutilate(original, one);
    expect(original).toEqual(copy);
  });
});
