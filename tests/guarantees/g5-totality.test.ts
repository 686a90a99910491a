import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ENGINE_SEGMENT } from "../../embed/segments.ts";
import {
  type BadValue,
  checkValue,
  MAX_TYPE_RESULTS,
  MAX_VALUE_NODES,
  type Mode,
  type Outcome,
} from "../../kernel/index.ts";
import { assemble, type Bytes, HEADER, leb, section } from "../kit/assemble.ts";
import { isFrame, runs } from "../kit/confinement.ts";
import { decodeModule } from "../kit/disassemble.ts";
import { anyMutilation, anyProgram, type Mutilation, mutilate } from "../kit/generators.ts";
import { concat, editSection } from "../kit/surgery.ts";
import { victim } from "../kit/victim.ts";
import { artifactBytes, mustReturn, newKernel, spawnSource } from "../kit/world.ts";
import "../kit/vitest.ts";

const kernel = newKernel();
const isDeep = process.env["CORDON_DEEP"] === "1";
const seed = Number(process.env["CORDON_SEED"] ?? 1);
const MUTATIONS = Number(process.env["CORDON_MUTATIONS"] ?? (isDeep ? 400_000 : runs(100_000).numRuns));

const KINDS = ["returned", "malformed", "invalid", "unsafe"];
/** Longer than any load of a small module may take, on a machine that does other things too. */
const A_HANG = 2_000;

/** A cheap stream of numbers: a hundred thousand draws of fast-check cost more than the loads. */
function* numbers(from: number): Generator<number, never> {
  for (let state = from | 0; ; ) {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    yield (mixed ^ (mixed >>> 14)) >>> 0;
  }
}

const NAMES = ["flip", "flip", "flip", "write", "insert", "remove", "cut"] as const;
function mutilation(draw: () => number): Mutilation {
  const bytes = Array.from({ length: 1 + (draw() % 4) }, () => draw() & 0xff);
  return { name: NAMES[draw() % NAMES.length] as Mutilation["name"], at: draw() / 0x1_0000_0000, bytes };
}

interface Tally {
  readonly kinds: Map<string, number>;
  readonly accepted: Bytes[];
  slowest: number;
}

function loadAll(originals: readonly Bytes[], count: number, mode?: Mode): Tally {
  const stream = numbers(seed);
  const draw = (): number => stream.next().value;
  const tally: Tally = { kinds: new Map(), accepted: [], slowest: 0 };
  for (let i = 0; i < count; i++) {
    const bytes = mutilate(originals[i % originals.length] as Bytes, mutilation(draw));
    const begin = performance.now();
    const { kind } = kernel.load(bytes, mode);
    tally.slowest = Math.max(tally.slowest, performance.now() - begin);
    tally.kinds.set(kind, (tally.kinds.get(kind) ?? 0) + 1);
    if (kind === "returned" && tally.accepted.length < 300) tally.accepted.push(bytes);
  }
  return tally;
}

