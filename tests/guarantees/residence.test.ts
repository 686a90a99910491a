// Where domains live: births that fail, sleep, and last looks. A domain may lose its own frame, or its own life, and
// nothing else.
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { type Chunk, type Domain, GUARD, type Image, PAGE } from "../../kernel/index.ts";
import { MODES, newHome, newPlace, placesWith, segment, sleep } from "./residence-guest.ts";
import "../kit/vitest.ts";

const places = placesWith({});
const HOMES = MODES.map(([name, mode], i) => [name, places[i] as (typeof places)[number], mode !== undefined] as const);

/** Segments of 2^27 bytes in an arena. */
const MOST = Math.trunc(2 ** 32 / (2 ** 27 + GUARD));

const { Memory } = WebAssembly;
afterEach(() => {
  WebAssembly.Memory = Memory;
});
let made = 0;
/** From now on the host has no memory for anything new. */
function useUpMemory(): void {
  WebAssembly.Memory = function none(): never {
    throw new RangeError("could not allocate memory");
  } as unknown as typeof Memory;
}
function countMemories(): void {
  made = 0;
  WebAssembly.Memory = class extends Memory {
    constructor(limits: WebAssembly.MemoryDescriptor) {
      super(limits);
      made++;
    }
  } as typeof Memory;
}

const chunk = (at: unknown, bytes = Uint8Array.of(9)): Chunk => ({ at: at as number, bytes });
const image = (pages: number, more: Partial<Image> = {}): Image => ({ pages, chunks: [], ...more });
const ODD = [0.5, 1.0001, 1.5, Number.NaN, -1, 0, -0, 2 ** 32, 1e300, Infinity, -Infinity] as const;

const WRONG: readonly Image[] = [
  ...ODD.map((pages) => image(pages)),
  ...ODD.map((pages) => image(2, { base: image(pages) })),
  ...[3, 257, 70_000].map((pages) => image(2, { base: image(pages) })),
  ...[Number.NaN, -1, -0.5, 2 ** 19, 2 ** 32, Infinity].flatMap((at) => [
    image(1, { chunks: [chunk(at)] }),
    image(2, { chunks: [chunk(at)], base: image(1) }),
    image(2, { base: image(1, { chunks: [chunk(0), chunk(at)] }) }),
  ]),
  ...[[], [1n], [1, 1], [1n, 1n], [1n, 1, 1]].map((globals) => image(1, { globals })),
];

