// The opcode table against the host engine's own validator: a wrong row is a hole in the verifier.
import { describe, expect, test } from "vitest";
import { attempt, decode, OPCODES, type Opcode, PREFIX, verify } from "../../kernel/index.ts";
import { type Bytes, HEADER, leb, section, sized, valueType, vector } from "../kit/assemble.ts";
import { append, editBody, editSection } from "../kit/surgery.ts";
import { endOfCode, FRAME, MAIN, victim } from "../kit/victim.ts";
import { wat } from "../kit/wat.ts";
import { newKernel } from "../kit/world.ts";
import "../kit/vitest.ts";

const kernel = newKernel();
const rows = Object.entries(OPCODES) as [string, Opcode][];
const TYPES = "ilfd";
const others = (type: string): string[] => [...TYPES].filter((letter) => letter !== type);

const encoded = (code: number): number[] => (code > 0xff ? [code >> 8, ...leb(code & 0xff)] : [code]);
const type = (params: string, results: string): number[] => [
  0x60,
  ...vector([...params].map((letter) => [valueType(letter)])),
  ...vector([...results].map((letter) => [valueType(letter)])),
];

/** A module with one function of this type and code, and of everything else one that code may name. */
function moduleOf(params: string, results: string, code: readonly number[]): Bytes {
  const body = [0, ...code, 0x0b];
  return Uint8Array.from([
    ...HEADER,
    ...section(1, vector([type(params, results), type("", "")])),
    ...section(3, vector([[0], [1]])),
    ...section(4, [1, 0x70, 0, 1]),
    ...section(5, [1, 0, 1]),
    ...section(6, [1, 0x7f, 1, 0x41, 0, 0x0b]),
    ...section(10, vector([sized(body), [2, 0, 0x0b]])),
  ]);
}

const pushes = (operands: string): number[] => [...operands].flatMap((_, index) => [0x20, ...leb(index)]);

/** Immediates with which an instruction whose operands the table gives in full is valid. */
const IMMEDIATES: Partial<Record<Opcode["immediate"], readonly number[]>> = {
  none: [],
  memarg: [0, 0],
  memory: [0],
  memories: [0, 0],
  i32: [0],
  i64: [0],
  f32: [0, 0, 0, 0],
  f64: [0, 0, 0, 0, 0, 0, 0, 0],
};
const CONTROL = ["block", "loop", "if", "else", "end", "br", "br_if", "br_table", "return", "call", "call_indirect"];
const isPlain = (name: string, { immediate, pops }: Opcode): boolean =>
  IMMEDIATES[immediate] !== undefined && !pops.includes("x") && !CONTROL.includes(name);

const plain = rows.filter(([name, row]) => isPlain(name, row));
const valid = (row: Opcode, pops: string, results: string): boolean =>
  WebAssembly.validate(
    moduleOf(pops, results, [...pushes(pops), ...encoded(row.code), ...(IMMEDIATES[row.immediate] ?? [])]),
  );

describe("rows whose operands the table gives in full", () => {
  test("are nearly all rows", () => {
    expect(rows.length - plain.length).toBe(
      CONTROL.length + "drop select local.get local.set local.tee global.get global.set".split(" ").length,
    );
  });

  test.each(plain)("%s takes and gives what its row says, and nothing else", (name, row) => {
    expect(valid(row, row.pops, row.pushes)).toBe(true);
    if (name === "unreachable") return; // it gives whatever is asked for
    for (let i = 0; i < row.pops.length; i++) {
      for (const wrong of others(row.pops[i] as string)) {
        expect(valid(row, row.pops.slice(0, i) + wrong + row.pops.slice(i + 1), row.pushes), `operand ${i}`).toBe(
          false,
        );
      }
    }
    for (const wrong of [...others(row.pushes), "", "ii"]) {
      if (wrong !== row.pushes) expect(valid(row, row.pops, wrong), `result ${wrong}`).toBe(false);
    }
    if (row.pops !== "") expect(valid(row, row.pops.slice(1), row.pushes)).toBe(false);
  });

  test.each(rows.filter(([, row]) => row.width > 0))("%s touches as many bytes as its row says", (_, row) => {
    const aligned = (power: number): boolean =>
      WebAssembly.validate(moduleOf(row.pops, row.pushes, [...pushes(row.pops), ...encoded(row.code), power, 0]));
    expect(aligned(Math.log2(row.width))).toBe(true);
    expect(aligned(Math.log2(row.width) + 1)).toBe(false);
  });

  test("an effect is written down for exactly the instructions that have one", () => {
    for (const [name, row] of rows) {
      const writes = /store|memory\.(grow|copy|fill)/.test(name);
      const stops = ["unreachable", "br", "br_table", "return"].includes(name);
      const effect = writes ? "writes" : /load/.test(name) ? "reads" : stops ? "stops" : "none";
      expect(row.effect, name).toBe(effect);
    }
  });
});