describe("G5 totality: modules", () => {
  test(`${MUTATIONS} mutations of valid modules give an outcome each, never an exception or a hang`, async () => {
    const programs = fc
      .sample(anyProgram({ maxTape: 20 }), { seed, numRuns: 6 })
      .map(({ bytes }) => artifactBytes(bytes));
    const { kinds, accepted, slowest } = loadAll([victim(), ...programs], MUTATIONS);
    console.log(`${MUTATIONS} mutations: ${JSON.stringify([...kinds])}, slowest ${slowest.toFixed(1)} ms`);
    expect([...kinds.keys()].filter((kind) => !KINDS.includes(kind))).toEqual([]);
    expect(slowest).toBeLessThan(A_HANG);
    expect(kinds.size).toBe(KINDS.length);
    for (const bytes of accepted) await ends(bytes);
  }, 180_000);

  /** What is accepted after a mutation runs like any other guest, to one of the ends there are. */
  async function ends(bytes: Bytes): Promise<void> {
    const artifact = mustReturn(kernel.load(bytes));
    for (const entry of artifact.entries) {
      const spawned = kernel.spawn(artifact, { limits: { pages: 64, inFlight: 1 } });
      if (spawned.kind !== "returned") continue;
      spawned.value.allow({ fuel: 20_000, calls: 10, bytes: 1000, deadline: Number.POSITIVE_INFINITY });
      // A mutation may make it wait for a message that nobody sends.
      const watch = setInterval(() => spawned.value.isWaiting() && spawned.value.end(), 10);
      const { kind } = await spawned.value.enter(entry, [1, 2, 3.5, 4]);
      clearInterval(watch);
      expect(["returned", "trap", "exhausted", "unlinkable", "aborted"]).toContain(kind);
      spawned.value.end();
    }
  }

  test("random bytes, with and without a header", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, header) => {
        const given = Uint8Array.from(header ? [...HEADER, ...bytes] : bytes);
        expect(KINDS).toContain(kernel.load(given).kind);
      }),
      runs(2000),
    );
  });

  test("random sections in the right order, so that the decoder gets far", () => {
    const payload = fc.uint8Array({ maxLength: 40 });
    fc.assert(
      fc.property(fc.constantFrom(1, 2, 3, 4, 6, 7, 9, 10, 11), payload, (id, bytes) => {
        expect(KINDS).toContain(kernel.load(editSection(victim(), id, () => bytes)).kind);
      }),
      runs(2000),
    );
  });

  test("a prefix of a valid module is refused, unless only its data is missing", () => {
    const bytes = victim();
    const { sections } = decodeModule(bytes);
    const accepted = [...bytes.keys()].filter((length) => kernel.load(bytes.slice(0, length)).kind === "returned");
    expect(accepted).toEqual([sections.at(-1)?.at]);
  });

  test("the same bytes give the same outcome, and what is given is not changed", () => {
    fc.assert(
      fc.property(anyMutilation(), (how) => {
        const bytes = mutilate(victim(), how);
        const copy = bytes.slice();
        expect(strip(kernel.load(bytes))).toEqual(strip(kernel.load(bytes)));
        expect(bytes).toEqual(copy);
      }),
      runs(300),
    );
  });

  const strip = (outcome: Outcome<unknown>): unknown => (outcome.kind === "returned" ? "returned" : outcome);
});

const BUILT = isFrame ? "engine.wasm" : "engine.segment.wasm";
const ENGINE = [new URL(`../../dist/${BUILT}`, import.meta.url)].find((url) => existsSync(url));

describe.skipIf(ENGINE === undefined)("G5 totality: the engine", () => {
  test("mutations of the engine's own artifact", () => {
    const mode = isFrame ? undefined : ENGINE_SEGMENT;
    const engine = Uint8Array.from(readFileSync(ENGINE as URL));
    expect(kernel.load(engine, mode)).toBeReturned();
    const { kinds } = loadAll([engine], isDeep ? 2000 : runs(60).numRuns, mode);
    expect([...kinds.keys()].filter((kind) => !KINDS.includes(kind))).toEqual([]);
  });
});

const repeated = (times: number, bytes: readonly number[]): number[] =>
  Array.from({ length: times }, () => bytes).flat();

/** One function of 900 parameters and results that calls itself without end: six million bytes of valid module. */
function slowToValidate(): Bytes {
  const arity = 900;
  const types = repeated(2, [...leb(arity), ...repeated(arity, [0x7f])]);
  const gets = Array.from({ length: arity }, (_, index) => [0x20, ...leb(index)]).flat();
  const body = concat([
    Uint8Array.from([0, ...gets]),
    new Uint8Array(6_000_000).map((_, index) => (index % 2 === 0 ? 0x10 : 0)),
    Uint8Array.of(0x0b),
  ]);
  const head = [...HEADER, ...section(1, [1, 0x60, ...types]), ...section(3, [1, 0]), 10];
  const lengths = [...leb(body.length + leb(body.length).length + 1), 1, ...leb(body.length)];
  return concat([Uint8Array.from([...head, ...lengths]), body]);
}

describe("G5 totality: time", () => {
  // The host's validation alone took 16 s: the kernel decodes first, which bounds types and bodies.
  test("a module that takes the host's validation long is refused before it", () => {
    const bytes = slowToValidate();
    const begin = performance.now();
    expect(kernel.load(bytes)).toBeInvalid("S-entries");
    expect(performance.now() - begin).toBeLessThan(1000);
  });

  test("bodies of more than a megabyte and bytes without a header are refused at once", () => {
    const body = concat([Uint8Array.of(0), new Uint8Array(2_000_000).fill(1), Uint8Array.of(0x0b)]);
    const lengths = [...leb(body.length + leb(body.length).length + 1), 1, ...leb(body.length)];
    const head = [...HEADER, ...section(1, [1, 0x60, 0, 0]), ...section(3, [1, 0]), 10, ...lengths];
    const bytes = concat([Uint8Array.from(head), body]);
    expect(WebAssembly.validate(bytes)).toBe(true);
    expect(kernel.load(bytes)).toBeInvalid("S-instructions");
    expect(kernel.load(victim().fill(1, 4, 5).fill(2, 4, 5))).toBeInvalid("malformed");
    expect(kernel.load(new Uint8Array())).toBeInvalid("malformed");
  });
});

