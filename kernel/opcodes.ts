// The opcode table: the only list of instructions. What has no row here does not exist.
//
// Rows are WebAssembly core 1.0 plus sign extension, saturating conversion, bulk memory (copy and fill) and multi-value.
// Operand types are one letter each: i = i32, l = i64, f = f32, d = f64, x = any. `block`, `call` and branches take
// their operands from their type or label. Twins stand side by side: the same of another width or sign. Decoder, verifier,
// instrumenter and generators read this table.
// Trust: trusted by verify.ts. A wrong row here is a hole: tests/rules/opcodes.test.ts checks every row against
// the host engine's own validator.

// biome-ignore format: a table
export type Immediate =
  | "none" | "block" | "label" | "labels" | "function" | "indirect" | "local" | "global"
  | "memarg" | "memory" | "memories" | "i32" | "i64" | "f32" | "f64";

/** "stops": what follows in the same block cannot run. */
export type Effect = "reads" | "writes" | "stops" | "none";
export type Opcode = Readonly<ReturnType<typeof op>>;

/** `code`: the byte, or 0xfc00 + number. `width`: bytes that a load or store touches; 0 for others. */
function op(code: number, immediate: Immediate, pops: string, pushes: string, effect: Effect = "none", width = 0) {
  return { code, immediate, pops, pushes, effect, width };
}

