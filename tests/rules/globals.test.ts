// What the verifier tells the kernel of globals: all of them, so that it can read, write and exchange each by its number.
import { describe, expect, test } from "vitest";
import {
  MAX_GLOBALS,
  MAX_SECTION_ENTRIES,
  RESERVED_EXPORTS,
  RESERVED_GLOBALS,
  reservedExport,
} from "../../kernel/index.ts";
import { assemble, type Bytes, leb } from "../kit/assemble.ts";
import { decodeModule } from "../kit/disassemble.ts";
import { inFrame, MONITORS } from "../kit/monitored.ts";
import { editSection } from "../kit/surgery.ts";
import { FRAME, SEGMENT } from "../kit/victim.ts";
import { wat } from "../kit/wat.ts";
import { artifactBytes, mustReturn, newKernel } from "../kit/world.ts";
import "../kit/vitest.ts";

const kernel = newKernel();
const SOURCE = wat(`(module
  (global $a (mut i64) (i64.const -5)) (global $b f32 (f32.const 1.5)) (global $c (mut f64) (f64.const 2)) (global $d i32 (i32.const 9))
  (func (export "sum") (result f64)
    (f64.add (f64.convert_i64_s (global.get $a)) (f64.add (f64.promote_f32 (global.get $b)) (global.get $c)))))`);

const OWN = [
  { type: 0x7e, mutable: true },
  { type: 0x7d, mutable: false },
  { type: 0x7c, mutable: true },
  { type: 0x7f, mutable: false },
];
const RESERVED = RESERVED_EXPORTS.map(() => ({ type: 0x7f, mutable: true }));

describe("globals", () => {
  test.each([
    ["frame", FRAME, 0],
    ["segment", SEGMENT, 0],
    ["frame, with registers", inFrame(MONITORS), MONITORS.registers],
  ] as const)("are told with type and mutability, by number, and exported in that order: %s", (_, mode, registers) => {
    const bytes = artifactBytes(SOURCE, mode);
    const { globals } = mustReturn(kernel.load(bytes, mode));
    expect(globals).toEqual([...RESERVED, ...Array(registers).fill({ type: 0x7e, mutable: true }), ...OWN]);
    const { exports } = decodeModule(bytes);
    for (const index of globals.keys())
      expect(exports[index]).toMatchObject({ name: reservedExport(index), kind: 3, index });
    expect(exports.slice(globals.length).map(({ name }) => name)).toEqual(["sum"]);
  });

  test("that are exported are none of the guest's own exports: the embedder can enter functions only", () => {
    expect(mustReturn(kernel.load(artifactBytes(SOURCE))).entries).toEqual(["sum"]);
  });

  const many = (count: number): Bytes =>
    assemble({
      functions: [{ params: "", results: "", code: [], exported: "f" }],
      globals: Array.from({ length: count }, () => ({ type: "i", value: 1 })),
    });

  test("are at most a thousand, the kernel's included: whoever snapshots reads them all", () => {
    const most = MAX_GLOBALS - RESERVED_GLOBALS;
    expect(mustReturn(kernel.load(artifactBytes(many(most)))).globals).toHaveLength(MAX_GLOBALS);
    expect(kernel.load(artifactBytes(many(most + 1)))).toBeInvalid("S-entries");
    const lying = editSection(artifactBytes(many(1)), 6, (payload) => [
      ...leb(MAX_SECTION_ENTRIES),
      ...payload.slice(1),
    ]);
    expect(kernel.load(lying)).toBeInvalid("malformed");
  });
});
