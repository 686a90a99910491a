// What holds a handle: an object of a class of its own, whose finalizer lets the handle go as soon as nothing of the
// guest refers to it. Counted references free it at once; no cycle goes through it, for it refers to nothing.

import { JS_GetOpaque, JS_NewClass, JS_NewClassID, JS_NewObjectClass, JS_SetOpaque } from "./engine";
import { call } from "./gates";
import { ctx, RT } from "./state";
import { isException } from "./value";

// biome-ignore format: a table of words
const WORDS: i32 = memory.data(32, 16) as i32, CLASS_ID = WORDS, DEFINITION = WORDS + 4;
const NAME: i32 = memory.data<u8>([72, 97, 110, 100, 108, 101, 0]) as i32; // "Handle"
const RELEASE: i32 = -1;

export function defineHolder(): void {
  const id = JS_NewClassID(load<i32>(RT), CLASS_ID);
  store<i32>(DEFINITION, NAME);
  store<i32>(DEFINITION, finalize.index as i32, 4);
  if (JS_NewClass(load<i32>(RT), id, DEFINITION) < 0) unreachable();
}

/** It runs inside the engine's collector: no JavaScript, no allocation, and the gate leaves waiting replies alone. */
function finalize(_runtime: i32, v: i64): void {
  const opaque = JS_GetOpaque(v, load<i32>(CLASS_ID));
  if (opaque != 0) call(opaque - 1, RELEASE, 0, 0, 0);
}

export function newHolder(handle: i32): i64 {
  const v = JS_NewObjectClass(ctx(), load<i32>(CLASS_ID));
  if (!isException(v)) JS_SetOpaque(v, handle + 1);
  return v;
}
