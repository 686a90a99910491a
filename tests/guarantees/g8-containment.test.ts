import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Artifact, Domain, Kernel, Outcome } from "../../kernel/index.ts";
import { permissive } from "../../policy-libs/index.ts";
import { assemble } from "../kit/assemble.ts";
import { worldWithCanaries } from "../kit/canaries.ts";
import { isFrame, runs } from "../kit/confinement.ts";
import { anyProgram } from "../kit/generators.ts";
import { probeSource } from "../kit/probe.ts";
import { loadSource, memoryOf, newKernel, PLENTY, spawn, spawnSource } from "../kit/world.ts";
import "../kit/vitest.ts";

const isDeep = process.env["CORDON_DEEP"] === "1";
const CYCLES = (isDeep ? 50_000 : 2_000) * (isFrame ? 1 : 0.25);
const turns = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Megabytes of memory in use and of address space; the latter where the host tells. */
function footprint(): { readonly resident: number; readonly address: number } {
  const resident = process.memoryUsage().rss / 1e6;
  try {
    const [, pages] = /VmSize:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    return { resident, address: Number(pages ?? 0) / 1e3 };
  } catch {
    return { resident, address: 0 };
  }
}

/** Parks `frames` calls deep, waits until it has, and ends the domain. */
async function parkAndEnd(kernel: Kernel, artifact: Artifact, frames: number): Promise<Outcome<unknown>> {
  const domain = spawn(kernel, artifact);
  const running = domain.enter("deep", [frames]);
  domain.end();
  return await running;
}

async function cycles(kernel: Kernel, artifact: Artifact, frames: number, count: number): Promise<Set<string>> {
  const ends = new Set<string>();
  for (let done = 0; done < count; done += 20) {
    const batch = Array.from({ length: 20 }, () => parkAndEnd(kernel, artifact, frames));
    for (const outcome of await Promise.all(batch)) ends.add(outcome.kind);
  }
  return ends;
}

const ENDS: Readonly<Record<string, (domain: Domain) => Promise<Outcome<unknown>>>> = {
  trap: (domain) => domain.enter("trap", []),
  "exhausted: fuel": (domain) => {
    domain.allow({ ...PLENTY, fuel: 5_000 });
    return domain.enter("spin", []);
  },
  "exhausted: wall": (domain) => {
    domain.allow({ ...PLENTY, deadline: performance.now() + 5 });
    return domain.enter("spin", []);
  },
  "exhausted: depth": (domain) => domain.enter("deep", [1_000_000]),
  "ended while parked": (domain) => {
    const running = domain.enter("deep", [10]);
    setTimeout(() => domain.end(), 2);
    return running;
  },
};

describe("G8 containment: neighbours", () => {
  test.each(Object.keys(ENDS))("%s ends one domain and no other, and the kernel goes on", async (name) => {
    const kernel = newKernel();
    const canaries = await worldWithCanaries(kernel, 2, 1);
    const probe = loadSource(kernel, probeSource(1));
    const neighbour = spawn(kernel, probe);
    await neighbour.enter("poke", [7, 42]);
    const parked = spawn(kernel, probe);
    const waiting = parked.enter("deep", [5]);
    for (let i = 0; i < 20; i++) {
      const victim = spawn(kernel, probe);
      const outcome = await (ENDS[name] as (domain: Domain) => Promise<Outcome<unknown>>)(victim);
      expect(outcome.kind).not.toBe("returned");
      expect(await victim.enter("peek", [0])).toEqual(outcome);
      expect(victim.ending()).toEqual(outcome);
      expect(() => victim.end()).not.toThrow();
    }
    expect(await neighbour.enter("peek", [7])).toBeReturned(42);
    expect(neighbour.ending()).toBeUndefined();
    expect(await canaries.changed()).toBe(0);
    void parked.request(0, Uint8Array.of(1));
    expect((await waiting).kind).toBe("returned");
    parked.end();
  });

  test("what a neighbour computes and pays does not depend on who else runs", async () => {
    const kernel = newKernel();
    const probe = loadSource(kernel, probeSource(1));
    await fc.assert(
      fc.asyncProperty(anyProgram({ maxTape: 80 }), async ({ bytes, args }) => {
        const alone = spawnSource(newKernel(), bytes);
        const quiet = [await alone.enter("run", args), alone.usage()];
        const noisy = Array.from({ length: 3 }, () => spawn(kernel, probe, { allowance: { fuel: 200_000 } }));
        const spinning = noisy.map((domain) => domain.enter("spin", []));
        const beside = spawnSource(kernel, bytes);
        expect([await beside.enter("run", args), beside.usage()]).toEqual(quiet);
        for (const domain of noisy) domain.end();
        await Promise.all(spinning);
      }),
      runs(40),
    );
  });
});

