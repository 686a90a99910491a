// A whole function body of an artifact: locals, ENTER, block, rewritten code, LEAVE, `end`.
import {
  cacheBase,
  enter,
  frameCost,
  leave,
  OPCODES,
  REFUEL_INDEX,
  type Reader,
  readByte,
  readU32,
  weight,
} from "../../kernel/index.ts";
import { putConfined } from "./confine.ts";
import { rewriteInstructions } from "./rewrite.ts";
import type { Code } from "./source.ts";
import type { Walk } from "./walk.ts";
import { put, putAll, putSpan, putU32, type Writer } from "./writer.ts";

const I32 = 0x7f;

interface Locals {
  readonly groups: number;
  readonly from: number;
  readonly to: number;
  readonly total: number;
}

function readLocals(reader: Reader): Locals {
  const groups = readU32(reader);
  const from = reader.at;
  let total = 0;
  for (let i = 0; i < groups; i++) {
    total += readU32(reader);
    readByte(reader);
  }
  return { groups, from, to: reader.at, total };
}

function putLocals(out: Writer, walk: Walk, { groups, from, to }: Locals, added: readonly number[]): void {
  putU32(out, groups + added.length);
  putSpan(out, walk.bytes, from, to);
  for (const type of added) putAll(out, [1, type]);
}

/**
 * Rewrites one body into `out`, without its length. `blockType` is the encoded type of the function's results.
 * The answer is the frame it is charged: estimated bytes of host stack.
 */
export function rewriteBody(walk: Walk, code: Code, blockType: readonly number[], out: Writer): number {
  [walk.bytes, walk.at, walk.end] = [code.bytes, code.at, code.end];
  const locals = readLocals(walk);
  walk.locals = code.type.params.length + locals.total;
  rewriteInstructions(walk, code.type.results.length);
  const { mode, inlined } = walk;
  const added = mode.kind === "segment" ? [...walk.added, I32] : walk.added;
  const frame = frameCost(walk.locals + added.length, walk.highest);
  const baseLocal = walk.locals + added.length - 1;
  putLocals(out, walk, locals, added);
  putAll(out, enter(REFUEL_INDEX, weight(walk.counted[1] as number), frame));
  if (mode.kind === "segment") putAll(out, cacheBase(baseLocal));
  putAll(out, inlined.enter);
  putAll(out, [OPCODES.block.code, ...blockType]);
  if (mode.kind === "segment") putConfined(out, walk, mode.mask, baseLocal);
  else putSpan(out, walk.out.bytes, 0, walk.out.length);
  putAll(out, inlined.leave);
  putAll(out, leave(frame));
  put(out, OPCODES.end.code);
  return frame;
}
