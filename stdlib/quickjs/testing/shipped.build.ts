// Programs in an engine without adapter and instruments, as npm ships it.
import type { Shipped } from "../engine.build.ts";

const TAG_STRING = -7;

/** The value of a program, which is text. */
export function evaluate(engine: Shipped, source: string): string {
  const put = (bytes: Uint8Array): number => {
    const at = engine.malloc(bytes.length);
    new Uint8Array(engine.memory.buffer).set(bytes, at);
    return at;
  };
  const text = Buffer.from(`${source}\0`);
  const options = put(new Uint8Array(Int32Array.of(1, 0, put(Buffer.from("x.js\0")), 1).buffer));
  const value = engine.JS_Eval2(engine.qjs_get_context_ptr(), put(text), text.length - 1, options);
  if (Number(BigInt.asIntN(32, value >> 32n)) !== TAG_STRING)
    throw new Error(`no text comes of ${source.slice(0, 80)}`);
  const at = engine.JS_ToCStringLen2(engine.qjs_get_context_ptr(), options, value, 0);
  const length = new DataView(engine.memory.buffer).getUint32(options, true);
  return Buffer.from(engine.memory.buffer, at, length).toString();
}
