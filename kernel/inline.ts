// Checks in the guest's own code: the exact instruction sequences that a policy's data on instructions becomes.
//
// As with fuel, the kernel generates the sequences, the toolchain places them, the verifier demands them.
//
// Invariants
//   IN1  Code that is made of the data names the registers and the event's operands, whatever the data says.
//   IN2  A test stands in a block of its own: by validation it takes no values but those that it pushed.
//   IN3  A check that ends the domain traps, and says why in the depth that is left: below 0 for a trap of no other kind.
// Trust
//   Trusted by verify.ts and domain.ts. Not promised: that a policy means what its author meant.
import { i64, u32 } from "./bytes.ts";
import { constant, GLOBAL, RESERVED_GLOBALS } from "./fuel.ts";
import { OPCODES, tabulate } from "./opcodes.ts";
import { invariant } from "./outcome.ts";

type Word = `i64.${"add" | "and" | "eq" | "ne" | "lt_u" | "gt_u" | "le_u" | "ge_u"}` | `i32.${"and" | "or" | "eqz"}`;
/** Postfix, of i64 but for truths. Constants are safe integers. Of an i32 operand it is the bits, unsigned. */
export type Step = readonly ["operand" | "register" | "i64.const", number] | readonly [Word];
const STEP = /^(operand|register|i64\.(const|add|and|eq|ne|[lg][te]_u)|i32\.(and|or|eqz))$/;

/**
 * If the test leaves 1 and not 0: "end" the domain for this one of the reasons, or "give" this number and do not what
 * was to be done (of several at a division the last, elsewhere the first). "add" the test to this register.
 */
export type Check = { readonly test: readonly Step[]; readonly act: readonly ["end" | "give" | "add", number] };

type Checks = Partial<Readonly<Record<"divide" | "indirect" | "call" | "grow" | "gate", readonly Check[]>>>;
/**
 * In order, but at a division what adds comes last. The operands: of `divide` the divisor, of `indirect` the place in
 * the table, of `call` the depth of calls with this one, of `grow` the pages with the new ones, of `gate` the handle and
 * the method. `indirect` and `call` give nothing. If there is `call`, register 0 is the depth. Registers begin at 0.
 */
export type Monitors = { readonly registers: number; readonly reasons: readonly string[]; readonly on: Checks };

/** Kinds of monitored instructions; 0: none of them. */
export const [DIVIDE, DIVIDE_WIDE, INDIRECT] = [1, 2, 3] as const;
const KIND = tabulate(0, ({ pops }, name) =>
  name === "call_indirect" ? INDIRECT : !/\.(div|rem)_/.test(name) ? 0 : pops === "ll" ? DIVIDE_WIDE : DIVIDE,
);

export type Code = readonly number[];
type Give = (value: number, test: Code) => Code;
export type Inline = ReturnType<typeof inline>;

const answer: Give = (value, test) => [...test, 0x04, 0x40, ...constant(value), 0x0f, 0x0b];
const parameter = (local: number): Code => [0x20, local, 0xad];

const isGood = ({ test, act }: Check): boolean =>
  [...test, act].every(([, value = 0]) => Number.isSafeInteger(value)) && test.every(([name]) => STEP.test(name));

/**
 * The code of each event. `firstOwn`: the first global that the guest may name. `room`: operands that a check needs.
 * `kinds`: of the monitored opcodes.
 */
export function inline({ registers, reasons, on }: Monitors = { registers: 0, reasons: [], on: {} }) {
  const checks = Object.values(on).flat();
  invariant(registers >= 0 && checks.every(isGood), "IN1");
  const register = (opcode: number, index: number): Code => {
    invariant(index >= 0 && index < registers, "IN1");
    return [opcode, ...u32(RESERVED_GLOBALS + index)];
  };
  const step = ([name, value = -1]: Step, operands: readonly Code[]): Code => {
    if (name === "register") return register(0x23, value);
    if (name === "operand") return operands[value] ?? [];
    return [OPCODES[name].code, ...(name === "i64.const" ? i64(value) : [])];
  };
  const done = ({ test, act: [kind, value] }: Check, operands: readonly Code[], give: Give): Code => {
    const tested = [0x02, 0x7f, ...test.flatMap((one) => step(one, operands)), 0x0b];
    if (kind === "give") return give(value, tested);
    if (kind === "add") return [...register(0x23, value), ...tested, 0xad, 0x7c, ...register(0x24, value)];
    return [...tested, 0x04, 0x40, ...constant(-1 - value), 0x24, GLOBAL.depth, 0x00, 0x0b];
  };
  const code = (event: keyof typeof on, kinds: string, operands: readonly Code[], give = answer): Code =>
    (on[event] ?? []).flatMap((check) => (kinds.includes(check.act[0]) ? done(check, operands, give) : []));
  const made: Readonly<Record<"before" | "after", Code>>[] = [];
  const around = (kind: number, local: number): (typeof made)[number] => {
    const [tee, get, isWide] = [[0x22, ...u32(local)], [0x20, ...u32(local)], kind === DIVIDE_WIDE];
    const operand = [isWide ? get : [...get, 0xad]];
    if (kind === INDIRECT) return { before: [...tee, ...code("indirect", "end add", operand)], after: [] };
    // What is given stands for the result, and 1 for the divisor.
    const choose: Give = (value, test) => [...(isWide ? [0x42, ...i64(value)] : constant(value)), ...test, 0x45, 0x1b];
    const before = [...tee, ...code("divide", "end give", operand, (_, test) => choose(1, test))];
    return { before, after: [...code("divide", "give", operand, choose), ...code("divide", "add", operand)] };
  };
  const count = (operation: number): Code => [...register(0x23, 0), 0x42, 1, operation, ...register(0x24, 0)];
  const room = 1 + Math.max(0, ...checks.map(({ test }) => test.length));
  const kinds = KIND.map((kind) => ((kind === INDIRECT ? on.indirect : on.divide) === undefined ? 0 : kind));
  return {
    ...{ firstOwn: RESERVED_GLOBALS + registers, reasons: [...reasons], room, kinds, isActive: kinds.some(Boolean) },
    around: (kind: number, local: number) => (made[local * 4 + kind] ??= around(kind, local)),
    enter: on.call === undefined ? [] : [...count(0x7c), ...code("call", "end add", [register(0x23, 0)])],
    leave: on.call === undefined ? [] : count(0x7d),
    grow: code("grow", "end give add", [[0x23, GLOBAL.pages, 0xad, ...parameter(0), 0x7c]]),
    gate: code("gate", "end give add", [parameter(0), parameter(1)]),
  };
}
