// What the bootstrap gets from the adapter: one array of functions, in the order of `bootstrap/00-natives.js`.

import { standIn } from "./bytecode";
import { describe, trampoline } from "./calls";
import {
  JS_DefinePropertyValueUint32, JS_FreeCString, JS_FreeValue, JS_IsPromise, JS_IsProxy, JS_NewArray, JS_NewArrayFrom,
  JS_NewCFunction2, JS_NewCFunctionData2, JS_PromiseResult, JS_PromiseState, JS_PromiseThen, JS_ToCStringLen2, JS_ToInt32,
  JS_GetPrototype, JS_RunGC, qjs_set_memory_limit, stackPointer,
} from "./engine";
import { COMPILE_ONLY, evaluate, runModule, runScript } from "./evaluate";
import { configureSystem } from "./imports";
import { newHolder } from "./holder";
import { kindOf, learnKind, RECORD } from "./kinds";
import { answerWith, fail, openRequests } from "./open";
import { ctx, limitStack, OBJECT_PROTOTYPE, RT, SERVING, TIME_ZONE, wantFlush } from "./state";
import { EXCEPTION, FALSE, fromInt, isException, PLAIN, TRUE, UNDEFINED } from "./value";

function int(argv: i32, index: i32): i32 {
  stackPointer -= 16;
  const ok = JS_ToInt32(ctx(), stackPointer, load<i64>(argv + index * 8));
  const n = load<i32>(stackPointer);
  stackPointer += 16;
  return ok == 0 ? n : 0;
}

/** evaluate(source, name, line, flags): [1, result] or [0, syntax error] */
function nativeEvaluate(_c: i32, _t: i64, _n: i32, argv: i32): i64 {
  return runScript(load<i64>(argv), load<i64>(argv, 8), int(argv, 2), int(argv, 3));
}

/** compile(source, name, line, flags): undefined, or throws the syntax error. */
function nativeCompile(_c: i32, _t: i64, _n: i32, argv: i32): i64 {
  const compiled = evaluate(load<i64>(argv), load<i64>(argv, 8), int(argv, 2), int(argv, 3) | COMPILE_ONLY);
  if (isException(compiled)) return compiled;
  JS_FreeValue(ctx(), compiled);
  return UNDEFINED;
}

/** module(source, name): [promise, namespace] */
function nativeModule(_c: i32, _t: i64, _n: i32, argv: i32): i64 {
  return runModule(load<i64>(argv), load<i64>(argv, 8));
}

/** grant(name, handle, method, mode, owner): a function that calls down and keeps its owner alive. */
function nativeGrant(_c: i32, _t: i64, _n: i32, argv: i32): i64 {
  const name = JS_ToCStringLen2(ctx(), 0, load<i64>(argv), 0);
  if (name == 0) return EXCEPTION;
  stackPointer -= 32;
  store<i64>(stackPointer, fromInt(int(argv, 1)));
  store<i64>(stackPointer, fromInt(int(argv, 2)), 8);
  store<i64>(stackPointer, load<i64>(argv, 32), 16);
  const fn = JS_NewCFunctionData2(ctx(), trampoline.index as i32, name, 0, int(argv, 3), 3, stackPointer);
  stackPointer += 32;
  JS_FreeCString(ctx(), name);
  return fn;
}

/** answer(number, ok, value, passes): throws when the value cannot cross; the request is then still open. */
function nativeAnswer(_c: i32, _t: i64, _n: i32, argv: i32): i64 {
  return answerWith(int(argv, 0), int(argv, 1) != 0, argv + 16, int(argv, 3) != 0) ? UNDEFINED : EXCEPTION;
}

/** fail(number): answers "out of memory" without any. */
function nativeFail(_c: i32, _t: i64, _n: i32, argv: i32): i64 {
  fail(int(argv, 0));
  return UNDEFINED;
}

/** system(1 for the clock or 2 for randomness, handle, method) */
function nativeSystem(_c: i32, _t: i64, _n: i32, argv: i32): i64 {
  configureSystem(int(argv, 0), int(argv, 1), int(argv, 2));
  return UNDEFINED;
}

/** timeZone(seconds east of UTC) */
function nativeTimeZone(_c: i32, _t: i64, _n: i32, argv: i32): i64 {
  store<i32>(TIME_ZONE, int(argv, 0));
  return UNDEFINED;
}

/** learn(kind, sample) */
function nativeLearn(_c: i32, _t: i64, _n: i32, argv: i32): i64 {
  const kind = int(argv, 0);
  const sample = load<i64>(argv, 8);
  learnKind(sample, kind);
  // Object.prototype lives as long as the context, so the borrowed reference is enough.
  if (kind == RECORD) {
    const prototype = JS_GetPrototype(ctx(), sample);
    store<i64>(OBJECT_PROTOTYPE, prototype);
    JS_FreeValue(ctx(), prototype);
  }
  return UNDEFINED;
}

