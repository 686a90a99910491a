// The shape bounds: compiling is work that no fuel pays for, so no module that is accepted may take long to compile.
import { describe, expect, test } from "vitest";
import { confine, type Domain, GUARD } from "../../kernel/index.ts";
import { assemble, type Bytes, type Code, type FunctionParts, type Instruction } from "../kit/assemble.ts";
import { decodeModule, disassemble } from "../kit/disassemble.ts";
import { inFrame, MONITORS } from "../kit/monitored.ts";
import { editBody } from "../kit/surgery.ts";
import { artifactBytes, mustReturn, newKernel, spawn } from "../kit/world.ts";
import "../kit/vitest.ts";

const MOST_MS = 100;
const kernel = newKernel();

const repeat = (times: number, ...code: Instruction[]): Instruction[] =>
  Array.from({ length: times }, () => code).flat();
const get: Instruction = ["local.get", 0];
const drops = (n: number): Instruction[] => repeat(n, ["drop"]);
const gets = (n: number): Instruction[] => repeat(n, get);
const entry = (code: Code, locals = ""): FunctionParts => ({ params: "i", results: "", locals, code, exported: "f" });
const many = (n: number): string => "i".repeat(n);
const identity = (n: number): Instruction[] => Array.from({ length: n }, (_, index) => ["local.get", index]);

/** Families of hostile functions: the larger `size`, the more there is to compile. `wide` goes from 1 to 950. */
type Family = (size: number, wide: number) => readonly FunctionParts[];
const FAMILIES: Readonly<Record<string, Family>> = {
  "empty ifs under many locals": (n, w) => [entry(repeat(n, get, ["if", ""], ["end"]), many(w))],
  "empty ifs over many operands": (n, w) => [entry([...gets(w), ...repeat(n, get, ["if", ""], ["end"]), ...drops(w)])],
  "loops over many operands": (n, w) => [entry([...gets(w), ...repeat(n, ["loop", ""], ["end"]), ...drops(w)])],
  "br_ifs over many locals": (n, w) => [entry([["block", ""], ...repeat(n, get, ["br_if", 0]), ["end"]], many(w))],
  "calls under many operands": (n, w) => [
    entry([...gets(w), ...repeat(n, ["call", 1]), ...drops(w)]),
    { params: "", results: "", code: [] },
  ],
  "calls that move many values": (n, w) => {
    const arity = 1 + (w % 16);
    const code = [...gets(arity), ...repeat(n, ["call", 1]), ...drops(arity)];
    return [entry(code), { params: many(arity), results: many(arity), code: identity(arity) }];
  },
  "blocks that move many values": (n, w) => {
    const arity = 1 + (w % 16);
    const code = [...gets(arity), ...repeat(n, ["block", 1], ["end"]), ...drops(arity)];
    return [entry(code), { params: many(arity), results: many(arity), code: identity(arity) }];
  },
  "branch tables": (n, w) => {
    const labels = Array.from({ length: n }, (_, index) => index % w);
    return [entry([...repeat(w, ["block", ""]), get, ["br_table", labels], ...repeat(w, ["end"])])];
  },
};

let made = 0;
/** Each module is new to the host engine, which would reuse the code of one that it has seen. */
const build = (family: string, size: number, wide: number): Bytes =>
  artifactBytes(
    assemble({
      functions: (FAMILIES[family] as Family)(size, wide),
      globals: [{ type: "i", value: made++ }],
    }),
  );

const isAccepted = (family: string, size: number, wide: number): boolean =>
  kernel.load(build(family, size, wide)).kind === "returned";

