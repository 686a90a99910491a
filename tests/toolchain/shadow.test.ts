import { describe, expect, test } from "vitest";
import { decode, verify } from "../../kernel/index.ts";
import { instrument } from "../../stdlib/toolchain/index.ts";
import { assemble, call, type FunctionParts, get, i32, leb, set, T } from "./assemble.ts";
import { runArtifact } from "./machine.ts";

const POINTER = "__stack_pointer";
const TOP = 65_536;
const sp = [0x23, 0];
const toSp = [0x24, 0];
const tee = (index: number): number[] => [0x22, ...leb(index)];
const minus = 0x6b;
const plus = 0x6a;

/** Calls itself as often as its argument says, then tells the gate where the pointer is. Gives its argument. */
const recursion = (self: number, inside: readonly number[] = []): number[] => [
  ...[...get(0), 0x04, 0x40, ...inside, ...get(0), ...i32(1), minus, ...call(self), 0x1a],
  ...[0x05, ...sp, ...i32(0), ...call(0), 0x1a, 0x0b],
];

/** As LLVM writes it: a frame of 16 bytes, and a local that keeps its foot. */
const framed = (self: number): FunctionParts => ({
  params: [T.i32],
  results: [T.i32],
  locals: [T.i32, T.i32],
  code: [
    ...[...sp, ...i32(16), minus, ...tee(1), ...toSp],
    ...recursion(self),
    ...[...get(1), ...i32(16), plus, ...toSp, ...get(0)],
  ],
});

/** With an allocation of variable size and the frame of an inlined function inside. */
const allocating = (self: number): FunctionParts => ({
  ...framed(self),
  code: [
    ...[...sp, ...i32(-32), plus, ...tee(1), ...toSp],
    ...[...sp, ...i32(16), minus, ...tee(2), ...toSp, ...get(2), ...i32(16), plus, ...toSp],
    ...[...get(1), ...get(0), ...i32(15), plus, ...i32(-16), 0x71, minus, ...tee(2), ...toSp],
    ...recursion(self),
    ...[...get(1), ...i32(-32), minus, ...toSp, ...get(0)],
  ],
});

/** No frame at all, and a `return` from inside. */
const bare = (self: number): FunctionParts => ({
  params: [T.i32],
  results: [T.i32],
  code: [...recursion(self), 0x02, 0x40, ...get(0), 0x0f, 0x0b, ...i32(-1)],
});

/** Moves the pointer in a way that no pattern knows: saved first, restored at the end. */
const saving = (self: number): FunctionParts => ({
  ...framed(self),
  code: [
    ...[...sp, ...set(1), ...sp, ...i32(48), minus, ...toSp],
    ...recursion(self),
    ...[...get(1), ...toSp, ...get(0)],
  ],
});

/** The frame of an inlined function, made and given back before the calls; and one made after them. */
const before = (self: number): FunctionParts => ({
  ...framed(self),
  code: [
    ...[...sp, ...i32(16), minus, ...tee(1), ...toSp, ...get(1), ...i32(16), plus, ...toSp],
    ...[...recursion(self), ...get(0)],
  ],
});
const behind = (self: number): FunctionParts => ({
  ...framed(self),
  code: [
    ...recursion(self),
    ...[...sp, ...i32(16), minus, ...tee(1), ...toSp, ...get(1), ...i32(16), plus, ...toSp, ...get(0)],
  ],
});

/** The frame is made in one arm alone, and both go on to the calls; and given back on the way to a loop's head. */
const halfway = (self: number): FunctionParts => ({
  ...framed(self),
  code: [
    ...[...get(0), ...i32(1000), 0x4a, 0x04, 0x40, ...sp, ...i32(16), minus, ...tee(1), ...toSp],
    ...[...get(1), ...i32(16), plus, ...toSp, 0x0b],
    ...[...recursion(self), ...get(0)],
  ],
});
const around = (self: number): FunctionParts => ({
  params: [T.i32],
  results: [T.i32],
  locals: [T.i32, T.i32],
  code: [
    ...[...sp, ...i32(16), minus, ...tee(1), ...toSp],
    ...[0x03, 0x40, ...get(2), 0x04, 0x40, ...recursion(self), 0x0b],
    ...[...get(2), 0x45, 0x04, 0x40, ...get(1), ...i32(16), plus, ...toSp, ...i32(1), ...set(2), 0x0c, 1, 0x0b, 0x0b],
    ...get(0),
  ],
});