// The others, with operands that the walk takes from a type, a label or a local: each as a module that must be valid,
// and one with the same instruction that must not.
const code = (name: keyof typeof OPCODES, ...immediates: number[]): number[] => [
  ...encoded(OPCODES[name].code),
  ...immediates,
];
const CASES: readonly (readonly [string, string, readonly number[], readonly number[]])[] = [
  ["block", "i", [...code("block", 0x7f), 0x41, 0, 0x0b], [...code("block", 0x7e), 0x41, 0, 0x0b]],
  ["loop", "i", [...code("loop", 0x7f), 0x41, 0, 0x0b], [...code("loop", 0x40), 0x41, 0, 0x0b]],
  ["if", "", [0x41, 0, ...code("if", 0x40), 0x0b], [0x42, 0, ...code("if", 0x40), 0x0b]],
  [
    "else",
    "i",
    [0x41, 0, 0x04, 0x7f, 0x41, 0, ...code("else"), 0x41, 0, 0x0b],
    [0x41, 0, 0x04, 0x7f, 0x41, 0, ...code("else"), 0x0b],
  ],
  ["end", "", [0x02, 0x40, ...code("end")], [0x02, 0x7f, ...code("end"), 0x1a]],
  ["br", "i", [0x41, 0, ...code("br", 0)], [0x42, 0, ...code("br", 0)]],
  ["br_if", "i", [0x41, 0, 0x41, 0, ...code("br_if", 0)], [0x41, 0, 0x42, 0, ...code("br_if", 0)]],
  ["br_table", "i", [0x41, 0, 0x41, 0, ...code("br_table", 0, 0)], [0x41, 0, 0x42, 0, ...code("br_table", 0, 0)]],
  ["return", "i", [0x41, 0, ...code("return")], [0x42, 0, ...code("return")]],
  ["call", "", [...code("call", 1)], [...code("call", 2)]],
  ["call_indirect", "", [0x41, 0, ...code("call_indirect", 1, 0)], [0x42, 0, ...code("call_indirect", 1, 0)]],
  ["drop", "", [0x42, 0, ...code("drop")], [...code("drop")]],
  ["select", "l", [0x42, 0, 0x42, 1, 0x41, 0, ...code("select")], [0x42, 0, 0x41, 1, 0x41, 0, ...code("select")]],
  ["local.get", "", [], [...code("local.get", 0)]],
  ["global.get", "i", [...code("global.get", 0)], [...code("global.get", 1)]],
  ["global.set", "", [0x41, 0, ...code("global.set", 0)], [0x42, 0, ...code("global.set", 0)]],
];

describe("rows whose operands come from elsewhere", () => {
  test.each(CASES)("%s is what the engine takes it for", (_, results, good, bad) => {
    expect(WebAssembly.validate(moduleOf("", results, good))).toBe(true);
    expect(WebAssembly.validate(moduleOf("", results, bad))).toBe(false);
  });

  test("local.get, local.set and local.tee keep the type of their local", () => {
    for (const letter of TYPES) {
      const tee = [0x20, 0, ...code("local.tee", 0), ...code("local.set", 0), ...code("local.get", 0)];
      expect(WebAssembly.validate(moduleOf(letter, letter, tee))).toBe(true);
    }
  });
});

/** Puts raw bytes to the end of the victim's code and verifies, without asking the engine. */
function rawVerdict(bytes: readonly number[]): string {
  const good = victim();
  const at = endOfCode(good, MAIN);
  const bad = editBody(good, MAIN, at, at, bytes);
  const judged = attempt(() =>
    verify(
      bad,
      decode(bad, (name) => new TextDecoder().decode(name)),
      FRAME,
    ),
  );
  return "rule" in judged ? judged.rule : "accepted";
}

