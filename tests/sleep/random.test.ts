// Two hundred sandboxes that sleep and wake in random order give what one gives that never sleeps: under every confinement.
import { fc, test as prop } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { memoryStore, newResidency, type Residency } from "../../embed/node/index.ts";
import { anyStep, type Step } from "../copies/programs.ts";
import { newWorld, type Seen, take, type World } from "../copies/world.ts";
import type { createSandbox } from "../embed/cordon.ts";
import { type Place, placesOfAll } from "../pool/places.ts";

const COUNT = 200;
const CONFINEMENTS = ["frame", "segment", "arena"] as const;

/** What each of them sees that never sleeps. Those who do the same see the same. */
async function expected(programs: readonly (readonly Step[])[], confinement: (typeof CONFINEMENTS)[number]) {
  const known = new Map<string, Seen[]>();
  for (const steps of programs) {
    const key = JSON.stringify(steps);
    if (known.has(key)) continue;
    const { box, calls } = await newWorld({ confinement });
    const seen: Seen[] = [];
    for (const step of steps) seen.push(await take(box, step, calls));
    known.set(key, seen);
    box.dispose();
  }
  return programs.map((steps) => known.get(JSON.stringify(steps)));
}

async function sleepers(
  programs: readonly (readonly Step[])[],
  order: readonly number[],
  residency: Residency,
  options: object,
  make?: typeof createSandbox,
) {
  const worlds: World[] = [];
  for (const _ of programs) worlds.push(await newWorld({ ...options, residency }, make));
  const seen = programs.map(() => [] as Seen[]);
  const left = programs.map((steps) => [...steps]);
  // Eight at a time, so that some wake while others fall asleep.
  const all = [...order, ...left.flatMap((steps, i) => steps.map(() => i))];
  for (let i = 0; i < all.length; i += 8) {
    const now = [...new Set(all.slice(i, i + 8))];
    await Promise.all(
      now.map(async (at) => {
        const [step, world] = [left[at]?.shift(), worlds[at] as World];
        if (step !== undefined) (seen[at] as Seen[]).push(await take(world.box, step, world.calls));
      }),
    );
  }
  for (const [at, steps] of left.entries())
    for (const step of steps)
      (seen[at] as Seen[]).push(await take((worlds[at] as World).box, step, (worlds[at] as World).calls));
  const asleep = residency.asleep();
  for (const { box } of worlds) box.dispose();
  return { seen, asleep };
}

const makeIn = placesOfAll();
/** Sandboxes of pools run, are called and sleep as others do. */
const makeOf = (place: Place) => makeIn(place).createSandbox as unknown as typeof createSandbox;

/** Few kinds of programs, so that the ones that never sleep are few. */
const anyPrograms = fc
  .array(fc.array(anyStep, { minLength: 1, maxLength: 6 }), { minLength: 6, maxLength: 6 })
  .map((kinds) => Array.from({ length: COUNT }, (_, i) => kinds[i % kinds.length] as Step[]));

const WHERE = [
  ...CONFINEMENTS.map((one) => [one, "here"] as const),
  ["frame", "worker"],
  ["frame", "process"],
] as const;
describe.each(WHERE)("two hundred sandboxes, each %s, %s", (confinement, place) => {
  prop.prop([anyPrograms, fc.array(fc.nat(COUNT - 1), { minLength: 100, maxLength: 400 }), fc.nat(20), fc.boolean()], {
    numRuns: 1,
  })(
    "that sleep most of the time see what those see that never sleep",
    async (programs, order, most, isStored) => {
      const residency = newResidency({ most, ...(isStored ? { store: memoryStore() } : {}) });
      const { seen, asleep } = await sleepers(programs, order, residency, { confinement }, makeOf(place));
      expect(asleep).toBeGreaterThan(COUNT / 2);
      expect(seen).toEqual(await expected(programs, confinement));
      expect([residency.awake(), residency.asleep(), residency.held()]).toEqual([0, 0, 0]);
    },
    240_000,
  );
});
