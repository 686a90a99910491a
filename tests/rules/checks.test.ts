// Whatever is done to a check of an instruction, the verifier refuses the module.
import { describe, expect, test } from "vitest";
import { DIVIDE_WIDE, INDIRECT, inline, KernelBug, type Mode, type Monitors, type Step } from "../../kernel/index.ts";
import { assemble } from "../kit/assemble.ts";
import {
  constant,
  inFrame,
  inSegment,
  MONITORS,
  monitored,
  operand,
  PROGRAM,
  placesOf,
  program,
  register,
} from "../kit/monitored.ts";
import { editBody } from "../kit/surgery.ts";
import { instructions } from "../kit/victim.ts";
import { artifactBytes, mustReturn, newKernel } from "../kit/world.ts";
import {
  byteEdits,
  depthMutants,
  FIRST_BODY,
  guestBodies,
  helpings,
  mutantsOfCheck,
  registerMutants,
  strays,
} from "./checks.ts";
import { type Mutant, trampolineMutants } from "./mutants.ts";
import "../kit/vitest.ts";

const kernel = newKernel();
const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

function expectAllRefused(original: Uint8Array, mutants: Iterable<Mutant>, mode: Mode, atLeast: number): void {
  expect(kernel.load(original, mode)).toBeReturned();
  const accepted: string[] = [];
  let count = 0;
  for (const { name, bytes } of mutants) {
    if (same(original, bytes)) continue;
    count++;
    if (kernel.load(bytes, mode).kind === "returned") accepted.push(name);
  }
  expect(accepted).toEqual([]);
  expect(count).toBeGreaterThanOrEqual(atLeast);
}

const MODES: readonly [string, Mode][] = [
  ["frame", inFrame(MONITORS)],
  ["segment", inSegment(MONITORS)],
];

describe.each(MODES)("checks in %s mode", (_, mode) => {
  const bytes = program(mode);
  const places = placesOf(bytes, MONITORS);

  test("there is one at every division and indirect call", () => {
    expect(places).toHaveLength(12);
    expect(new Set(places.map(({ instruction }) => instruction.name)).size).toBe(9);
  });

  test("removed, moved, doubled, halved, jumped over, cut into, or in another order: refused", () => {
    expectAllRefused(
      bytes,
      places.flatMap((place) => mutantsOfCheck(bytes, place)),
      mode,
      500,
    );
  });

  test("with any byte of it another one: refused", () => {
    for (const place of [places[0], places[5], places.at(-4)])
      if (place !== undefined) expectAllRefused(bytes, byteEdits(bytes, place), mode, 3000);
  });

  test("that counts calls, with any byte another one, missing, twice, or elsewhere: refused", () => {
    expectAllRefused(bytes, depthMutants(bytes, FIRST_BODY + 10, MONITORS), mode, 7000);
  });

  test("that stands where no instruction is to be checked: refused", () => {
    for (const body of guestBodies(bytes).slice(0, 10)) expectAllRefused(bytes, strays(bytes, body, MONITORS), mode, 1);
  });

  test("guest code that names a register, counts by itself, or divides unseen: refused", () => {
    for (const body of guestBodies(bytes)) expectAllRefused(bytes, helpings(bytes, body, MONITORS), mode, 12);
  });

  test("registers that begin elsewhere, cannot be written, are missing, or have another type or name: refused", () => {
    expectAllRefused(bytes, registerMutants(bytes, MONITORS), mode, 17);
  });

  test("a trampoline with a check, one bit or one byte off: refused", () => {
    const mutants = [...trampolineMutants(bytes)].filter(({ name }) => /trampoline (grow|call)/.test(name));
    expectAllRefused(bytes, mutants, mode, 1000);
  });
});

