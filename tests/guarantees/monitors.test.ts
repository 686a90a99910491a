// Checks of instructions do what their data says, as an oracle outside the guest says it, and nothing else.
import { fc, test as prop } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import type { Check, Domain, Mode, Monitors, Outcome, Step } from "../../kernel/index.ts";
import { permissive } from "../../policy-libs/index.ts";
import { assemble } from "../kit/assemble.ts";
import { runs } from "../kit/confinement.ts";
import { anyProgram } from "../kit/generators.ts";
import {
  constant,
  inFrame,
  inMode,
  inSegment,
  MONITORS,
  monitored,
  operand,
  program,
  register,
} from "../kit/monitored.ts";
import { artifactBytes, mustReturn, newKernel, type SpawnOptions, spawn } from "../kit/world.ts";
import "../kit/vitest.ts";

const kernel = newKernel();
const open = (monitors: Monitors, options?: SpawnOptions): Domain =>
  spawn(kernel, mustReturn(kernel.load(program(inMode(monitors)), inMode(monitors))), options);

const U64 = (1n << 64n) - 1n;
const truth = (holds: boolean): bigint => (holds ? 1n : 0n);

const WORDS: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  "i64.add": (a, b) => (a + b) & U64,
  "i64.and": (a, b) => a & b,
  "i64.eq": (a, b) => truth(a === b),
  "i64.ne": (a, b) => truth(a !== b),
  "i64.lt_u": (a, b) => truth(a < b),
  "i64.gt_u": (a, b) => truth(a > b),
  "i64.le_u": (a, b) => truth(a <= b),
  "i64.ge_u": (a, b) => truth(a >= b),
  "i32.and": (a, b) => a & b,
  "i32.or": (a, b) => a | b,
};

/** What a test comes to, by the data alone. */
function evaluate(steps: readonly Step[], operands: readonly bigint[], registers: readonly bigint[]): boolean {
  const stack: bigint[] = [];
  for (const [name, value = 0] of steps) {
    if (name === "operand") stack.push(operands[value] as bigint);
    else if (name === "register") stack.push(registers[value] as bigint);
    else if (name === "i64.const") stack.push(BigInt.asUintN(64, BigInt(value)));
    else if (name === "i32.eqz") stack.push(truth(stack.pop() === 0n));
    else {
      const [b, a] = [stack.pop() as bigint, stack.pop() as bigint];
      stack.push((WORDS[name] as (a: bigint, b: bigint) => bigint)(a, b));
    }
  }
  return stack.pop() === 1n;
}

interface Oracle {
  readonly registers: bigint[];
}

type Told = { readonly end: number } | { readonly give: number } | "goes on";

/** The event as the checks see it: the first that ends it ends it, at a division the last that gives gives. */
function decide({ registers }: Oracle, checks: readonly Check[], operands: readonly bigint[]): Told {
  const before = [...registers];
  const isMet = ({ test }: Check): boolean => evaluate(test, operands, before);
  const ends = checks.find((check) => check.act[0] === "end" && isMet(check));
  if (ends !== undefined) return { end: ends.act[1] };
  for (const check of checks) {
    const [kind, index] = check.act;
    if (kind === "add" && evaluate(check.test, operands, registers)) (registers[index] as bigint)++;
  }
  const gives = checks.findLast((check) => check.act[0] === "give" && isMet(check));
  return gives === undefined ? "goes on" : { give: gives.act[1] };
}

/** An integer division of WebAssembly; undefined: it traps. */
function divide(name: string, a: bigint, b: bigint): bigint | undefined {
  const bits = name.startsWith("i32") ? 32 : 64;
  const as = name.endsWith("_s") ? BigInt.asIntN : BigInt.asUintN;
  const [x, y] = [as(bits, a), as(bits, b)];
  if (y === 0n) return undefined;
  if (name.includes("rem")) return BigInt.asIntN(bits, x % y);
  const quotient = x / y;
  return name.endsWith("_s") && quotient === 1n << BigInt(bits - 1) ? undefined : BigInt.asIntN(bits, quotient);
}

