// The state of the walk over one function body, and its bookkeeping: operands, blocks, counts.
//
// It keeps the same books as the kernel's own walk (kernel/body.ts), since charges and frames must come out the same.
// A difference is no danger: the verifier refuses the artifact.
import {
  type FunctionType,
  type Inline,
  MAX_BLOCK_DEPTH,
  MAX_OPERANDS,
  type Mode,
  type Reader,
} from "../../kernel/index.ts";
import { complain } from "./complaint.ts";
import { newWriter, putSpan, type Writer } from "./writer.ts";

export interface Walk extends Reader {
  bytes: Uint8Array;
  readonly types: readonly FunctionType[];
  /** The type of each function of the source, and its number in the artifact. */
  readonly signatures: readonly FunctionType[];
  readonly renumbered: Uint32Array;
  readonly mode: Mode;
  /** What the mode's monitors insert. */
  readonly inlined: Inline;
  /** The rewritten instructions; source bytes before `copied` are in it already. */
  readonly out: Writer;
  copied: number;
  /** Per operand: is it settled, and where in `out` it lies on top of the stack (-1: nowhere known). */
  readonly safe: Uint8Array;
  readonly pushedAt: Int32Array;
  /** Per open block: the height below it, its arities, where its loop's charge stands (0: no loop). */
  readonly below: Int32Array;
  readonly results: Int32Array;
  readonly params: Int32Array;
  readonly charged: Int32Array;
  readonly counted: Int32Array;
  readonly region: Int32Array;
  depth: number;
  height: number;
  highest: number;
  /** Locals of the source, and the types of those added. */
  locals: number;
  added: number[];
  /** Segment mode: where an address is to be confined, and the static offset to add to it first. */
  confined: { readonly at: number; readonly offset: number }[];
}

const blocks = (): Int32Array => new Int32Array(MAX_BLOCK_DEPTH + 2);

export const newWalk = (fixed: Pick<Walk, "types" | "signatures" | "renumbered" | "mode" | "inlined">): Walk => ({
  ...fixed,
  ...{ bytes: new Uint8Array(), at: 0, end: 0, out: newWriter(65_536), copied: 0 },
  ...{ safe: new Uint8Array(MAX_OPERANDS + 200), pushedAt: new Int32Array(MAX_OPERANDS + 200) },
  ...{ below: blocks(), results: blocks(), params: blocks(), charged: blocks(), counted: blocks(), region: blocks() },
  ...{ depth: 0, height: 0, highest: 0, locals: 0, added: [], confined: [] },
});

/** Copies the source up to `to`. What follows it in the source is replaced by whoever calls, or copied later. */
export function flush(walk: Walk, to: number): void {
  putSpan(walk.out, walk.bytes, walk.copied, to);
  walk.copied = to;
}

/** Drops the source from `from` to where the walk stands; the caller writes what takes its place. */
export function replace(walk: Walk, from: number): Writer {
  flush(walk, from);
  walk.copied = walk.at;
  return walk.out;
}

/** Where the next byte of the source will come to lie in `out`. */
export const here = (walk: Walk): number => walk.out.length + walk.at - walk.copied;

export function push(walk: Walk, count: number, safe: number): void {
  for (let i = 0; i < count; i++) {
    walk.safe[walk.height] = safe;
    walk.pushedAt[walk.height++] = -1;
  }
  if (count > 0) walk.pushedAt[walk.height - 1] = here(walk);
  rise(walk, 0);
}

/** Notes that the stack is, for a moment, higher by `more`. */
export function rise(walk: Walk, more: number): void {
  if (walk.height + more > walk.highest) walk.highest = walk.height + more;
  if (walk.height > MAX_OPERANDS) complain("S-operands: too many operands", walk.at);
}

export function count(walk: Walk, instructions: number): void {
  (walk.counted[walk.region[walk.depth] as number] as number) += instructions;
}

export function open(walk: Walk, params: number, results: number): void {
  if (++walk.depth > MAX_BLOCK_DEPTH) complain("S-depth: blocks nest too deep", walk.at);
  const { depth } = walk;
  walk.below[depth] = walk.height - params;
  walk.params[depth] = params;
  walk.results[depth] = results;
  walk.charged[depth] = 0;
  walk.region[depth] = depth === 1 ? 1 : (walk.region[depth - 1] as number);
  for (let i = walk.height - params; i < walk.height; i++) {
    walk.safe[i] = 0;
    walk.pushedAt[i] = -1;
  }
}

/** The index of a local of this type that the source does not have. */
export function temporary(walk: Walk, type: number): number {
  const found = walk.added.indexOf(type);
  return walk.locals + (found >= 0 ? found : walk.added.push(type) - 1);
}
