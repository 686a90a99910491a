// The engine's module loader: the bootstrap resolves and fetches (gate `modules.load`), the engine links.

import { copy } from "./buffer";
import { JS_FreeCString, JS_FreeValue, JS_NewStringLen, JS_ToCStringLen2, js_malloc, stackPointer, strlen } from "./engine";
import { compileModule } from "./evaluate";
import { callHook1, callHook2, ctx, HOOK_NORMALIZE, HOOK_SOURCE } from "./state";
import { isException } from "./value";

function stringOf(at: i32): i64 {
  return JS_NewStringLen(ctx(), at, strlen(at));
}

/** The name of the module that `specifier` means in `referrer`, as text that the engine frees. 0: an exception. */
export function normalize(_ctx: i32, referrer: i32, specifier: i32, _opaque: i32): i32 {
  const from = stringOf(referrer);
  const wanted = stringOf(specifier);
  const name = callHook2(HOOK_NORMALIZE, wanted, from);
  JS_FreeValue(ctx(), from);
  JS_FreeValue(ctx(), wanted);
  if (isException(name)) return 0;
  const text = ownText(name);
  JS_FreeValue(ctx(), name);
  return text;
}

function ownText(v: i64): i32 {
  stackPointer -= 16;
  const text = JS_ToCStringLen2(ctx(), stackPointer, v, 0);
  const length = load<i32>(stackPointer);
  stackPointer += 16;
  if (text == 0) return 0;
  const own = js_malloc(ctx(), length + 1);
  if (own != 0) {
    copy(own, text, length);
    store<u8>(own + length, 0);
  }
  JS_FreeCString(ctx(), text);
  return own;
}

export function loadModule(_ctx: i32, nameAt: i32, _opaque: i32): i32 {
  const name = stringOf(nameAt);
  const source = callHook1(HOOK_SOURCE, name);
  const module = isException(source) ? 0 : compileModule(source, name);
  JS_FreeValue(ctx(), source);
  JS_FreeValue(ctx(), name);
  return module;
}
