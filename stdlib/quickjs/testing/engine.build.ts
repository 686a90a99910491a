// The engine module, built once per test process. Uninstrumented: nothing but the engine's own limit keeps the host's
// stack from ending first, and a test runner's stack is deep already, so the limit here is a small one.

import { buildEngine } from "../build.ts";

const STACK_LIMIT = 32 * 1024; // bytes

let built: Promise<WebAssembly.Module> | undefined;

export function engineModule(): Promise<WebAssembly.Module> {
  built ??= buildEngine(STACK_LIMIT).then((bytes) => new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>));
  return built;
}