describe.each(HOMES)("G8 containment: in %s", (_, place, isSegment) => {
  test("a domain pays for its pages from birth to sleep and from waking to its end", async () => {
    const { spawn, paid } = newHome(place);
    const [one, other] = [spawn(), spawn()];
    expect(paid()).toEqual([2, 2]);
    await one.enter("grow", [1]);
    expect(paid()).toEqual([3, 2]);
    const kept = sleep(one) as readonly Chunk[];
    expect(paid()).toEqual([1, 2]);
    expect(one.wake([chunk(2 ** 20)]).kind).toBe("refused");
    expect(paid()).toEqual([1, 2]);
    expect(one.wake(kept).kind).toBe("returned");
    expect(one.wake(kept).kind).toBe("refused");
    expect(paid()).toEqual([3, 2]);
    sleep(one);
    one.end();
    expect(one.wake(kept).kind).toBe("refused");
    expect(paid()).toEqual([1, 1]);
    other.end();
    expect(paid()).toEqual([0, 0]);
  });

  test("a birth with a wrong image is an outcome, and costs nothing", async () => {
    const { birth, spawn, paid } = newHome(place);
    for (const wrong of WRONG) {
      expect(birth({ image: wrong }).kind, fc.stringify(wrong)).toMatch(/^(exhausted|refused)$/);
      expect(paid(), fc.stringify(wrong)).toEqual([0, 0]);
      const next = spawn();
      expect(await next.enter("peek", [1])).toBeReturned(2);
      expect(next.read((memory) => memory.subarray(3).every((byte) => byte === 0))).toBe(true);
      next.end();
    }
    expect(paid()).toEqual([0, 0]);
  });

  test("where the host has no memory, births and wakings are exhausted: memory, and cost nothing", async () => {
    const { birth, spawn, paid } = newHome(newPlace(isSegment ? segment(27) : undefined, place.isShared));
    const one = spawn();
    await one.enter("poke", [30, 5]);
    const kept = sleep(one) as readonly Chunk[];
    // Where the one was, and wherever else there is room.
    const here = Array.from({ length: isSegment ? MOST : 1 }, () => spawn());
    useUpMemory();
    expect(birth()).toBeExhausted("memory");
    for (let i = 0; i < 3; i++) expect(one.wake(kept)).toBeExhausted("memory");
    expect(paid()).toEqual([here.length, 1 + here.length]);
    WebAssembly.Memory = Memory;
    expect(one.wake(kept).kind).toBe("returned");
    expect(await one.enter("peek", [30])).toBeReturned(5);
    for (const domain of [one, ...here]) domain.end();
    expect(paid()).toEqual([0, 0]);
  });

  test("one that slept before it ran begins as others do", async () => {
    const { spawn } = newHome(place);
    const one = spawn();
    const kept = sleep(one) as readonly Chunk[];
    expect(await one.enter("began", [])).toEqual({ kind: "refused", by: "kernel", why: "asleep" });
    one.wake(kept);
    expect(await one.enter("began", [])).toBeReturned(1);
    expect(await one.enter("began", [])).toBeReturned(1);
  });

  test("an entry that cannot begin leaves the domain as it was, or ended if it was ended meanwhile", async () => {
    const { spawn, paid } = newHome(place);
    const [one, other] = [spawn(), spawn()];
    for (const domain of [one, other]) await domain.enter("began", []);
    expect((await one.enter("own", [1])).kind).toBe("unlinkable");
    expect(await one.enter("began", [])).toBeReturned(1);
    const entered = other.enter("own", [1]);
    other.end();
    expect((await entered).kind).toMatch(/^(unlinkable|aborted)$/);
    expect(await other.enter("began", [])).toBeAborted();
    expect(paid()).toEqual([1, 1]);
  });

  test("what lies behind a tenant's pages and in its guard is zero for the next", async () => {
    const { spawn } = newHome(place);
    const neighbour = spawn();
    for (let i = 0; i < 4; i++) {
      const one = spawn();
      expect(one.read((memory) => memory.subarray(3).every((byte) => byte === 0))).toBe(true);
      await one.enter("poke", [PAGE - 1, 1]);
      if (isSegment)
        for (const at of [PAGE, 2 * PAGE, 2 ** 18 - 1])
          for (const how of ["poke", "far"]) expect((await one.enter(how, [at, 0xee])).kind).toBe("returned");
      if (i % 2 === 0) one.end();
      else sleep(one);
    }
    neighbour.end();
  });

  test("pages that a tenant grows into are zero, and pages that it has are kept, asleep or not", async () => {
    const { spawn } = newHome(place);
    const one = spawn();
    if (isSegment) await one.enter("poke", [PAGE + 5, 1]);
    await one.enter("grow", [1]);
    expect(await one.enter("peek", [PAGE + 5])).toBeReturned(0);
    await one.enter("poke", [PAGE + 5, 3]);
    one.wake(sleep(one) as readonly Chunk[]);
    expect(await one.enter("peek", [PAGE + 5])).toBeReturned(3);
    expect(await one.enter("grow", [0])).toBeReturned(2);
  });

  test("one that wakes in another place is at home there, and nowhere else", async () => {
    const { spawn } = newHome(place);
    const one = spawn();
    await one.enter("poke", [40, 1]);
    const kept = sleep(one) as readonly Chunk[];
    const other = spawn(); // where the one was
    one.wake(kept);
    await one.enter("poke", [41, 2]);
    expect(await one.enter("peek", [40])).toBeReturned(1);
    expect(other.read((memory) => [memory[40], memory[41]])).toEqual([0, 0]);
    expect(await other.enter("peek", [41])).toBeReturned(0);
  });

  test("globals of one are not those of another, nor of who is born where it was", async () => {
    const { spawn } = newHome(place);
    const [one, other] = [spawn(), spawn()];
    expect(await one.enter("own", [5n])).toBeReturned(12n);
    expect(await other.enter("own", [1n])).toBeReturned(8n);
    const kept = sleep(one) as readonly Chunk[];
    const third = spawn();
    expect(await third.enter("own", [2n])).toBeReturned(9n);
    one.wake(kept);
    expect(await one.enter("own", [0n])).toBeReturned(12n);
    const copy = spawn({ image: image(1, { globals: [40n, 1] }) });
    expect(await copy.enter("own", [2n])).toBeReturned(42n);
    expect(await copy.enter("began", [])).toBeReturned(1);
  });
});

