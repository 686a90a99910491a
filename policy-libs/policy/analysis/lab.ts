// What an analysis works on: policies, what they remember, the classes of arguments, and which registers it follows.
//
// Of a register that is not followed nothing is known: a test of it may come out either way. So what cannot happen even
// then cannot happen; and what can is tried on the reference semantics, which tells which register has to be followed.

import type { Kleene } from "../kleene.ts";
import type { Datum, Joined, PolicyEvent, RCond, REdit } from "../resolved.ts";
import type { Argument, Operation } from "../vocabulary.ts";
import { type Asking, askingOf, related, shared } from "./atoms.ts";
import { type ArgumentClass, argumentClasses, mayBeMissing } from "./classes.ts";
import { classify } from "./classify.ts";
import { condsOf, inside } from "./inside.ts";
import { startMemory } from "./memory.ts";
import type { Memory } from "./node.ts";
import { keyOf, type Register, type Registers, registersOf } from "./registers.ts";
import { judged, type Unary } from "./unary.ts";

/** Classes of one argument, and the values that are told apart one by one. */
export interface Table {
  readonly argument: Argument;
  readonly classes: readonly ArgumentClass[];
  readonly isComplete: boolean;
  /** Of each class the values that registers are followed for, and whether there are more. */
  readonly spots: readonly { readonly values: readonly Datum[]; readonly hasOthers: boolean }[];
  /** The place of a value's class; -1: it has none. */
  readonly find: (value: Datum | undefined) => number;
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
  /** What all registers remember before the first event that is explored. */
  readonly start: ReadonlyMap<Register, Memory>;
  /** Edits by number, and tests of what several of them change together. */
  readonly edits: Map<REdit, number>;
  readonly merged: Map<string, Unary>;
  /** Values of each class that are told apart. */
  readonly spots: number;
  /** Levels are followed so far above what they are compared with. */
  readonly slack: number;
  /** Of so many calls of one kind in flight any number are taken to be. */
  readonly many: number;
  /** Values that are not told apart are counted, so that it is known when a set may be full. */
  readonly isCounting: boolean;
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

function spotsOf(one: ArgumentClass, count: number, met: readonly Datum[]): Table["spots"][number] {
  if (one.witness === undefined || count === 0) return { values: met, hasOthers: one.witness !== undefined };
  const wanted = count + met.length;
  const values = one.more(wanted + 1);
  const fresh = values.filter((value) => !met.includes(value));
  return { values: [...met, ...fresh.slice(0, count)], hasOthers: fresh.length > count };
}

function tableOf(argument: Argument, op: Operation, asking: Asking, spots: number, met: ReadonlySet<Datum>): Table {
  const { classes, isComplete } = argumentClasses(argument, asking, op.isInstruction);
  const asked = asking.get(argument);
  const find = (value: Datum | undefined): number => classify(classes, asked, value);
  const isRelated = asked?.isRelated === true;
  const places = new Map([...(isRelated ? met : [])].map((value) => [value, find(value)] as const));
  const spotted = classes.map((one, at) => {
    const own = [...places].flatMap(([value, place]) => (place === at ? [value] : []));
    return spotsOf(one, isRelated ? spots : 0, own);
  });
  return { argument, classes, isComplete, spots: spotted, find, answers: new Map() };
}

export interface LabOptions {
  /** Of events that the host emits and no guest can. */
  readonly isHost?: ((op: Operation) => boolean) | undefined;
  /** Values of each class that keyed registers are followed for. */
  readonly spots?: number | undefined;
  readonly slack?: number | undefined;
  readonly many?: number | undefined;
  readonly isCounting?: boolean | undefined;
  /** What has happened before, in whose place. */
  readonly past?: Past | undefined;
}

/** Events that have happened; what is explored happens to the domain, capability and tenant of `place`. */
export interface Past {
  readonly events: readonly PolicyEvent[];
  readonly place: Pick<PolicyEvent, "domain" | "capability" | "tenant">;
}

export const isHostGroup = ({ group }: Operation): boolean => group === "user";

export function newLab(
  joined: readonly Joined[],
  conds: readonly RCond[],
  operations: readonly Operation[],
  { isHost = isHostGroup, spots = 1, slack = 0, many = 1, isCounting = false, past }: LabOptions = {},
): Lab {
  const registers = registersOf(joined, conds);
  const all = [...condsOf(joined), ...conds].flatMap((cond) => [...inside(cond)]);
  const asking = shared(askingOf(joined, conds), related(relatedGroups(registers, all)));
  const met = new Set((past?.events ?? []).flatMap(({ data }) => [...data.values()]));
  const tables = operations.flatMap((op) =>
    [...op.takes, ...op.gives].map((argument) => [argument, tableOf(argument, op, asking, spots, met)] as const),
  );
  return {
    joined,
    conds,
    operations,
    registers,
    tables: new Map(tables),
    isHost,
    spots,
    slack,
    many,
    isCounting,
    edits: new Map(),
    merged: new Map(),
    start: new Map(registers.all.map((register) => [register, startMemory(register)])),
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
