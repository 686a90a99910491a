// Calls down: one trampoline serves every granted function. The reply comes back over the request, in one crossing.

import { base, capacityFrom, release, reserve, setTop, top } from "./buffer";
import { decode } from "./decode";
import { encodePassing } from "./encode";
import {
  JS_Call, JS_FreeValue, JS_GetException, JS_IsPromise, JS_NewPromiseCapability, JS_Throw, JS_ThrowOutOfMemory, stackPointer,
} from "./engine";
import { call, CALL_AWAITED, CALL_ERROR, CALL_PENDING, reply } from "./gates";
import { fetch, shelve } from "./inbox";
import { addPending, reservePending } from "./pending";
import { malformed } from "./reader";
import { readMessage, isOk, TAKES_LONGER, tokenOf, valueAt } from "./message";
import { callHook1, ctx, HOOK_STRAY, STRAY_WAIT } from "./state";
import { EXCEPTION, fromInt, isException, UNDEFINED } from "./value";

const SMALL_REPLY: i32 = 1024; // bytes there is always room for
/** The mode of a granted function. */
export const BLOCKING: i32 = 1, ASYNC: i32 = 2, PASSES: i32 = 4;

/** A granted function: `magic` is its mode, `data` holds handle, method, and what keeps the handle alive. */
export function trampoline(_ctx: i32, _self: i64, argc: i32, argv: i32, magic: i32, data: i32): i64 {
  const start = top();
  if (!encodePassing(argv, argc, false, (magic & PASSES) != 0)) return EXCEPTION;
  const result = cross(load<i32>(data), load<i32>(data, 8), start, magic);
  release(start);
  return (magic & ASYNC) != 0 ? promised(result) : result;
}

/** A promise whatever the gate answered at once; one already stays what it is. */
function promised(result: i64): i64 {
  if (!isException(result) && JS_IsPromise(result) != 0) return result;
  const failed = isException(result);
  const value = failed ? JS_GetException(ctx()) : result;
  stackPointer -= 32;
  const functions = stackPointer;
  store<i64>(functions, value, 16);
  const promise = JS_NewPromiseCapability(ctx(), functions);
  if (!isException(promise)) {
    JS_FreeValue(ctx(), JS_Call(ctx(), load<i64>(functions + (failed ? 8 : 0)), UNDEFINED, 1, functions + 16));
    drop(functions);
  }
  stackPointer += 32;
  JS_FreeValue(ctx(), value);
  return promise;
}

/** DESCRIBE of abi.ts. */
export function describe(handle: i32): i64 {
  const start = top();
  if (!reserve(SMALL_REPLY)) return JS_ThrowOutOfMemory(ctx());
  const code = call(handle, -2, base() + start, 0, capacityFrom(start));
  const result = code < 0 ? throwReply(start) : takeReply(start, code);
  release(start);
  return result;
}

function cross(handle: i32, method: i32, start: i32, mode: i32): i64 {
  if (!reserve(SMALL_REPLY) || !reservePending()) return JS_ThrowOutOfMemory(ctx());
  const code = call(handle, method, base() + start, top() - start, capacityFrom(start));
  if (code >= 0) return takeReply(start, code);
  if (code == CALL_ERROR) return throwReply(start);
  if (code > CALL_PENDING) return malformed();
  const isBlocking = (mode & BLOCKING) != 0;
  if (code <= CALL_AWAITED) return awaitNow(CALL_AWAITED - code, start, isBlocking);
  const token = CALL_PENDING - code;
  return isBlocking ? awaitNow(token, start, true) : promiseOf(token);
}

function takeReply(start: i32, length: i32): i64 {
  if (length > capacityFrom(start) && !fetchReply(start, length)) return JS_ThrowOutOfMemory(ctx());
  setTop(start + length);
  return decode(start, start + length);
}

function fetchReply(start: i32, length: i32): bool {
  setTop(start);
  return reserve(length) && reply(base() + start, capacityFrom(start)) == length;
}

function throwReply(start: i32): i64 {
  setTop(start);
  const length = reply(base() + start, capacityFrom(start));
  if (length < 0) return malformed();
  const error = takeReply(start, length);
  return isException(error) ? error : JS_Throw(ctx(), error);
}

function promiseOf(token: i32): i64 {
  stackPointer -= 16;
  const functions = stackPointer;
  const promise = JS_NewPromiseCapability(ctx(), functions);
  if (!isException(promise) && !addPending(token, functions)) drop(functions);
  stackPointer += 16;
  return promise;
}

/** A token that is taken already: this promise stays open, the first one keeps the token. */
function drop(functions: i32): void {
  JS_FreeValue(ctx(), load<i64>(functions));
  JS_FreeValue(ctx(), load<i64>(functions, 8));
}

/**
 * Parks the guest until the completion of `token` comes; everything else is put aside for the next turn. A blocking call
 * waits however long it takes; of another the guest gets a promise, as soon as it is known that it takes longer.
 */
export function awaitNow(token: i32, start: i32, isBlocking: bool): i64 {
  while (true) {
    const n = fetch(start, 1);
    if (n < 0) return cannotWait();
    if (!readMessage(start, start + n) || tokenOf() != token || isOk() < 0) shelve(start, n);
    else if (isOk() != TAKES_LONGER) return complete(start + n);
    else if (!isBlocking) return promiseOf(token);
  }
}

function complete(end: i32): i64 {
  const ok = isOk() == 1;
  const value = decode(valueAt(), end);
  return ok || isException(value) ? value : JS_Throw(ctx(), value);
}

function cannotWait(): i64 {
  const error = callHook1(HOOK_STRAY, fromInt(STRAY_WAIT));
  return isException(error) ? error : JS_Throw(ctx(), error);
}