describe("what has no row", () => {
  const known = new Set(rows.map(([, { code: number }]) => number));

  test("is refused: every byte", () => {
    for (let byte = 0; byte < 256; byte++) {
      if (known.has(byte) || byte === PREFIX) continue;
      expect(rawVerdict([byte, 0, 0, 0, 0]), `byte ${byte}`).toBe("O-opcode");
    }
  });

  test("is refused: every number behind the prefix, overlong ones too", () => {
    for (let number = 0; number < 512; number++) {
      if (known.has(0xfc00 + number)) continue;
      expect(rawVerdict([PREFIX, ...leb(number), 0, 0, 0, 0]), `number ${number}`).toBe("O-opcode");
    }
    expect(rawVerdict([PREFIX, 0x8c, 0x80, 0x00, 0, 0, 0])).toBe("O-opcode");
    expect(rawVerdict([PREFIX, 0xff, 0xff, 0xff, 0xff, 0x0f, 0])).toBe("O-opcode");
  });
});

const inMain =
  (...bytes: number[]) =>
  (good: Bytes): Bytes => {
    const at = endOfCode(good, MAIN);
    return editBody(good, MAIN, at, at, bytes);
  };
const CONST = [0x41, 0];

/** Things that the host engine accepts, or some engine does, each put into an artifact that the kernel accepts. */
const FEATURES: Readonly<Record<string, (good: Bytes) => Bytes>> = {
  "SIMD: i8x16.splat": inMain(...CONST, 0xfd, 0x0f, 0x1a),
  "SIMD: v128.load": inMain(...CONST, 0xfd, 0x00, 0, 0, 0x1a),
  "relaxed SIMD": inMain(...CONST, 0xfd, 0x0f, ...CONST, 0xfd, 0x0f, 0xfd, 0x80, 0x02, 0x1a),
  "threads: atomic.fence": inMain(0xfe, 0x03, 0),
  "threads: i32.atomic.load": inMain(...CONST, 0xfe, 0x10, 2, 0, 0x1a),
  "tail calls: return_call": inMain(0x12, MAIN),
  "tail calls: return_call_indirect": inMain(...CONST, 0x13, 0, 0),
  "exceptions: try": inMain(0x06, 0x40, 0x19, 0x0b),
  "exceptions: try_table": inMain(0x1f, 0x40, 0, 0x0b),
  "exceptions: throw": inMain(0x08, 0),
  "exceptions: throw_ref": inMain(0xd0, 0x69, 0x0a),
  "reference types: ref.null": inMain(0xd0, 0x70, 0x1a),
  "reference types: ref.func": inMain(0xd2, 0x11, 0x1a),
  "reference types: table.get": inMain(...CONST, 0x25, 0, 0x1a),
  "reference types: table.size": inMain(0xfc, 0x10, 0, 0x1a),
  "reference types: table.grow": inMain(0xd0, 0x70, 0x41, 1, 0xfc, 0x0f, 0, 0x1a),
  "reference types: table.fill": inMain(...CONST, 0xd0, 0x70, ...CONST, 0xfc, 0x11, 0),
  "bulk memory: table.copy": inMain(...CONST, ...CONST, ...CONST, 0xfc, 0x0e, 0, 0),
  "bulk memory: elem.drop": inMain(0xfc, 0x0d, 0),
  "bulk memory: data.drop": inMain(0xfc, 0x09, 0),
  "bulk memory: memory.init": inMain(...CONST, ...CONST, ...CONST, 0xfc, 0x08, 0, 0),
  "typed references: call_ref": inMain(0xd0, 0x00, 0x14, 0x00),
  "garbage collection: ref.i31": inMain(...CONST, 0xfb, 0x1c, 0x1a),
  "garbage collection: struct.new": inMain(0xfb, 0x01, 0, 0x1a),
  "typed select": inMain(...CONST, ...CONST, ...CONST, 0x1c, 1, 0x7f, 0x1a),
  "multi-memory: bit 6 of a memarg": inMain(...CONST, 0x28, 0x42, 0, 0, 0x1a),
  "memory64: a memarg of 64 bits": inMain(...CONST, 0x28, 2, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0x1a),
  "wide arithmetic": inMain(0x42, 0, 0x42, 0, 0x42, 0, 0x42, 0, 0xfc, 0x13, 0x1a, 0x1a),
  "GC: a struct type": (good) => append(good, 1, [0x5f, 1, 0x7f, 1]),
  "GC: a recursion group": (good) => append(good, 1, [0x4e, 1, 0x60, 0, 0]),
  "GC: a subtype": (good) => append(good, 1, [0x50, 0, 0x60, 0, 0]),
  "reference types: a function of externref": (good) => append(good, 1, [0x60, 1, 0x6f, 0]),
  "SIMD: a function of v128": (good) => append(good, 1, [0x60, 1, 0x7b, 0]),
  "SIMD: a local of v128": (good) => append(good, 1, [0x60, 0, 1, 0x7b]),
  "reference types: a global": (good) => append(good, 6, [0x6f, 0, 0xd0, 0x6f, 0x0b]),
  "extended constants": (good) => append(good, 6, [0x7f, 0, 0x41, 1, 0x41, 1, 0x6a, 0x0b]),
  "exceptions: a tag": (good) => tagged(good),
  "reference types: a second table": (good) => append(good, 4, [0x70, 1, 1, 1]),
  "reference types: a table of externref": (good) => append(good, 4, [0x6f, 1, 1, 1]),
  "memory64: a table of 64 bits": (good) => append(good, 4, [0x70, 4, 1]),
  "threads: a shared memory": (good) => replaceMemory(good, [3, 1, 1]),
  "memory64: the memory": (good) => replaceMemory(good, [4, 1]),
  "a memory with a maximum": (good) => replaceMemory(good, [1, 1, 2]),
};

