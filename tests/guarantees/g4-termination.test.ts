import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEPTH_OWN_STACK, type Domain, frameCost, MAX_SLICE, MAX_TYPE_ARITY, weight } from "../../kernel/index.ts";
import { assemble, type Code, type FunctionParts, type Instruction } from "../kit/assemble.ts";
import { isFrame, runs } from "../kit/confinement.ts";
import { anyProgram, anySpinner } from "../kit/generators.ts";
import { FRAME, SEGMENT } from "../kit/victim.ts";
import { artifactBytes, loadSource, mustReturn, newKernel, realPowers, spawn, spawnSource } from "../kit/world.ts";
import "../kit/vitest.ts";

const kernel = newKernel();
const many = (letter: string, count: number): string => letter.repeat(count);
const repeat = (times: number, ...code: Instruction[]): Instruction[] =>
  Array.from({ length: times }, () => code).flat();

/** Loads one after the other: as many as a function has room for, which are fewer where each is confined by code. */
const CHASE = isFrame ? 13_000 : 9_000;

/** No charge of generated code is dearer: the largest weight, or a piece of a bulk operation and a grown page. */
const DEAREST = 272;
const DEAREST_BULK = 65_536;

describe("G4 termination: fuel", () => {
  test("every generated program that spins ends within its fuel, by at most one charge", async () => {
    await fc.assert(
      fc.asyncProperty(anySpinner({ bulk: false }), fc.integer({ min: 0, max: 200_000 }), async (program, fuel) => {
        const domain = spawnSource(kernel, program.bytes, { allowance: { fuel } });
        expect(await domain.enter("run", program.args)).toBeExhausted("fuel");
        expect(domain.usage().fuel).toBeGreaterThan(fuel);
        expect(domain.usage().fuel).toBeLessThanOrEqual(fuel + DEAREST);
      }),
      runs(150),
    );
  });

  test("every generated program ends, and pays no more than its fuel and one charge", async () => {
    await fc.assert(
      fc.asyncProperty(anyProgram(), fc.integer({ min: 0, max: 3_000 }), async (program, fuel) => {
        const domain = spawnSource(kernel, program.bytes, { allowance: { fuel } });
        const outcome = await domain.enter("run", program.args);
        expect(["returned", "trap", "exhausted"]).toContain(outcome.kind);
        if (outcome.kind === "returned") expect(domain.usage().fuel).toBeLessThanOrEqual(fuel);
        expect(domain.usage().fuel).toBeLessThanOrEqual(fuel + DEAREST_BULK);
      }),
      runs(150),
    );
  });

  test.each([Number.NaN, -1, Number.NEGATIVE_INFINITY])("an allowance of %d is no allowance", async (bad) => {
    const source = assemble({
      functions: [{ params: "", results: "", code: [["loop", ""], ["br", 0], ["end"]], exported: "f" }],
    });
    const noFuel = spawnSource(kernel, source, { allowance: { fuel: bad } });
    expect(await noFuel.enter("f", [])).toBeExhausted("fuel");
    const noTime = spawnSource(kernel, source, { allowance: { deadline: bad } });
    expect(await noTime.enter("f", [])).toBeExhausted("wall");
  });
});

const GATES = [
  { name: "answer", params: "iiii", results: "i" },
  { name: "call", params: "iiiii", results: "i" },
  { name: "receive", params: "iii", results: "i" },
  { name: "reply", params: "ii", results: "i" },
];
const PAGES = 1024;
const ALL = PAGES * 65_536;
const constants = (...values: number[]): Instruction[] => values.map((value) => ["i32.const", value]);
const forever = (code: Code): Code => [["loop", ""], ...code, ["br", 0], ["end"]];

/** What a hostile guest does for ever: the dearest thing that it can have for a charge. */
const HOGS: Readonly<Record<string, Code>> = {
  "an empty loop": [],
  "answers of 64 MiB to nobody": [...constants(9, 1, 0, ALL), ["call", 0], ["drop"]],
  "calls with 64 MiB of arguments to nothing": [...constants(9, 1, 0, ALL, 0), ["call", 1], ["drop"]],
  "gates in a straight line": repeat(2000, ...constants(0, 0), ["call", 3], ["drop"]),
  "receiving nothing": [...constants(0, 0, 0), ["call", 2], ["drop"]],
  "filling all memory": [...constants(0, 7, ALL), ["memory.fill"]],
  "copying all memory": [...constants(0, 8, ALL - 8), ["memory.copy"]],
  growing: [["i32.const", 1], ["memory.grow"], ["drop"]],
  "divisions in a straight line": [["i64.const", 5n], ...repeat(20_000, ["i64.const", 7n], ["i64.div_s"]), ["drop"]],
};

