// The shape bounds: compiling is work that no fuel pays for, so no module that is accepted may take long to compile.
import { describe, expect, test } from "vitest";
import { confine } from "../../kernel/index.ts";
import { assemble, type Bytes, type Code, type FunctionParts, type Instruction } from "../kit/assemble.ts";
import { decodeModule, disassemble } from "../kit/disassemble.ts";
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
async function firstCall(bytes: Bytes): Promise<number> {
  const domain = spawn(kernel, mustReturn(kernel.load(bytes)), { allowance: { fuel: 1000 } });
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

  test("confining an address again and again is counted, though it costs no fuel", () => {
    const mode = { kind: "segment", mask: 0xffff, guard: 4096 } as const;
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
