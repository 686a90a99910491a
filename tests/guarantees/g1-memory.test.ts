import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PAGE } from "../../kernel/index.ts";
import { assemble } from "../kit/assemble.ts";
import { worldWithCanaries } from "../kit/canaries.ts";
import { anyProgram } from "../kit/generators.ts";
import { probeSource } from "../kit/probe.ts";
import { PAGES } from "../kit/program.ts";
import { type Segment, segmentWorld } from "../kit/segment.ts";
import { wat } from "../kit/wat.ts";
import { artifactBytes, memoryOf, mustReturn, newKernel, spawn, spawnSource } from "../kit/world.ts";
import "../kit/vitest.ts";

const isDeep = process.env["CORDON_DEEP"] === "1";
const runs = (count: number): { numRuns: number } => ({ numRuns: isDeep ? count * 10 : count });

describe("G1 memory: frames", () => {
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
    expect(await domain.enter("peek", [5 * PAGE])).toBeTrapped();
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

const MODE: Segment = { kind: "segment", mask: 2 * PAGE - 1, guard: 4096 };
const BASE = 6 * PAGE;
const WORLD = 16;

/** Bytes outside [base, base + size + guard) that a run changed. What lies in the guard belongs to nobody. */
function strayBytes(
  bytes: Parameters<ReturnType<typeof segmentWorld>["run"]>[0],
  args: readonly (number | bigint)[],
): number {
  const world = segmentWorld(MODE, WORLD);
  world.memory.fill(0xa5);
  world.memory.fill(0, BASE, BASE + MODE.mask + 1);
  const dataAt = 16; // the program's data segment lies at an absolute place: the kernel will copy data by hand
  world.run(bytes, BASE, PAGES, "run", args);
  const end = BASE + MODE.mask + 1 + MODE.guard;
  let strays = 0;
  for (let i = 0; i < world.memory.length; i++) {
    const inside = (i >= BASE && i < end) || (i >= dataAt && i < dataAt + 6);
    if (!inside && world.memory[i] !== 0xa5) strays++;
  }
  return strays;
}

describe("G1 memory: segments of one shared memory", () => {
  test("no store of an accepted artifact lands outside its segment and guard", () => {
    const kernel = newKernel();
    const { numRuns } = runs(150);
    let accepted = 0;
    fc.assert(
      fc.property(anyProgram({ addresses: "wild", bulk: false }), ({ bytes, args }) => {
        const artifact = artifactBytes(bytes, MODE);
        // The toolchain may fail to satisfy the verifier: that is no hole.
        if (kernel.load(artifact, MODE).kind !== "returned") return;
        accepted++;
        expect(strayBytes(artifact, args)).toBe(0);
      }),
      { numRuns },
    );
    expect(accepted).toBeGreaterThan(numRuns * 0.8);
  });

  test("the same programs, not confined, do land outside: the test can fail", () => {
    const tame = fc.sample(anyProgram({ bulk: false, traps: false }), { seed: 5, numRuns: 40 });
    const strays = tame.map(({ bytes, args }) => strayBytes(artifactBytes(bytes), args));
    expect(strays.filter((count) => count > 0).length).toBeGreaterThan(3);
  });

  test("addresses at every edge: the segment's end, the guard, the sign, and offsets that carry over", () => {
    const addresses = [0, 1, -1, -4, MODE.mask, MODE.mask - 3, MODE.mask + 1, 0x7fff_ffff, -0x8000_0000, -PAGE];
    const stores = ["i32.store8", "i32.store16", "i32.store", "i64.store", "f64.store"] as const;
    for (const name of stores) {
      const value = name.startsWith("f64")
        ? (["f64.const", 1] as const)
        : name.startsWith("i64")
          ? (["i64.const", -1n] as const)
          : (["i32.const", -1] as const);
      for (const offset of isDeep ? [0, 7, 4087, 4088, 4089, 5000, 70_000, 0xffff_fff0] : [0, 4092, 0xffff_fff0]) {
        const source = assemble({
          pages: 2,
          functions: [{ params: "i", results: "", exported: "run", code: [["local.get", 0], value, [name, offset]] }],
        });
        const artifact = artifactBytes(source, MODE);
        expect(newKernel().load(artifact, MODE), `${name} ${offset}`).toBeReturned();
        for (const address of addresses)
          expect(strayBytes(artifact, [address]), `${name} ${offset} at ${address}`).toBe(0);
      }
    }
  });
});