describe("G8 containment: parked stacks", () => {
  test.each([
    ["shallow", 1, CYCLES],
    ["deep", 2_000, CYCLES / 4],
  ])("%s stacks that park and are ended really end, and leave nothing behind", async (_, frames, count) => {
    const kernel = newKernel();
    const artifact = loadSource(kernel, probeSource(1));
    expect(await cycles(kernel, artifact, frames, count / 2)).toEqual(new Set(["aborted"]));
    await turns(20);
    const before = footprint();
    expect(await cycles(kernel, artifact, frames, count)).toEqual(new Set(["aborted"]));
    await turns(20);
    const after = footprint();
    // Abandoned ones would hold 5 KB or 500 KB each: 10 MB or 250 MB. Garbage may come and go meanwhile.
    const allowed = frames > 1000 ? 120 : 60;
    expect(after.resident - before.resident).toBeLessThan(allowed);
    // Not one memory of 8 GB, nor stacks of a megabyte, may be left.
    expect(after.address - before.address).toBeLessThan(12_000);
  });

  test("hundreds parked at once all end, and timers fire meanwhile", async () => {
    const kernel = newKernel();
    const artifact = loadSource(kernel, probeSource(1));
    const domains = Array.from({ length: 300 }, () => spawn(kernel, artifact));
    const running = domains.map((domain) => domain.enter("deep", [50]));
    await turns(2);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    for (const domain of domains) domain.end();
    for (const outcome of await Promise.all(running)) expect(outcome).toBeAborted();
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(0);
  });

  test("a parked guest pays nothing, a message wakes it, and then it goes on where it was", async () => {
    const domain = spawnSource(newKernel(), probeSource(1));
    const running = domain.enter("deep", [10]);
    await turns(5);
    const paid = domain.usage().fuel;
    await turns(20);
    expect(domain.usage().fuel).toBe(paid);
    void domain.request(0, Uint8Array.of(1));
    // The message is longer than the capacity of 0: its length comes back, and ten calls add one each.
    const outcome = await running;
    expect(outcome).toBeReturned(15);
  });

  test("a message of five bytes is what woke it", async () => {
    const domain = spawnSource(newKernel(), probeSource(1));
    void domain.request(0, Uint8Array.of(1));
    await turns(5);
    expect(await domain.enter("receive", [0, 0, 0])).toBeReturned(5);
  });
});

describe("G8 containment: images", () => {
  test("none is taken of a domain that runs or is parked, nor of one that has ended", async () => {
    const kernel = newKernel();
    const domain = spawn(kernel, loadSource(kernel, probeSource(1)));
    const during: unknown[] = [];
    const target = (): Uint8Array => {
      during.push(memoryOf(domain));
      return Uint8Array.of(0xf7);
    };
    const handle = domain.grant({ contract: permissive("look", ["look"]), target }) as number;
    await domain.enter("call", [handle, 0, 0, 1, 8]);
    expect(during).toEqual([undefined]);
    const running = domain.enter("deep", [1]);
    await turns(5);
    expect(memoryOf(domain)).toBeUndefined();
    void domain.request(0, Uint8Array.of(1));
    await running;
    expect(memoryOf(domain)?.length).toBe(65_536);
    domain.end();
    expect(memoryOf(domain)).toBeUndefined();
  });
});

describe("G8 containment: programs that cannot be called", () => {
  test("a request to one without cordon_turn ends it, and the host goes on", async () => {
    const domain = spawnSource(
      newKernel(),
      assemble({ functions: [{ params: "", results: "", code: [], exported: "f" }] }),
    );
    expect(await domain.request(0, Uint8Array.of(1))).toMatchObject({ kind: "ended", ending: { kind: "trap" } });
    await turns(2);
  });
});

describe("G8 containment: frames", () => {
  test("a frame comes back when its tenant has ended, reads zero, and has the size that it had", async () => {
    const kernel = newKernel();
    const probe = loadSource(kernel, probeSource(1));
    for (let i = 0; i < 50; i++) {
      const tenant = spawn(kernel, probe);
      expect(
        memoryOf(tenant)
          ?.subarray(1)
          .every((byte) => byte === 0),
      ).toBe(true);
      expect(tenant.usage().memory).toBe(65_536);
      await tenant.enter("poke", [60_000, 0xee]);
      if (i % 3 === 0) await tenant.enter("grow", [1]);
      tenant.end();
    }
  });

  test("not before: while a former tenant's stack is parked, its frame serves nobody", async () => {
    const kernel = newKernel();
    const probe = loadSource(kernel, probeSource(1));
    const former = spawn(kernel, probe);
    await former.enter("poke", [50, 1]);
    const running = former.enter("deep", [100]);
    former.end();
    // The end is asked for, but the stack is still there: it unwinds in a turn of the host's loop.
    const next = spawn(kernel, probe);
    await next.enter("poke", [50, 2]);
    expect(await running).toBeAborted();
    expect(await next.enter("peek", [50])).toBeReturned(2);
  });

  test("ending cannot fail, in any state, and the first reason stays", async () => {
    const kernel = newKernel();
    const probe = loadSource(kernel, probeSource(1));
    const idle = spawn(kernel, probe);
    idle.end({ kind: "trap", reason: "first" });
    idle.end();
    expect(idle.ending()).toEqual({ kind: "trap", reason: "first" });
    expect(idle.grant({ contract: { name: "", form: "", calls: [] }, target: () => Uint8Array.of(0) })).toBeTypeOf(
      "number",
    );
    expect(() => idle.revoke(0)).not.toThrow();
    expect(() => idle.revoke(99)).not.toThrow();
    expect(memoryOf(idle)).toBeUndefined();
  });
});