/** The memory's import stands first: its limits follow its name and kind. */
function replaceMemory(good: Bytes, limits: readonly number[]): Bytes {
  return editSection(good, 2, (payload) => {
    const name = new TextEncoder().encode("memory");
    const at = payload.findIndex((_, index) => name.every((byte, j) => payload[index + j] === byte)) + name.length;
    return [...payload.subarray(0, at + 1), ...limits, ...payload.subarray(at + 3)];
  });
}

/** The section of tags stands between memories and globals. */
function tagged(good: Bytes): Bytes {
  const at = good.findIndex((byte, index) => byte === 6 && isSectionStart(good, index));
  return Uint8Array.from([...good.subarray(0, at), 13, 3, 1, 0, 0, ...good.subarray(at)]);
}

function isSectionStart(bytes: Bytes, wanted: number): boolean {
  for (let at = 8; at < bytes.length; ) {
    if (at === wanted) return true;
    let [length, shift] = [0, 0];
    at++;
    for (let more = true; more; shift += 7) {
      const byte = bytes[at++] as number;
      length += (byte & 0x7f) * 2 ** shift;
      more = byte > 0x7f;
    }
    at += length;
  }
  return false;
}

describe("features outside the subset", () => {
  test.each(Object.entries(FEATURES))("%s is refused", (_, edit) => {
    const good = victim();
    expect(kernel.load(good)).toBeReturned();
    expect(kernel.load(edit(good))).toBeInvalid();
  });

  test("the host engine accepts most of them, so it is the kernel that refuses", () => {
    const accepted = Object.entries(FEATURES).filter(([, edit]) => WebAssembly.validate(edit(victim())));
    expect(accepted.length).toBeGreaterThan(24);
    for (const [name, edit] of accepted) {
      const refused = kernel.load(edit(victim()));
      expect(refused.kind === "invalid" || refused.kind === "unsafe", name).toBe(true);
    }
  });

  test("a source that Binaryen made with them does not become an artifact either", () => {
    const texts = [
      '(module (func (export "f") (drop (i32x4.splat (i32.const 1)))))',
      '(module (memory 1 1 shared) (func (export "f") (drop (i32.atomic.load (i32.const 0)))))',
      '(module (tag $t) (func (export "f") (throw $t)))',
      '(module (func $g) (func (export "f") (return_call $g)))',
    ];
    for (const text of texts) expect(kernel.load(wat(text)).kind).not.toBe("returned");
  });
});