const NAMES = ["div_s", "div_u", "rem_s", "rem_u"].flatMap((name) => [`i32.${name}`, `i64.${name}`]);

interface Division {
  readonly name: string;
  readonly a: bigint;
  readonly b: bigint;
}

const some = fc.constantFrom(0n, 1n, 2n, 3n, 7n, 10n, -1n, -2n, 1n << 31n, -(1n << 31n), (1n << 32n) - 1n);
const word = fc.oneof({ weight: 4, arbitrary: some }, fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }));
const anyDivision: fc.Arbitrary<Division> = fc.record({ name: fc.constantFrom(...NAMES), a: word, b: word });

const CONSTANTS = [0, 1, 2, 3, 7, 10, 0xffff_ffff, 0x8000_0000, 2 ** 40, 2 ** 53 - 1];
const term: fc.Arbitrary<readonly Step[]> = fc.oneof(
  fc.constant([operand()]),
  fc.constantFrom(...CONSTANTS).map((value) => [constant(value)]),
  fc.nat(2).map((index) => [register(index)]),
  fc.tuple(fc.nat(2), fc.nat(2)).map(([a, b]): Step[] => [register(a), register(b), ["i64.add"]]),
);
const compare = fc
  .tuple(term, term, fc.constantFrom("eq", "ne", "lt_u", "gt_u", "le_u", "ge_u"))
  .map(([a, b, name]) => [...a, ...b, [`i64.${name}`]] as Step[]);
const { test: anyTest } = fc.letrec<{ test: Step[] }>((tie) => ({
  test: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    compare,
    tie("test").map((a): Step[] => [...a, ["i32.eqz"]]),
    fc.tuple(tie("test"), tie("test")).map(([a, b]): Step[] => [...a, ...b, ["i32.and"]]),
    fc.tuple(tie("test"), tie("test")).map(([a, b]): Step[] => [...a, ...b, ["i32.or"]]),
  ),
}));
const anyAct: fc.Arbitrary<Check["act"]> = fc.oneof(
  fc.nat(1).map((reason) => ["end", reason] as const),
  fc.constantFrom(0, 1, 5, 0x7fff_ffff).map((value) => ["give", value] as const),
  fc.nat(2).map((index) => ["add", index] as const),
);
const anyChecks = fc.array(fc.record({ test: anyTest, act: anyAct }), { minLength: 1, maxLength: 5 });

/** What a division must come to, checks and all. */
function expected(oracle: Oracle, checks: readonly Check[], { name, a, b }: Division): Outcome<unknown> {
  const isNarrow = name.startsWith("i32");
  const told = decide(oracle, checks, [BigInt.asUintN(isNarrow ? 32 : 64, b)]);
  if (told !== "goes on" && "end" in told) {
    return { kind: "refused", by: "policy", why: MONITORS.reasons[told.end] as string };
  }
  const value = told === "goes on" ? divide(name, a, b) : BigInt(told.give);
  if (value === undefined) return { kind: "trap", reason: "" };
  return { kind: "returned", value: isNarrow ? Number(value) : value };
}

async function perform(domain: Domain, { name, a, b }: Division): Promise<Outcome<unknown>> {
  const isNarrow = name.startsWith("i32");
  const args = [a, b].map((value) => (isNarrow ? Number(BigInt.asIntN(32, value)) : BigInt.asIntN(64, value)));
  const outcome = await domain.enter(name, args);
  return outcome.kind === "trap" ? { kind: "trap", reason: "" } : outcome;
}

