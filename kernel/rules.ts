// The safety rules, one row each. An id never changes once released: tests, documents and users hold on to it.
//
// `malformed`: not a module. `S-`: shape bounds (compiling is unpaid work). `V`: what makes an artifact safe.
// tests/rules/ has, for each row, a module that breaks that rule and no other.

// biome-ignore format: a table
export const RULES = {
  "malformed":      "the bytes are a valid WebAssembly module",
  "S-bytes":        "a module has at most 16 MiB",
  "S-entries":      "a section has at most 50,000 entries, a module at most 1,000 globals, a type at most 100 parameters and 16 results",
  "S-locals":       "a function has at most 1,000 locals, parameters included",
  "S-instructions": "a function has at most 65,536 instructions, values moved by calls and blocks included",
  "S-product":      "(locals + operands) x (blocks + branch table targets) is at most 1,000,000 in a function, 5,000,000 in a module",
  "S-depth":        "blocks nest at most 1,000 deep",
  "S-operands":     "at most 1,000 operands are on the stack of a function",
  "O-opcode":       "every instruction has a row in the opcode table",
  "V1-imports":     "imports are the kernel's memory, slice, yield, enter and the gates, in this order, and nothing else",
  "V1-trampolines": "the first functions are the kernel's trampolines, byte for byte",
  "V1-globals":     "the first globals are the reserved ones, and no constant expression names a global",
  "V1-exports":     "every global is exported, in order and under its reserved name, then nameable functions under free names with the signatures the kernel calls",
  "V1-nameable":    "calls and element segments name guest functions and public trampolines only",
  "V2-sections":    "only the known sections, no custom ones and no start function",
  "V2-table":       "at most one table, minimum = maximum, at most 100,000 entries",
  "V2-elements":    "element segments are active and put functions at constant places",
  "V2-data":        "data segments are active, at constant places, inside the initial memory",
  "V3-dead":        "after an instruction that never goes on, only `end` or `else` follows",
  "V4-frame":       "a function is ENTER, one block of the function's results, LEAVE",
  "V4-return":      "`return` is not used: it would skip LEAVE",
  "V4-label":       "no branch leaves the function's outer block other than by its end",
  "V5-charge":      "a charge follows each `loop` at once",
  "V5-weight":      "a charge is the weight of its region",
  "V6-reserved":    "reserved globals are named by inserted sequences only",
  "V7-segment":     "segment mode: a segment has 2^16 to 2^27 bytes, a guard of 65,536 bytes behind it, and room for the initial memory",
  "V7-address":     "segment mode: the address of each load and store is confined",
  "V7-offset":      "segment mode: offset and width stay inside the guard",
  "V8-base":        "segment mode: the last local caches the base and is named by inserted sequences only",
  "V9-memory":      "size, grow, copy and fill are done by trampolines only",
  "V10-enter":      "every guest function begins with ENTER, its weight and its frame",
  "V11-check":      "a monitored instruction stands in its check, and no check stands elsewhere",
  "V12-depth":      "where calls are monitored, every guest function counts its own behind ENTER and takes it back before LEAVE",
  "N1-settled":     "a float is settled before its bits can be seen",
} as const satisfies Record<string, string>;

export type RuleId = keyof typeof RULES;
