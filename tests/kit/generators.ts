// What fast-check draws: programs, bytes, mutilated modules. Shrinking shortens the tape that a program is made from.
import fc from "fast-check";
import type { Bytes } from "./assemble.ts";
import { type Program, type ProgramShape, programOf } from "./program.ts";

export interface GeneratorOptions extends ProgramShape {
  readonly maxTape?: number;
}

const tape = (maxLength: number): fc.Arbitrary<number[]> =>
  fc.array(fc.nat(0xffff), { minLength: 1, maxLength, size: "max" });

/** Source modules that are valid and use gates nowhere. By default every run of them ends. */
export const anyProgram = ({ maxTape = 240, ...shape }: GeneratorOptions = {}): fc.Arbitrary<Program> =>
  tape(maxTape).map((drawn) => programOf(drawn, shape));

/** Programs whose export `run` never returns. */
export const anySpinner = (options: GeneratorOptions = {}): fc.Arbitrary<Program> =>
  anyProgram({ maxTape: 80, ...options, ends: false });

export interface Mutilation {
  readonly name: "flip" | "cut" | "write" | "insert" | "remove";
  /** Where, as a share of the module. */
  readonly at: number;
  readonly bytes: readonly number[];
}

export const anyMutilation = (): fc.Arbitrary<Mutilation> =>
  fc.record({
    name: fc.constantFrom("flip", "cut", "write", "insert", "remove"),
    at: fc.nat(0x7fffffff).map((n) => n / 0x80000000),
    bytes: fc.array(fc.nat(255), { minLength: 1, maxLength: 8 }),
  });

/** The module after one mutilation; never the same array. */
export function mutilate(bytes: Uint8Array, { name, at, bytes: by }: Mutilation): Bytes {
  const place = Math.floor(at * bytes.length);
  const [before, after] = [bytes.subarray(0, place), bytes.subarray(place)];
  if (name === "cut") return Uint8Array.from(before);
  if (name === "insert") return Uint8Array.from([...before, ...by, ...after]);
  if (name === "remove") return Uint8Array.from([...before, ...after.subarray(by.length)]);
  const copy = Uint8Array.from(bytes);
  if (name === "flip") copy[place] = (copy[place] ?? 0) ^ (1 << ((by[0] as number) & 7));
  else copy.set(by.slice(0, copy.length - place), place);
  return copy;
}