const hog = (code: Code): FunctionParts => ({ params: "", results: "", code: forever(code), exported: "f" });

/** How much fuel was used between two looks at the clock, at most. */
async function widestGap(code: Code, fuel: number): Promise<number> {
  let [domain, last, widest]: [Domain | undefined, number, number] = [undefined, 0, 0];
  const now = (): number => {
    const used = domain?.usage().fuel ?? 0;
    widest = Math.max(widest, used - last);
    last = used;
    return realPowers.now();
  };
  const watched = newKernel({ now });
  domain = spawnSource(watched, assemble({ imports: GATES, functions: [hog(code)], pages: PAGES }), {
    limits: { pages: 4096 },
    allowance: { fuel, bytes: 1e12, calls: 1e9 },
  });
  expect(await domain.enter("f", [])).toBeExhausted();
  return Math.max(widest, domain.usage().fuel - last);
}

describe("G4 termination: time", () => {
  // The dearest single charge is that of a gate call with 64 MiB: a fourth of the bytes.
  test.each(Object.keys(HOGS))("between two looks at the clock there is a slice and one charge: %s", async (name) => {
    const charge = /64/.test(name) ? ALL / 4 + 1000 : 50_000;
    expect(await widestGap(HOGS[name] as Code, isFrame ? 2_000_000 : 500_000)).toBeLessThanOrEqual(MAX_SLICE + charge);
  });

  test.each(Object.keys(HOGS))("a deadline ends it, and the host's timers fire meanwhile: %s", async (name) => {
    const functions = [hog(HOGS[name] as Code)];
    // Instrumenting may take longer than the guest has.
    const artifact = loadSource(kernel, assemble({ imports: GATES, functions, pages: PAGES }));
    const domain = spawn(kernel, artifact, {
      limits: { pages: 60_000 },
      allowance: { fuel: 1e15, bytes: 1e15, calls: 1e15, deadline: performance.now() + 400 },
    });
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const begin = performance.now();
    const outcome = await domain.enter("f", []);
    clearInterval(timer);
    expect(["wall", "memory"]).toContain("resource" in outcome ? outcome.resource : outcome);
    expect(performance.now() - begin).toBeLessThan(2_000);
    // One gate call with 64 MiB takes some ten milliseconds: a copy, which cannot be interrupted.
    expect(ticks).toBeGreaterThan(/64/.test(name) ? 0 : 3);
  });

  // Its loop takes 272 of fuel for 40,000 loads that all miss the caches; a slice that grew while it was fast took 35 s.
  test("a guest that turns slow after it was fast is ended soon after its deadline", async () => {
    const words = 0x40_0000;
    const next: Code = [["local.get", 0], ...constants(1664525), ["i32.mul"], ...constants(1013904223), ["i32.add"]];
    const init: Code = [
      ...([["loop", ""], ["local.get", 0], ...constants(4), ["i32.mul"]] as const),
      ...[...next, ...constants(words - 1), ["i32.and"] as const, ...constants(4), ["i32.mul"] as const],
      ...([["i32.store", 0], ["local.get", 0], ...constants(1), ["i32.add"], ["local.tee", 0]] as const),
      ...([...constants(words), ["i32.lt_u"], ["br_if", 0], ["end"]] as const),
    ];
    const chase = repeat(CHASE, ["local.get", 0], ["i32.load", 0], ["local.set", 0]);
    const functions = [{ params: "", results: "", locals: "i", exported: "f", code: [...init, ...forever(chase)] }];
    const domain = spawnSource(kernel, assemble({ functions, pages: 256 }), { allowance: { fuel: 1e15 } });
    domain.allow({ fuel: 1e15, calls: 0, bytes: 0, deadline: performance.now() + 500 });
    const begin = performance.now();
    expect(await domain.enter("f", [])).toBeExhausted("wall");
    expect(performance.now() - begin).toBeLessThan(8_000);
  });
});

