// The bootstrap's bytecode. The parts that few sandboxes need lie in this module's code, where all sandboxes share them,
// as instructions that write them (adapter.build.ts), and become functions when one of them is called.

import {
  free, JS_Call, JS_EvalFunction, JS_FreeValue, JS_GetPropertyInt64, JS_NewCFunction2, JS_ReadObject,
  JS_ThrowOutOfMemory, malloc,
} from "./engine";
import { partLength, writePart } from "./code-bytes";
import { callHook2, ctx, HOOK_LINK } from "./state";
import { fromInt, isException, UNDEFINED } from "./value";

/** Bytes are written in words. */
const SLACK: i32 = 8;
/** What JS_ReadObject may read. */
const BYTECODE: i32 = 1;
/** A function that is told a number that it was made with. */
const WITH_NUMBER: i32 = 1;
/** Stand-ins are numbered part by part. */
const PLACES: i32 = 256;

/** The functions of each part that is made: an array; 0, which is no array, before. */
const PARTS: i32 = memory.data(8 * 8, 16) as i32;

/** The function of the bytecode at [at, at + length). */
export function functionOf(at: i32, length: i32): i64 {
  const read = JS_ReadObject(ctx(), at, length, BYTECODE);
  return isException(read) ? read : JS_EvalFunction(ctx(), read);
}

/** A function that is one of a late part's: number `place` of part `part`. */
export function standIn(part: i32, place: i32): i64 {
  return JS_NewCFunction2(ctx(), callLate.index as i32, 0, 0, WITH_NUMBER, part * PLACES + place);
}

function callLate(_ctx: i32, _self: i64, argc: i32, argv: i32, number: i32): i64 {
  const part = PARTS + number / PLACES * 8;
  if (load<i64>(part) == 0) {
    const made = makePart(number / PLACES);
    if (isException(made)) return made;
    store<i64>(part, made);
  }
  const fn = JS_GetPropertyInt64(ctx(), load<i64>(part), number % PLACES);
  const result = JS_Call(ctx(), fn, UNDEFINED, argc, argv);
  JS_FreeValue(ctx(), fn);
  return result;
}

function makePart(part: i32): i64 {
  const length = partLength(part);
  const at = malloc(length + SLACK);
  if (at == 0) return JS_ThrowOutOfMemory(ctx());
  writePart(part, at);
  const link = functionOf(at, length);
  free(at);
  if (isException(link)) return link;
  const made = callHook2(HOOK_LINK, fromInt(part), link);
  JS_FreeValue(ctx(), link);
  return made;
}
