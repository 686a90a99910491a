// G1, G8 and G9 where one instance serves many domains: what runs in between, at every place where another can, changes
// nothing of a domain's own. Each scene is played in frames too, alone or with the same neighbours: the story is the same.
import { hash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type Core, enterAgain, type Tenant } from "../../kernel/domain.ts";
import type { Domain, Outcome } from "../../kernel/index.ts";
import type { Machine } from "../../kernel/machine.ts";
import { DIE } from "../../kernel/trampolines.ts";
import { fakePowers, mustReturn, PLENTY } from "../kit/world.ts";
import { doing, HOWS, note, ROOM, type World, worldOf } from "./arena-guest.ts";
import "../kit/vitest.ts";

const PAGE = 65_536;
/** Where nobody else is in the memory. */
const alone = worldOf("frame");
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const values = (outcomes: readonly Outcome<unknown>[]): unknown[] =>
  outcomes.map((outcome) => (outcome.kind === "returned" ? outcome.value : outcome));

/** What another does while a domain is in a gate, or about to go on. */
type Act = (other: Domain, world: World) => unknown;
const ACTS: Readonly<Record<string, Act>> = {
  nothing: () => undefined,
  returns: (other) => other.enter("look", []),
  "changes all of its own": (other) => other.enter("set", [99, 99n]),
  traps: (other) => other.enter("trap", []),
  "exhausts its depth": (other) => other.enter("deep", []),
  "exhausts its fuel": (other) => {
    other.allow({ ...PLENTY, fuel: 5_000 });
    return other.enter("forever", []);
  },
  parks: (other) => other.enter("await", [3]),
  "is parked and ended": (other) => {
    const running = other.enter("await", [3]);
    other.end();
    return running;
  },
  "is ended": (other) => other.end(),
  grows: (other) => other.enter("grow", [1]),
  "sleeps and wakes": (other) => {
    const slept = other.hibernate(
      (memory) => memory.slice(0, PAGE),
      () => undefined,
    );
    if (slept !== undefined) expect(other.wake([{ at: 0, bytes: slept }]).kind).toBe("returned");
  },
  "is born": (_, { born }) => born(77),
  "is looked at": (other) => other.read((memory) => memory.length),
};

/** All that is to be seen of a domain. */
async function stateOf(domain: Domain): Promise<unknown> {
  const memory = domain.read((bytes) => hash("sha1", bytes.subarray(0, domain.usage().memory)));
  const globals = domain.read((_, all) => [...all]);
  return { memory, globals, usage: domain.usage(), ending: domain.ending() };
}

describe.each(HOWS)("G1 memory: in a gate of one domain another runs (%s)", (how) => {
  const world = worldOf(how);
  test.each(Object.keys(ACTS))("%s", async (name) => {
    const act = ACTS[name] as Act;
    const calm = await alone.born(7);
    calm.grant(doing(() => undefined));
    const calmly = [await calm.enter("nest", [0, 6]), await calm.enter("grow", [2]), await calm.enter("look", [])];
    const [domain, ...others] = await Promise.all(Array.from({ length: 9 }, (_, seed) => world.born(7 + seed * 1000)));
    (domain as Domain).grant(doing((method) => void act(others[method] as Domain, world)));
    const story = [];
    for (const [entry, args] of [
      ["nest", [0, 6]],
      ["grow", [2]],
      ["look", []],
    ] as const)
      story.push(await (domain as Domain).enter(entry, args));
    expect(story).toEqual(calmly);
    expect(story[0]).toBeReturned(0n);
    expect(await stateOf(domain as Domain)).toEqual(await stateOf(calm));
    for (const other of others) other.end();
  });

  test("domains of one instance call each other, four deep, and each finds its own again", async () => {
    const chain = await Promise.all([1, 2, 3, 4, 5].map((seed) => world.born(seed)));
    const running: Promise<Outcome<unknown>>[] = [];
    for (const [index, domain] of chain.entries()) {
      const next = chain[index + 1];
      domain.grant(doing(() => next !== undefined && running.push(next.enter("nest", [0, 0]))));
    }
    running.push((chain[0] as Domain).enter("nest", [0, 0]));
    const outcomes = values(await Promise.all(running));
    expect(outcomes).toEqual([0n, 0n, 0n, 0n, 0n]);
  });

  test("a domain that is in a gate is not entered again, nor what it calls through another", async () => {
    const [a, b] = (await Promise.all([world.born(1), world.born(2)])) as [Domain, Domain];
    const again: Promise<Outcome<unknown>>[] = [];
    a.grant(doing(() => again.push(b.enter("nest", [0, 0]))));
    b.grant(doing(() => again.push(a.enter("look", []))));
    expect(await a.enter("nest", [0, 0])).toBeReturned(0n);
    const [inA, inB] = (await Promise.all(again)) as [Outcome<unknown>, Outcome<unknown>];
    expect(inB).toBeReturned(0n);
    expect(inA).toBeRefused("busy");
  });
});

