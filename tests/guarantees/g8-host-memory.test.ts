// G8 where the host has no memory: at birth, on waking, on growing. The outcome says so, what was taken is given back, and
// everybody else goes on. And many births and ends leave nothing behind.
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Account, Domain } from "../../kernel/index.ts";
import { newAccount } from "../../kernel/index.ts";
import { RESOURCES } from "../../policy-libs/index.ts";
import { inChild } from "../hostile/child.ts";
import { mustReturn, PLENTY } from "../kit/world.ts";
import { HOWS, ROOM, type World, worldOf } from "./arena-guest.ts";
import "../kit/vitest.ts";

const isDeep = process.env["CORDON_DEEP"] === "1";
const PAGE = 65_536;

/** What the host throws where it has no room. */
class NoMemory {
  constructor() {
    throw new RangeError("WebAssembly.Memory(): could not allocate memory");
  }
}
class NoInstance {
  constructor() {
    throw new RangeError("WebAssembly.Instance(): Out of memory: Cannot allocate Wasm memory for new instance");
  }
}
const SHORT: Readonly<Record<string, () => void>> = {
  "no memory": () => vi.stubGlobal("WebAssembly", { ...all(), Memory: NoMemory }),
  "no instance": () => vi.stubGlobal("WebAssembly", { ...all(), Instance: NoInstance }),
};
const original = WebAssembly;
const all = () =>
  Object.fromEntries(Object.getOwnPropertyNames(original).map((name) => [name, Reflect.get(original, name)]));
afterEach(() => void vi.unstubAllGlobals());

const used = ({ used: all_ }: Account): Readonly<Record<string, number>> =>
  Object.fromEntries(
    RESOURCES.map((name, index) => [name, all_[index] as number]).filter(([, amount]) => amount !== 0),
  );

const bear = ({ kernel, artifact }: World, account: Account) =>
  kernel.spawn(artifact, { limits: { pages: ROOM, inFlight: 1 }, account });

function mustBear(world: World, account: Account): Domain {
  const domain = mustReturn(bear(world, account));
  domain.allow(PLENTY);
  return domain;
}

describe.each(HOWS)("G8 containment: the host has no memory (%s)", (how) => {
  test.each(Object.keys(SHORT))("at birth, %s: nothing is paid for, the next birth is as good as any", async (name) => {
    const world = worldOf(how);
    const account = newAccount() as Account;
    SHORT[name]?.();
    for (let i = 0; i < 5; i++) expect(bear(world, account)).toBeExhausted("memory");
    expect(used(account)).toEqual({});
    vi.unstubAllGlobals();
    const domain = mustBear(world, account);
    expect(await domain.enter("size", [])).toBeReturned(1);
    expect(used(account)).toMatchObject({ memory: PAGE, domains: 1 });
    domain.end();
    expect(used(account)).toMatchObject({ fuel: expect.any(Number) });
    expect(used(account)).not.toHaveProperty("memory");
  });

  test.each(Object.keys(SHORT))("at birth, %s: those who live go on, and their places are no others'", async (name) => {
    const world = worldOf(how);
    const account = newAccount() as Account;
    const living = await Promise.all([1, 2, 3].map((seed) => world.born(seed)));
    const before = await Promise.all(living.map((domain) => domain.enter("look", [])));
    SHORT[name]?.();
    const born: Domain[] = [];
    for (let i = 0; i < 40; i++) {
      const outcome = bear(world, account);
      if (outcome.kind === "returned") born.push(outcome.value);
      else expect(outcome).toBeExhausted("memory");
    }
    vi.unstubAllGlobals();
    expect(used(account)["domains"] ?? 0).toBe(born.length);
    for (const domain of born) domain.allow(PLENTY);
    for (const domain of born) expect(await domain.enter("any", [16, PAGE])).toBeReturned(0);
    expect(await Promise.all(living.map((domain) => domain.enter("look", [])))).toEqual(before);
    for (const domain of [...born, ...living]) domain.end();
  });

  test.each(Object.keys(SHORT))("on waking, %s: it sleeps on, unpaid, and wakes when there is some", async (name) => {
    const world = worldOf(how);
    const account = newAccount() as Account;
    const domain = mustBear(world, account);
    await domain.enter("set", [7, 77n]);
    const before = await domain.enter("look", []);
    const kept = domain.hibernate(
      (memory) => memory.slice(),
      () => undefined,
    ) as Uint8Array;
    // All places that are free are taken by others first.
    const others: Domain[] = [];
    SHORT[name]?.();
    for (let i = 0; i < 40; i++) {
      const outcome = bear(world, account);
      if (outcome.kind === "returned") others.push(outcome.value);
    }
    const memory = used(account)["memory"] ?? 0;
    const woken = domain.wake([{ at: 0, bytes: kept }]);
    if (woken.kind !== "returned") {
      expect(woken).toBeExhausted("memory");
      expect(used(account)["memory"] ?? 0).toBe(memory);
      expect(await domain.enter("look", [])).toBeRefused("asleep");
      vi.unstubAllGlobals();
      expect(domain.wake([{ at: 0, bytes: kept }])).toBeReturned();
    }
    vi.unstubAllGlobals();
    expect(await domain.enter("look", [])).toEqual(before);
    for (const other of [...others, domain]) other.end();
    expect(used(account)).not.toHaveProperty("memory");
    expect(used(account)).not.toHaveProperty("domains");
  });
});

