// A guest that reaches for memory in every way there is, and what is done to it: calls at every edge, and mutants whose
// confinement is broken, which the same calls must show to be.
import { confine, GUARD, OPCODES, type Opcode, PAGE, TRAMPOLINES } from "../../kernel/index.ts";
import { assemble, type Bytes, type Code, encodeAll, type FunctionParts, type Instruction } from "../kit/assemble.ts";
import { decodeModule } from "../kit/disassemble.ts";
import type { Segment } from "../kit/segment.ts";
import { editBody } from "../kit/surgery.ts";
import { artifactBytes } from "../kit/world.ts";
import { type Inserted, insertedIn } from "../rules/inserted.ts";

export const MODE: Segment = { kind: "segment", mask: 2 * PAGE - 1, guard: GUARD };
export const SIZE = MODE.mask + 1;
export const STRIDE = SIZE + GUARD;

const rows = Object.entries(OPCODES) as [string, Opcode][];
const loads = rows.filter(([, row]) => row.effect === "reads");
const stores = rows.filter(([, { effect, immediate }]) => effect === "writes" && immediate === "memarg");

// biome-ignore format: a table
const OFFSETS = [
  0, 1, 7, 4_095, GUARD - 9, GUARD - 8, GUARD - 7, GUARD - 4, GUARD - 1, GUARD, GUARD + 1, 70_000, SIZE - 1, SIZE,
  STRIDE - 8, STRIDE, 0x3f_fff8, 0x7fff_ffff, 0x8000_0000, 0xffff_0000, 0xffff_fff0, 0xffff_ffff,
];

/** Floats travel as their bits, of which a chance NaN would lose some. */
const BITS = { i: "i", l: "l", f: "i", d: "l" } as const;
type Letter = keyof typeof BITS;
const toBits: Readonly<Record<Letter, Instruction[]>> = {
  ...{ i: [], l: [], f: [["i32.reinterpret_f32"]], d: [["i64.reinterpret_f64"]] },
};
const fromBits: typeof toBits = { i: [], l: [], f: [["f32.reinterpret_i32"]], d: [["f64.reinterpret_i64"]] };

const loadAt = ([name, row]: [string, Opcode], offset: number): FunctionParts => {
  const type = row.pushes as Letter;
  const code: Code = [["local.get", 0], [name, offset], ...toBits[type]];
  return { params: "i", results: BITS[type], code, exported: `${name}@${offset}` };
};
const storeAt = ([name, row]: [string, Opcode], offset: number): FunctionParts => {
  const type = row.pops[1] as Letter;
  const code: Code = [["local.get", 0], ["local.get", 1], ...fromBits[type], [name, offset]];
  return { params: `i${BITS[type]}`, results: "", code, exported: `${name}@${offset}` };
};

const L0: Instruction = ["local.get", 0];
const L1: Instruction = ["local.get", 1];
const form = (exported: string, code: Code, more: Partial<FunctionParts> = {}): FunctionParts => ({
  ...{ params: "ii", results: "i", locals: "ii", code, exported },
  ...more,
});

/** Addresses that come from elsewhere than a parameter. */
const FORMS: readonly FunctionParts[] = [
  form("teed", [L0, ["local.tee", 2], ["i32.load", 0], ["local.get", 2], ["i32.load", 65_528], ["i32.xor"]]),
  form("teed, stored", [L0, ["local.tee", 2], L1, ["i32.store", 4], ["local.get", 2], ["i32.load", 70_000]]),
  form("reassigned", [
    ...[L0, ["i32.load", 0] as const, L0, ["i32.const", 70_000] as const, ["i32.add"] as const],
    ...([["local.set", 0], L0, ["i32.load", 8], ["i32.xor"]] as const),
  ]),
  form("out of a block", [["block", "i"], L0, L1, ["br_if", 0], ["end"], ["i32.load", 12]]),
  form("out of an if", [L1, ["if", "i"], L0, ["else"], L0, ["i32.const", -1], ["i32.xor"], ["end"], ["i32.load", 0]]),
  form("chosen", [L0, L1, L1, ["i32.const", 1], ["i32.and"], ["select"], ["i32.load", 0]]),
  form("loaded", [L0, ["i32.load", 0], ["i32.load", 0], ["i32.load", 65_532]]),
  form("global", [L0, ["global.set", 0], ["global.get", 0], L1, ["i32.store", 0], ["global.get", 0], ["i32.load", 4]]),
  form("constant", [["i32.const", -1], ["i64.load", 65_528], ["i32.wrap_i64"]]),
  form("far constant", [["i32.const", -8], L1, ["i32.store", 0xffff_fffc], ["i32.const", -1], ["i32.load8_u", 0]]),
  form("walked", [
    ...([["loop", ""], L0, L1, ["i32.store", 65_000], L0, ["i32.const", 4_093], ["i32.add"]] as const),
    ...([["local.set", 0], ["local.get", 2], ["i32.const", 1], ["i32.add"], ["local.tee", 2]] as const),
    ...([["i32.const", 60], ["i32.lt_u"], ["br_if", 0], ["end"], L0] as const),
  ]),
  form(
    "carried",
    [...([["block", "i"], L0, L1, ["i32.const", 1], ["i32.and"], ["br_if", 0], ["i32.load", 0], ["end"]] as const)],
    { params: "ii", results: "i" },
  ),
  form("copy", [L0, L1, ["local.get", 2], ["memory.copy"]], { params: "iii", results: "" }),
  form("fill", [L0, L1, ["local.get", 2], ["memory.fill"]], { params: "iii", results: "" }),
  form("grow", [L0, ["memory.grow"]], { params: "i" }),
  form("size", [["memory.size"]], { params: "" }),
];