/** Times at which another can act: between the settling of a promise and the guest that it resumes, or before. */
const MOMENTS: Readonly<Record<string, (act: () => void, resume: () => void) => void>> = {
  "just before": (act, resume) => [act(), resume()],
  "at once after": (act, resume) => [resume(), act()],
  "in a microtask that was queued before": (act, resume) => [queueMicrotask(act), resume()],
  "in a microtask behind": (act, resume) => [resume(), queueMicrotask(act)],
  "some microtasks behind": (act, resume) => [
    resume(),
    void Promise.resolve()
      .then(() => undefined)
      .then(act),
  ],
};

// security.md 8: the base was set and the promise resolved; a microtask that was queued earlier entered another domain;
// the first went on with the base of the other.
describe.each(HOWS)("G1 memory: between resolution and resumption another runs (%s)", (how) => {
  const world = worldOf(how);
  const scenes = Object.keys(ACTS).flatMap((act) => Object.keys(MOMENTS).map((moment) => [act, moment] as const));
  test.each(scenes)("%s, %s", async (name, moment) => {
    const calm = await alone.born(7);
    const calmly = calm.enter("await", [9]);
    void calm.request(1, note(3));
    const told = await calmly;
    const [domain, other] = (await Promise.all([world.born(7), world.born(2_000)])) as [Domain, Domain];
    const running = domain.enter("await", [9]);
    await turn();
    let acted: unknown;
    MOMENTS[moment]?.(
      () => {
        acted = (ACTS[name] as Act)(other, world);
      },
      () => void domain.request(1, note(3)),
    );
    expect(await running).toEqual(told);
    expect(await stateOf(domain)).toEqual(await stateOf(calm));
    other.end();
    await acted;
  });

  test("two that go on at the same moment", async () => {
    const domains = await Promise.all(Array.from({ length: 20 }, (_, seed) => world.born(seed)));
    const calm = await Promise.all(Array.from({ length: 20 }, (_, seed) => alone.born(seed)));
    const [told, calmly] = [domains, calm].map((all) => all.map((domain) => domain.enter("await", [5])));
    await turn();
    for (const [index, domain] of [...domains, ...calm].entries()) void domain.request(1, note(index % 20));
    expect(values(await Promise.all(told ?? []))).toEqual(values(await Promise.all(calmly ?? [])));
  });
});

