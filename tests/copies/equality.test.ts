// A copy does what its original would have done, and neither sees the other.
import { fc, test as prop } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import type { Sandbox } from "../../embed/node/index.ts";
import { cordon, createSandbox, gave } from "../embed/cordon.ts";
import { COPYINGS } from "./kit.ts";
import { anySteps, STATE, type Step } from "./programs.ts";
import { newTools, newWorld, take, takeAll } from "./world.ts";

const names = Object.keys(COPYINGS);
const SUM: Step = { kind: "sum", x: 0 };
const QUIET: Step = { kind: "wait", x: 500 };

describe("a copy", () => {
  prop.prop([anySteps, anySteps, fc.constantFrom(...names)], { numRuns: 40 })(
    "sees and does what its original would have: values, errors, console, calls, timers in their order, time",
    async (before, after, name) => {
      const [one, other] = [await newWorld(), await newWorld()];
      await takeAll(one.box, before, one.calls);
      await takeAll(other.box, before, other.calls);
      const twin = await COPYINGS[name]!(other.box, other.options);
      const rest = [...after, QUIET, SUM];
      expect(await takeAll(twin, rest, other.calls)).toEqual(await takeAll(one.box, rest, one.calls));
      for (const box of [one.box, other.box, twin]) box.dispose();
    },
  );

  prop.prop([anySteps, anySteps, anySteps, fc.array(fc.boolean(), { maxLength: 24 }), fc.constantFrom(...names)], {
    numRuns: 40,
  })(
    "and its original, turn by turn in any order, do what each would have done alone",
    async (before, ours, theirs, turns, name) => {
      const [one, two, both] = [await newWorld(), await newWorld(), await newWorld()];
      for (const { box, calls } of [one, two, both]) await takeAll(box, before, calls);
      const twin = await COPYINGS[name]!(both.box, both.options);
      const [left, right] = [
        [...ours, SUM],
        [...theirs, SUM],
      ];
      const [seenLeft, seenRight] = [[] as unknown[], [] as unknown[]];
      for (const isLeft of [...turns, ...left.map(() => true), ...right.map(() => false)]) {
        const step = isLeft ? left.shift() : right.shift();
        if (step === undefined) continue;
        (isLeft ? seenLeft : seenRight).push(await take(isLeft ? both.box : twin, step, both.calls));
      }
      expect(seenLeft).toEqual(await takeAll(one.box, [...ours, SUM], one.calls));
      expect(seenRight).toEqual(await takeAll(two.box, [...theirs, SUM], two.calls));
      for (const box of [one.box, two.box, both.box, twin]) box.dispose();
    },
  );

  prop.prop([anySteps, anySteps], { numRuns: 25 })(
    "of a template is like every other, and like what ran the template's source itself",
    async (before, after) => {
      const source = `${STATE.slice(0, STATE.lastIndexOf("; 0"))}; (async () => { for (const [kind, x] of ${JSON.stringify(
        before.map(({ kind, x }) => [kind, x]),
      )}) try { await step(kind, x) } catch {} return 0 })()`;
      const { calls, grant } = newTools();
      const options = { grant, virtual: { seed: 1, start: 1_000 } };
      const template = await cordon.createTemplate({ ...options, source });
      const original = await createSandbox(options);
      gave(await original.run(source));
      const expected = await takeAll(original, [...after, SUM], calls);
      for (let i = 0; i < 40; i++) {
        const box = await template.fork();
        expect(await takeAll(box, [...after, SUM], calls)).toEqual(expected);
        box.dispose();
      }
    },
    120_000,
  );

  test("spends in later runs what its original does; the first pays once for learning that it is a copy", async () => {
    const { box } = await newWorld();
    const twin = await box.fork();
    const fuel = async (of: Sandbox) => (await of.call("step", "add", 3)).usage.fuel;
    const [first, firstTwin] = [await fuel(box), await fuel(twin)];
    expect(firstTwin).toBeGreaterThan(first);
    expect(firstTwin - first).toBeLessThan(100_000);
    expect(await fuel(twin)).toBe(await fuel(box));
  });
});

describe("a sandbox that slept", () => {
  prop.prop([anySteps, anySteps], { numRuns: 30 })("is what it was", async (before, after) => {
    const [one, other] = [await newWorld(), await newWorld()];
    await takeAll(one.box, before, one.calls);
    await takeAll(other.box, before, other.calls);
    for (const step of [...after, QUIET, SUM]) {
      await other.box.hibernate();
      expect(await take(other.box, step, other.calls)).toEqual(await take(one.box, step, one.calls));
    }
  });
});