/** An address and a value of each type, as two results of one call: the address is beneath, and nobody knows its place. */
function pairs(first: number): FunctionParts[] {
  return (["i", "l", "f", "d"] as const).flatMap((type, index) => {
    const [store] = stores.find(([name, row]) => row.pops[1] === type && /\.store$/.test(name)) as [string, Opcode];
    const [params, call] = [`i${BITS[type]}`, ["call", first + index * 3] as const];
    const of = (offset: number): FunctionParts => ({
      ...{ params, results: "", exported: `pair ${type}@${offset}`, code: [L0, L1, call, [store, offset]] },
    });
    return [{ params, results: `i${type}`, code: [L0, L1, ...fromBits[type]] }, of(12), of(70_000)];
  });
}

const plain = OFFSETS.flatMap((offset) => [
  ...loads.map((row) => loadAt(row, offset)),
  ...stores.map((row) => storeAt(row, offset)),
]);
const functions = [...plain, ...FORMS, ...pairs(plain.length + FORMS.length)];
export const SOURCE = assemble({
  ...{ pages: 1, globals: [{ type: "i", value: 0 }], functions },
  data: [
    { offset: 16, bytes: [1, 2, 3, 4, 5, 6, 7, 8] },
    { offset: PAGE - 4, bytes: [0xff, 0xfe, 0xfd, 0xfc] },
  ],
});

/** An export and its arguments: addresses and lengths, and what is stored. */
export type Call = readonly [name: string, args: readonly (number | bigint)[]];
export const ENTRIES = functions.flatMap(({ exported, params }) =>
  exported === undefined ? [] : [{ exported, params }],
);

// biome-ignore format: a table
export const EDGES = [
  0, 1, 8, PAGE - 8, PAGE - 1, PAGE, SIZE - 8, SIZE - 7, SIZE - 1, SIZE, SIZE + 1, STRIDE - 4, STRIDE, -1, -8, -SIZE,
  -STRIDE, 0x7fff_ffff, -0x8000_0000,
];
const VALUE = { i: 0x1234_5678, l: 0x1122_3344_5566_7788n };

/** Every access at every edge, then bulk operations of spans that begin and end there. */
export const EVERYWHERE: readonly Call[] = [
  ...ENTRIES.filter(({ params }) => params.length < 3).flatMap(({ exported, params }) =>
    (params === "" ? [0] : EDGES).map((at): Call => {
      const rest = [...params.slice(1)].map((letter) => VALUE[letter as "i"]);
      return [exported, params === "" ? [] : [at, ...rest]];
    }),
  ),
  ...EDGES.flatMap((at) =>
    [0, 1, 16, PAGE, SIZE, STRIDE, 0x4_0000, -1, -16, -PAGE, -0x8000_0000].flatMap((length): Call[] => [
      ["fill", [at, 0x77, length]],
      ["copy", [at, 64, length]],
      ["copy", [64, at, length]],
      ["copy", [at, -length, length]],
    ]),
  ),
];

const bodyOf = (exported: string): number => TRAMPOLINES.length + functions.findIndex((f) => f.exported === exported);

const confined = (one: Inserted, instructions: (base: number) => Code): ((bytes: Bytes) => Bytes) => {
  const [from, to] = [one.seen[one.from]?.at as number, one.seen[one.to - 1]?.end as number];
  const base = one.seen[one.from + 2]?.first as number;
  return (bytes) => editBody(bytes, one.body, from, to, encodeAll(instructions(base)));
};

