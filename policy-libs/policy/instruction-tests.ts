// Conditions on instructions as tests in postfix, and the registers that they read.
//
// A register counts what a pattern matched. Patterns that are the same code at the same events share one.
import type { Check, Step } from "../../kernel/index.ts";
import { type Diagnostic, diagnose } from "./diagnostic.ts";
import type { Place, RCond, RPattern, RTerm } from "./resolved.ts";
import type { Comparison } from "./tree.ts";

/** What a register is fed by: at each of these operations, by name, events of this test. */
interface Feed {
  readonly tests: ReadonlyMap<string, readonly Step[]>;
  readonly index: number;
}

export interface Registers {
  /** By their code. One that another reads stands before it. */
  readonly feeds: Map<string, Feed>;
  readonly diagnostics: Diagnostic[];
}

/** Before all feeds: the depth of calls, and two that differ while a division is left out. */
const [LEFT_OUT, LEFT_OUT_BEFORE, FIRST_FEED] = [1, 2, 3];

export const newRegisters = (): Registers => ({ feeds: new Map(), diagnostics: [] });

/** None, if neither calls are looked at nor anything is counted. */
export const sizeOf = ({ feeds }: Registers, looksAtCalls: boolean): number =>
  feeds.size > 0 ? FIRST_FEED + feeds.size : Number(looksAtCalls);

export const YES: readonly Step[] = [["i64.const", 0], ["i64.const", 0], ["i64.eq"]];
const NO: readonly Step[] = [...YES, ["i32.eqz"]];

const all = (
  tests: readonly (readonly Step[])[],
  word: "i32.and" | "i32.or",
  none: readonly Step[],
): readonly Step[] =>
  tests.length === 0 ? none : tests.flatMap((test, index): Step[] => (index === 0 ? [...test] : [...test, [word]]));

const WORDS: Readonly<Record<Comparison, Step>> = {
  "==": ["i64.eq"],
  "!=": ["i64.ne"],
  "<": ["i64.lt_u"],
  "<=": ["i64.le_u"],
  ">": ["i64.gt_u"],
  ">=": ["i64.ge_u"],
};

const CAN = "Instructions are decided by their own integers, and by what instructions of the domain have counted.";

/** Reports, and gives code of no meaning: with a diagnostic nothing is run. */
function cannot(registers: Registers, at: Place, what: string): readonly Step[] {
  registers.diagnostics.push(diagnose("P118", at, what, CAN));
  return [];
}

/** A register that counts events of this pattern. */
function countOf(registers: Registers, pattern: RPattern): readonly Step[] {
  const { kinds, ops, at } = pattern;
  if (kinds.join() !== "call") return cannot(registers, at, "only what was performed is counted of instructions");
  const foreign = ops.find(({ isInstruction }) => !isInstruction);
  if (foreign !== undefined) return cannot(registers, at, `${foreign.name} is no instruction`);
  const tests = new Map(ops.map(({ name }) => [name, testOf(registers, { op: name, on: [pattern], when: undefined })]));
  const key = JSON.stringify([...tests].toSorted());
  const { feeds } = registers;
  const feed = feeds.get(key) ?? { tests, index: FIRST_FEED + feeds.size };
  feeds.set(key, feed);
  return [["register", feed.index]];
}

function termOf(registers: Registers, term: RTerm, op: string): readonly Step[] {
  const { at } = term;
  if (term.kind === "constant" && typeof term.value === "number") return [["i64.const", term.value]];
  if (term.kind === "argument") return [["operand", 0]];
  if (term.kind === "add") {
    // A divisor may be any number of 64 bits: a sum of it would begin at 0 again.
    const isWide = op === "vm.divide" && term.terms.some(({ kind }) => kind === "argument");
    if (isWide) return cannot(registers, at, "a sum with a divisor, which has no bound");
    const parts = term.terms.map((part) => termOf(registers, part, op));
    return parts.flatMap((part, index): Step[] => (index === 0 ? [...part] : [...part, ["i64.add"]]));
  }
  if (term.kind !== "count") return cannot(registers, at, `no instruction can be decided by "${at.text}"`);
  const isPlain = term.by === undefined && term.within === undefined && term.per === "domain";
  if (!isPlain) return cannot(registers, at, "instructions are counted for a domain, over all of its time");
  return countOf(registers, term.pattern);
}

function condOf(registers: Registers, cond: RCond, op: string): readonly Step[] {
  switch (cond.kind) {
    case "constant":
      return cond.value ? YES : NO;
    case "and":
    case "or": {
      const tests = cond.of.map((part) => condOf(registers, part, op));
      return cond.kind === "and" ? all(tests, "i32.and", YES) : all(tests, "i32.or", NO);
    }
    case "not":
      return [...condOf(registers, cond.of, op), ["i32.eqz"]];
    case "compare":
      return [...termOf(registers, cond.left, op), ...termOf(registers, cond.right, op), WORDS[cond.is]];
    case "oneOf": {
      const values = cond.values.filter((value) => typeof value === "number");
      return all(
        values.map((value): Step[] => [["operand", 0], ["i64.const", value], ["i64.eq"]]),
        "i32.or",
        NO,
      );
    }
    case "once":
      if (cond.since !== undefined || cond.within !== undefined) break;
      return [...countOf(registers, cond.pattern), ["i64.const", 0], ["i64.gt_u"]];
  }
  return cannot(registers, cond.at, `no instruction can be decided by "${cond.at.text}"`);
}

interface Decided {
  readonly op: string;
  readonly on: readonly RPattern[];
  readonly when: RCond | undefined;
}

/** Does one of the patterns match the event of this operation, and the condition hold? */
export function testOf(registers: Registers, { op, on, when }: Decided): readonly Step[] {
  const matching = on.filter(({ ops }) => ops.some(({ name }) => name === op));
  const result = matching.find(({ kinds }) => kinds.join() !== "call");
  if (result !== undefined) return cannot(registers, result.at, "an instruction has no result");
  const patterns = matching.map((pattern) => (pattern.when === undefined ? YES : condOf(registers, pattern.when, op)));
  const isAny = patterns.includes(YES);
  const parts = [...(isAny ? [] : [all(patterns, "i32.or", NO)]), ...(when ? [condOf(registers, when, op)] : [])];
  return all(parts, "i32.and", YES);
}

/**
 * What an event adds to registers when it is performed. A register's own test reads registers that stand before it: those
 * are fed after it, so that all tests are of the past. Divisions that are left out are counted first by one register and
 * last by another: the two differ in between.
 */
export function counted(registers: Registers, op: string, checks: readonly Check[]): readonly Check[] {
  const feeds = [...registers.feeds.values()].reverse().filter(({ tests }) => tests.has(op));
  const adds = feeds.map(({ tests, index }): Check => ({ test: tests.get(op) ?? NO, act: ["add", index] }));
  const given = checks.filter(({ act: [kind] }) => kind === "give").map(({ test }) => test);
  if (op !== "vm.divide" || adds.length === 0 || given.length === 0) return adds;
  const both: readonly Step[] = [
    ["register", LEFT_OUT],
    ["register", LEFT_OUT_BEFORE],
  ];
  const isDone: readonly Step[] = [...both, ["i64.eq"]];
  return [
    { test: all(given, "i32.or", NO), act: ["add", LEFT_OUT] },
    ...adds.map(({ test, act }): Check => ({ test: all([test, isDone], "i32.and", YES), act })),
    { test: [...both, ["i64.ne"]], act: ["add", LEFT_OUT_BEFORE] },
  ];
}
