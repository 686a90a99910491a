// Values marked by tag 28 while a message is decoded, by their number. Owned until the decoding ends.

import { JS_DupValue, JS_FreeValue } from "./engine";
import { SHARED, SHARED_BASE, SHARED_COUNT, SHARE_NEXT } from "./reader";
import { ctx, growBlock } from "./state";
import { EXCEPTION, UNDEFINED } from "./value";

/** Reserves the next number for the value that follows. False when memory is out. */
export function expectShared(): bool {
  const index = load<i32>(SHARED_COUNT);
  if (!growBlock(SHARED, (index + 1) * 8)) return false;
  store<i64>(load<i32>(SHARED) + index * 8, UNDEFINED);
  store<i32>(SHARED_COUNT, index + 1);
  store<i32>(SHARE_NEXT, index + 1);
  return true;
}

/** Takes the reservation, if there is one: 0, or the number plus one. */
// @ts-ignore: decorator
@inline
export function takeShare(): i32 {
  const share = load<i32>(SHARE_NEXT);
  store<i32>(SHARE_NEXT, 0);
  return share;
}

// @ts-ignore: decorator
@inline
export function keepShare(share: i32, v: i64): void {
  if (share != 0) store<i64>(load<i32>(SHARED) + (share - 1) * 8, JS_DupValue(ctx(), v));
}

export function sharedAt(number: i64): i64 {
  const index = number + i64(load<i32>(SHARED_BASE));
  if (number < 0 || index >= i64(load<i32>(SHARED_COUNT))) return EXCEPTION;
  return JS_DupValue(ctx(), load<i64>(load<i32>(SHARED) + i32(index) * 8));
}

export function dropShared(floor: i32): void {
  for (let i = load<i32>(SHARED_COUNT) - 1; i >= floor; i--) {
    JS_FreeValue(ctx(), load<i64>(load<i32>(SHARED) + i * 8));
  }
  store<i32>(SHARED_COUNT, floor);
}
