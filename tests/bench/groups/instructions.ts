// Checks of instructions: a loop that divides twice each time round, and one that does not, with every division looked at
// and without. The second artifacts are the same byte for byte, so their figure is the noise.
import type { Domain, Mode, Monitors, Outcome } from "../../../kernel/index.ts";
import { instrument } from "../../../stdlib/toolchain/index.ts";
import { assemble, get, i32, set, T } from "../../toolchain/assemble.ts";
import { newKernel } from "../kernels.ts";
import { type Entrant, paired, perOperation } from "../pairs.ts";
import type { Group, Line } from "../types.ts";

const ZERO: Monitors = {
  ...{ registers: 0, reasons: ["division by zero"] },
  on: { divide: [{ test: [["operand", 0], ["i64.const", 0], ["i64.eq"]], act: ["end", 0] }] },
};
const CHECKED: Mode = { kind: "frame", monitors: ZERO };

const [LOOP, BRANCH_IF, END, VOID] = [0x03, 0x0d, 0x0b, 0x40];
const [ADD, SUB, MUL, DIV_U, REM_U, AND, OR, XOR] = [0x6a, 0x6b, 0x6c, 0x6e, 0x70, 0x71, 0x72, 0x73];
const [COUNT, SUM, DIVISOR] = [0, 1, 2];

/** Takes `loop` as often as its argument says. */
const around = (code: readonly number[]): number[] => [
  ...[LOOP, VOID, ...code, ...get(COUNT), ...i32(1), SUB, 0x22, COUNT, BRANCH_IF, 0, END],
  ...get(SUM),
];

const next = [...get(SUM), ...i32(1023), AND, ...i32(1), OR, ...set(DIVISOR)];
const DIVIDING = around([
  ...[...get(SUM), ...i32(31), MUL, ...i32(1_000_000_007), ...get(DIVISOR), DIV_U, ADD, ...set(SUM), ...next],
  ...[...get(SUM), ...get(SUM), ...get(DIVISOR), REM_U, XOR, ...set(SUM)],
]);
const PLAIN = around([
  ...[...get(SUM), ...i32(31), MUL, ...i32(1_000_000_007), ...get(DIVISOR), XOR, ADD, ...set(SUM), ...next],
]);

function orThrow<A>(outcome: Outcome<A>): A {
  if (outcome.kind === "returned") return outcome.value;
  throw new Error(JSON.stringify(outcome));
}

function open(code: readonly number[], mode: Mode): Domain {
  const locals = [T.i32, T.i32];
  const work = {
    params: [T.i32],
    results: [T.i32],
    locals,
    code: [...i32(7), ...set(DIVISOR), ...code],
    exported: "f",
  };
  const made = instrument(assemble({ functions: [work], memory: { min: 1 } }), { mode });
  if (made.kind === "refused") throw new Error(made.why);
  const kernel = newKernel();
  return orThrow(kernel.spawn(orThrow(kernel.load(made.bytes, mode)), { limits: { pages: 1, inFlight: 1 } }));
}

const ROUNDS = 100_000; // of the loop in one operation

function entrant(who: string, code: readonly number[], mode: Mode): Entrant {
  const domain = open(code, mode);
  const work = async (n: number): Promise<void> => {
    domain.allow({ fuel: 1e15, calls: 1, bytes: 1, deadline: Number.POSITIVE_INFINITY });
    orThrow(await domain.enter("f", [n * ROUNDS]));
  };
  return perOperation(who, work);
}

async function lineOf(id: string, what: string, code: readonly number[]): Promise<Line> {
  const entrants = [entrant("cordon", code, CHECKED), entrant("unchecked", code, { kind: "frame" })];
  return { id: `instructions.${id}`, what, unit: "ms", entries: await paired(entrants) };
}

async function measure(_field: unknown, emit: (line: Line) => void): Promise<void> {
  emit(await lineOf("divide", "100,000 rounds of two divisions, each checked for zero", DIVIDING));
  emit(await lineOf("none", "100,000 rounds without a division, under the same policy", PLAIN));
}

export const instructions: Group = { name: "instructions", what: "checks of instructions", measure };
