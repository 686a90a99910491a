// The entry of the engine guest, cordon_turn of `stdlib/abi.ts`, and what the build starts it with. Also re-exports what the engine's
// binary imports; the link step ties those together and cuts the exports.

import { release, reserve, top } from "./buffer";
import { functionOf } from "./bytecode";
import {
  JS_Call, JS_ExecutePendingJob, JS_FreeValue, JS_GetPropertyInt64, JS_SetGCThreshold, JS_SetHostPromiseRejectionTracker,
  JS_SetModuleLoaderFunc, qjs_get_context_ptr, qjs_get_runtime_ptr, qjs_init, stackPointer,
} from "./engine";
import { TURN_IDLE, TURN_PENDING } from "./gates";
import { defineHolder } from "./holder";
import { fetch, FIRST_TRY, nextMessage } from "./inbox";
import { learnLayout } from "./layout";
import { loadModule, normalize } from "./modules";
import { natives } from "./natives";
import { failTheLost, openRequests } from "./open";
import { pendingCount } from "./pending";
import { handleMessage, swallow } from "./requests";
import {
  callHook, CTX, ctx, HOOK_COUNT, HOOK_FLUSH, HOOK_REJECTION, HOOKS, isFlushWanted, limitStack, RT, SERVING, STACK_LIMIT, succeeded, sweepStack, wantFlush,
} from "./state";
import { FALSE, isException, TRUE, UNDEFINED } from "./value";

export { thaw } from "./frozen";
export { arena_room, arena_rooms, arenas_done } from "./arenas";
export {
  clock_time_get, fd_close, fd_fdstat_get, fd_seek, fd_write, host_call, host_get_timezone_offset, host_interrupt,
  host_module_normalize, random_get,
} from "./imports";

/** Bytes of the heap at which cycles are collected for the first time: a started engine has 150 KB. */
const COLLECT_AT: i32 = 393216;

/** For the build: starts the engine with the bootstrap's bytecode, and leaves nothing to do. */
export function start(bytecode: i32, length: i32): void {
  if (qjs_init() != 0) unreachable();
  store<i32>(RT, qjs_get_runtime_ptr());
  store<i32>(CTX, qjs_get_context_ptr());
  limitStack(STACK_LIMIT);
  JS_SetGCThreshold(load<i32>(RT), COLLECT_AT);
  JS_SetModuleLoaderFunc(load<i32>(RT), normalize.index as i32, loadModule.index as i32, 0);
  defineHolder();
  boot(bytecode, length);
  learnLayout();
  JS_SetHostPromiseRejectionTracker(load<i32>(RT), onRejection.index as i32, 0);
  settle();
  if (!reserve(FIRST_TRY)) unreachable();
}

/** Runs the bootstrap, a function from natives to hooks. */
function boot(bytecode: i32, length: i32): void {
  const main = functionOf(bytecode, length);
  if (isException(main)) unreachable();
  stackPointer -= 16;
  store<i64>(stackPointer, natives());
  const hooks = JS_Call(ctx(), main, UNDEFINED, 1, stackPointer);
  if (isException(hooks)) unreachable();
  JS_FreeValue(ctx(), load<i64>(stackPointer));
  stackPointer += 16;
  for (let i = 0; i < HOOK_COUNT; i++) store<i64>(HOOKS + i * 8, JS_GetPropertyInt64(ctx(), hooks, i));
  JS_FreeValue(ctx(), hooks);
  JS_FreeValue(ctx(), main);
}

/** A promise was rejected with nobody listening, or somebody began to listen after all. */
function onRejection(_ctx: i32, promise: i64, reason: i64, handled: i32, _opaque: i32): void {
  stackPointer -= 32;
  store<i64>(stackPointer, promise);
  store<i64>(stackPointer, reason, 8);
  store<i64>(stackPointer, handled != 0 ? TRUE : FALSE, 16);
  if (!succeeded(callHook(HOOK_REJECTION, 3, stackPointer))) swallow();
  stackPointer += 32;
}

export function cordon_turn(): i32 {
  while (true) {
    const start = top();
    const length = awaitMessage(start);
    if (length < 0) break;
    handleMessage(start, start + length);
    release(start);
    settle();
  }
  release(0);
  if (pendingCount() > 0) return TURN_PENDING;
  failTheLost();
  if (openRequests() > 0) return TURN_PENDING;
  sweepStack();
  return TURN_IDLE;
}

/** A guest that serves others keeps its stack and is parked between calls: a fresh one for each call costs more. */
function awaitMessage(start: i32): i32 {
  const length = nextMessage(start);
  if (length >= 0 || load<i32>(SERVING) == 0) return length;
  if (pendingCount() == 0) failTheLost();
  return fetch(start, 1);
}

/** Runs promise jobs and then lets the bootstrap answer what has finished, until neither has anything to do. */
function settle(): void {
  while (true) {
    runJobs();
    if (!isFlushWanted()) break;
    const flushed = callHook(HOOK_FLUSH, 0, 0);
    if (isException(flushed)) swallow();
    if (flushed == FALSE) wantFlush(false);
    if (flushed != TRUE) break;
  }
}

function runJobs(): void {
  stackPointer -= 16;
  let code = JS_ExecutePendingJob(load<i32>(RT), stackPointer);
  while (code != 0) {
    if (code < 0) swallow();
    code = JS_ExecutePendingJob(load<i32>(RT), stackPointer);
  }
  stackPointer += 16;
}