describe("G8 containment: the host has no memory to grow", () => {
  const refusals = {
    throws: () => {
      throw new RangeError("WebAssembly.Memory.grow(): Unable to grow instance memory");
    },
  };
  test.each(Object.entries(refusals))("a domain in a frame ends, and nothing is kept: it %s", async (_, refuse) => {
    const world = worldOf("frame");
    const account = newAccount() as Account;
    const [domain, other] = [mustBear(world, account), mustBear(world, account)];
    const spy = vi.spyOn(WebAssembly.Memory.prototype, "grow").mockImplementation(refuse);
    expect(await domain.enter("grow", [1])).toBeExhausted("memory");
    spy.mockRestore();
    expect(used(account)).toMatchObject({ memory: PAGE, domains: 1 });
    expect(await other.enter("grow", [1])).toBeReturned(1);
    other.end();
    expect(used(account)).not.toHaveProperty("memory");
  });

  test.each(["segment", "arena"] as const)("a domain in a %s has its room already", async (how) => {
    const domain = await worldOf(how).born(1);
    const spy = vi.spyOn(WebAssembly.Memory.prototype, "grow").mockImplementation(refusals.throws);
    expect(await domain.enter("grow", [1])).toBeReturned(1);
    expect(spy).not.toHaveBeenCalled();
    spy.mockRestore();
  });
});

/** How many memories were made since. */
function counted(): () => number {
  let made = 0;
  const construct = (target: typeof WebAssembly.Memory, args: unknown[]): object => {
    made++;
    return Reflect.construct(target, args);
  };
  vi.stubGlobal("WebAssembly", { ...all(), Memory: new Proxy(WebAssembly.Memory, { construct }) });
  return () => made;
}

describe("places are used again", () => {
  test.each(HOWS)("births and ends one after another take one memory (%s)", async (how) => {
    const [world, made] = [worldOf(how), counted()];
    for (let i = 0; i < 50; i++) (await world.born(i)).end();
    expect(made()).toBe(1);
  });

  test.each(HOWS)("births that fail leave theirs to the next (%s)", (how) => {
    const [world, made, account] = [worldOf(how, {}, 256), counted(), newAccount() as Account];
    const base = { pages: 1, chunks: [] };
    const outside = { base, pages: 1, chunks: [{ at: 2 ** 30, bytes: Uint8Array.of(1) }] };
    const others = { pages: 1, chunks: [], globals: [1n] };
    // One memory has room for 254.
    for (let i = 0; i < 150; i++)
      for (const image of [outside, others])
        expect(world.kernel.spawn(world.artifact, { limits: { pages: 1, inFlight: 1 }, account, image })).toBeRefused();
    expect(made()).toBe(1);
    expect(used(account)).toEqual({});
  });
});

describe.each(HOWS)("many births and ends (%s)", (how) => {
  const COUNT = isDeep ? 100_000 : 5_000;

  test(`${COUNT} leave nothing behind`, { timeout: 1_200_000 }, async () => {
    const file = join(import.meta.dirname, "cycles-child.ts");
    const { code, out, err } = await inChild(["--expose-gc", "--max-semi-space-size=4", file, how, String(COUNT)]);
    expect([code, err]).toEqual([0, ""]);
    const { before, after } = JSON.parse(out) as { before: number; after: number };
    if (isDeep) process.stderr.write(`${how}: ${COUNT} births and ends, ${before / 1e6} MB, then ${after / 1e6} MB\n`);
    // A short run ends before the host's caches are full.
    expect(after).toBeLessThan(before * (isDeep ? 1.05 : 1.2));
  });
});
