// Segment mode: each address becomes `base + (address & mask)` as soon as it is known.
//
// The verifier wants a store's address confined on the operand stack, where it lies beneath the value. So the sequence
// goes to the place where the address was pushed; only where that is not known is the value moved aside.
import { confine, constant, type Mode, OPCODES, u32 } from "../../kernel/index.ts";
import { STORED, WIDTH } from "./instructions.ts";
import { count, flush, replace, rise, temporary, type Walk } from "./walk.ts";
import { put, putAll, putSpan, putU32, type Writer } from "./writer.ts";

type Segment = Extract<Mode, { kind: "segment" }>;
const [GET, SET] = [OPCODES["local.get"].code, OPCODES["local.set"].code];

/** Puts the value on top aside while its address, below it, is confined. */
function confineBeneath(walk: Walk, opcode: number, offset: number): void {
  const index = temporary(walk, STORED[opcode] as number);
  putAll(walk.out, [SET, ...u32(index)]);
  walk.confined.push({ at: walk.out.length, offset });
  putAll(walk.out, [GET, ...u32(index)]);
  walk.safe[walk.height - 1] = 0;
  count(walk, 2);
}

/** For a load or store at `at` in the source, of which the walk has read everything. */
export function confineAddress(
  walk: Walk,
  mode: Segment,
  access: { readonly opcode: number; readonly at: number; readonly align: number; readonly offset: number },
): void {
  const { opcode, at, align, offset } = access;
  const isFar = offset + (WIDTH[opcode] as number) > mode.guard;
  const added = isFar ? offset : 0;
  const isStore = STORED[opcode] !== 0;
  const known = isStore ? (walk.pushedAt[walk.height - 2] as number) : -1;
  if (isFar) count(walk, 2);
  if (isFar) rise(walk, isStore ? 0 : 1);
  const end = walk.at;
  flush(walk, at);
  if (!isStore) walk.confined.push({ at: walk.out.length, offset: added });
  else if (known >= 0) walk.confined.push({ at: known, offset: added });
  else confineBeneath(walk, opcode, added);
  walk.at = end;
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
