// G6: what is derived is never wider. Random stacks of all attenuators, random guests, and a model of what each layer
// lets through; and attenuators that widen, each of which the property must catch.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { membrane, type Next } from "../../policy-libs/attenuate/membrane.ts";
import type { Granted } from "../../policy-libs/index.ts";
import { type Functions, functionsOf } from "../contracts/attenuate-world.ts";
import { anyStep, judge, runGuest, type Step } from "./attenuation-guest.ts";
import { anySpec, type Layer, type Spec } from "./attenuation-layers.ts";

const numRuns = process.env["CORDON_DEEP"] === "1" ? 20_000 : 3_000;

const anyStack = fc.array(anySpec, { maxLength: 5, size: "max" });
const anySteps = fc.array(anyStep, { maxLength: 40, size: "max" });

const property = (stacks: fc.Arbitrary<Spec[]>) =>
  fc.asyncProperty(stacks, anySteps, async (specs, steps) => {
    expect(judge(await runGuest(specs, steps))).toEqual([]);
  });

describe("G6 attenuation", () => {
  test("whatever attenuators stand before a capability, in whatever order: nothing is done, and nothing is told, that the same call could not have done or been told without them", async () => {
    await fc.assert(property(anyStack), { numRuns, reporter: reportNames });
  }, 300_000);

  test("the guest of the property gets somewhere: calls succeed, handles are used, all calls are made", async () => {
    const done = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fc.array(anySpec, { maxLength: 1 }), anySteps, async (specs, steps) => {
        const { places } = await runGuest(specs, steps);
        for (const { world } of places) for (const { call } of world.log) done.set(call, (done.get(call) ?? 0) + 1);
      }),
      { numRuns: 300 },
    );
    for (const call of [
      "read",
      "write",
      "open",
      "all",
      "watch",
      "isMine",
      "count",
      "slow",
      "get",
      "set",
      "below",
      "peek",
    ])
      expect(done.get(call), call).toBeGreaterThan(20);
  });
});

/** A stack says its names, a spec alone would say nothing. */
function reportNames(details: fc.RunDetails<[Spec[], Step[]]>): void {
  if (!details.failed) return;
  const [specs, steps] = details.counterexample ?? [[], []];
  const stack = specs.map(({ name }) => name).join(" over ");
  throw new Error(`seed ${details.seed}: ${stack}\n${JSON.stringify(steps)}\n${String(details.errorInstance)}`);
}

const around = (change: (call: string, args: readonly unknown[], next: Next, base: Functions) => unknown) => ({
  build: (granted: Granted, layer: Layer) => ({
    granted: membrane(granted, { around: ({ call, args }, next) => change(call, args, next, functionsOf(granted)) }),
    layer,
  }),
});

const replaced = (granted: Granted, functions: Functions): Granted =>
  ({ ...granted, functions: { ...granted.functions, ...functions } }) as Granted;

const spec = (name: string, build: Spec["build"]): Spec => ({ name, build });
const plain = (name: string, { build }: ReturnType<typeof around>): Spec => spec(name, (g) => build(g, { name }));

const WIDENING: readonly Spec[] = [
  plain(
    "makes every call twice",
    around(async (_call, args, next) => {
      await next(args);
      return await next(args);
    }),
  ),
  plain(
    "reads another text",
    around((call, args, next) => next(call === "read" ? ["b"] : args)),
  ),
  plain(
    "writes when it reads",
    around(async (call, args, next, base) => {
      if (call === "read") await base["write"]!("a", "x");
      return await next(args);
    }),
  ),
  plain(
    "tells more than it was told",
    around(async (call, args, next) => (call === "read" ? `${await next(args)}, and SECRET` : await next(args))),
  ),
  plain(
    "answers what nobody was asked",
    around(async (call, args, next) => (call === "get" ? "a text of its own" : await next(args))),
  ),
  plain(
    "throws what the contract does not declare",
    around(async (call, args, next) => {
      if (call !== "count") return await next(args);
      throw Object.assign(new Error("host path /home/me"), { code: "ENOENT" });
    }),
  ),
  spec("denies cell.set at the door alone", (granted) => ({
    granted,
    layer: { name: "without", permits: ({ call }) => call !== "set" },
  })),
  spec("counts calls when they have ended", (granted) => {
    let left = 2;
    const counted = membrane(granted, {
      around: async ({ args }, next) => {
        if (left < 1) throw Object.assign(new Error("no"), { code: "E_QUOTA" });
        const gave = await next(args);
        left--;
        return gave;
      },
    });
    return { granted: counted, layer: { name: "quota", check: ({ length }) => (length > 2 ? "too many" : undefined) } };
  }),
  spec("revokes the box and forgets handles", (granted, { owner, stamp }) => {
    let end = Number.POSITIVE_INFINITY;
    owner.push(() => {
      end = stamp().order;
    });
    const check = () => {
      if (end < Number.POSITIVE_INFINITY) throw Object.assign(new Error("no"), { code: "E_REVOKED" });
    };
    const functions = Object.fromEntries(
      Object.entries(functionsOf(granted)).map(([name, fn]) => [
        name,
        (...args: unknown[]) => {
          check();
          return fn(...args);
        },
      ]),
    );
    const layer: Layer = {
      name: "revocable",
      check: (effects) => (effects.some(({ order }) => order > end) ? "after the end" : undefined),
    };
    return { granted: replaced(granted, functions), layer };
  }),
];

describe("G6 attenuation: the property can fail", () => {
  test.each(WIDENING.map((bad) => [bad.name, bad] as const))("it catches what %s", async (_name, bad) => {
    const stacks = fc
      .tuple(fc.array(anySpec, { maxLength: 1 }), fc.array(anySpec, { maxLength: 1 }))
      .map(([above, beneath]) => [...above, bad, ...beneath]);
    const { failed } = await fc.check(property(stacks), { numRuns: 2_000, endOnFailure: true });
    expect(failed).toBe(true);
  });
});