const kinds = { framed, allocating, bare, saving, before, behind, halfway, around };

function moduleOf(make: (self: number) => FunctionParts): Uint8Array<ArrayBuffer> {
  const answered = { module: "cordon", name: "reply", params: [T.i32, T.i32], results: [T.i32] };
  const pointer: FunctionParts = { params: [], results: [T.i32], code: sp, exported: "pointer" };
  return assemble({
    imports: [answered],
    functions: [{ ...make(1), exported: "run" }, pointer],
    globals: [{ type: T.i32, code: i32(TOP), exported: POINTER }],
  });
}

function artifact(make: (self: number) => FunctionParts): Uint8Array<ArrayBuffer> {
  const made = instrument(moduleOf(make), { padShadowStack: POINTER });
  if (made.kind === "refused") throw new Error(made.why);
  verify(
    made.bytes,
    decode(made.bytes, (bytes) => new TextDecoder().decode(bytes)),
    { kind: "frame" },
  );
  return made.bytes as Uint8Array<ArrayBuffer>;
}

const CALLS = 50;
const DEPTH = 500_000;

/** Bytes of shadow stack and units of depth at the bottom of a recursion, and the pointer after it. */
function descent(make: (self: number) => FunctionParts) {
  const seen = { shadow: 0, depth: 0 };
  const reply = (pointer: number): number => {
    seen.shadow = TOP - pointer;
    seen.depth = DEPTH - ((machine.exports["cordon.depth"] as unknown as WebAssembly.Global).value as number);
    return 0;
  };
  const machine = runArtifact(artifact(make), { kind: "frame" }, { depth: DEPTH, gates: { reply } });
  const result = machine.exports["run"]?.(CALLS);
  return { ...seen, result, after: machine.exports["pointer"]?.() };
}

describe("padShadowStack", () => {
  test.each(Object.entries(kinds))(
    "a %s function lowers the pointer by at least what its host frame is charged",
    (_, make) => {
      const { shadow, depth, result, after } = descent(make);
      expect(depth).toBeGreaterThan(CALLS * 96);
      expect(shadow).toBeGreaterThanOrEqual(depth);
      expect(result).toBe(CALLS);
      expect(after).toBe(TOP);
    },
  );

  test("without it the same recursion lowers the pointer by less", () => {
    const source = moduleOf(framed);
    const made = instrument(source);
    expect(made.kind).toBe("instrumented");
    const plain = made.kind === "instrumented" ? made.bytes : new Uint8Array();
    expect(Buffer.compare(plain, artifact(framed))).not.toBe(0);
    expect(plain.length).toBeLessThanOrEqual(artifact(framed).length);
  });

  test("a function on no cycle of calls is left alone", () => {
    const leaf: FunctionParts = { params: [], results: [], code: [...sp, ...i32(16), minus, 0x1a], exported: "leaf" };
    const source = assemble({ functions: [leaf], globals: [{ type: T.i32, code: i32(TOP), exported: POINTER }] });
    expect(instrument(source, { padShadowStack: POINTER })).toEqual(instrument(source));
  });

  test("a cycle through the table counts as one", () => {
    const indirect: FunctionParts = {
      params: [T.i32],
      results: [T.i32],
      code: [...get(0), 0x04, T.i32, ...get(0), ...i32(1), minus, ...i32(0), 0x11, 0, 0, 0x05, ...sp, 0x0b],
      exported: "run",
    };
    const source = assemble({
      functions: [indirect],
      table: [0],
      globals: [{ type: T.i32, code: i32(TOP), exported: POINTER }],
    });
    const made = instrument(source, { padShadowStack: POINTER });
    if (made.kind === "refused") throw new Error(made.why);
    const lowest = runArtifact(made.bytes as Uint8Array<ArrayBuffer>).exports["run"]?.(10) as number;
    expect(TOP - lowest).toBeGreaterThan(10 * 96);
  });

  test("a module that exports no such global is refused", () => {
    const made = instrument(assemble({ functions: [] }), { padShadowStack: POINTER });
    expect(made.kind === "refused" && made.why).toContain(POINTER);
  });
});
