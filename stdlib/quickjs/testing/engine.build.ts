// The engine module, built once per test process. Uninstrumented: nothing but the engine's own limit keeps the host's
// stack from ending first, and a test runner's stack is deep already, so the limit here is a small one. The memory has
// a maximum, so that a test can run out of it without the machine running out of its own.

import { buildEngine } from "../build.ts";
import { MEMORY, readSections, u32, writeSections } from "../sections.build.ts";

const STACK_LIMIT = 32 * 1024; // bytes
const PAGES = [19, 1024] as const; // at first and at most

let built: Promise<WebAssembly.Module> | undefined;

export function engineModule(): Promise<WebAssembly.Module> {
  const module = (bytes: Uint8Array) => new WebAssembly.Module(bounded(bytes) as Uint8Array<ArrayBuffer>);
  built ??= buildEngine({ stackLimit: STACK_LIMIT, isOptimized: false }).then(module);
  return built;
}

function bounded(bytes: Uint8Array): Uint8Array {
  const memory = Uint8Array.of(1, 1, ...u32(PAGES[0]), ...u32(PAGES[1]));
  return writeSections(readSections(bytes).map(({ id, body }) => ({ id, body: id === MEMORY ? memory : body })));
}
