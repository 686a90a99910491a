// From rules about the guest's instructions to the data of the checks that the kernel puts into its code.
//
// Invariants
//   IC1  A check decides as the reference semantics do, on operands as unsigned integers and on what instructions of the
//        same domain have counted. What cannot be decided so is a diagnostic, and nothing is left out silently.
//   IC2  Of one event every test reads the registers as they were before it, and only what was performed is counted.
// Trust
//   Trusts instruction-tests.ts. The kernel checks the bounds of what comes out (kernel/inline.ts).
import type { Check, Monitors, Step } from "../../kernel/index.ts";
import { type Diagnostic, diagnose } from "./diagnostic.ts";
import { counted, newRegisters, type Registers, sizeOf, testOf } from "./instruction-tests.ts";
import { MAX_STATE } from "./limits.ts";
import type { Joined, Place, Refusal, RPolicy, RRule } from "./resolved.ts";

/** Events by the operations' names. */
export const EVENTS = {
  "vm.divide": "divide",
  "vm.indirect": "indirect",
  "vm.call": "call",
  "vm.grow": "grow",
} as const;
type EventName = keyof typeof EVENTS;
const OPS = Object.keys(EVENTS) as EventName[];

/** Why a domain was ended: by the number of the reason. */
export interface InstructionEnding {
  readonly op: EventName;
  readonly policy: RPolicy;
  readonly rule: RRule;
}

export interface Instructions {
  /** Undefined: no rule is about an instruction. Nothing to go by if there are diagnostics. */
  readonly monitors: Monitors | undefined;
  readonly endings: readonly InstructionEnding[];
  readonly diagnostics: readonly Diagnostic[];
}

/** One rule at one event. */
interface Row {
  readonly effect: Refusal;
  readonly giving: number;
  readonly test: readonly Step[];
  readonly ending: InstructionEnding;
}

/** Bytes of code at every such instruction are a few times as many. */
const MOST_STEPS = 1_000;
const MOST_GIVEN = 0x7fff_ffff;
const STRICTNESS: Readonly<Record<Refusal, number>> = { halt: 0, deny: 1, suppress: 2 };

function report(registers: Registers, at: Place, message: string, advice = ""): void {
  registers.diagnostics.push(diagnose("P118", at, message, advice));
}

/** May it grant the event, in a choice between policies? A policy cannot allow an instruction but by default. */
const isGranting = (policy: Joined, op: EventName): boolean =>
  policy.kind === "policy"
    ? policy.default === "allow" && policy.over.some(({ name }) => name === op)
    : policy.of.some((member) => isGranting(member, op));

/** The policies whose refusals count: of a choice the one that grants, or all if none does. */
function decisive(registers: Registers, policy: Joined, op: EventName): readonly RPolicy[] {
  if (policy.kind === "policy") return policy.over.some(({ name }) => name === op) ? [policy] : [];
  const granting = policy.kind === "any" ? policy.of.filter((member) => isGranting(member, op)) : [];
  const members = granting.length === 0 ? policy.of : granting;
  const found = members.flatMap((member) => decisive(registers, member, op));
  const at = found.find(({ rules }) => rules.some((rule) => isAbout(rule, op)))?.at;
  if (granting.length > 1 && at !== undefined) {
    const message = `in "any of ${policy.name}" several policies allow ${op} by default`;
    report(registers, at, message, 'Write "default abstain" where a policy only restricts instructions.');
  }
  return found;
}

const isAbout = ({ on }: RRule, op: EventName): boolean => on.some(({ ops }) => ops.some(({ name }) => name === op));

/** Of a rule about this event. Undefined: it was reported. */
function rowOf(registers: Registers, policy: RPolicy, rule: RRule, op: EventName): Row | undefined {
  const { effect, at } = rule;
  const isValue = op === "vm.divide" || op === "vm.grow";
  if (effect.kind !== "deny" && effect.kind !== "halt" && effect.kind !== "suppress") {
    report(
      registers,
      at,
      `instructions are not for "${effect.kind}"`,
      'There are "deny", "halt" and "suppress … giving".',
    );
    return undefined;
  }
  const giving = effect.kind === "suppress" ? effect.giving : -1;
  if (effect.kind === "suppress" && !isValue) {
    report(registers, at, `${op} gives nothing that could take its place`, 'There are "deny" and "halt".');
  } else if (typeof giving !== "number" || giving > MOST_GIVEN) {
    report(registers, at, "an instruction that is left out gives an integer below 2^31", 'Write "giving 0".');
  }
  const test = testOf(registers, { op, on: rule.on, when: rule.when });
  const ending = { op, policy, rule };
  return { effect: effect.kind, giving: Number(giving), test, ending };
}