describe("checks of divisions", () => {
  prop.prop([anyChecks, fc.array(anyDivision, { minLength: 1, maxLength: 12 })], runs(150))(
    "decide each division of a trace as an oracle does that is no code of the guest's",
    async (checks, divisions) => {
      const domain = open({ ...MONITORS, on: { divide: checks } });
      const oracle: Oracle = { registers: [0n, 0n, 0n] };
      for (const division of divisions) {
        const outcome = expected(oracle, checks, division);
        expect(await perform(domain, division)).toEqual(outcome);
        if (outcome.kind !== "returned") break;
      }
      domain.end();
    },
  );

  test("division by zero: refused by the policy where it is looked for, a trap where it is not", async () => {
    const monitors = monitored({ divide: [{ test: [operand(), constant(0), ["i64.eq"]], act: ["end", 0] }] }, 0);
    const refused = { kind: "refused", by: "policy", why: "division by zero" };
    for (const name of NAMES) {
      const args = name.startsWith("i32") ? [5, 0] : [5n, 0n];
      expect(await open(monitors).enter(name, args)).toEqual(refused);
      expect((await open({ ...monitors, on: {} }).enter(name, args)).kind).toBe("trap");
    }
  });

  test("an operand of 32 bits is its bits without a sign", async () => {
    const monitors = monitored({ divide: [{ test: [operand(), constant(2 ** 32 - 1), ["i64.eq"]], act: ["end", 0] }] });
    expect((await open(monitors).enter("i32.div_s", [5, -1])).kind).toBe("refused");
    expect(await open(monitors).enter("i64.div_s", [5n, -1n])).toEqual({ kind: "returned", value: -5n });
  });

  test("nothing catches what a check ends, and the domain has ended for good", async () => {
    const domain = open(MONITORS);
    expect((await domain.enter("i32.div_s", [1, 0])).kind).toBe("refused");
    expect(await domain.enter("i32.div_s", [1, 1])).toEqual(domain.ending());
    expect(domain.ending()).toEqual({ kind: "refused", by: "policy", why: "division by zero" });
  });

  test("a trap of the guest's own is none of a policy's, and neither is running out", async () => {
    expect((await open(monitored({ call: [] })).enter("i32.div_s", [1, 0])).kind).toBe("trap");
    const { call: _, ...rest } = MONITORS.on;
    const spinning = await open({ ...MONITORS, on: rest }).enter("deep", [100_000]);
    expect(spinning).toEqual({ kind: "exhausted", resource: "depth" });
    const poor = await open(MONITORS, { allowance: { fuel: 20 } }).enter("deep", [10]);
    expect(poor).toEqual({ kind: "exhausted", resource: "fuel" });
  });
});

describe("checks of other events", () => {
  test("depth is the calls inside calls with this one, and is given back", async () => {
    const domain = open(MONITORS);
    for (let i = 0; i < 50; i++) expect(await domain.enter("deep", [19])).toEqual({ kind: "returned", value: 19 });
    expect(await domain.enter("deep", [20])).toEqual({ kind: "refused", by: "policy", why: "too deep" });
  });

  test("calls can be counted: registers add over all of a domain's life", async () => {
    const monitors = monitored(
      {
        call: [
          { test: [register(1), constant(10), ["i64.ge_u"]], act: ["end", 2] },
          { test: [operand(), constant(0), ["i64.ge_u"]], act: ["add", 1] },
        ],
      },
      2,
    );
    const domain = open(monitors);
    for (let i = 0; i < 10; i++) expect((await domain.enter("global", [])).kind).toBe("returned");
    expect((await domain.enter("global", [])).kind).toBe("refused");
    expect((await open(monitors).enter("deep", [9])).kind).toBe("returned");
    expect((await open(monitors).enter("deep", [10])).kind).toBe("refused");
  });

  test("an indirect call is checked by its place in the table, before the table is", async () => {
    expect(await open(MONITORS).enter("indirect", [8, 4, 0])).toEqual({ kind: "returned", value: 2 });
    expect(await open(MONITORS).enter("indirect", [8, 4, 9])).toMatchObject({ kind: "refused", why: "slot 9" });
    expect((await open(MONITORS).enter("indirect", [8, 4, 10])).kind).toBe("trap");
  });

  test("growth: refused it answers -1 and nothing has grown, beyond that it ends", async () => {
    const domain = open(MONITORS);
    const grow = async (pages: number): Promise<unknown> => domain.enter("grow", [pages]);
    expect(await grow(7)).toEqual({ kind: "returned", value: 1 });
    expect(await grow(1)).toEqual({ kind: "returned", value: -1 });
    expect(await grow(0)).toEqual({ kind: "returned", value: 8 });
    expect(domain.usage().memory).toBe(8 * 65_536);
    expect(await grow(-1)).toMatchObject({ kind: "refused", why: "too much memory" });
  });
});