// security.md 9 and DESIGN 6, 7: a frame that was recycled could be resumed by its former tenant's stack.
describe.each(HOWS)("G8 containment: stacks and tokens of former tenants (%s)", (how) => {
  const world = worldOf(how);
  test("ended while parked: its place serves nobody until its stack has unwound, and what comes then is whole", async () => {
    const twin = await alone.born(5);
    for (let round = 0; round < 20; round++) {
      const former = await world.born(1_000 + round);
      const running = former.enter("await", [10]);
      await turn();
      former.end();
      const next = await world.born(5);
      const [a, b] = await Promise.all([next.enter("look", []), running]);
      expect(a).toEqual(await twin.enter("look", []));
      expect(b).toBeAborted();
      const third = await world.born(5);
      expect(await third.enter("look", [])).toEqual(a);
      for (const domain of [next, third]) domain.end();
    }
  });

  test("ended between resolution and resumption: no instruction of it runs, nor of its neighbours' state is touched", async () => {
    const [former, other] = (await Promise.all([world.born(1), world.born(2)])) as [Domain, Domain];
    const before = await other.enter("look", []);
    const running = former.enter("await", [2]);
    await turn();
    const paid = former.usage().fuel;
    void former.request(1, note(1));
    former.end();
    const next = await world.born(3);
    expect(await running).toBeAborted();
    expect(former.usage().fuel).toBe(paid);
    expect(await other.enter("look", [])).toEqual(before);
    expect(await next.enter("look", [])).toEqual(await (await alone.born(3)).enter("look", []));
  });

  test("a domain that is parked is not entered again, though the host's engine would let it be", async () => {
    const domain = await world.born(1);
    const running = domain.enter("await", [4]);
    await turn();
    for (const name of ["look", "await"]) expect(await domain.enter(name, [0])).toBeRefused("busy");
    void domain.request(1, note(1));
    expect(await running).toBeReturned();
  });

  test("messages, endings and grants for a former tenant reach nobody", async () => {
    const former = await world.born(1);
    const running = former.enter("await", [1]);
    await turn();
    former.end();
    expect(await running).toBeAborted();
    const next = await world.born(2);
    const parked = next.enter("await", [1]);
    await turn();
    expect(await former.request(1, note(9))).toMatchObject({ kind: "ended" });
    former.end();
    former.allow({ ...PLENTY, fuel: 0 });
    former.grant(doing(() => undefined));
    expect(former.wake([{ at: 512, bytes: Uint8Array.of(9) }]).kind).toBe("refused");
    expect(former.read(() => 1)).toBeUndefined();
    expect(await former.enter("look", [])).toBeAborted();
    void next.request(1, note(4));
    const calm = await alone.born(2);
    const calmly = calm.enter("await", [1]);
    void calm.request(1, note(4));
    expect(await parked).toEqual(await calmly);
  });
});

describe("G8 containment: tokens of resumptions", () => {
  const machine = {} as Machine;
  const [own, others] = [{ machine }, { machine: {} as Machine }];
  const tell = (tenant: Partial<Tenant> | undefined, token = 5): number => {
    const core = { resuming: new Map(tenant && [[5, tenant]]) } as unknown as Core;
    return enterAgain(core, machine, token);
  };

  test.each([
    ["of nobody", undefined, 5],
    ["that nobody gave", { state: "resuming", frame: own }, 6],
    ["of a domain that is parked still", { state: "parked", frame: own }, 5],
    ["of a domain that runs already", { state: "running", frame: own }, 5],
    ["of a domain that has ended", { state: "ended", frame: undefined }, 5],
    ["of a domain of another machine", { state: "resuming", frame: others }, 5],
    ["of a domain that has no place", { state: "resuming", frame: undefined }, 5],
  ] as const)("one %s ends the stack that has it", (_, tenant, token) => {
    expect(tell(tenant as Partial<Tenant> | undefined, token)).toBe(DIE);
  });

  test("one is good once", () => {
    const core = { resuming: new Map([[5, { state: "parked" } as Tenant]]) } as unknown as Core;
    expect([enterAgain(core, machine, 5), core.resuming.size]).toEqual([DIE, 0]);
  });
});