describe("a check by way of the local that caches a segment's base", () => {
  test("is refused: it would move every access behind it", () => {
    const mode = inSegment(MONITORS);
    const bytes = program(mode);
    for (const place of placesOf(bytes, MONITORS).slice(0, 9)) {
      const base = instructions(bytes, place.body).find(({ name }) => name === "local.set")?.first as number;
      const { before, after } = inline(MONITORS).around(place.kind, base);
      const check = [...before, ...bytes.subarray(place.instruction.at, place.instruction.end), ...after];
      const edited = editBody(bytes, place.body, place.from, place.to, check);
      // Where the base is no local of the right type, the host's own validation is first.
      expect(kernel.load(edited, mode)).toBeInvalid(place.kind === DIVIDE_WIDE ? "malformed" : "V8-base");
    }
  });
});

describe("what is inserted", () => {
  const mode = inFrame(MONITORS);
  const divisions = (count: number, locals: number): Uint8Array =>
    assemble({
      functions: [
        {
          ...{ params: "i", results: "", locals: "i".repeat(locals), exported: "f" },
          code: Array.from(
            { length: count },
            () => [["local.get", 0], ["local.get", 0], ["i32.div_u"], ["drop"]] as const,
          ).flat(),
        },
      ],
    });

  test.each([
    ["S-instructions", 3000, 0],
    ["S-product", 200, 900],
  ] as const)("counts towards the bounds of shapes: %s", (rule, count, locals) => {
    const source = divisions(count, locals);
    expect(kernel.load(artifactBytes(source))).toBeReturned();
    expect(kernel.load(artifactBytes(source, mode), mode)).toBeInvalid(rule);
    expect(kernel.load(artifactBytes(divisions(10, 0), mode), mode)).toBeReturned();
  });
});

const tested = (...steps: Step[]): Monitors => monitored({ divide: [{ test: steps, act: ["end", 0] }] }, 2);
const DIVISION = tested(operand(), constant(0), ["i64.eq"]);

/** As `DIVISION`, but for one thing. */
const OTHERS: Readonly<Record<string, Monitors>> = {
  "another constant": tested(operand(), constant(1), ["i64.eq"]),
  "a constant that takes more bytes": tested(operand(), constant(2 ** 53 - 1), ["i64.eq"]),
  "a register in place of the operand": tested(register(0), constant(0), ["i64.eq"]),
  "another register": tested(register(1), constant(0), ["i64.eq"]),
  "another comparison": tested(operand(), constant(0), ["i64.le_u"]),
  "the opposite": tested(operand(), constant(0), ["i64.eq"], ["i32.eqz"]),
  "another reason": monitored({ divide: [{ test: [operand(), constant(0), ["i64.eq"]], act: ["end", 1] }] }, 2),
  "a result instead": monitored({ divide: [{ test: [operand(), constant(0), ["i64.eq"]], act: ["give", 0] }] }, 2),
  "one check more": monitored({ divide: [...(DIVISION.on.divide ?? []), ...(DIVISION.on.divide ?? [])] }, 2),
  "calls counted": monitored({ ...DIVISION.on, call: [] }, 2),
  "indirect calls too": monitored({ ...DIVISION.on, indirect: DIVISION.on.divide ?? [] }, 2),
  "growth too": monitored({ ...DIVISION.on, grow: DIVISION.on.divide ?? [] }, 2),
  "calls of capabilities too": monitored({ ...DIVISION.on, gate: DIVISION.on.divide ?? [] }, 2),
  "nothing monitored": { registers: 2, reasons: [], on: {} },
};

