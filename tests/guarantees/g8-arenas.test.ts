// G8 and G9 with many: thousands parked in arenas, resumed in any order, asleep in between, moved from place to place and
// from mode to mode. What each does and pays is what it does alone in a frame.
import { test as fuzz } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Domain, Image, Outcome } from "../../kernel/index.ts";
import { runs } from "../kit/confinement.ts";
import { mustReturn, PLENTY } from "../kit/world.ts";
import { doing, HOWS, note, ROOM, type World, worldOf } from "./arena-guest.ts";
import { dice, restless } from "./restless.ts";
import "../kit/vitest.ts";

const isDeep = process.env["CORDON_DEEP"] === "1";
const PAGE = 65_536;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

type Worker = { readonly domain: Domain; readonly outcome: Promise<Outcome<unknown>> };

/** Born, granted, entered and parked. */
async function begin({ born }: World, seed: number, rounds: number): Promise<Worker> {
  const domain = await born(seed);
  domain.grant(doing(() => undefined));
  return { domain, outcome: domain.enter("work", [rounds]) };
}

const told = async ({ domain, outcome }: Worker): Promise<unknown> => [await outcome, domain.usage()];

const worlds = { frame: worldOf("frame"), segment: worldOf("segment"), arena: worldOf("arena") } as const;
const alone = worlds.frame;
async function toldAlone(seed: number, rounds: number): Promise<unknown> {
  const worker = await begin(alone, seed, rounds);
  for (let round = 0; round < rounds; round++) void worker.domain.request(1, note(round));
  const story = await told(worker);
  worker.domain.end();
  return story;
}

describe.each(["segment", "arena"] as const)("G8 containment: many in one memory (%s)", (how) => {
  const COUNT = (isDeep ? 20_000 : 2_000) / (how === "arena" ? 1 : 4);
  const [KINDS, ROUNDS] = [50, 3];

  test(`${COUNT} parked at once, resumed in any order, with slices that end anywhere: each is as it is alone in a frame`, async () => {
    const roll = dice(COUNT);
    const world = worldOf(how, restless(7));
    const expected = await Promise.all(Array.from({ length: KINDS }, (_, kind) => toldAlone(kind, ROUNDS)));
    const workers: Worker[] = [];
    for (let index = 0; index < COUNT; index++) workers.push(await begin(world, index % KINDS, ROUNDS));
    const due = workers.flatMap((worker) => Array.from({ length: ROUNDS }, () => worker));
    const next = new Map<Worker, number>(workers.map((worker) => [worker, 0]));
    while (due.length > 0) {
      const at = roll(due.length);
      const worker = due[at] as Worker;
      const last = due.pop() as Worker;
      if (at < due.length) due[at] = last;
      const round = next.get(worker) as number;
      next.set(worker, round + 1);
      void worker.domain.request(1, note(round));
      if (roll(20) === 0) await turn();
    }
    const stories = await Promise.all(workers.map(told));
    for (const [index, story] of stories.entries()) expect(story).toEqual(expected[index % KINDS]);
    for (const { domain } of workers) domain.end();
  });
});

/** All of a domain that its copy begins with. */
const imageOf = (domain: Domain): Image =>
  domain.read((memory, globals) => ({
    pages: domain.usage().memory / PAGE,
    chunks: [{ at: 0, bytes: memory.slice(0, domain.usage().memory) }],
    globals: [...globals],
  })) as Image;

function copy({ kernel, artifact }: World, image: Image): Domain {
  const domain = mustReturn(kernel.spawn(artifact, { limits: { pages: ROOM, inFlight: 10 }, image }));
  domain.allow(PLENTY);
  domain.grant(doing(() => undefined));
  return domain;
}

const secret = (index: number): bigint => BigInt(index) * 0x1_0000_0001n;

/** As `set(0, secret)` leaves it. */
function imageOfSeed({ pages, globals = [] }: Image, index: number): Image {
  const bytes = new Uint8Array(BigInt64Array.of(secret(index)).buffer);
  const [sp, , single] = globals;
  return {
    pages,
    chunks: [{ at: 512, bytes }],
    globals: [sp, secret(index), single, Number(secret(index))] as number[],
  };
}

describe("G8 containment: 20,000 domains", () => {
  test("live in arenas at once, each with what is its own", async () => {
    const world = worldOf("arena", {}, 1);
    const origin = imageOf(await world.born(0));
    const images = Array.from({ length: 20_000 }, (_, index) => imageOfSeed(origin, index));
    const domains = images.map((image) => copy(world, image));
    let wrong = 0;
    for (const [index, domain] of domains.entries()) {
      const globals = domain.read((_, all) => all[1]);
      if (globals !== secret(index)) wrong++;
    }
    const some = domains.filter((_, index) => index % 200 === 7);
    for (const domain of some) {
      const twin = await alone.born(0);
      await twin.enter("set", [0, secret(domains.indexOf(domain))]);
      if (mustReturn(await twin.enter("look", [])) !== mustReturn(await domain.enter("look", []))) wrong++;
      twin.end();
    }
    expect(wrong).toBe(0);
    for (const domain of domains) domain.end();
  });
});

