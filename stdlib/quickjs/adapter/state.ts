// The adapter's own memory: one static block behind the engine's data, where neither the engine's stack nor its allocator
// can come. No globals, so that a copy of the pages is a copy of all.

import { free, JS_Call, JS_FreeValue, JS_SetMaxStackSize, realloc, stackPointer } from "./engine";
import { TAG_EXCEPTION, tagOf } from "./value";

/** The engine's stack grows down from here. */
export const STACK_TOP: i32 = 1048576;

/** The most bytes of stack that the engine and the adapter may use; the build says how many. */
// @ts-ignore: defined by the build with --use
export const STACK_LIMIT: i32 = isDefined(CORDON_STACK_LIMIT) ? CORDON_STACK_LIMIT : 65536;

/** What the adapter keeps back below its last check: the bootstrap has to be able to make the error that says so. */
const STACK_SLACK: i32 = 12288;

/** Objects inside objects, both ways: keeps encode and decode from running away on a chain that costs no fuel to make. */
export const MAX_DEPTH: i32 = 1000;

const WORDS: i32 = memory.data(256, 16) as i32;
export const HOOKS: i32 = memory.data(128, 16) as i32;

// biome-ignore format: a table of words
export const CTX = WORDS, RT = WORDS + 4, OUT = WORDS + 8, OUT_CAPACITY = WORDS + 12, OUT_TOP = WORDS + 16,
  DEPTH = WORDS + 20, OPEN = WORDS + 24, TIME_ZONE = WORDS + 28, CLOCK = WORDS + 32, CLOCK_METHOD = WORDS + 36,
  RANDOM = WORDS + 40, RANDOM_METHOD = WORDS + 44, SYSTEM = WORDS + 48, CHECKING = WORDS + 52,
  OBJECT_PROTOTYPE = WORDS + 56, FLUSH = WORDS + 64, STACK = WORDS + 68, PASSING = WORDS + 72, SERVING = WORDS + 76;

/** Functions of the bootstrap that the adapter calls, in the order in which it hands them over. */
// biome-ignore format: a table of words
export const HOOK_REFUSE = 0, HOOK_REQUEST = 1, HOOK_FLUSH = 2, HOOK_REJECTION = 3, HOOK_ERROR_PARTS = 4,
  HOOK_NEW = 5, HOOK_FILL = 6, HOOK_PARTS = 7, HOOK_NORMALIZE = 8, HOOK_SOURCE = 9, HOOK_STRAY = 10, HOOK_INVOKE = 11, HOOK_FORGET = 12,
  HOOK_FORKED = 13, HOOK_LINK = 14, HOOK_COUNT = 15;

/** What HOOK_STRAY makes an error of. */
export const STRAY_WAIT = 0, STRAY_MALFORMED = 1, STRAY_DEEP = 2, STRAY_FORKED = 3;

// @ts-ignore: decorator
@inline
export function ctx(): i32 {
  return load<i32>(CTX);
}

/** The bootstrap says when it has something to answer: asking it after every job would cost more than the job. */
export function wantFlush(isWanted: bool): void {
  store<i32>(FLUSH, isWanted ? 1 : 0);
}

// @ts-ignore: decorator
@inline
export function isFlushWanted(): bool {
  return load<i32>(FLUSH) != 0;
}

/** From now on the engine and the adapter use `size` bytes of stack, of the most that the build allows. */
export function limitStack(size: i32): void {
  const limit = size > 0 && size < STACK_LIMIT ? size : STACK_LIMIT;
  store<i32>(STACK, limit);
  JS_SetMaxStackSize(load<i32>(RT), limit);
}

/** Bytes that are looked at, here and there, and zeroed at once. Frames of functions have holes that nobody writes. */
const PIECE: i32 = 4096, STEP: i32 = 64;

/**
 * Zeroes what functions that have returned left below the stack, as far as the first piece that looks zero already.
 * Nothing reads it again; who keeps a copy of this memory, asleep or as a snapshot, should not have to keep it.
 */
export function sweepStack(): void {
  const bottom = STACK_TOP - STACK_LIMIT;
  for (let at = (stackPointer & ~15) - PIECE; at >= bottom && !looksZero(at); at -= PIECE) memory.fill(at, 0, PIECE);
}

function looksZero(at: i32): bool {
  for (let i = at; i < at + PIECE; i += STEP) if (load<i64>(i) != 0) return false;
  return true;
}

/** Takes `size` bytes of the engine's stack, or answers 0 when too little is left. The caller gives them back. */
// @ts-ignore: decorator
@inline
export function enter(size: i32): i32 {
  const at = stackPointer - size;
  if (at < STACK_TOP - load<i32>(STACK) + STACK_SLACK) return 0;
  stackPointer = at;
  return at;
}

// @ts-ignore: decorator
@inline
export function leave(size: i32): void {
  stackPointer += size;
}

/** Calls a function of the bootstrap with `argc` values at `argv`. The result is owned by the caller. */
export function callHook(index: i32, argc: i32, argv: i32): i64 {
  return JS_Call(ctx(), load<i64>(HOOKS + index * 8), (3 as i64) << 32, argc, argv);
}

export function callHook1(index: i32, v: i64): i64 {
  stackPointer -= 16;
  const at = stackPointer;
  store<i64>(at, v);
  const result = callHook(index, 1, at);
  stackPointer += 16;
  return result;
}

export function callHook2(index: i32, a: i64, b: i64): i64 {
  stackPointer -= 16;
  const at = stackPointer;
  store<i64>(at, a);
  store<i64>(at, b, 8);
  const result = callHook(index, 2, at);
  stackPointer += 16;
  return result;
}

const MARGIN: i32 = 8; // bytes behind every block that may be read, so that text can be taken in words

/** A growing block: `at` holds its address, `at + 4` its capacity. False when memory is out; nothing is thrown. */
export function growBlock(at: i32, need: i32): bool {
  const capacity = load<i32>(at, 4);
  if (need <= capacity) return true;
  if (need < 0 || need > 0x3fffffff) return false;
  let size = max(capacity * 2, 256);
  if (size < need) size = need;
  const block = realloc(load<i32>(at), size + MARGIN);
  if (block == 0) return false;
  store<i32>(at, block);
  store<i32>(at, size, 4);
  return true;
}

export function dropBlock(at: i32): void {
  free(load<i32>(at));
  store<i32>(at, 0);
  store<i32>(at, 0, 4);
}

/** Frees a value whose only interest was whether it is an exception. */
export function succeeded(v: i64): bool {
  if (tagOf(v) == TAG_EXCEPTION) return false;
  JS_FreeValue(ctx(), v);
  return true;
}