/** Bodies to be broken: an edit takes a while. */
const BODIES = ["i32.load@0", "i64.store@65528", "f32.load@70000", "teed, stored", "walked", "pair d@70000"].map(
  bodyOf,
);

/** The confining sequences there become this. From the back, so that places in front stay where they are. */
function reconfined(instructions: (base: number) => Code): Bytes {
  const artifact = artifactBytes(SOURCE, MODE);
  const all = BODIES.flatMap((body) => insertedIn(artifact, body, MODE)).filter(({ kind }) => kind === "confine");
  return all.reverse().reduce((bytes, one) => confined(one, instructions)(bytes), artifact);
}

/** The whole code between ENTER, with the base in its local, and LEAVE. */
function rewritten(exported: string, make: (base: number) => Code): Bytes {
  const artifact = artifactBytes(SOURCE, MODE);
  const inserted = insertedIn(artifact, bodyOf(exported), MODE);
  const [cached, leave] = ["base", "leave"].map((kind) => inserted.find((one) => one.kind === kind)) as Inserted[];
  const from = cached?.seen[cached.to]?.end as number; // behind the outer block
  const to = leave?.seen[leave.from - 1]?.at as number; // before its end
  return editBody(
    artifact,
    bodyOf(exported),
    from,
    to,
    encodeAll(make(cached?.seen[cached.from + 1]?.first as number)),
  );
}

/** Every bulk operation's own check becomes this one, which knows where the check stood. */
function rechecked(pattern: readonly number[], by: readonly number[]): Bytes {
  let bytes = artifactBytes(SOURCE, MODE);
  for (const name of ["copy", "fill"]) {
    const index = TRAMPOLINES.findIndex((row) => row.name === name);
    for (let from = 0; ; ) {
      const { at, end } = decodeModule(bytes).bodies[index] as { at: number; end: number };
      const found = bytes.findIndex(
        (_, i) => i >= Math.max(at, from) && i < end && pattern.every((byte, j) => bytes[i + j] === byte),
      );
      if (found < 0) break;
      bytes = editBody(bytes, index, found, found + pattern.length, by);
      from = found + by.length;
    }
  }
  return bytes;
}

const mask = (base: number): Code => [Uint8Array.from(confine(MODE.mask, base))];
const COMPARE = [0xad, 0x42, 16, 0x86, 0x56]; // i64.extend, 16, shl, gt_u: of the pages, with the piece's end
const SUM = [0xad, 0x20, 3, 0xad, 0x7c]; // at + piece, in 64 bits
const SUM_32 = [0x20, 3, 0x6a, 0xad];

/** Artifacts whose confinement is broken. */
export const MUTANTS: Readonly<Record<string, () => Bytes>> = {
  "no mask": () => reconfined((base) => [["local.get", base], ["i32.add"]]),
  "a mask of one bit more": () =>
    reconfined((base) => [["i32.const", 2 * SIZE - 1], ["i32.and"], ["local.get", base], ["i32.add"]]),
  "no base": () => reconfined(() => [["i32.const", MODE.mask], ["i32.and"]]),
  "the mask last": () =>
    reconfined((base) => [["local.get", base], ["i32.add"], ["i32.const", MODE.mask], ["i32.and"]]),
  "the base of another": () => reconfined((base) => [...mask(base), ["i32.const", STRIDE], ["i32.add"]]),
  "the base teed over": () =>
    rewritten("teed", (base) => [
      ...[
        ["i32.const", 0] as const,
        ["local.tee", base] as const,
        ["drop"] as const,
        L0,
        ...mask(base),
        ["i32.load", 0] as const,
      ],
    ]),
  "masked once, used twice": () =>
    rewritten("teed", (base) => [
      ...[L0, ...mask(base), ["local.tee", 2] as const, ["i32.load", 0] as const],
      ...([["local.get", 2], ["i32.load", STRIDE], ["i32.xor"]] as const),
    ]),
  "moved on behind the mask": () =>
    rewritten("teed", (base) => [L0, ...mask(base), ["i32.const", -STRIDE], ["i32.add"], ["i32.load", 0]]),
  "offsets beyond the guard": () => rewritten("teed", (base) => [L0, ...mask(base), ["i32.load", GUARD + 4]]),
  "bulk: no check": () => rechecked(COMPARE, [0x1a, 0x1a, 0x41, 0]),
  "bulk: the sum wraps": () => rechecked(SUM, SUM_32),
  "bulk: the length is not looked at": () => rechecked(SUM, [0xad, 0x20, 3, 0xad, 0x1a]),
  "bulk: a place below zero": () => rechecked(SUM, SUM.with(0, 0xac)),
  "bulk: no base": () => rechecked([0x23, 3, 0x6a], []),
};
