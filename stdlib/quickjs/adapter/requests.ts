// Requests from above: handed to the bootstrap, which does the work and answers. What it cannot answer is answered
// here with bytes made in advance, so that running out of memory is an answer too.

import { base, release, top } from "./buffer";
import { encodePassing } from "./encode";
import { decode } from "./decode";
import { JS_Call, JS_FreeValue, JS_GetException, stackPointer } from "./engine";
import { answer } from "./gates";
import {
  COMPLETION, INVOKE, isOk, kindOfMessage, methodOf, readMessage, REQUEST, skipText, TAKES_LONGER,
  tokenOf, valueAt,
} from "./message";
import { takePending } from "./pending";
import { callHook, callHook2, ctx, growBlock, HOOK_FORGET, HOOK_INVOKE, HOOK_REQUEST, succeeded } from "./state";
import { EXCEPTION, fromFloat, fromInt, isException, UNDEFINED } from "./value";

// biome-ignore format: a table of words
const WORDS: i32 = memory.data(16, 16) as i32, OPEN = WORDS, OPEN_COUNT = WORDS + 8, TROUBLE = WORDS + 12;

/** ["Error", { name: "InternalError", message: "out of memory" }] under tag 27. */
// biome-ignore format: bytes of text
const OUT_OF_MEMORY: i32 = memory.data<u8>([
  0xd8, 0x1b, 0x82, 0x65, 69, 114, 114, 111, 114, 0xa2, 0x64, 110, 97, 109, 101,
  0x6d, 73, 110, 116, 101, 114, 110, 97, 108, 69, 114, 114, 111, 114,
  0x67, 109, 101, 115, 115, 97, 103, 101, 0x6d, 111, 117, 116, 32, 111, 102, 32, 109, 101, 109, 111, 114, 121,
]) as i32;
const OUT_OF_MEMORY_LENGTH: i32 = 51;

export function openRequests(): i32 {
  return load<i32>(OPEN_COUNT);
}

/** Something was lost for want of memory in this turn: an open request may wait for it in vain. */
export function noteTrouble(): void {
  store<i32>(TROUBLE, 1);
}

export function handleMessage(start: i32, end: i32): void {
  if (!readMessage(start, end)) return;
  const kind = kindOfMessage();
  if (kind == COMPLETION) complete(end);
  else if (kind == REQUEST) request(end);
  else if (kind == INVOKE) invoke(end);
  else forget();
}

function forget(): void {
  const done = callHook2(HOOK_FORGET, fromToken(tokenOf()), fromToken(methodOf()));
  if (!succeeded(done)) swallow();
}

/** Somebody calls an object of this domain. */
function invoke(end: i32): void {
  const token = tokenOf();
  const object = methodOf();
  const nameFrom = valueAt();
  if (!open(token)) return fail(token);
  const argumentsAt = skipText(nameFrom, end);
  const name = decode(nameFrom, argumentsAt);
  const value = decode(argumentsAt, end);
  stackPointer -= 32;
  store<i64>(stackPointer, fromToken(token));
  store<i64>(stackPointer, fromInt(object), 8);
  store<i64>(stackPointer, name, 16);
  store<i64>(stackPointer, value, 24);
  const done = isException(value) || isException(name) ? EXCEPTION : callHook(HOOK_INVOKE, 4, stackPointer);
  stackPointer += 32;
  JS_FreeValue(ctx(), value);
  JS_FreeValue(ctx(), name);
  if (succeeded(done)) return;
  JS_FreeValue(ctx(), JS_GetException(ctx()));
  fail(token);
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
  const token = tokenOf();
  const method = methodOf();
  if (!open(token)) return fail(token);
  const value = decode(valueAt(), end);
  stackPointer -= 32;
  store<i64>(stackPointer, fromToken(token));
  store<i64>(stackPointer, fromInt(method), 8);
  store<i64>(stackPointer, value, 16);
  const done = isException(value) ? value : callHook(HOOK_REQUEST, 3, stackPointer);
  stackPointer += 32;
  JS_FreeValue(ctx(), value);
  if (succeeded(done)) return;
  JS_FreeValue(ctx(), JS_GetException(ctx()));
  fail(token);
}

function fromToken(token: i32): i64 {
  return token >= 0 ? fromInt(token) : fromFloat(f64(u32(token)));
}

function open(token: i32): bool {
  const count = load<i32>(OPEN_COUNT);
  if (!growBlock(OPEN, (count + 1) * 4)) return false;
  store<i32>(load<i32>(OPEN) + count * 4, token);
  store<i32>(OPEN_COUNT, count + 1);
  return true;
}

function close(token: i32): bool {
  const count = load<i32>(OPEN_COUNT);
  const list = load<i32>(OPEN);
  for (let i = 0; i < count; i++) {
    if (load<i32>(list + i * 4) != token) continue;
    store<i32>(list + i * 4, load<i32>(list + (count - 1) * 4));
    store<i32>(OPEN_COUNT, count - 1);
    return true;
  }
  return false;
}

/** Answers with the value at `at`. False, with an exception pending, when it cannot cross. */
export function answerWith(token: i32, ok: bool, at: i32, passes: bool): bool {
  const start = top();
  if (!encodePassing(at, 1, true, passes)) return false;
  if (close(token)) answer(token, ok ? 1 : 0, base() + start, top() - start);
  release(start);
  return true;
}

export function fail(token: i32): void {
  close(token);
  answer(token, 0, OUT_OF_MEMORY, OUT_OF_MEMORY_LENGTH);
}

/** At the end of a turn in which something was lost, nothing that is still open may wait for it. */
export function failTheLost(): void {
  const trouble = load<i32>(TROUBLE);
  store<i32>(TROUBLE, 0);
  if (trouble == 0) return;
  while (load<i32>(OPEN_COUNT) > 0) fail(load<i32>(load<i32>(OPEN)));
}
