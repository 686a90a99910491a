// What an analysis works on: policies, what they remember, the classes of arguments, and which registers it follows.
//
// Of a register that is not followed nothing is known: a test of it may come out either way. So what cannot happen even
// then cannot happen; and what can is tried on the reference semantics, which tells which register has to be followed.

import type { Kleene } from "../kleene.ts";
import type { Datum, Joined, RCond, RPattern } from "../resolved.ts";
import type { Argument, Operation } from "../vocabulary.ts";
import { type Asking, askingOf, policiesOf, related, shared } from "./atoms.ts";
import { type ArgumentClass, argumentClasses, mayBeMissing } from "./classes.ts";
import { keyOf, type Register, type Registers, registersOf } from "./registers.ts";
import { judged, type Unary } from "./unary.ts";

/** Classes of one argument, and the values that are told apart one by one. */
export interface Table {
  readonly argument: Argument;
  readonly classes: readonly ArgumentClass[];
  readonly isComplete: boolean;
  /** Of each class the values that registers are followed for, and whether there are more. */
  readonly spots: readonly { readonly values: readonly Datum[]; readonly hasOthers: boolean }[];
  /** A test's answer for each class. */
  readonly answers: Map<Unary, readonly Kleene[]>;
}

export interface Lab {
  readonly joined: readonly Joined[];
  readonly conds: readonly RCond[];
  readonly operations: readonly Operation[];
  readonly registers: Registers;
  readonly tables: ReadonlyMap<Argument, Table>;
  readonly isHost: (op: Operation) => boolean;
  /** Registers that can be unknown after some history. */
  readonly vague: ReadonlySet<Register>;
  /** Levels are followed so far above what they are compared with. */
  readonly slack: number;
  /** Classes that could not all be found: proofs would be of less than all calls. */
  readonly isComplete: boolean;
}

const isKeyed = (register: Register) => keyOf(register) !== undefined;

/** Arguments that a keyed register relates: those it keeps, and those that it is asked for. */
function relatedGroups(registers: Registers, conds: readonly RCond[]) {
  const kept = registers.all.flatMap((register) => {
    const key = keyOf(register);
    return key === undefined ? [] : [[key.argument]];
  });
  return [...kept, ...conds.flatMap((cond) => askedSets(cond))];
}

function askedSets(cond: RCond) {
  return cond.kind === "remembered" ? [[cond.argument, cond.values.argument]] : [];
}

/** All conditions inside of one, patterns' own included. */
export function* inside(cond: RCond): Generator<RCond> {
  yield cond;
  const patterns: RPattern[] = [];
  const terms = cond.kind === "compare" ? [cond.left, cond.right] : [];
  for (let at = 0; at < terms.length; at++) {
    const term = terms[at] as (typeof terms)[number];
    if (term.kind === "add") terms.push(...term.terms);
    if (term.kind === "count" || term.kind === "sum") patterns.push(term.pattern);
    if (term.kind === "level") patterns.push(term.plus, term.minus);
  }
  if (cond.kind === "or" || cond.kind === "and") for (const one of cond.of) yield* inside(one);
  if (cond.kind === "not") yield* inside(cond.of);
  if (cond.kind === "once") patterns.push(cond.pattern, ...(cond.since === undefined ? [] : [cond.since]));
  if (cond.kind === "previous") patterns.push(cond.pattern, ...cond.among);
  if (cond.kind === "carries") patterns.push(...cond.label.from, ...cond.label.cleared);
  if (cond.kind === "remembered") patterns.push(cond.values.pattern);
  for (const { when } of patterns) if (when !== undefined) yield* inside(when);
}

const ownConds = (joined: readonly Joined[]): readonly RCond[] =>
  joined
    .flatMap(policiesOf)
    .flatMap(({ rules }) => rules)
    .flatMap(({ on, when }) => [...on.flatMap((pattern) => pattern.when ?? []), ...(when === undefined ? [] : [when])]);

/** Could a condition be unknown of some event? Whoever asks for a missing argument, or for what may be full, can. */
function isVague(cond: RCond, of: ReadonlySet<Register>, registers: Registers): boolean {
  switch (cond.kind) {
    case "constant":
      return false;
    case "or":
    case "and":
      return cond.of.some((one) => isVague(one, of, registers));
    case "not":
      return isVague(cond.of, of, registers);
    case "once":
    case "previous":
    case "carries":
      return of.has(registers.ofCond(cond));
    case "argument":
    case "oneOf":
    case "address":
    case "text":
      return [...cond.argument.of].some(([op, one]) => mayBeMissing(one, op.isInstruction));
    default:
      return true;
  }
}

const hasOneValue = (register: Register): boolean =>
  register.kind === "since" ||
  (register.kind === "tally" &&
    register.term.kind === "count" &&
    !isKeyed(register) &&
    register.term.steps === undefined);

/** Inner registers come first, so one round is enough. */
function vagueOf(registers: Registers): ReadonlySet<Register> {
  const vague = new Set<Register>();
  for (const register of registers.all) {
    const isPlain = register.patterns.every(({ when }) => when === undefined || !isVague(when, vague, registers));
    if (!(isPlain && hasOneValue(register))) vague.add(register);
  }
  return vague;
}

/** More values of a class than this are not told apart. */
export const MAX_SPOTS = 3;

function spotsOf(one: ArgumentClass, count: number): Table["spots"][number] {
  if (one.witness === undefined || count === 0) return { values: [], hasOthers: one.witness !== undefined };
  const values = one.more(count + 1);
  return { values: values.slice(0, count), hasOthers: values.length > count };
}

function tableOf(argument: Argument, op: Operation, asking: Asking, spots: number): Table {
  const { classes, isComplete } = argumentClasses(argument, asking, op.isInstruction);
  const spotted = classes.map((one) => spotsOf(one, asking.get(argument)?.isRelated === true ? spots : 0));
  return { argument, classes, isComplete, spots: spotted, answers: new Map() };
}

export interface LabOptions {
  /** Of events that the host emits and no guest can. */
  readonly isHost?: ((op: Operation) => boolean) | undefined;
  /** Values of each class that keyed registers are followed for. */
  readonly spots?: number | undefined;
  readonly slack?: number | undefined;
}

export const isHostGroup = ({ group }: Operation): boolean => group === "user";

export function newLab(
  joined: readonly Joined[],
  conds: readonly RCond[],
  operations: readonly Operation[],
  { isHost = isHostGroup, spots = 1, slack = 0 }: LabOptions = {},
): Lab {
  const registers = registersOf(joined, conds);
  const all = [...ownConds(joined), ...conds].flatMap((cond) => [...inside(cond)]);
  const asking = shared(askingOf(joined, conds), related(relatedGroups(registers, all)));
  const tables = operations.flatMap((op) =>
    [...op.takes, ...op.gives].map((argument) => [argument, tableOf(argument, op, asking, spots)] as const),
  );
  return {
    joined,
    conds,
    operations,
    registers,
    tables: new Map(tables),
    isHost,
    slack,
    vague: vagueOf(registers),
    isComplete: tables.every(([, { isComplete }]) => isComplete),
  };
}

/** A test's answer for each class of an argument, worked out once. */
export function answersOf(table: Table, test: Unary): readonly Kleene[] {
  const known = table.answers.get(test);
  if (known !== undefined) return known;
  const answers = table.classes.map(({ witness }) => judged(test, witness));
  table.answers.set(test, answers);
  return answers;
}
