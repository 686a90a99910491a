import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Allowance, FeralPowers } from "../../kernel/index.ts";
import { permissive } from "../../policy-libs/index.ts";
import type { Bytes } from "../kit/assemble.ts";
import { isFrame, runs } from "../kit/confinement.ts";
import { anyProgram, anySpinner } from "../kit/generators.ts";
import { probeSource } from "../kit/probe.ts";
import { fakePowers, later, newKernel, realPowers, spawnSource } from "../kit/world.ts";
import "../kit/vitest.ts";

type Numbers = readonly (number | bigint)[];

const jumpy = (): (() => number) => {
  let state = 1;
  return () => {
    state = (state * 48_271) % 0x7fff_ffff;
    return state % 3 === 0 ? (state % 1000) / 50 : 0;
  };
};

/** Clocks that stand still, creep, run, and jump; macrotasks that come at once, late, or two turns later. */
const POWERS: readonly (() => Partial<FeralPowers>)[] = [
  () => fakePowers(() => 0),
  () => fakePowers(() => 0.0001),
  () => fakePowers(() => 0.3),
  () => fakePowers(() => 50),
  () => fakePowers(jumpy()),
  () => ({ ...fakePowers(() => 0.5), later: (task) => later(() => later(task)) }),
  () => realPowers,
];

/** Everything that a run shows: its outcome, what it paid, and the hash of what it left behind. */
async function story(powers: Partial<FeralPowers>, bytes: Bytes, args: Numbers, fuel: number): Promise<unknown> {
  const allowance: Partial<Allowance> = { fuel };
  const domain = spawnSource(newKernel(powers), bytes, { allowance });
  const outcome = await domain.enter("run", args);
  const paid = domain.usage();
  domain.allow({ fuel: 1e7, calls: 0, bytes: 0, deadline: Number.POSITIVE_INFINITY });
  return { outcome, paid, left: await domain.enter("digest", [0]) };
}

describe("G9 determinism", () => {
  test("the clock and the slices change neither results nor fuel nor memory", async () => {
    await fc.assert(
      fc.asyncProperty(anyProgram(), fc.integer({ min: 1, max: 100_000 }), async ({ bytes, args }, fuel) => {
        const [first, ...others] = await Promise.all(POWERS.map((powers) => story(powers(), bytes, args, fuel)));
        for (const other of others) expect(other).toEqual(first);
      }),
      runs(60),
    );
  });

  test("nor do they change where a program that spins runs out of fuel", async () => {
    await fc.assert(
      fc.asyncProperty(anySpinner(), fc.integer({ min: 1, max: 400_000 }), async ({ bytes, args }, fuel) => {
        const stories = await Promise.all(POWERS.map((powers) => story(powers(), bytes, args, fuel)));
        for (const one of stories) expect(one).toEqual(stories[0]);
        expect((stories[0] as { outcome: never }).outcome).toBeExhausted("fuel");
      }),
      runs(15),
    );
  });

  test("every run of a program pays what the first paid", async () => {
    const [program] = fc.sample(anyProgram({ traps: false, bulk: false }), { seed: 11, numRuns: 1 });
    const paid = new Set<number>();
    for (let i = 0; i < runs(100).numRuns; i++) {
      const domain = spawnSource(newKernel(), program?.bytes as Bytes);
      await domain.enter("run", program?.args ?? []);
      paid.add(domain.usage().fuel);
      domain.end();
    }
    expect(paid.size).toBe(1);
  });

  test("work of gates is paid alike in slices of any size", async () => {
    const capability = { contract: permissive("echo", ["echo"]), target: () => Uint8Array.of(0x80) };
    const paid = await Promise.all(
      POWERS.map(async (powers) => {
        const domain = spawnSource(newKernel(powers()), probeSource(8));
        domain.grant(capability);
        await domain.enter("spree", [3_000, 0, 0]);
        for (let i = 0; i < 20; i++) await domain.enter("call", [0, 0, 0, 1, 5]);
        await domain.enter("call", [5, 0, 0, 300_000, 5]);
        return domain.usage();
      }),
    );
    for (const one of paid) expect(one.fuel).toBe(paid[0]?.fuel);
  });

  test("what was recycled tells nothing of its former tenant: an access past the end traps there too, or reads zero", async () => {
    const kernel = newKernel();
    const first = spawnSource(kernel, probeSource(1));
    await first.enter("grow", [3]);
    await first.enter("poke", [200_000, 9]);
    first.end();
    const second = spawnSource(kernel, probeSource(1));
    const outside = await second.enter("peek", [200_000]);
    if (isFrame) expect(outside).toBeTrapped();
    else expect(outside).toBeReturned(0);
  });
});