describe("G5 totality: entries and names", () => {
  const one = (params: string): Bytes => assemble({ functions: [{ params, results: "", code: [], exported: "f" }] });

  // V8 throws a TypeError for a number where an i64 is wanted; the guest chooses the type of its export.
  test("arguments of the wrong type or number are an outcome, and leave the domain as it was", async () => {
    for (const params of ["l", "i", "lll", "dl", ""]) {
      const domain = spawnSource(kernel, one(params));
      for (const args of [[], [1], [1n], [1, 2n, 3], [Number.NaN, Number.NaN]]) {
        const { kind } = await domain.enter("f", args);
        expect(["returned", "unlinkable"]).toContain(kind);
      }
      const right = [...params].map((letter) => (letter === "l" ? 1n : 1));
      expect(await domain.enter("f", right)).toBeReturned();
    }
  });

  test("an export that does not exist is unlinkable, whatever its name", async () => {
    const domain = spawnSource(kernel, one(""));
    for (const name of ["g", "", "__proto__", "constructor", "toString", "cordon.fuel", "memory", "\ud800"]) {
      expect(await domain.enter(name, [])).toBeUnlinkable(name);
    }
  });

  // A decoder of UTF-8 drops a byte order mark at the beginning: the engine's name would be another than the kernel's.
  test("a byte order mark in front of a reserved name makes it another name", () => {
    const bytes = artifactBytes(one(""));
    const name = new TextEncoder().encode("cordon.fuel");
    for (const [section, text] of [
      [7, name],
      [2, new TextEncoder().encode("cordon")],
    ] as const) {
      const marked = editSection(bytes, section, (payload) => {
        const at = payload.findIndex((_, index) => text.every((byte, j) => payload[index + j] === byte));
        const length = payload[at - 1] as number;
        return [...payload.subarray(0, at - 1), length + 3, 0xef, 0xbb, 0xbf, ...payload.subarray(at)];
      });
      expect(WebAssembly.validate(marked)).toBe(true);
      expect(kernel.load(marked)).toBeInvalid(section === 7 ? "V1-exports" : "V1-imports");
    }
  });

  test("exports may have any name, those of object prototypes too", async () => {
    const names = ["__proto__", "constructor", "hasOwnProperty", "0", "\ufefff", "then"];
    const functions = names.map((exported) => ({
      params: "",
      results: "i",
      code: [["i32.const", 5]] as const,
      exported,
    }));
    const domain = spawnSource(kernel, assemble({ functions }));
    for (const name of names) expect(await domain.enter(name, [])).toBeReturned(5);
  });

  test("an artifact of another kernel, or something that looks like one, is not spawned", () => {
    const artifact = mustReturn(kernel.load(victim()));
    const limits = { pages: 10, inFlight: 1 };
    expect(newKernel().spawn(artifact, { limits })).toBeRefused();
    expect(kernel.spawn({ ...artifact }, { limits })).toBeRefused();
    expect(kernel.spawn(artifact, { limits: { pages: 0, inFlight: 1 } })).toBeExhausted("memory");
    expect(kernel.spawn(artifact, { limits: { pages: Number.NaN, inFlight: 1 } })).toBeExhausted("memory");
  });

  test(`a function of more than ${MAX_TYPE_RESULTS} results is refused, whose room on the stack nobody counted`, () => {
    const results = "i".repeat(MAX_TYPE_RESULTS + 1);
    const code = [...results].map((): readonly ["i32.const", number] => ["i32.const", 1]);
    const source = assemble({ functions: [{ params: "", results, code, exported: "f" }] });
    expect(() => artifactBytes(source)).toThrow("S-entries");
  });
});

const head = (major: number, length: number): number[] => [
  (major << 5) | 26,
  ...[24, 16, 8, 0].map((shift) => (length >>> shift) & 0xff),
];

