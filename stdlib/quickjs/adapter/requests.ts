// Messages from above: requests are handed to the bootstrap, which does the work and answers; completions settle promises.

import { decode } from "./decode";
import { JS_Call, JS_DupValue, JS_FreeValue, JS_GetException, stackPointer } from "./engine";
import {
  COMPLETION, FORKED, INVOKE, isOk, kindOfMessage, methodOf, readMessage, REQUEST, skipText, TAKES_LONGER, tokenOf,
  valueAt,
} from "./message";
import { fail, forgetRequests, noteTrouble, open, refuse } from "./open";
import { emptySlot, pendingCount, pendingSlots, takePending } from "./pending";
import {
  callHook, callHook1, callHook2, ctx, HOOK_FORGET, HOOK_FORKED, HOOK_INVOKE, HOOK_REQUEST, HOOK_STRAY, STRAY_FORKED, succeeded,
} from "./state";
import { EXCEPTION, fromFloat, fromInt, isException, UNDEFINED } from "./value";

export function handleMessage(start: i32, end: i32): void {
  if (!readMessage(start, end)) return;
  const kind = kindOfMessage();
  if (kind == COMPLETION) complete(end);
  else if (kind == REQUEST) request(end);
  else if (kind == INVOKE) invoke(end);
  else if (kind == FORKED) forked();
  else forget();
}

/** This domain is a copy. What its original has to answer is not asked of it, and what that has called it never hears of. */
function forked(): void {
  forgetRequests();
  refusePending();
  const done = callHook(HOOK_FORKED, 0, 0);
  if (!succeeded(done)) swallow();
}

/** To refuse a promise runs no code of the guest: its reactions are jobs. So no call is added meanwhile. */
function refusePending(): void {
  if (pendingCount() == 0) return;
  stackPointer -= 32;
  const error = errorOr(callHook1(HOOK_STRAY, fromInt(STRAY_FORKED)));
  for (let i = 0, slots = pendingSlots(); i < slots; i++)
    if (emptySlot(i, stackPointer)) settle(stackPointer, false, JS_DupValue(ctx(), error));
  stackPointer += 32;
  JS_FreeValue(ctx(), error);
}

/** The value, or what was thrown instead: an error either way. */
function errorOr(value: i64): i64 {
  return isException(value) ? JS_GetException(ctx()) : value;
}

function forget(): void {
  const done = callHook2(HOOK_FORGET, fromToken(tokenOf()), fromToken(methodOf()));
  if (!succeeded(done)) swallow();
}

/** Somebody calls an object of this domain. */
function invoke(end: i32): void {
  const object = methodOf();
  const nameFrom = valueAt();
  const number = open(tokenOf());
  if (number == 0) return refuse(tokenOf());
  const argumentsAt = skipText(nameFrom, end);
  const name = decode(nameFrom, argumentsAt);
  const value = decode(argumentsAt, end);
  stackPointer -= 32;
  store<i64>(stackPointer, fromInt(number));
  store<i64>(stackPointer, fromInt(object), 8);
  store<i64>(stackPointer, name, 16);
  store<i64>(stackPointer, value, 24);
  const done = isException(value) || isException(name) ? EXCEPTION : callHook(HOOK_INVOKE, 4, stackPointer);
  stackPointer += 32;
  JS_FreeValue(ctx(), value);
  JS_FreeValue(ctx(), name);
  if (succeeded(done)) return;
  JS_FreeValue(ctx(), JS_GetException(ctx()));
  fail(number);
}

function complete(end: i32): void {
  if (isOk() == TAKES_LONGER) return;
  stackPointer -= 32;
  const functions = stackPointer;
  const ok = isOk() == 1;
  if (takePending(tokenOf(), functions)) settle(functions, ok, decode(valueAt(), end));
  stackPointer += 32;
}

function settle(functions: i32, ok: bool, decoded: i64): void {
  let value = decoded;
  let fulfil = ok;
  if (isException(value)) {
    value = JS_GetException(ctx());
    fulfil = false;
  }
  store<i64>(functions, value, 16);
  const done = JS_Call(ctx(), load<i64>(functions + (fulfil ? 0 : 8)), UNDEFINED, 1, functions + 16);
  if (!succeeded(done)) swallow();
  JS_FreeValue(ctx(), value);
  JS_FreeValue(ctx(), load<i64>(functions));
  JS_FreeValue(ctx(), load<i64>(functions, 8));
}

export function swallow(): void {
  JS_FreeValue(ctx(), JS_GetException(ctx()));
  noteTrouble();
}

function request(end: i32): void {
  const method = methodOf();
  const number = open(tokenOf());
  if (number == 0) return refuse(tokenOf());
  const value = decode(valueAt(), end);
  stackPointer -= 32;
  store<i64>(stackPointer, fromInt(number));
  store<i64>(stackPointer, fromInt(method), 8);
  store<i64>(stackPointer, value, 16);
  const done = isException(value) ? value : callHook(HOOK_REQUEST, 3, stackPointer);
  stackPointer += 32;
  JS_FreeValue(ctx(), value);
  if (succeeded(done)) return;
  JS_FreeValue(ctx(), JS_GetException(ctx()));
  fail(number);
}

function fromToken(token: i32): i64 {
  return token >= 0 ? fromInt(token) : fromFloat(f64(u32(token)));
}