// biome-ignore format: a table
export const OPCODES = {
  //  name: op(code, immediate, pops, pushes, effect, width)
  // control
  "unreachable": op(0x00, "none", "", "", "stops"),         "nop": op(0x01, "none", "", ""),
  "block": op(0x02, "block", "", ""),                       "loop": op(0x03, "block", "", ""),
  "if": op(0x04, "block", "i", ""),  "else": op(0x05, "none", "", ""),  "end": op(0x0b, "none", "", ""),
  "br": op(0x0c, "label", "", "", "stops"),                 "br_if": op(0x0d, "label", "i", ""),
  "br_table": op(0x0e, "labels", "i", "", "stops"),         "return": op(0x0f, "none", "", "", "stops"),
  "call": op(0x10, "function", "", ""),                     "call_indirect": op(0x11, "indirect", "i", ""),
  // parametric and variables
  "drop": op(0x1a, "none", "x", ""),                        "select": op(0x1b, "none", "xxi", "x"),
  "local.get": op(0x20, "local", "", "x"),                  "local.set": op(0x21, "local", "x", ""),
  "local.tee": op(0x22, "local", "x", "x"),
  "global.get": op(0x23, "global", "", "x"),                "global.set": op(0x24, "global", "x", ""),
  // memory; the last number is the width of the access in bytes
  "i32.load": op(0x28, "memarg", "i", "i", "reads", 4),     "i64.load": op(0x29, "memarg", "i", "l", "reads", 8),
  "f32.load": op(0x2a, "memarg", "i", "f", "reads", 4),     "f64.load": op(0x2b, "memarg", "i", "d", "reads", 8),
  "i32.load8_s": op(0x2c, "memarg", "i", "i", "reads", 1),  "i64.load8_s": op(0x30, "memarg", "i", "l", "reads", 1),
  "i32.load8_u": op(0x2d, "memarg", "i", "i", "reads", 1),  "i64.load8_u": op(0x31, "memarg", "i", "l", "reads", 1),
  "i32.load16_s": op(0x2e, "memarg", "i", "i", "reads", 2), "i64.load16_s": op(0x32, "memarg", "i", "l", "reads", 2),
  "i32.load16_u": op(0x2f, "memarg", "i", "i", "reads", 2), "i64.load16_u": op(0x33, "memarg", "i", "l", "reads", 2),
  "i64.load32_s": op(0x34, "memarg", "i", "l", "reads", 4), "i64.load32_u": op(0x35, "memarg", "i", "l", "reads", 4),
  "i32.store": op(0x36, "memarg", "ii", "", "writes", 4),   "i64.store": op(0x37, "memarg", "il", "", "writes", 8),
  "f32.store": op(0x38, "memarg", "if", "", "writes", 4),   "f64.store": op(0x39, "memarg", "id", "", "writes", 8),
  "i32.store8": op(0x3a, "memarg", "ii", "", "writes", 1),  "i64.store8": op(0x3c, "memarg", "il", "", "writes", 1),
  "i32.store16": op(0x3b, "memarg", "ii", "", "writes", 2), "i64.store16": op(0x3d, "memarg", "il", "", "writes", 2),
  "i64.store32": op(0x3e, "memarg", "il", "", "writes", 4),
  "memory.size": op(0x3f, "memory", "", "i"),               "memory.grow": op(0x40, "memory", "i", "i", "writes"),
  // constants
  "i32.const": op(0x41, "i32", "", "i"),                    "i64.const": op(0x42, "i64", "", "l"),
  "f32.const": op(0x43, "f32", "", "f"),                    "f64.const": op(0x44, "f64", "", "d"),
  // comparisons
  "i32.eqz": op(0x45, "none", "i", "i"),                    "i64.eqz": op(0x50, "none", "l", "i"),
  "i32.eq": op(0x46, "none", "ii", "i"),                    "i64.eq": op(0x51, "none", "ll", "i"),
  "i32.ne": op(0x47, "none", "ii", "i"),                    "i64.ne": op(0x52, "none", "ll", "i"),
  "i32.lt_s": op(0x48, "none", "ii", "i"),                  "i64.lt_s": op(0x53, "none", "ll", "i"),
  "i32.lt_u": op(0x49, "none", "ii", "i"),                  "i64.lt_u": op(0x54, "none", "ll", "i"),
  "i32.gt_s": op(0x4a, "none", "ii", "i"),                  "i64.gt_s": op(0x55, "none", "ll", "i"),
  "i32.gt_u": op(0x4b, "none", "ii", "i"),                  "i64.gt_u": op(0x56, "none", "ll", "i"),
  "i32.le_s": op(0x4c, "none", "ii", "i"),                  "i64.le_s": op(0x57, "none", "ll", "i"),
  "i32.le_u": op(0x4d, "none", "ii", "i"),                  "i64.le_u": op(0x58, "none", "ll", "i"),
  "i32.ge_s": op(0x4e, "none", "ii", "i"),                  "i64.ge_s": op(0x59, "none", "ll", "i"),
  "i32.ge_u": op(0x4f, "none", "ii", "i"),                  "i64.ge_u": op(0x5a, "none", "ll", "i"),
  "f32.eq": op(0x5b, "none", "ff", "i"),                    "f64.eq": op(0x61, "none", "dd", "i"),
  "f32.ne": op(0x5c, "none", "ff", "i"),                    "f64.ne": op(0x62, "none", "dd", "i"),
  "f32.lt": op(0x5d, "none", "ff", "i"),                    "f64.lt": op(0x63, "none", "dd", "i"),
  "f32.gt": op(0x5e, "none", "ff", "i"),                    "f64.gt": op(0x64, "none", "dd", "i"),
  "f32.le": op(0x5f, "none", "ff", "i"),                    "f64.le": op(0x65, "none", "dd", "i"),
  "f32.ge": op(0x60, "none", "ff", "i"),                    "f64.ge": op(0x66, "none", "dd", "i"),
  // arithmetic
  "i32.clz": op(0x67, "none", "i", "i"),                    "i64.clz": op(0x79, "none", "l", "l"),
  "i32.ctz": op(0x68, "none", "i", "i"),                    "i64.ctz": op(0x7a, "none", "l", "l"),
  "i32.popcnt": op(0x69, "none", "i", "i"),                 "i64.popcnt": op(0x7b, "none", "l", "l"),
  "i32.add": op(0x6a, "none", "ii", "i"),                   "i64.add": op(0x7c, "none", "ll", "l"),
  "i32.sub": op(0x6b, "none", "ii", "i"),                   "i64.sub": op(0x7d, "none", "ll", "l"),
  "i32.mul": op(0x6c, "none", "ii", "i"),                   "i64.mul": op(0x7e, "none", "ll", "l"),
  "i32.div_s": op(0x6d, "none", "ii", "i"),                 "i64.div_s": op(0x7f, "none", "ll", "l"),
  "i32.div_u": op(0x6e, "none", "ii", "i"),                 "i64.div_u": op(0x80, "none", "ll", "l"),
  "i32.rem_s": op(0x6f, "none", "ii", "i"),                 "i64.rem_s": op(0x81, "none", "ll", "l"),
  "i32.rem_u": op(0x70, "none", "ii", "i"),                 "i64.rem_u": op(0x82, "none", "ll", "l"),
  "i32.and": op(0x71, "none", "ii", "i"),                   "i64.and": op(0x83, "none", "ll", "l"),
  "i32.or": op(0x72, "none", "ii", "i"),                    "i64.or": op(0x84, "none", "ll", "l"),
  "i32.xor": op(0x73, "none", "ii", "i"),                   "i64.xor": op(0x85, "none", "ll", "l"),
  "i32.shl": op(0x74, "none", "ii", "i"),                   "i64.shl": op(0x86, "none", "ll", "l"),
  "i32.shr_s": op(0x75, "none", "ii", "i"),                 "i64.shr_s": op(0x87, "none", "ll", "l"),
  "i32.shr_u": op(0x76, "none", "ii", "i"),                 "i64.shr_u": op(0x88, "none", "ll", "l"),
  "i32.rotl": op(0x77, "none", "ii", "i"),                  "i64.rotl": op(0x89, "none", "ll", "l"),
  "i32.rotr": op(0x78, "none", "ii", "i"),                  "i64.rotr": op(0x8a, "none", "ll", "l"),
  "f32.abs": op(0x8b, "none", "f", "f"),                    "f64.abs": op(0x99, "none", "d", "d"),
  "f32.neg": op(0x8c, "none", "f", "f"),                    "f64.neg": op(0x9a, "none", "d", "d"),
  "f32.ceil": op(0x8d, "none", "f", "f"),                   "f64.ceil": op(0x9b, "none", "d", "d"),
  "f32.floor": op(0x8e, "none", "f", "f"),                  "f64.floor": op(0x9c, "none", "d", "d"),
  "f32.trunc": op(0x8f, "none", "f", "f"),                  "f64.trunc": op(0x9d, "none", "d", "d"),
  "f32.nearest": op(0x90, "none", "f", "f"),                "f64.nearest": op(0x9e, "none", "d", "d"),
  "f32.sqrt": op(0x91, "none", "f", "f"),                   "f64.sqrt": op(0x9f, "none", "d", "d"),
  "f32.add": op(0x92, "none", "ff", "f"),                   "f64.add": op(0xa0, "none", "dd", "d"),
  "f32.sub": op(0x93, "none", "ff", "f"),                   "f64.sub": op(0xa1, "none", "dd", "d"),
  "f32.mul": op(0x94, "none", "ff", "f"),                   "f64.mul": op(0xa2, "none", "dd", "d"),
  "f32.div": op(0x95, "none", "ff", "f"),                   "f64.div": op(0xa3, "none", "dd", "d"),
  "f32.min": op(0x96, "none", "ff", "f"),                   "f64.min": op(0xa4, "none", "dd", "d"),
  "f32.max": op(0x97, "none", "ff", "f"),                   "f64.max": op(0xa5, "none", "dd", "d"),
  "f32.copysign": op(0x98, "none", "ff", "f"),              "f64.copysign": op(0xa6, "none", "dd", "d"),
  // conversions
  "i32.wrap_i64": op(0xa7, "none", "l", "i"),
  "i32.trunc_f32_s": op(0xa8, "none", "f", "i"),            "i32.trunc_f32_u": op(0xa9, "none", "f", "i"),
  "i32.trunc_f64_s": op(0xaa, "none", "d", "i"),            "i32.trunc_f64_u": op(0xab, "none", "d", "i"),
  "i64.extend_i32_s": op(0xac, "none", "i", "l"),           "i64.extend_i32_u": op(0xad, "none", "i", "l"),
  "i64.trunc_f32_s": op(0xae, "none", "f", "l"),            "i64.trunc_f32_u": op(0xaf, "none", "f", "l"),
  "i64.trunc_f64_s": op(0xb0, "none", "d", "l"),            "i64.trunc_f64_u": op(0xb1, "none", "d", "l"),
  "f32.convert_i32_s": op(0xb2, "none", "i", "f"),          "f32.convert_i32_u": op(0xb3, "none", "i", "f"),
  "f32.convert_i64_s": op(0xb4, "none", "l", "f"),          "f32.convert_i64_u": op(0xb5, "none", "l", "f"),
  "f32.demote_f64": op(0xb6, "none", "d", "f"),             "f64.promote_f32": op(0xbb, "none", "f", "d"),
  "f64.convert_i32_s": op(0xb7, "none", "i", "d"),          "f64.convert_i32_u": op(0xb8, "none", "i", "d"),
  "f64.convert_i64_s": op(0xb9, "none", "l", "d"),          "f64.convert_i64_u": op(0xba, "none", "l", "d"),
  "i32.reinterpret_f32": op(0xbc, "none", "f", "i"),        "f32.reinterpret_i32": op(0xbe, "none", "i", "f"),
  "i64.reinterpret_f64": op(0xbd, "none", "d", "l"),        "f64.reinterpret_i64": op(0xbf, "none", "l", "d"),
  "i32.extend8_s": op(0xc0, "none", "i", "i"),              "i64.extend8_s": op(0xc2, "none", "l", "l"),
  "i32.extend16_s": op(0xc1, "none", "i", "i"),             "i64.extend16_s": op(0xc3, "none", "l", "l"),
  "i64.extend32_s": op(0xc4, "none", "l", "l"),
  // two-byte instructions: 0xfc, then a number
  "i32.trunc_sat_f32_s": op(0xfc00, "none", "f", "i"),      "i32.trunc_sat_f32_u": op(0xfc01, "none", "f", "i"),
  "i32.trunc_sat_f64_s": op(0xfc02, "none", "d", "i"),      "i32.trunc_sat_f64_u": op(0xfc03, "none", "d", "i"),
  "i64.trunc_sat_f32_s": op(0xfc04, "none", "f", "l"),      "i64.trunc_sat_f32_u": op(0xfc05, "none", "f", "l"),
  "i64.trunc_sat_f64_s": op(0xfc06, "none", "d", "l"),      "i64.trunc_sat_f64_u": op(0xfc07, "none", "d", "l"),
  "memory.copy": op(0xfc0a, "memories", "iii", "", "writes"), "memory.fill": op(0xfc0b, "memory", "iii", "", "writes"),
} as const satisfies Record<string, Opcode>;

/** Two-byte instructions live at PREFIXED + number in tables indexed by opcode. */
export const PREFIX = 0xfc;
export const PREFIXED = 256;
export const TABLE_SIZE = PREFIXED + 16;

/** An opcode's place in tables of TABLE_SIZE entries. */
export const slotOf = (code: number): number => (code > 0xff ? PREFIXED + (code & 0xff) : code);

/** One entry per opcode slot; slots without a row keep `missing`. */
export function tabulate(missing: number, cell: (row: Opcode, name: string) => number): Uint8Array {
  const table = new Uint8Array(TABLE_SIZE).fill(missing);
  for (const [name, row] of Object.entries(OPCODES)) table[slotOf(row.code)] = cell(row, name);
  return table;
}