describe("G5 totality: values", () => {
  test("any bytes are a value or are refused with a place, and quickly", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const items = checkValue(bytes, bytes.length);
        if (typeof items === "object") expect(items.at).toBeLessThanOrEqual(bytes.length + 8);
        else expect(items).toBeLessThanOrEqual(MAX_VALUE_NODES);
      }),
      { numRuns: 5000 },
    );
  });

  // Short lists of small items are counted without the walk. Behind an empty list everything is walked.
  test("what is counted at a glance is what the walk counts", () => {
    const anyItem = fc.oneof(
      fc.constantFrom(
        [0],
        [0x18, 200],
        [0x38, 7],
        [0xf5],
        [0xf7],
        [0xfb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0],
        [0xe0],
        [0xf9, 0, 0],
      ),
      fc
        .constantFrom(0, 1, 23, 24, 31, 32, 33, 64, 255)
        .map((n) => (n < 24 ? [0x60 | n] : [0x78, n]).concat(Array(n).fill(97))),
      fc.uint8Array({ maxLength: 12 }).map((bytes) => [...bytes]),
    );
    const anyList = fc
      .array(anyItem, { maxLength: 25 })
      .chain((items) =>
        fc
          .constantFrom(items.length, items.length, items.length + 1, items.length - 1)
          .map((count) => [...(count < 24 ? [0x80 | Math.max(count, 0)] : [0x98, count]), ...items.flat()]),
      );
    let accepted = 0;
    fc.assert(
      fc.property(fc.oneof(anyItem, anyList), fc.uint8Array({ maxLength: 9 }), (item, behind) => {
        const glance = checkValue(Uint8Array.from([...item, ...behind]), item.length);
        const walked = checkValue(Uint8Array.from([0x82, 0x80, ...item, ...behind]), item.length + 2);
        expect(typeof glance).toBe(typeof walked);
        if (typeof walked === "number") expect(glance).toBe(walked - 2);
        accepted += Number(typeof walked === "number");
      }),
      { numRuns: 5000 },
    );
    expect(accepted).toBeGreaterThan(500);
  });

  test("a value cut off behind a small item is refused with a place inside it", () => {
    for (const bytes of [
      [0x82, 0x43, 0, 0, 0],
      [0x82, 1],
      [0xa1, 0x61, 0x61],
      [0x83, 1, 2],
    ]) {
      const bad = checkValue(Uint8Array.from(bytes), bytes.length) as BadValue;
      expect(bad.why).toBe("cut off");
      expect(bad.at).toBeLessThanOrEqual(bytes.length);
    }
  });

  test("mutilated values too", () => {
    const value = Uint8Array.from([0x84, 0, 0xf5, 0xa1, 0x61, 0x61, 0x82, 1, 2, 0xd8, 28, 0x81, 0xd8, 29, 0]);
    expect(checkValue(value, value.length)).toBeTypeOf("number");
    fc.assert(
      fc.property(anyMutilation(), (how) => {
        const bytes = mutilate(value, how);
        expect(["number", "object"]).toContain(typeof checkValue(bytes, bytes.length));
      }),
      { numRuns: 5000 },
    );
  });

  // Sharing made 84 MB of JSON out of 24 items; a long string shared often does the same with no more items than that.
  test("a megabyte of text that is shared a thousand times is refused", () => {
    const text = new Uint8Array(1 << 20).fill(0x61);
    const shared = (times: number): Uint8Array =>
      Uint8Array.from([
        ...head(4, times + 1),
        0xd8,
        28,
        ...head(3, text.length),
        ...text,
        ...Array.from({ length: times }, () => [0xd8, 29, 0]).flat(),
      ]);
    const [few, often] = [shared(3), shared(1000)];
    expect(checkValue(few, few.length)).toBeTypeOf("number");
    expect(checkValue(often, often.length)).toMatchObject({ why: "too many items" });
  });

  test("sharing inside sharing is counted each time: thirty levels of two references are refused", () => {
    const level = (depth: number): number[] => [
      0x82,
      0xd8,
      29,
      ...(depth < 24 ? [depth] : [24, depth]),
      0xd8,
      29,
      ...(depth < 24 ? [depth] : [24, depth]),
    ];
    const chain = Array.from({ length: 30 }, (_, depth) => [0xd8, 28, ...level(depth)]);
    const bytes = Uint8Array.from([0x98, 31, 0xd8, 28, 0x80, ...chain.flat()]);
    expect(checkValue(bytes, bytes.length)).toMatchObject({ why: "too many items" });
  });

  test("sparse arrays, lengths that lie, and depth are bounded", () => {
    const refused: [string, number[]][] = [
      ["too many items", [0xda, 0, 0x43, 0x4f, 2, 0x81, ...head(0, 0x0fff_ffff)]],
      ["cut off", [...head(4, 0xffff_ffff), 0]],
      ["cut off", [...head(2, 0xffff_ffff), 0]],
      ["nested too deep", Array.from({ length: 1000 }, () => 0x81).concat(0)],
    ];
    for (const [why, bytes] of refused) {
      expect(checkValue(Uint8Array.from(bytes), bytes.length)).toMatchObject({ why });
    }
  });
});