/** What happens to a domain, or beside it. */
const anyStep = fc.oneof(
  fc.tuple(fc.constant("poke" as const), fc.nat(ROOM * PAGE - 1), fc.nat(255)),
  fc.tuple(fc.constant("set" as const), fc.nat(1000), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  fc.tuple(fc.constant("grow" as const), fc.nat(2)),
  fc.tuple(fc.constant("nap" as const), fc.nat(2)),
  fc.tuple(fc.constant("look" as const)),
);

/** Asleep, while others take its place and perhaps keep it. */
async function nap(domain: Domain, { kernel, artifact }: World, others: number): Promise<Domain[]> {
  const kept = domain.hibernate(
    (memory) => memory.slice(),
    () => undefined,
  );
  expect(kept).toBeDefined();
  expect(await domain.enter("look", [])).toBeRefused("asleep");
  const taken = Array.from({ length: others }, () =>
    mustReturn(kernel.spawn(artifact, { limits: { pages: ROOM, inFlight: 1 } })),
  );
  expect(domain.wake([{ at: 0, bytes: kept as Uint8Array }]).kind).toBe("returned");
  return taken;
}

const pagesOf = (domain: Domain): Buffer | undefined => domain.read((memory) => Buffer.from(memory));

describe.each(HOWS)("hibernation (%s)", (how) => {
  const world = worlds[how];
  const isSegment = how !== "frame";

  fuzz.prop([fc.array(anyStep, { maxLength: 15 })], runs(60))(
    "who sleeps and wakes elsewhere is as who never slept, byte for byte, also behind its own size",
    async (steps) => {
      const [one, twin] = [await world.born(1), await world.born(1)];
      const others: Domain[] = [];
      for (const [name, ...args] of steps) {
        if (name === "nap") others.push(...(await nap(one, world, args[0] as number)));
        else if (name === "poke" && !isSegment && (args[0] as number) >= one.usage().memory) continue;
        else expect(await one.enter(name, args)).toEqual(await twin.enter(name, args));
      }
      expect(pagesOf(one)?.equals(pagesOf(twin) as Buffer)).toBe(true);
      expect(one.read((_, globals) => [...globals])).toEqual(twin.read((_, globals) => [...globals]));
      expect(one.usage()).toEqual(twin.usage());
      for (const other of others)
        expect(
          pagesOf(other)
            ?.subarray(16)
            .every((byte) => byte === 0),
        ).toBe(true);
      for (const domain of [one, twin, ...others]) domain.end();
    },
  );

  test("who wakes in another place writes there, and not where it was, though nobody ran in between", async () => {
    const one = await world.born(9);
    const before = await one.enter("look", []);
    const [heir] = (await nap(one, world, 1)) as [Domain];
    expect(await one.enter("look", [])).toEqual(before);
    await one.enter("poke", [5_000, 0xee]);
    expect(
      pagesOf(heir)
        ?.subarray(16)
        .some((byte) => byte !== 0),
    ).toBe(false);
    expect(pagesOf(one)?.[5_000]).toBe(0xee);
  });

  test("nobody who has a stack goes to sleep, and who sleeps is not entered", async () => {
    const domain = await world.born(1);
    let inGate: unknown = "not called";
    domain.grant(
      doing(() => {
        inGate = domain.hibernate(
          () => true,
          () => undefined,
        );
      }),
    );
    expect(await domain.enter("nest", [0, 0])).toBeReturned(0n);
    expect(inGate).toBeUndefined();
    const running = domain.enter("await", [3]);
    expect(
      domain.hibernate(
        () => true,
        () => undefined,
      ),
    ).toBeUndefined();
    await turn();
    expect(
      domain.hibernate(
        () => true,
        () => undefined,
      ),
    ).toBeUndefined();
    void domain.request(1, note(1));
    expect(
      domain.hibernate(
        () => true,
        () => undefined,
      ),
    ).toBeUndefined();
    expect(await running).toBeReturned();
  });
});

async function onward(domain: Domain): Promise<unknown> {
  const outcome = domain.enter("work", [4]);
  for (let round = 0; round < 4; round++) void domain.request(1, note(round));
  return [await outcome, await domain.enter("look", []), domain.usage()];
}

describe("copies from mode to mode", () => {
  const ways = HOWS.flatMap((from) => HOWS.map((to) => [from, to] as const));
  test.each(ways)("from %s to %s: a copy does and pays what the original does", async (from, to) => {
    const [source, target] = [worlds[from], worlds[to]];
    const origin = await source.born(31);
    await origin.enter("grow", [1]);
    await origin.enter("poke", [PAGE + 5, 77]);
    const image = imageOf(origin);
    // Beside others, in a place that was another's.
    const former = await target.born(1);
    former.end();
    const [first, second] = [
      copy(target, image),
      copy(target, { pages: image.pages, chunks: [], base: image, globals: image.globals ?? [] }),
    ];
    const back = copy(source, imageOf(first));
    origin.grant(doing(() => undefined));
    origin.allow(PLENTY);
    const expected = await onward(origin);
    for (const domain of [first, second, back]) expect(await onward(domain)).toEqual(expected);
  });
});