const GATE_CALLS = assemble({
  pages: 1,
  imports: [{ name: "call", params: "iiiii", results: "i" }],
  data: [{ offset: 0, bytes: [0x80] }],
  functions: [
    {
      ...{ params: "ii", results: "i", exported: "call" },
      code: [
        ["local.get", 0],
        ["local.get", 1],
        ["i32.const", 0],
        ["i32.const", 1],
        ["i32.const", 0],
        ["call", 0],
      ],
    },
  ],
});

describe("checks of calls of capabilities", () => {
  test("refuse without crossing while the kernel's word says so, and for this handle and method alone", async () => {
    const mode = inMode(MONITORS);
    const domain = spawn(kernel, mustReturn(kernel.load(artifactBytes(GATE_CALLS, mode), mode)));
    const seen: [number, number][] = [];
    for (const index of [0, 1]) {
      const contract = permissive("c", ["first", "second"]);
      const target = (method: number): Uint8Array => {
        seen.push([index, method]);
        return Uint8Array.of(0xf5);
      };
      domain.grant({ contract, target });
    }
    const call = async (handle: number, method: number): Promise<unknown> => {
      const outcome = await domain.enter("call", [handle, method]);
      return outcome.kind === "returned" ? outcome.value : outcome;
    };
    const DENIED = -2;
    expect([await call(1, 0), await call(1, 1), await call(0, 0)]).toEqual([1, 1, 1]);
    domain.setRegister(2, 0xffff_ffff);
    expect([await call(1, 0), await call(1, 1), await call(0, 0)]).toEqual([DENIED, 1, 1]);
    domain.setRegister(2, 2);
    expect(await call(1, 0)).toBe(1);
    expect(seen).toHaveLength(6);
  });
});

const QUIET: Monitors = {
  ...MONITORS,
  on: {
    divide: [
      { test: [operand(), operand(), ["i64.ne"]], act: ["end", 0] },
      { test: [operand(), operand(), ["i64.ne"]], act: ["give", 9] },
      { test: [operand(), operand(), ["i64.eq"]], act: ["add", 1] },
    ],
    indirect: [{ test: [operand(), operand(), ["i64.ne"]], act: ["end", 0] }],
    call: [{ test: [operand(), constant(100_000), ["i64.gt_u"]], act: ["end", 0] }],
    grow: [{ test: [operand(), constant(100_000), ["i64.gt_u"]], act: ["give", -1] }],
  },
};

async function story(source: Uint8Array, mode: Mode, args: readonly (number | bigint)[]): Promise<unknown> {
  const domain = spawn(kernel, mustReturn(kernel.load(artifactBytes(source, mode), mode)));
  const outcome = await domain.enter("run", args);
  const digest = outcome.kind === "returned" ? await domain.enter("digest", [0]) : undefined;
  const told = { outcome, digest, usage: domain.usage() };
  domain.end();
  return told;
}

describe("G10 transparency", () => {
  prop.prop([anyProgram({ maxTape: 300 })], runs(150))(
    "what no check meets runs as if it were not looked at, and pays the same fuel",
    async ({ bytes, args }) => {
      const plain = await story(bytes, { kind: "frame" }, args);
      expect(await story(bytes, inMode(QUIET), args)).toEqual(plain);
    },
  );

  prop.prop([anyProgram({ maxTape: 200 })], runs(60))(
    "any program has an artifact with checks that the verifier accepts, in segments too",
    ({ bytes }) => {
      for (const mode of [inFrame(MONITORS), inSegment(QUIET)])
        expect(kernel.load(artifactBytes(bytes, mode), mode)).toBeReturned();
    },
  );
});