/** About the largest size that the kernel accepts. */
function largest(family: string, wide: number): number {
  let [low, high] = [1, 70_000];
  while (high - low > low / 32) {
    const middle = Math.ceil((low + high) / 2);
    if (isAccepted(family, middle, wide)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Milliseconds of processor, so that other work on the machine does not count. */
const firstCall = (bytes: Bytes): Promise<number> =>
  firstCallOf(spawn(kernel, mustReturn(kernel.load(bytes)), { allowance: { fuel: 1000 } }));

async function firstCallOf(domain: Domain): Promise<number> {
  const begin = process.cpuUsage();
  await domain.enter("f", [0]);
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1000;
}

/** The best of some: what else this process does only ever adds. */
async function measure(family: string, wide: number): Promise<number> {
  const size = largest(family, wide);
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 8 && best > MOST_MS; i++) best = Math.min(best, await firstCall(build(family, size, wide)));
  return best;
}

// ... under monitors: what a check is made of counts as well, though it costs no fuel.

const mode = inFrame(MONITORS);
const CHECKED: Readonly<Record<string, Family>> = {
  "divisions under many locals": (n, w) => [entry(repeat(n, get, get, ["i32.div_u"], ["drop"]), many(w))],
  "divisions over many operands": (n, w) => [
    entry([
      ...gets(w),
      ...repeat(n, get, get, ["i64.extend_i32_u"], ["i64.const", 1n], ["i64.rem_s"], ["drop"], ["drop"]),
      ...drops(w),
    ]),
  ],
  "indirect calls": (n, w) => [entry(repeat(n, get, get, ["call_indirect", 0]), many(w))],
};

function buildChecked(family: string, size: number, wide: number): Bytes {
  const functions = (CHECKED[family] as Family)(size, wide).map((one) => ({ ...one, results: "" }));
  return artifactBytes(assemble({ functions, table: [0], globals: [{ type: "i", value: made++ }] }), mode);
}

async function measureChecked(family: string, wide: number): Promise<number> {
  let [low, high] = [1, 30_000];
  while (high - low > low / 32) {
    const middle = Math.ceil((low + high) / 2);
    if (kernel.load(buildChecked(family, middle, wide), mode).kind === "returned") low = middle;
    else high = middle - 1;
  }
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 8 && best > MOST_MS; i++) {
    const artifact = mustReturn(kernel.load(buildChecked(family, low, wide), mode));
    best = Math.min(best, await firstCallOf(spawn(kernel, artifact, { allowance: { fuel: 1000 } })));
  }
  return best;
}

const WIDTHS = process.env["CORDON_DEEP"] === "1" ? [1, 30, 300, 900] : [900];

describe("compile bombs", () => {
  test.each(Object.keys(FAMILIES))("the largest accepted module of %s compiles in 100 ms", async (family) => {
    for (const wide of WIDTHS) expect(await measure(family, wide), `${wide} wide`).toBeLessThan(MOST_MS);
  });

  test("what took 20 s before operands were counted is refused", () => {
    expect(kernel.load(build("loops over many operands", 20_000, 900))).toBeInvalid("S-product");
  });

  test("values that calls move are counted", () => {
    expect(kernel.load(build("calls that move many values", 50_000, 15))).toBeInvalid("S-instructions");
  });

  test.each(Object.keys(CHECKED))("the largest accepted function of %s compiles in 100 ms", async (family) => {
    for (const wide of WIDTHS) expect(await measureChecked(family, wide), `${wide} wide`).toBeLessThan(MOST_MS);
  });

  test("confining an address again and again is counted, though it costs no fuel", () => {
    const mode = { kind: "segment", mask: 0xffff, guard: GUARD } as const;
    const bytes = artifactBytes(assemble({ pages: 1, functions: [entry([get, ["i32.load", 0], ["drop"]])] }), mode);
    const index = decodeModule(bytes).bodies.length - 1;
    const seen = disassemble(bytes, decodeModule(bytes).bodies[index] as { at: number; end: number });
    const load = seen.find(({ name }) => name === "i32.load") as { at: number };
    const again = (times: number): Bytes =>
      editBody(bytes, index, load.at, load.at, Array.from({ length: times }, () => confine(mode.mask, 1)).flat());
    expect(kernel.load(again(100), mode)).toBeReturned();
    expect(kernel.load(again(20_000), mode)).toBeInvalid("S-instructions");
  });
});