type Visitor = (domain: Domain) => unknown;
const VISITS: Readonly<Record<string, Visitor>> = {
  "enters it": (domain) => domain.enter("peek", [0]),
  "lets it take a turn": (domain) => domain.enter("cordon_turn", []),
  "calls it": (domain) => domain.request(0, Uint8Array.of(1)),
  "ends it": (domain) => domain.end(),
  "puts it to sleep": (domain) => sleep(domain),
  "puts it to sleep and wakes it": (domain) => domain.wake(sleep(domain) as readonly Chunk[]),
  "wakes it": (domain) => domain.wake([]),
};

describe.each(HOMES)("G8 containment: a last look, in %s", (_, place) => {
  test.each(Object.keys(VISITS))("that %s keeps nothing that is no more", async (name) => {
    const { spawn, paid } = newHome(place);
    const one = spawn();
    await one.enter("began", []);
    let inside: unknown;
    const kept = one.hibernate(
      (memory) => {
        const seen = [{ at: 0, bytes: memory.slice() }];
        inside = (VISITS[name] as Visitor)(one);
        return seen;
      },
      () => undefined,
    );
    expect(kept === undefined).toBe(name !== "wakes it");
    if (inside instanceof Promise) await Promise.race([inside, new Promise((resolve) => setTimeout(resolve, 5))]);
    if (kept !== undefined) expect(one.wake(kept).kind).toBe("returned");
    if (name === "lets it take a turn") expect(await one.enter("peek", [20])).toBeReturned(99);
    one.end();
    expect(one.ending()).toBeDefined();
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(paid()).toEqual([0, 0]);
  });

  test("that throws leaves it awake", async () => {
    const { spawn, paid } = newHome(place);
    const one = spawn();
    const look = (): never => {
      throw new Error("mine");
    };
    expect(() => one.hibernate(look, () => undefined)).toThrow("mine");
    expect(await one.enter("began", [])).toBeReturned(1);
    expect(paid()).toEqual([1, 1]);
  });

  test("or a first one, where its memory is written, that throws leaves it asleep, with nothing to pay", async () => {
    const { spawn, paid } = newHome(place);
    const one = spawn();
    await one.enter("poke", [30, 5]);
    const [before] = sleep(one) as readonly [Chunk];
    const half = (memory: Uint8Array): never => {
      memory.fill(7);
      throw new Error("mine");
    };
    expect(() => one.wake(half)).toThrow("mine");
    expect(paid()).toEqual([0, 1]);
    expect(await one.enter("peek", [30])).toMatchObject({ why: "asleep" });
    const next = spawn();
    expect(next.read((memory) => memory.subarray(3).every((byte) => byte === 0))).toBe(true);
    expect(one.wake((memory) => memory.set(before.bytes)).kind).toBe("returned");
    expect(await one.enter("peek", [30])).toBeReturned(5);
  });

  test("and whoever is told that it is needed may throw, wake it, end it or call it", async () => {
    const { spawn, paid } = newHome(place);
    const one = spawn();
    const kept = sleep(one, () => {
      throw new Error("mine");
    }) as readonly Chunk[];
    await expect(one.request(0, Uint8Array.of(1))).rejects.toThrow("mine");
    expect(one.wake(kept).kind).toBe("returned");
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await one.enter("peek", [20])).toBeReturned(99); // it took its turn
    const other = spawn();
    let isNeeded = 0;
    const bed = sleep(other, () => {
      isNeeded++;
      other.wake(bed);
      void other.request(0, Uint8Array.of(2));
    }) as readonly Chunk[];
    void other.request(0, Uint8Array.of(1));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect([isNeeded, await other.enter("peek", [20])]).toEqual([1, { kind: "returned", value: 99 }]);
    const third = spawn();
    sleep(third, () => third.end());
    expect(await third.request(0, Uint8Array.of(1))).toMatchObject({ kind: "ended" });
    for (const domain of [one, other]) domain.end();
    expect(paid()).toEqual([0, 0]);
  });
});

test("G8 containment: a place in an arena comes back, however a birth there fails", () => {
  countMemories();
  const { birth, spawn } = newHome(newPlace(segment(27), true));
  spawn();
  const wrong = [image(1, { chunks: [chunk(-1)] }), image(1, { globals: [1] })];
  for (let i = 0; i < MOST; i++) expect(birth({ image: wrong[i % 2] as Image }).kind).toBe("refused");
  for (let i = 1; i < MOST; i++) spawn();
  expect(made).toBe(1);
  spawn();
  expect(made).toBe(2);
});