function rowsOf(registers: Registers, policy: Joined, op: EventName): Row[] {
  const rows = decisive(registers, policy, op).flatMap((one) =>
    one.rules.filter((rule) => isAbout(rule, op)).flatMap((rule) => rowOf(registers, one, rule, op) ?? []),
  );
  return rows.toSorted((a, b) => STRICTNESS[a.effect] - STRICTNESS[b.effect]);
}

/** Growth that is denied answers -1; what is denied otherwise ends the domain, for nothing can be put in its place. */
const ends = (op: EventName, { effect }: Row): boolean => effect === "halt" || (effect === "deny" && op !== "vm.grow");

/** The stricter decides, and of results the least. A division takes the last of what is given, the others the first. */
function checksOf(op: EventName, rows: readonly Row[], endings: InstructionEnding[]): Check[] {
  const ended = rows.filter((row) => ends(op, row));
  const given = rows.filter((row) => !ends(op, row)).toSorted((a, b) => a.giving - b.giving);
  if (op === "vm.divide") given.reverse();
  return [
    ...ended.map(({ test, ending }): Check => ({ test, act: ["end", endings.push(ending) - 1] })),
    ...given.map(({ test, giving }): Check => ({ test, act: ["give", giving] })),
  ];
}

const textOf = ({ rule, op }: InstructionEnding): string => rule.because ?? `a policy refuses ${op}: ${rule.at.text}`;

function checkSizes(registers: Registers, on: readonly (readonly Check[])[], at: Place): void {
  const steps = Math.max(...on.map((checks) => checks.reduce((sum, { test }) => sum + test.length, 0)));
  if (steps > MOST_STEPS) report(registers, at, `${steps} steps to decide one instruction`, `${MOST_STEPS} fit.`);
  if (sizeOf(registers, true) * 8 > MAX_STATE) registers.diagnostics.push(diagnose("P406", at, "too many counters"));
}

/** The checks of a program under this policy. */
export function instructionsOf(policy: Joined): Instructions {
  const registers = newRegisters();
  const endings: InstructionEnding[] = [];
  const rows = OPS.map((op) => [op, rowsOf(registers, policy, op)] as const);
  const all = rows.map(([op, each]): [EventName, readonly Check[]] => {
    const checks = checksOf(op, each, endings);
    return [op, [...checks, ...counted(registers, op, checks)]];
  });
  const [first] = rows.flatMap(([, each]) => each);
  const { diagnostics } = registers;
  if (first === undefined) return { monitors: undefined, endings, diagnostics };
  checkSizes(
    registers,
    all.map(([, checks]) => checks),
    first.ending.rule.at,
  );
  if (diagnostics.length > 0) return { monitors: undefined, endings, diagnostics };
  const named = all.filter(([, checks]) => checks.length > 0);
  const on = Object.fromEntries(named.map(([op, checks]) => [EVENTS[op], checks]));
  return {
    monitors: { registers: sizeOf(registers, "call" in on), reasons: endings.map(textOf), on },
    endings,
    diagnostics,
  };
}

const policiesIn = (policy: Joined): readonly RPolicy[] =>
  policy.kind === "policy" ? [policy] : policy.of.flatMap(policiesIn);

/** What is wrong with rules about instructions where a program is run by an engine: the instructions are the engine's. */
export const instructionsOverEngine = (policy: Joined): readonly Diagnostic[] =>
  policiesIn(policy).flatMap(({ rules }) =>
    rules
      .filter(({ on }) => on.some(({ ops }) => ops.some(({ isInstruction }) => isInstruction)))
      .map(({ at }) => {
        const message = "a rule about instructions, over a program that an engine runs: they would be the engine's own";
        return diagnose("P118", at, message, "Run a plain WebAssembly program under it, or take the rule out.");
      }),
  );
