// The suite is tested too: with the verifier switched off and one kind of inserted check cut out of an artifact, some
// guarantee must be seen to fail. Each probe below is a guarantee in one line; the whole suite is made of the like.
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Mode, Outcome } from "../../kernel/index.ts";
import { assemble, type Bytes, type Code } from "../kit/assemble.ts";
import { segmentWorld } from "../kit/segment.ts";
import { editBody } from "../kit/surgery.ts";
import { FRAME, SEGMENT } from "../kit/victim.ts";
import { artifactBytes, mustReturn, newKernel, spawn } from "../kit/world.ts";
import { allInserted, type Inserted } from "../rules/inserted.ts";

// The verifier, switched off: it still decodes, since the kernel needs to know the module, and refuses nothing.
vi.mock("../../kernel/verify.ts", async (load) => {
  const original = await load<typeof import("../../kernel/verify.ts")>();
  const verify: typeof original.verify = (_bytes, module) => {
    const initialPages = module.imports[0]?.limits.min ?? 0;
    const data = module.data.map(({ offset = 0, from, length }) => ({ to: offset, from, length }));
    const counts = { functions: 0, loops: 0, gates: 0, instructions: 0 };
    return { initialPages, data, globals: module.globals, reserved: 4, reasons: [], ...counts };
  };
  return { ...original, verify };
});

const countdown: Code = [
  ...([
    ["loop", ""],
    ["local.get", 0],
    ["i32.const", 1],
    ["i32.sub"],
    ["local.tee", 0],
    ["br_if", 0],
    ["end"],
  ] as const),
];
const SOURCE = assemble({
  pages: 1,
  functions: [
    { params: "i", results: "", exported: "loop", code: countdown },
    {
      ...{ params: "i", results: "i", exported: "fib" },
      code: [
        ...([["local.get", 0], ["i32.const", 2], ["i32.lt_s"], ["if", "i"], ["local.get", 0], ["else"]] as const),
        ...([["local.get", 0], ["i32.const", 1], ["i32.sub"], ["call", 1], ["local.get", 0]] as const),
        ...([["i32.const", 2], ["i32.sub"], ["call", 1], ["i32.add"], ["end"]] as const),
      ],
    },
    {
      ...{ params: "i", results: "i", exported: "deep" },
      code: [
        ...([["local.get", 0], ["if", "i"], ["local.get", 0], ["i32.const", 1], ["i32.sub"], ["call", 2]] as const),
        ...([["i32.const", 1], ["i32.add"], ["else"], ["i32.const", 0], ["end"]] as const),
      ],
    },
    {
      params: "dd",
      results: "l",
      exported: "nan",
      code: [["local.get", 0], ["local.get", 1], ["f64.div"], ["i64.reinterpret_f64"]],
    },
    {
      params: "i",
      results: "",
      exported: "store",
      code: [
        ["local.get", 0],
        ["i32.const", -1],
        ["i32.store", 0],
      ],
    },
  ],
});

async function run(bytes: Bytes, name: string, args: readonly number[], fuel: number): Promise<Outcome<unknown>> {
  const kernel = newKernel();
  return await spawn(kernel, mustReturn(kernel.load(bytes)), { allowance: { fuel } }).enter(name, args);
}

const CANONICAL = 0x7ff8_0000_0000_0000n;

/** Guarantees, each true of an artifact as it was made. */
const PROBES: Readonly<Record<string, (frame: Bytes, segment: Bytes) => Promise<boolean>>> = {
  "G4: a loop beyond its fuel ends": async (bytes) =>
    (await run(bytes, "loop", [100_000], 10_000)).kind === "exhausted",
  "G4: calls beyond their fuel end": async (bytes) => (await run(bytes, "fib", [16], 3_000)).kind === "exhausted",
  "G4: calls beyond their depth end by the kernel's count": async (bytes) => {
    const outcome = await run(bytes, "deep", [8_000], 1e9);
    return outcome.kind === "exhausted" && outcome.resource === "depth";
  },
  "G10: depth is given back": async (bytes) => (await run(bytes, "fib", [20], 1e9)).kind === "returned",
  "G9: bits of a NaN are canonical": async (bytes) => {
    const outcome = await run(bytes, "nan", [0, 0], 1000);
    return outcome.kind === "returned" && outcome.value === CANONICAL;
  },
  "G1: a store stays in its segment": async (_, bytes) => {
    const world = segmentWorld(SEGMENT, 16);
    for (const at of [0, 70_000, 700_000]) world.run(bytes, 4 * 65_536, "store", [at]);
    const [from, to] = [4 * 65_536, 5 * 65_536 + SEGMENT.guard];
    return world.memory.every((byte, at) => byte === 0 || (at >= from && at < to));
  },
};

type Kind = Inserted["kind"];

/** The artifact without any sequence of this kind. From the back, so that places in front stay where they are. */
function without(mode: Mode, kind: Kind | undefined): Bytes {
  let bytes = artifactBytes(SOURCE, mode);
  for (const one of allInserted(bytes, mode)
    .filter((found) => found.kind === kind)
    .reverse()) {
    const [first, last] = [one.seen[one.from], one.seen[one.to - 1]];
    bytes = editBody(bytes, one.body, first?.at as number, last?.end as number, []);
  }
  return bytes;
}

async function failures(kind: Kind | undefined): Promise<string[]> {
  const [frame, segment] = [without(FRAME, kind), without(SEGMENT, kind)];
  const failed: string[] = [];
  for (const [name, holds] of Object.entries(PROBES)) if (!(await holds(frame, segment))) failed.push(name);
  return failed;
}

describe("the suite notices", () => {
  beforeEach(() => {
    expect(newKernel().load(without(FRAME, "leave")).kind, "the verifier is off").toBe("returned");
  });

  test("nothing, when nothing was cut out", async () => {
    expect(await failures(undefined)).toEqual([]);
  });

  test.each([
    ["charge", "G4: a loop beyond its fuel ends"],
    ["enter", "G4: calls beyond their fuel end"],
    ["leave", "G10: depth is given back"],
    ["settle", "G9: bits of a NaN are canonical"],
    ["confine", "G1: a store stays in its segment"],
    ["base", "G1: a store stays in its segment"],
  ] as const)("that every %s was cut out", async (kind, guarantee) => {
    expect(await failures(kind)).toContain(guarantee);
  });
});
