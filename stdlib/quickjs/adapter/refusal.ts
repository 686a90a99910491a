// A value that cannot cross: what it was and the path to it, gathered while the encoder unwinds, then thrown as one
// guest error. The bootstrap words it.

import {
  JS_AtomToValue, JS_DupValue, JS_DefinePropertyValueUint32, JS_FreeValue, JS_HasException, JS_NewArray, JS_Throw,
  JS_ThrowOutOfMemory,
} from "./engine";
import { callHook2, ctx, HOOK_REFUSE } from "./state";
import { fromInt, isException, PLAIN } from "./value";

const LONGEST_PATH: i32 = 32; // steps; the outer ones beyond it are left out

// biome-ignore format: a table of words
const WORDS: i32 = memory.data(512, 16) as i32, CULPRIT = WORDS, REASON = WORDS + 8, STEPS = WORDS + 12,
  PATH = WORDS + 16;

/** Why: what the bootstrap's wording is chosen by. */
export const REASON_NONE = 0, REASON_KIND = 1, REASON_DEPTH = 2, REASON_BIG = 3;

/** Refuses `v`. Always false, so that an encoder can return it. */
export function refuse(v: i64, reason: i32): bool {
  forget();
  store<i64>(CULPRIT, JS_DupValue(ctx(), v));
  store<i32>(REASON, reason);
  return false;
}

function forget(): void {
  for (let i = load<i32>(STEPS) - 1; i >= 0; i--) JS_FreeValue(ctx(), load<i64>(PATH + i * 8));
  store<i32>(STEPS, 0);
  if (load<i32>(REASON) != REASON_NONE) JS_FreeValue(ctx(), load<i64>(CULPRIT));
  store<i32>(REASON, REASON_NONE);
}

/** Adds a step outwards of those known. Always false. */
export function throughAtom(atom: i32): bool {
  if (load<i32>(REASON) != REASON_NONE) addStep(JS_AtomToValue(ctx(), atom));
  return false;
}

export function throughIndex(index: u32): bool {
  if (load<i32>(REASON) != REASON_NONE) addStep(fromInt(index));
  return false;
}

function addStep(v: i64): void {
  const steps = load<i32>(STEPS);
  if (steps == LONGEST_PATH || isException(v)) {
    JS_FreeValue(ctx(), v);
    return;
  }
  store<i64>(PATH + steps * 8, v);
  store<i32>(STEPS, steps + 1);
}

/** Leaves an engine exception behind a failed encoding, whatever failed. */
export function raise(): void {
  if (load<i32>(REASON) == REASON_NONE) {
    if (!JS_HasException(ctx())) JS_ThrowOutOfMemory(ctx());
    return;
  }
  const path = JS_NewArray(ctx());
  for (let i = 0, n = load<i32>(STEPS); i < n; i++) {
    JS_DefinePropertyValueUint32(ctx(), path, i, JS_DupValue(ctx(), load<i64>(PATH + i * 8)), PLAIN);
  }
  JS_DefinePropertyValueUint32(ctx(), path, load<i32>(STEPS), fromInt(load<i32>(REASON)), PLAIN);
  const culprit = JS_DupValue(ctx(), load<i64>(CULPRIT));
  forget();
  const error = callHook2(HOOK_REFUSE, culprit, path);
  JS_FreeValue(ctx(), culprit);
  JS_FreeValue(ctx(), path);
  if (!isException(error)) JS_Throw(ctx(), error);
}
