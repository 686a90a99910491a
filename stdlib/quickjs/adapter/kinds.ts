// What an object is, by its engine class. The numbers of the classes are learned at start from samples, so that no
// list of the engine's is copied here.

import { JS_GetClassID } from "./engine";

export const OTHER = 0, RECORD = 1, ARRAY = 2, TYPED = 3, BUFFER = 4, DATE = 5, REGEXP = 6, MAP = 7, SET = 8, ERROR = 9;

const CLASSES: i32 = 256;
const KINDS: i32 = memory.data(256) as i32;

export function learnKind(sample: i64, kind: i32): void {
  const id = JS_GetClassID(sample);
  if (u32(id) < u32(CLASSES)) store<u8>(KINDS + id, kind);
}

export function kindOf(v: i64): i32 {
  const id = JS_GetClassID(v);
  return u32(id) < u32(CLASSES) ? load<u8>(KINDS + id) : OTHER;
}