/** Recursive functions of every shape: the kernel's own count must end them, never the host's stack. */
const SHAPES: readonly { params?: string; results?: string; locals?: string; operands?: number }[] = [
  {},
  { params: "iii" },
  { params: many("d", 8), locals: "i" },
  { params: many("d", MAX_TYPE_ARITY) },
  { params: many("l", MAX_TYPE_ARITY), locals: many("l", 800) },
  { params: many("f", 50), results: many("d", 16) },
  { results: many("l", 16) },
  { locals: many("d", 999) },
  { params: "l", locals: "dfi", operands: 900 },
  { params: many("d", 99), results: many("d", 16), operands: 300 },
];

describe("G4 termination: depth", () => {
  const inModes = SHAPES.flatMap((shape) => [FRAME, SEGMENT].map((mode) => [mode, shape] as const));
  test.each(inModes)("endless recursion ends by the kernel's count: %o %o", async (mode, shape) => {
    const { params = "", results = "", locals = "", operands = 0 } = shape;
    const code: Code = [
      ...repeat(operands, ["i64.const", 1n]),
      ...[...params].map((_, index): Instruction => ["local.get", index]),
      ["call", 0],
      ...repeat(operands === 0 ? 0 : operands + results.length, ["drop"]),
      ...(operands === 0 ? [] : [...results].map((): Instruction => ["f64.const", 1])),
    ];
    const source = assemble({ functions: [{ params, results, locals, code, exported: "f" }] });
    const highest = Math.max(operands + params.length, operands + results.length, results.length);
    const all = params.length + locals.length + (mode === SEGMENT ? 1 : 0); // the base
    const calls = Math.floor(DEPTH_OWN_STACK / frameCost(all, highest)) + 1;
    const artifact = mustReturn(kernel.load(artifactBytes(source, mode), mode));
    const args = [...params].map((letter) => (letter === "l" ? 0n : 0));
    for (let tier = 0; tier < 3; tier++) {
      const domain = spawn(kernel, artifact);
      expect(await domain.enter("f", args)).toBeExhausted("depth");
      // The host's own stack check would come earlier, at a place that depends on its compiler.
      expect(domain.usage().fuel).toBe(calls * weight(code.length + 1));
    }
  });

  test("depth is given back: ten thousand returns later the same depth is there", async () => {
    const down: Code = [
      ...([["local.get", 0], ["if", "i"], ["local.get", 0], ["i32.const", 1], ["i32.sub"], ["call", 0]] as const),
      ...([["i32.const", 1], ["i32.add"], ["else"], ["i32.const", 0], ["end"]] as const),
    ];
    const domain = spawnSource(
      kernel,
      assemble({ functions: [{ params: "i", results: "i", code: down, exported: "f" }] }),
    );
    for (let i = 0; i < 20; i++) expect(await domain.enter("f", [3000])).toBeReturned(3000);
    expect(await domain.enter("f", [100_000])).toBeExhausted("depth");
  });
});

describe("G4 termination: an end asked for", () => {
  test("abort and end stop a spinning guest at once, and twice is once", async () => {
    const source = assemble({ functions: [hog([])] });
    const ended = spawnSource(kernel, source);
    const running = ended.enter("f", []);
    setTimeout(() => {
      ended.end();
      ended.end({ kind: "trap", reason: "too late" });
    }, 5);
    expect(await running).toBeAborted();
    let stop = false;
    const aborted = spawnSource(kernel, source, { allowance: { aborted: () => stop } });
    const second = aborted.enter("f", []);
    setTimeout(() => {
      stop = true;
    }, 5);
    expect(await second).toBeAborted();
    expect(await aborted.enter("f", [])).toBeAborted();
  });

  test("two spinning guests advance together", async () => {
    const source = assemble({ functions: [hog([])] });
    const both = [spawnSource(kernel, source), spawnSource(kernel, source)];
    const ends = both.map((domain) => domain.enter("f", []));
    await new Promise((resolve) => setTimeout(resolve, 60));
    const used = both.map((domain) => domain.usage().fuel);
    for (const domain of both) domain.end();
    await Promise.all(ends);
    expect(Math.min(...used)).toBeGreaterThan(Math.max(...used) / 20);
  });
});
