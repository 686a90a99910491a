// A leaf needs no ENTER and no LEAVE. What makes a function more than a leaf must not be had without them.
import { describe, expect, test } from "vitest";
import { FIRST_GUEST, isSmall, LEAF_INSTRUCTIONS, loopCharge, type Mode, REFUEL_INDEX } from "../../kernel/index.ts";
import { assemble, type Bytes, type Code, encodeAll, type Instruction, leb } from "../kit/assemble.ts";
import { decodeModule } from "../kit/disassemble.ts";
import { concat, editBody } from "../kit/surgery.ts";
import { FRAME, find, instructions, LEAF, MAIN, SEGMENT, victim } from "../kit/victim.ts";
import { artifactBytes, newKernel } from "../kit/world.ts";
import { allInserted } from "./mutants.ts";
import "../kit/vitest.ts";

const kernel = newKernel();
const nops = (count: number): Instruction[] => Array.from({ length: count }, () => ["nop"]);
const callsItself: readonly Instruction[] = [["i32.const", 0], ["call", FIRST_GUEST + LEAF - MAIN], ["drop"]];
const typeOfLeaf = (mode: Mode): number => decodeModule(victim(mode)).functions[LEAF] as number;
const callsAny = (mode: Mode): readonly Instruction[] => [
  ["i32.const", 0],
  ["i32.const", 0],
  ["call_indirect", typeOfLeaf(mode)],
  ["drop"],
];
const loops = (body: readonly Instruction[]): Uint8Array =>
  concat([
    Uint8Array.from(encodeAll([["loop", ""]])),
    Uint8Array.from(loopCharge(REFUEL_INDEX, body.length + 1)),
    Uint8Array.from(encodeAll([...body, ["end"]])),
  ]);

/** The victim with code in front of what its leaf does. */
function within(code: readonly number[] | Uint8Array, mode: Mode): Bytes {
  const bytes = victim(mode);
  const { at } = find(bytes, LEAF, "local.get");
  return editBody(bytes, LEAF, at, at, Uint8Array.from(code));
}

/** The victim whose leaf declares as many locals more. */
function withLocals(count: number, mode: Mode): Bytes {
  const bytes = victim(mode);
  const { at } = decodeModule(bytes).bodies[LEAF] as { at: number };
  const [first] = instructions(bytes, LEAF);
  const groups = mode.kind === "segment" ? [2, ...leb(count), 0x7f, 1, 0x7f] : [1, ...leb(count), 0x7f];
  return editBody(bytes, LEAF, at, (first as { at: number }).at, groups);
}

describe.each<[string, Mode]>([
  ["frame", FRAME],
  ["segment", SEGMENT],
])("a leaf, in %s mode", (_, mode) => {
  test("is accepted as it is, with a few instructions and locals more", () => {
    expect(kernel.load(victim(mode), mode)).toBeReturned();
    expect(kernel.load(within(encodeAll(nops(LEAF_INSTRUCTIONS - 8)), mode), mode)).toBeReturned();
    if (mode.kind === "frame") expect(kernel.load(withLocals(20, mode), mode)).toBeReturned();
  });

  test.each<[string, (mode: Mode) => Bytes]>([
    ["that calls itself", (m) => within(encodeAll(callsItself), m)],
    ["that calls through the table", (m) => within(encodeAll(callsAny(m)), m)],
    ["that loops, and pays for it", (m) => within(loops([["nop"]]), m)],
    ["of more instructions than a leaf may have", (m) => within(encodeAll(nops(LEAF_INSTRUCTIONS)), m)],
  ])("%s is refused", (_name, make) => {
    const bytes = make(mode);
    expect(WebAssembly.validate(bytes)).toBe(true);
    expect(kernel.load(bytes, mode)).toBeInvalid("V10-enter");
  });

  test("is what no function becomes by the loss of both its ENTER and its LEAVE", () => {
    let bytes = victim(mode);
    const both = allInserted(bytes, mode).filter(({ kind, body }) => body === MAIN && /enter|leave/.test(kind));
    expect(both.map(({ kind }) => kind)).toEqual(["enter", "leave"]);
    for (const { from, to, seen } of both.reverse())
      bytes = editBody(bytes, MAIN, seen[from]?.at as number, seen[to - 1]?.end as number, []);
    expect(WebAssembly.validate(bytes)).toBe(true);
    expect(kernel.load(bytes, mode)).toBeInvalid("V10-enter");
  });
});

test("a leaf of more locals than a leaf may have is refused", () => {
  const bytes = withLocals(200, FRAME);
  expect(WebAssembly.validate(bytes)).toBe(true);
  expect(kernel.load(bytes)).toBeInvalid("V10-enter");
});

test("a loop of as many calls as a function may have is charged for all of them", () => {
  const code: Code = [["loop", ""], ...Array.from({ length: 65_000 }, (): Instruction => ["call", 0]), ["end"]];
  const source = assemble({
    functions: [
      { params: "", results: "", code: [["nop"]] },
      { params: "", results: "", code },
    ],
  });
  expect(kernel.load(artifactBytes(source))).toBeReturned();
});

test("who calls a leaf pays for it", () => {
  const leaf: Code = [["local.get", 0]];
  const calls = (count: number): Code =>
    Array.from({ length: count }, (): Instruction[] => [["i32.const", 1], ["call", 0], ["drop"]]).flat();
  const made = (code: Code): Bytes =>
    artifactBytes(
      assemble({
        functions: [
          { params: "i", results: "i", code: leaf },
          { params: "", results: "", exported: "f", code },
        ],
      }),
    );
  expect(isSmall(LEAF_INSTRUCTIONS, 1_024)).toBe(true);
  const charged = (code: Code): number => find(made(code), MAIN + 1, "i32.const").first as number;
  // 300 calls: 900 instructions, the end, and 64 for each call; the weight is 16 and a 256th of that.
  expect(charged(calls(300))).toBe(16 + ((900 + 1 + 300 * 64) >>> 8));
});
