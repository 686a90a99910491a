// Objects that guests pass by reference, many times: what nobody holds any more is let go on both sides.
import { describe, expect, test } from "vitest";
import { arg, capability, contract, handle, integer, nothing } from "../../policy-libs/index.ts";
import { cordon, createSandbox, gave, run } from "./cordon.ts";

const PLUG = contract({
  name: "plug",
  allows: "",
  never: "",
  calls: { ping: { takes: [], gives: integer(), refuses: [] } },
});
const SINK = contract({
  name: "sink",
  allows: "",
  never: "",
  calls: {
    take: { takes: [arg("plug", handle(PLUG))], gives: integer(), refuses: [] },
    drop: { takes: [arg("plug", handle(PLUG))], gives: nothing(), refuses: [] },
    make: { takes: [], gives: handle(PLUG), refuses: [] },
  },
});

const LIMITS = { calls: 1e6, wall: 100_000, fuel: 1e12 };
const sinkLayer = () =>
  cordon.layer({
    source:
      "let n = 0; ({ sink: { take: async (plug) => (n++, await plug.ping()), drop() { n++ }, make: () => ({ ping: () => n }) } })",
    offers: { sink: SINK },
    limits: LIMITS,
  });

describe("objects that are passed between domains", () => {
  test("sent a hundred thousand times and dropped, they leak on neither side", async () => {
    using layer = await sinkLayer();
    await using box = await createSandbox({ grant: layer.grant, limits: LIMITS });
    const burst = (count: number) => `for (let i = 0; i < ${count}; i++) { await sink.drop({ ping: () => i }); } 1`;
    expect(gave(await box.run(burst(20_000)))).toBe(1);
    const [mine, theirs] = [(await box.run("1")).usage.memory, layer.meter.usage().memory];
    expect(gave(await box.run(burst(80_000)))).toBe(1);
    // As many as 100,000 are ten times what a domain may hold or offer at once, and cost no memory.
    expect((await box.run("1")).usage.memory).toBeLessThanOrEqual(mine + 65_536);
    expect(layer.meter.usage().memory).toBeLessThanOrEqual(theirs + 65_536);
  }, 120_000);

  test("the same one is called back each time, and lives as long as somebody has it", async () => {
    using layer = await sinkLayer();
    const source = `
      let sum = 0;
      const plug = { ping: () => ++sum };
      for (let i = 0; i < 20_000; i++) await sink.take(plug);
      sum`;
    expect(gave(await run({ source, grant: layer.grant, limits: LIMITS }))).toBe(20_000);
  }, 60_000);

  test("what is made for a guest thirty thousand times and let go, is let go", async () => {
    using layer = await sinkLayer();
    const source =
      "let n = 0; for (let i = 0; i < 30_000; i++) { const plug = await sink.make(); if (i % 1000 === 0) n += await plug.ping(); } n";
    expect(gave(await run({ source, grant: layer.grant, limits: LIMITS }))).toBe(0);
  }, 60_000);

  test("what is kept is bounded, and the guest is told: E_BUSY, not its end", async () => {
    using layer = await cordon.layer({
      source:
        "const kept = []; ({ sink: { take: (plug) => kept.push(plug), drop() { kept.length = 0 }, make: () => ({ ping: () => kept.length }) } })",
      offers: { sink: SINK },
      limits: LIMITS,
    });
    const source = `
      let code, kept = 0;
      for (let i = 0; i < 11_000 && code === undefined; i++) { try { kept = await sink.take({ ping: () => i }) } catch (e) { code = e.code } }
      [code, kept > 9_000 && kept < 10_001]`;
    expect(gave(await run({ source, grant: layer.grant, limits: LIMITS }))).toEqual(["E_BUSY", true]);
    expect(layer.ended()).toBeUndefined();
  }, 60_000);

  test("sent to a host function that does not keep them, they are let go in the end", async () => {
    const sink = capability(SINK, {
      take: (plug) => plug.functions.ping(),
      drop: () => undefined,
      make: () => capability(PLUG, { ping: () => 7 }),
    });
    await using box = await createSandbox({ grant: { sink }, limits: LIMITS });
    expect(
      gave(await box.run("let n = 0; for (let i = 0; i < 3_000; i++) n += await sink.take({ ping: () => 1 }); n")),
    ).toBe(3_000);
    expect(
      gave(
        await box.run(
          "let m = 0; for (let i = 0; i < 30_000; i++) { const plug = await sink.make(); if (i % 1000 === 0) m += await plug.ping() } m",
        ),
      ),
    ).toBe(210);
  }, 60_000);
});
