// What a sandbox costs before it does anything: pages of memory, and which of them it has touched.
import { describe, expect, test } from "vitest";
import { encodeValue } from "../../embed/values.ts";
import type { Artifact, Domain, Kernel } from "../../kernel/index.ts";
import { ENGINE } from "../../stdlib/abi.ts";
import { memoryOf } from "../kit/world.ts";
import { engineBytes, newKernel } from "./cordon.ts";

const OS_PAGE = 4096; // bytes: what an operating system gives memory in

function loaded(): { kernel: Kernel; artifact: Artifact } {
  const kernel = newKernel();
  const made = kernel.load(engineBytes());
  if (made.kind !== "returned") throw new Error("no engine");
  return { kernel, artifact: made.value };
}

/** The memory of an engine, after a script if there is one. */
async function memoryAfter(source: string | undefined): Promise<Uint8Array> {
  const { kernel, artifact } = loaded();
  const spawned = kernel.spawn(artifact, { limits: { pages: 1_024, inFlight: 0 } });
  if (spawned.kind !== "returned") throw new Error("no domain");
  const domain = spawned.value;
  domain.allow({ fuel: 1e11, calls: 0, bytes: 1e9, deadline: Number.POSITIVE_INFINITY });
  const ask = (method: number, value: object) => domain.request(method, encodeValue(value).slice());
  if (source !== undefined) {
    await ask(ENGINE.CONFIGURE, { grants: {}, system: {}, options: {} });
    expect(await ask(ENGINE.RUN, { source, name: "x.js", kind: "auto" })).toMatchObject({ kind: "answered", ok: true });
  }
  return atRest(domain);
}

async function atRest(domain: Domain): Promise<Uint8Array> {
  for (;;) {
    const memory = memoryOf(domain);
    if (memory !== undefined) return memory;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Pages that hold anything. */
function touched(memory: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < memory.length; at += OS_PAGE)
    if (memory.subarray(at, at + OS_PAGE).some((byte) => byte !== 0)) count++;
  return count;
}

describe("the engine in memory", () => {
  test("it begins with 18 pages of 64 KiB, of which it touches 240 KB", async () => {
    expect(loaded().artifact.initialPages).toBeLessThanOrEqual(18);
    expect(touched(await memoryAfter(undefined))).toBeLessThanOrEqual(60);
  });

  test("a small script brings that to 264 KB at most", async () => {
    expect(touched(await memoryAfter("const o = { a: [1, 2.5] }; JSON.stringify(o)"))).toBeLessThanOrEqual(66);
  });

  const DEEPEST = [
    "let n = 0; function f() { n++; f() } try { f() } catch {} n",
    "let n = 0; function f() { n++; [1].map(f) } try { f() } catch {} n",
    "let n = 0; function f() { n++; 'a'.replace(/a/, f) } try { f() } catch {} n",
    "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; try { String(a) } catch {} 1",
    "let o = {}; for (let i = 0; i < 1e5; i++) o = { o }; try { JSON.stringify(o) } catch {} 1",
    "try { eval('['.repeat(1e5)) } catch {} 1",
    "try { new RegExp('('.repeat(1e5)) } catch {} 1",
  ];
  /** The heap's first part ends here, and the stack grows down towards it. */
  const HEAP_END = 262_144;
  const STACK_TOP = 1_048_576;

  // What is beyond its limit is not swept.
  test.each(DEEPEST)("its stack stays away from its heap: %s", async (source) => {
    const memory = await memoryAfter(source);
    const reached = memory.subarray(HEAP_END).findIndex((byte) => byte !== 0);
    expect(reached).toBeGreaterThan(16 * 1024);
  });

  test("what a deep recursion left on the stack is swept when all is done: whoever keeps the memory need not keep it", async () => {
    const memory = await memoryAfter(DEEPEST[0]);
    expect(touched(memory.subarray(HEAP_END + 32 * 1024, STACK_TOP))).toBeLessThanOrEqual(2);
  });
});