describe.each(HOWS)("G1 memory: what is behind a domain's pages (%s)", (how) => {
  const world = worldOf(how);
  const isSegment = how !== "frame";
  const edges = [PAGE, 2 * PAGE, 3 * PAGE + 9, ROOM * PAGE - 1];

  test("grown pages are zero, though the guest wrote there before", async () => {
    const domain = await worldOf(how).born(1);
    for (const at of edges) {
      const outcome = await worldOf(how)
        .born(1)
        .then((one) => one.enter("poke", [at, 0xee]));
      if (isSegment) expect(outcome).toBeReturned();
      else expect(outcome).toBeTrapped();
      if (isSegment) await domain.enter("poke", [at, 0xee]);
    }
    for (let pages = 1; pages < ROOM; pages++) {
      expect(await domain.enter("grow", [1])).toBeReturned(pages);
      expect(await domain.enter("any", [PAGE, (pages + 1) * PAGE])).toBeReturned(0);
    }
    expect(await domain.enter("grow", [1])).toBeReturned(-1);
  });

  /** All that it can reach; by "poke far" the last byte of the guard. */
  async function dirty(domain: Domain): Promise<void> {
    for (let at = 0; at < PAGE; at += 4_093) await domain.enter("poke", [at, 0xee]);
    for (const name of isSegment ? ["poke", "poke far"] : [])
      for (const at of edges) expect(await domain.enter(name, [at, 0xee])).toBeReturned();
  }

  test("the next tenant finds zeroes everywhere, in what it has and in what it can reach", async () => {
    for (let round = 0; round < 5; round++) {
      const former = await world.born(round);
      await dirty(former);
      await former.enter("grow", [round % 3]);
      former.end();
      const next = mustReturn(world.kernel.spawn(world.artifact, { limits: { pages: ROOM, inFlight: 1 } }));
      next.allow(PLENTY);
      expect(await next.enter("size", [])).toBeReturned(1);
      expect(await next.enter("any", [16, PAGE])).toBeReturned(0);
      const all = next.read((memory, globals) => [memory.subarray(16).some((byte) => byte !== 0), [...globals]]);
      expect(all).toEqual([false, [60_000, 5n, 1.5, -2.5]]);
      const last = await next.enter("peek", [ROOM * PAGE - 1]);
      if (isSegment) expect(last).toBeReturned(0);
      next.end();
    }
  });
});

describe.each(HOWS)("G9 determinism: fuel and depth (%s)", (how) => {
  const world = worldOf(how);
  test("of one domain are not those of another, whoever ran in between", async () => {
    const [a, b] = (await Promise.all([world.born(1), world.born(2)])) as [Domain, Domain];
    const calm = await alone.born(1, { allowance: { fuel: 20_000 } });
    const used = calm.usage().fuel;
    a.allow({ ...PLENTY, fuel: 20_000 - used });
    b.allow({ ...PLENTY, fuel: 10_000 });
    const parked = b.enter("await", [5]);
    expect(await a.enter("forever", [])).toBeExhausted("fuel");
    expect(await calm.enter("forever", [])).toBeExhausted("fuel");
    expect(a.usage().fuel + used).toBe(calm.usage().fuel);
    void b.request(1, note(1));
    expect(await parked).toBeReturned();
    expect(await b.enter("deep", [])).toBeExhausted();
  });

  test("limits and registers that are set while another is in the machine are its own", async () => {
    const clock = fakePowers(() => 0.2);
    const ticking = worldOf(how, clock);
    const [a, b] = (await Promise.all([ticking.born(1), ticking.born(2)])) as [Domain, Domain];
    a.grant(
      doing(() => {
        b.allow({ ...PLENTY, fuel: 77 });
        void b.enter("forever", []);
        expect(b.usage().fuel).toBeGreaterThanOrEqual(77);
      }),
    );
    a.allow({ ...PLENTY, fuel: 1e6 });
    expect(await a.enter("nest", [0, 3])).toBeReturned(0n);
    expect(a.ending()).toBeUndefined();
    expect(b.ending()).toMatchObject({ resource: "fuel" });
  });
});