describe("an artifact made for other monitors", () => {
  test.each(Object.keys(OTHERS))("is refused, and the other way round: %s", (name) => {
    const other = inFrame(OTHERS[name] as Monitors);
    expect(kernel.load(program(inFrame(DIVISION)), inFrame(DIVISION))).toBeReturned();
    expect(kernel.load(program(other), other)).toBeReturned();
    expect(kernel.load(program(inFrame(DIVISION)), other)).toBeInvalid();
    expect(kernel.load(program(other), inFrame(DIVISION))).toBeInvalid();
  });

  test("with too few registers is refused; one too many is a global of the guest's own, which no check and no guest names", () => {
    const fewer = inFrame({ ...DIVISION, registers: 1 });
    expect(kernel.load(program(fewer), inFrame(DIVISION))).toBeInvalid("V1-globals");
    const surplus = mustReturn(kernel.load(program(inFrame(DIVISION)), fewer));
    expect(surplus.globals).toEqual(mustReturn(kernel.load(program(inFrame(DIVISION)), inFrame(DIVISION))).globals);
    expect(kernel.load(program(fewer), fewer)).toBeReturned();
  });

  test("without any is refused where a division is monitored, and one with checks is refused without", () => {
    const none: Monitors = monitored(DIVISION.on, 0);
    expect(kernel.load(program({ kind: "frame" }), inFrame(none))).toBeInvalid("V11-check");
    expect(kernel.load(program(inFrame(none)), { kind: "frame" })).toBeInvalid("V6-reserved");
  });

  test("is the same, byte for byte, where it has none of the instructions and the checks no registers", () => {
    const functions = PROGRAM.functions.slice(11).map((one) => ({ ...one }));
    const source = assemble({ ...PROGRAM, table: [0], functions });
    const { divide = [] } = DIVISION.on;
    const mode = inFrame(monitored({ divide, indirect: divide }, 0));
    expect(artifactBytes(source, mode)).toEqual(artifactBytes(source));
    expect(kernel.load(artifactBytes(source), mode)).toBeReturned();
  });
});

/** What a buggy policy library might say. It may throw, or be of no effect, and reaches nothing that is not its own. */
const NONSENSE: readonly Monitors[] = [
  tested(register(2), ["i64.eq"]),
  tested(register(-1), ["i64.eq"]),
  tested(["register", 0.5] as Step, ["i64.eq"]),
  tested(["register", "0"] as unknown as Step),
  tested(constant(0.5)),
  tested(constant(Number.NaN)),
  tested(constant(Number.POSITIVE_INFINITY)),
  tested(["global.get", 0] as unknown as Step),
  tested(["unreachable"] as unknown as Step),
  tested(["end"] as unknown as Step),
  tested(["i64.div_u"] as unknown as Step),
  tested(["constructor"] as unknown as Step),
  { ...DIVISION, registers: -5 },
  { ...DIVISION, registers: Number.NaN },
  monitored({ divide: [{ test: [operand(), constant(0), ["i64.eq"]], act: ["add", 2] }] }, 2),
  monitored({ divide: [{ test: [operand(), constant(0), ["i64.eq"]], act: ["give", 0.5] }] }, 2),
  monitored({ call: [] }, 0),
];

const ILL_TYPED: readonly Monitors[] = [
  tested(),
  tested(operand()),
  tested(["i64.eq"]),
  tested(operand(), ["i64.eq"]),
  tested(operand(1), constant(0), ["i64.eq"]),
  tested(operand(), operand(), ["i32.and"]),
  tested(operand(), constant(0), ["i64.eq"], operand()),
  monitored({ indirect: [{ test: [constant(0)], act: ["end", 0] }] }),
];

describe("monitors that are nonsense", () => {
  test.each([...NONSENSE.keys()])("are a mistake of the embedder's, and said to be one: %i", (index) => {
    const monitors = NONSENSE[index] as Monitors;
    expect(() => kernel.load(program(inFrame(DIVISION)), inFrame(monitors))).toThrow(KernelBug);
    expect(() => program(inFrame(monitors))).toThrow(KernelBug);
  });

  test.each([...ILL_TYPED.keys()])("make modules that are not valid, whatever else is in them: %i", (index) => {
    const mode = inFrame(ILL_TYPED[index] as Monitors);
    expect(kernel.load(program(mode), mode)).toBeInvalid("malformed");
  });

  test("a result in place of a call is none: what would leave a function without paying back is not written", () => {
    const give = [{ test: [operand(), constant(0), ["i64.gt_u"]] as const, act: ["give", 5] as const }];
    for (const part of ["enter", "leave"] as const)
      expect(inline(monitored({ call: give }))[part]).toEqual(inline(monitored({ call: [] }))[part]);
    const { before, after } = inline(monitored({ indirect: give })).around(INDIRECT, 5);
    expect([...before, ...after]).toEqual([0x22, 5]);
  });
});
