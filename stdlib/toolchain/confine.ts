// Segment mode: each address becomes `base + (address & mask)` as soon as it is known.
//
// The verifier wants a store's address confined on the operand stack, where it lies beneath the value. So the sequence
// goes to the place where the address was pushed; only where that is not known is the value put aside, in a local.
//
// In both modes a program pays the same: the sequence is free, an offset that is added costs as much where nothing adds
// it (kernel/body.ts), and what a segment takes to put a value aside stands as so many `nop` in a frame.
import { confine, constant, OPCODES, u32 } from "../../kernel/index.ts";
import { STORED } from "./instructions.ts";
import { count, flush, replace, rise, temporary, type Walk } from "./walk.ts";
import { put, putAll, putSpan, putU32, type Writer } from "./writer.ts";

const [I32, I64, F32, F64] = [0x7f, 0x7e, 0x7d, 0x7c];
const [GET, SET, NOP] = [OPCODES["local.get"].code, OPCODES["local.set"].code, OPCODES.nop.code];

/** A load or store at `at` in the source. `isFar`: its offset is to be added to the address, since no guard is so large. */
export type Access = Readonly<Record<"opcode" | "at" | "align" | "offset", number> & { isFar: boolean }>;

/** Does a store's address lie where nobody knows its place: a parameter of a block, one of several results? */
export const isBeneath = (walk: Walk, opcode: number): boolean =>
  STORED[opcode] !== 0 && (walk.pushedAt[walk.height - 2] as number) < 0;

/** A float is put aside, and stored, as its bits: out of a local it would have to be settled, which may change them. */
const AS_BITS = new Map([
  [F32, { type: I32, convert: [OPCODES["i32.reinterpret_f32"].code], store: OPCODES["i32.store"].code }],
  [F64, { type: I64, convert: [OPCODES["i64.reinterpret_f64"].code], store: OPCODES["i64.store"].code }],
]);

/** For a store whose address lies beneath, of which the walk has read everything. */
export function setAside(walk: Walk, access: Access): void {
  const stored = STORED[access.opcode] as number;
  const { type, convert, store } = AS_BITS.get(stored) ?? { type: stored, convert: [], store: access.opcode };
  count(walk, convert.length + 2);
  flush(walk, access.at);
  if (walk.mode.kind === "frame")
    putAll(
      walk.out,
      [...convert, SET, GET].map(() => NOP),
    );
  else {
    const index = u32(temporary(walk, type));
    putAll(walk.out, [...convert, SET, ...index]);
    walk.confined.push({ at: walk.out.length, offset: access.isFar ? access.offset : 0 });
    putAll(walk.out, [GET, ...index]);
    putAccess(walk, { ...access, opcode: store });
  }
}

/** For any other load or store, of which the walk has read everything. Segment mode. */
export function confineAddress(walk: Walk, access: Access): void {
  const { opcode, at, offset, isFar } = access;
  const isStore = STORED[opcode] !== 0;
  rise(walk, isStore ? 0 : 1);
  flush(walk, at);
  const place = isStore ? (walk.pushedAt[walk.height - 2] as number) : walk.out.length;
  walk.confined.push({ at: place, offset: isFar ? offset : 0 });
  putAccess(walk, access);
}

function putAccess(walk: Walk, { opcode, at, align, offset, isFar }: Access): void {
  const out = replace(walk, at);
  put(out, opcode);
  putU32(out, align);
  putU32(out, isFar ? 0 : offset);
}

/** Copies `code` with the confining sequences in their places. */
export function putConfined(out: Writer, walk: Walk, mask: number, baseLocal: number): void {
  const sequence = confine(mask, baseLocal);
  let done = 0;
  for (const { at, offset } of walk.confined.sort((a, b) => a.at - b.at)) {
    putSpan(out, walk.out.bytes, done, at);
    if (offset !== 0) putAll(out, [...constant(offset), OPCODES["i32.add"].code]);
    putAll(out, sequence);
    done = at;
  }
  putSpan(out, walk.out.bytes, done, walk.out.length);
}
