// A guest that does nothing but what it is told: each gate is an export, and so are bytes of its memory. What a hostile
// guest could send through a gate, a test can send through this one.
import { assemble, type Bytes, type Instruction } from "./assemble.ts";

const GATES = [
  { name: "grow", params: "i", results: "i" },
  { name: "call", params: "iiiii", results: "i" },
  { name: "reply", params: "ii", results: "i" },
  { name: "receive", params: "iii", results: "i" },
  { name: "answer", params: "iiii", results: "i" },
] as const;
const CALL = 1;
const RECEIVE = 3;
const params = (count: number): Instruction[] => Array.from({ length: count }, (_, index) => ["local.get", index]);

/**
 * Exports `grow`, `call`, `reply`, `receive`, `answer`, `poke(at, byte)`, `peek(at)`, `deep(frames)`: so many calls deep
 * it parks until a message comes; `spree(n, handle, method)`: so many calls of a capability without looking at what they
 * answer; `spin()`; `trap()`; and `cordon_turn`, which leaves everything to the test.
 */
export function probeSource(pages = 1): Bytes {
  const forward = GATES.map(({ name, params: taken, results }, index) => ({
    ...{ params: taken, results, exported: name },
    code: [...params(taken.length), ["call", index] as const],
  }));
  const first = GATES.length + forward.length;
  const deep = first + 3;
  return assemble({
    pages,
    imports: GATES,
    functions: [
      ...forward,
      { params: "", results: "i", exported: "cordon_turn", code: [["i32.const", 1]] },
      { params: "ii", results: "", exported: "poke", code: [...params(2), ["i32.store8", 0]] },
      {
        params: "i",
        results: "i",
        exported: "peek",
        code: [
          ["local.get", 0],
          ["i32.load8_u", 0],
        ],
      },
      {
        ...{ params: "i", results: "i", exported: "deep" },
        code: [
          ...([
            ["local.get", 0],
            ["if", "i"],
            ["local.get", 0],
            ["i32.const", 1],
            ["i32.sub"],
            ["call", deep],
          ] as const),
          ...([["i32.const", 1], ["i32.add"], ["else"], ["i32.const", 0], ["i32.const", 0], ["i32.const", 1]] as const),
          ...([["call", RECEIVE], ["end"]] as const),
        ],
      },
      {
        ...{ params: "iii", results: "", exported: "spree" },
        code: [
          ...([
            ["loop", ""],
            ["local.get", 1],
            ["local.get", 2],
            ["i32.const", 0],
            ["i32.const", 1],
          ] as const),
          ...([["i32.const", 0], ["call", CALL], ["drop"], ["local.get", 0], ["i32.const", 1], ["i32.sub"]] as const),
          ...([["local.tee", 0], ["br_if", 0], ["end"]] as const),
        ],
      },
      { params: "", results: "", exported: "spin", code: [["loop", ""], ["br", 0], ["end"]] },
      { params: "", results: "", exported: "trap", code: [["unreachable"]] },
    ],
    // The argument list that `spree` passes, at 0: an empty array.
    data: [{ offset: 0, bytes: [0x80] }],
  });
}