/** promise(v): undefined for anything else, else [state, result]; 0 pending, 1 fulfilled, 2 rejected. */
function nativePromise(_c: i32, _t: i64, _n: i32, argv: i32): i64 {
  const v = load<i64>(argv);
  if (JS_IsPromise(v) == 0) return UNDEFINED;
  stackPointer -= 16;
  store<i64>(stackPointer, fromInt(JS_PromiseState(ctx(), v)));
  store<i64>(stackPointer, JS_PromiseResult(ctx(), v), 8);
  const pair = JS_NewArrayFrom(ctx(), 2, stackPointer);
  stackPointer += 16;
  return pair;
}

/** isProxy(v) */
function nativeIsProxy(_c: i32, _t: i64, _n: i32, argv: i32): i64 {
  return JS_IsProxy(load<i64>(argv)) != 0 ? TRUE : FALSE;
}

/** whenSettled(promise, fulfilled, rejected): `then` as the engine has it, whatever the guest made of Promise. */
function nativeWhenSettled(_c: i32, _t: i64, _n: i32, argv: i32): i64 {
  const derived = JS_PromiseThen(ctx(), load<i64>(argv), load<i64>(argv, 8), load<i64>(argv, 16));
  if (isException(derived)) return derived;
  JS_FreeValue(ctx(), derived);
  return UNDEFINED;
}

/** kindOf(v): a number of kinds.ts; 0 for what is no object, or of no kind that crosses. */
function nativeKindOf(_c: i32, _t: i64, _n: i32, argv: i32): i64 {
  return fromInt(kindOf(load<i64>(argv)));
}

/** collect(): the engine collects cycles as it grows, not when it cannot grow. */
function nativeCollect(_c: i32, _t: i64, _n: i32, _argv: i32): i64 {
  JS_RunGC(load<i32>(RT));
  return UNDEFINED;
}

/** memoryLimit(bytes): what the engine's heap may use. It keeps the last 64 KiB for making the error that says so. */
function nativeMemoryLimit(_c: i32, _t: i64, _n: i32, argv: i32): i64 {
  qjs_set_memory_limit(int(argv, 0));
  return UNDEFINED;
}

/** stackLimit(bytes): for a host that has less stack for its guests. */
function nativeStackLimit(_c: i32, _t: i64, _n: i32, argv: i32): i64 {
  limitStack(int(argv, 0));
  return UNDEFINED;
}

/** describe(handle): [[name, mode], ...] of its calls. */
function nativeDescribe(_c: i32, _t: i64, _n: i32, argv: i32): i64 {
  return describe(int(argv, 0));
}

/** holder(handle): what lets the handle go when nothing refers to it any more. */
function nativeHolder(_c: i32, _t: i64, _n: i32, argv: i32): i64 {
  return newHolder(int(argv, 0));
}

/** serve(): from now on turns wait for messages. */
function nativeServe(_c: i32, _t: i64, _n: i32, _argv: i32): i64 {
  store<i32>(SERVING, 1);
  return UNDEFINED;
}

/** openCount(): how many requests are not answered yet. */
function nativeOpenCount(_c: i32, _t: i64, _n: i32, _argv: i32): i64 {
  return fromInt(openRequests());
}

/** standIn(part, place): a function that makes that part of bootstrap/late when it is first called. */
function nativeStandIn(_c: i32, _t: i64, _n: i32, argv: i32): i64 {
  return standIn(int(argv, 0), int(argv, 1));
}

/** wantFlush(): the hook `flush` has something to do. */
function nativeWantFlush(_c: i32, _t: i64, _n: i32, _argv: i32): i64 {
  wantFlush(true);
  return UNDEFINED;
}

function add(list: i64, index: i32, fn: i32, arguments_: i32): void {
  const v = JS_NewCFunction2(ctx(), fn, 0, arguments_, 0, 0);
  if (isException(v) || JS_DefinePropertyValueUint32(ctx(), list, index, v, PLAIN) < 0) unreachable();
}

/** The engine pads missing arguments with undefined up to each function's length, so natives may read them all. */
export function natives(): i64 {
  const list = JS_NewArray(ctx());
  add(list, 0, nativeEvaluate.index as i32, 4);
  add(list, 1, nativeCompile.index as i32, 4);
  add(list, 2, nativeModule.index as i32, 2);
  add(list, 3, nativeGrant.index as i32, 5);
  add(list, 4, nativeAnswer.index as i32, 4);
  add(list, 5, nativeFail.index as i32, 1);
  add(list, 6, nativeSystem.index as i32, 3);
  add(list, 7, nativeTimeZone.index as i32, 1);
  add(list, 8, nativeLearn.index as i32, 2);
  add(list, 9, nativePromise.index as i32, 1);
  add(list, 10, nativeIsProxy.index as i32, 1);
  add(list, 11, nativeWhenSettled.index as i32, 3);
  add(list, 12, nativeKindOf.index as i32, 1);
  add(list, 13, nativeCollect.index as i32, 0);
  add(list, 14, nativeMemoryLimit.index as i32, 1);
  add(list, 15, nativeWantFlush.index as i32, 0);
  add(list, 16, nativeStackLimit.index as i32, 1);
  add(list, 17, nativeDescribe.index as i32, 1);
  add(list, 18, nativeHolder.index as i32, 1);
  add(list, 19, nativeServe.index as i32, 0);
  add(list, 20, nativeOpenCount.index as i32, 0);
  add(list, 21, nativeStandIn.index as i32, 2);
  return list;
}
