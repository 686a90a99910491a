// Compiling and running source: the three natives that the bootstrap builds runs from.

import {
  JS_DefinePropertyValue, JS_DupValue, JS_Eval2, JS_EvalFunction, JS_FreeAtom, JS_FreeCString, JS_FreeValue,
  JS_GetException, JS_GetImportMeta, JS_GetModuleNamespace, JS_NewArrayFrom, JS_NewAtomLen, JS_ToCStringLen2, stackPointer,
} from "./engine";
import { ctx } from "./state";
import { EXCEPTION, fromInt, isException, PLAIN, TAG_MODULE, tagOf } from "./value";

const MODULE: i32 = 1;
export const COMPILE_ONLY: i32 = 32;
const OPTIONS_VERSION: i32 = 1;
const URL: i32 = memory.data<u8>([117, 114, 108]) as i32; // "url"

function text(v: i64, lengthAt: i32): i32 {
  return JS_ToCStringLen2(ctx(), lengthAt, v, 0);
}

/** Source and file name as C strings, evaluated with `flags`, the first line numbered `line`. */
export function evaluate(source: i64, name: i64, line: i32, flags: i32): i64 {
  stackPointer -= 32;
  const frame = stackPointer;
  const nameText = text(name, frame);
  const sourceText = text(source, frame);
  let result = EXCEPTION;
  if (nameText != 0 && sourceText != 0) result = evaluateText(sourceText, load<i32>(frame), nameText, line, flags);
  JS_FreeCString(ctx(), sourceText);
  JS_FreeCString(ctx(), nameText);
  stackPointer += 32;
  return result;
}

export function evaluateText(source: i32, length: i32, name: i32, line: i32, flags: i32): i64 {
  stackPointer -= 16;
  const options = stackPointer;
  store<i32>(options, OPTIONS_VERSION);
  store<i32>(options, flags, 4);
  store<i32>(options, name, 8);
  store<i32>(options, line, 12);
  const result = JS_Eval2(ctx(), source, length, options);
  stackPointer += 16;
  return result;
}

/** Compiles a module under `name`; the module (its only owner is the engine's list) or 0. */
export function compileModule(source: i64, name: i64): i32 {
  const compiled = evaluate(source, name, 1, MODULE | COMPILE_ONLY);
  if (isException(compiled) || tagOf(compiled) != TAG_MODULE) return 0;
  return nameModule(i32(compiled), name) ? i32(compiled) : 0;
}

/** import.meta.url is the name that the loader below gave: never a path of the host. */
function nameModule(module: i32, name: i64): bool {
  const meta = JS_GetImportMeta(ctx(), module);
  if (isException(meta)) return false;
  const atom = JS_NewAtomLen(ctx(), URL, 3);
  const ok = JS_DefinePropertyValue(ctx(), meta, atom, JS_DupValue(ctx(), name), PLAIN) >= 0;
  JS_FreeAtom(ctx(), atom);
  JS_FreeValue(ctx(), meta);
  return ok;
}

/** Compiles, then runs: [1, result], or [0, error] when it does not compile. What running throws is thrown. */
export function runScript(source: i64, name: i64, line: i32, flags: i32): i64 {
  const compiled = evaluate(source, name, line, flags | COMPILE_ONLY);
  if (isException(compiled)) return pair(fromInt(0), JS_GetException(ctx()));
  const result = JS_EvalFunction(ctx(), compiled);
  return isException(result) ? result : pair(fromInt(1), result);
}

function pair(a: i64, b: i64): i64 {
  stackPointer -= 16;
  store<i64>(stackPointer, a);
  store<i64>(stackPointer, b, 8);
  const list = JS_NewArrayFrom(ctx(), 2, stackPointer);
  stackPointer += 16;
  return list;
}

/** Runs a module: [promise of its evaluation, its namespace]. */
export function runModule(source: i64, name: i64): i64 {
  const module = compileModule(source, name);
  if (module == 0) return EXCEPTION;
  const promise = JS_EvalFunction(ctx(), (i64(TAG_MODULE) << 32) | i64(u32(module)));
  if (isException(promise)) return promise;
  return pair(promise, JS_GetModuleNamespace(ctx(), module));
}
