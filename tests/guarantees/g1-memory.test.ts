import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Outcome, PAGE } from "../../kernel/index.ts";
import { worldWithCanaries } from "../kit/canaries.ts";
import { isFrame, modeOf, runs } from "../kit/confinement.ts";
import { anyProgram } from "../kit/generators.ts";
import { probeSource } from "../kit/probe.ts";
import { PAGES } from "../kit/program.ts";
import type { Segment } from "../kit/segment.ts";
import { wat } from "../kit/wat.ts";
import { artifactBytes, memoryOf, mustReturn, newKernel, spawn, spawnSource } from "../kit/world.ts";
import "../kit/vitest.ts";

/** A guest that takes addresses from the test. */
const HUNTER = wat(`(module (memory 1)
  (func (export "peek") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "poke") (param i32) (i32.store8 (local.get 0) (i32.const 0xff)))
  (func (export "fill") (param i32 i32) (memory.fill (local.get 0) (i32.const 0xff) (local.get 1)))
  (func (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2))))`);

/** Outside of the hunter, and in a shared memory inside of neighbours on both sides of it. */
const { mask, guard } = modeOf(1, "segment") as Segment;
const PLACES = [-4, -3, -2, -1, 1, 2, 3, 4]
  .flatMap((step) => [1, 9, 32_768, PAGE - 9].map((within) => step * (mask + 1 + guard) + within))
  .concat(PAGE, mask - 7, mask, mask + 1, mask + guard - 7, 2 ** 31, 2 ** 32 - 8);

describe("G1 memory: domains", () => {
  test("no program changes a byte of its neighbours, whatever addresses it uses", async () => {
    const kernel = newKernel();
    const canaries = await worldWithCanaries(kernel, 3, PAGES);
    await fc.assert(
      fc.asyncProperty(anyProgram({ addresses: "wild" }), async ({ bytes, args }) => {
        const domain = spawnSource(kernel, bytes, { allowance: { fuel: 1e6 } });
        await domain.enter("run", args);
        domain.end();
      }),
      runs(200),
    );
    expect(await canaries.changed()).toBe(0);
  });

  test("nor does one that knows where they are: loads see nothing, stores hit nothing, bulk operations trap", async () => {
    const kernel = newKernel();
    const canaries = await worldWithCanaries(kernel, 4, 1);
    const artifact = mustReturn(kernel.load(artifactBytes(HUNTER)));
    const tried = async (name: string, ...args: number[]): Promise<Outcome<unknown>> => {
      const hunter = spawn(kernel, artifact); // a trap is the end of it
      const outcome = await hunter.enter(name, args);
      hunter.end();
      return outcome;
    };
    for (const at of PLACES) {
      for (const access of ["peek", "poke"]) {
        const outcome = await tried(access, at);
        if (isFrame) expect(outcome, `${access} ${at}`).toBeTrapped();
        else expect(outcome, `${access} ${at}`).toBeReturned(access === "peek" ? 0 : undefined);
      }
      expect(await tried("fill", at, 8), `fill ${at}`).toBeTrapped();
      expect(await tried("copy", 0, at, 8), `copy from ${at}`).toBeTrapped();
      expect(await tried("copy", at, 0, 8), `copy to ${at}`).toBeTrapped();
    }
    expect(await canaries.changed()).toBe(0);
  });

  test("the canaries see one changed word", async () => {
    const kernel = newKernel();
    const canaries = await worldWithCanaries(kernel, 1, 1);
    const [canary] = canaries.domains;
    // Filled again with another seed: every word is another.
    mustReturn(await (canary as NonNullable<typeof canary>).enter("fill", [65_532, 99]));
    expect(await canaries.changed()).toBe(1);
  });

  test("a new tenant finds zeroes and its own size, whatever the last one did", async () => {
    const kernel = newKernel();
    const look = artifactBytes(
      wat(`(module (memory 2)
        (func (export "sum") (result i32) (local $at i32) (local $sum i32)
          (loop (local.set $sum (i32.or (local.get $sum) (i32.load (local.get $at))))
            (br_if 0 (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4))) (i32.const 131072))))
          (local.get $sum))
        (func (export "size") (result i32) (memory.size)))`),
    );
    const artifact = mustReturn(kernel.load(look));
    await fc.assert(
      fc.asyncProperty(anyProgram({ addresses: "wild" }), async ({ bytes, args }) => {
        const former = spawnSource(kernel, bytes, { allowance: { fuel: 100_000 } });
        await former.enter("run", args);
        former.end();
        const next = spawn(kernel, artifact);
        expect(await next.enter("sum", [])).toBeReturned(0);
        expect(await next.enter("size", [])).toBeReturned(2);
        next.end();
      }),
      runs(100),
    );
  });

  test("memory grows to its limit and no further, and what is past the end traps", async () => {
    const kernel = newKernel();
    const domain = spawnSource(kernel, probeSource(1), { limits: { pages: 5 } });
    expect(await domain.enter("grow", [5])).toBeReturned(-1);
    expect(await domain.enter("grow", [-1])).toBeReturned(-1);
    expect(await domain.enter("grow", [0x7fff_ffff])).toBeReturned(-1);
    expect(await domain.enter("grow", [4])).toBeReturned(1);
    expect(await domain.enter("grow", [0])).toBeReturned(5);
    expect(await domain.enter("grow", [1])).toBeReturned(-1);
    expect(await domain.enter("peek", [5 * PAGE - 1])).toBeReturned(0);
    expect(domain.usage().memory).toBe(5 * PAGE);
    const outside = await domain.enter("peek", [5 * PAGE]);
    if (isFrame) expect(outside).toBeTrapped();
    else expect(outside).toBeReturned(0);
  });

  test("gates write only where they were told to, and only inside", async () => {
    const kernel = newKernel();
    const canaries = await worldWithCanaries(kernel, 2, 1);
    const artifact = mustReturn(kernel.load(artifactBytes(probeSource(1))));
    const edge = fc.oneof(fc.integer(), fc.integer({ min: PAGE - 20, max: PAGE + 20 }), fc.nat(40));
    await fc.assert(
      fc.asyncProperty(edge, edge, fc.constantFrom("reply", "receive"), async (at, capacity, gate) => {
        const domain = spawn(kernel, artifact);
        // A message of 24 bytes waits: [1, token, method, value].
        void domain.request(3, Uint8Array.from([0x74, ...new Uint8Array(20).fill(0x61)]));
        const before = await imageOnce(domain);
        const outcome = await domain.enter(gate, gate === "reply" ? [at, capacity] : [at, capacity, 0]);
        const length = Number(mustReturn(outcome));
        const after = memoryOf(domain) ?? new Uint8Array();
        const [from, room] = [at >>> 0, capacity >>> 0];
        const fits = length >= 0 && length <= room && from + length <= PAGE;
        for (let i = 0; i < PAGE; i++) {
          if (after[i] !== before[i] && !(fits && i >= from && i < from + length)) expect.fail(`byte ${i} changed`);
        }
        domain.end();
      }),
      runs(150),
    );
    expect(await canaries.changed()).toBe(0);
  });

  async function imageOnce(domain: ReturnType<typeof spawn>): Promise<Uint8Array> {
    for (;;) {
      const memory = memoryOf(domain);
      if (memory !== undefined) return memory;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
});
