// One event in the making, in one state of what is remembered: its arguments, and whatever is not known, are settled
// only where something asks for them, and every answer is one of the choices of paths.ts.
//
// Invariants
//   V1  What was settled once stays so, for this event.
//   V2  Every event of this kind, in every state that this one stands for, takes the way of some sequence of choices.
import { F, type Interval, type Kleene, T, U } from "../kleene.ts";
import type { Datum, HistoryKind, RArgument, RCond, RPattern } from "../resolved.ts";
import type { Argument, Operation } from "../vocabulary.ts";
import { answersOf, type Lab, type Table } from "./lab.ts";
import { type Inequality, solve } from "./linear.ts";
import type { Memory, Node, Others } from "./node.ts";
import { type Choices, FIRST } from "./paths.ts";
import type { Register } from "./registers.ts";
import { judged, type Unary } from "./unary.ts";
import { old, type TimeBound, young, type Zone } from "./zone.ts";

/** A value that is none of those that are told apart: all that is known is its class. */
export interface Other {
  readonly other: number;
}
export type Value = Datum | Other | undefined;
export const isOther = (value: Value): value is Other => typeof value === "object";

/** Of values that are not told apart only those of one kind can be the same. */
export const kindOf = ({ type }: Argument, { other }: Other): string => `${type} ${other}`;

/** How many of those that came can be this one: of other types all, for their classes are others. */
export const likeOf = ({ type }: Argument, { other }: Other, others: Others): number =>
  [...others].reduce((sum, [kind, count]) => {
    const [ofType, at] = kind.split(" ");
    return ofType === type && Number(at) !== other ? sum : sum + count;
  }, 0);

/** What is known of an argument: the classes that are left, and its value once that is settled. */
export interface Cell {
  readonly classes: readonly number[];
  /** There once the value itself was asked for; `value` undefined then: missing. */
  readonly value?: { readonly value: Value } | undefined;
  /** Stands in inequalities, under this name. */
  readonly variable?: string | undefined;
}

/** A test of the past, and how it was taken to come out. */
export interface Read {
  readonly cond: RCond;
  readonly value: Kleene;
  readonly registers: readonly Register[];
  readonly kind: HistoryKind;
  /** Judged after "approved" was logged. */
  readonly isLate: boolean;
}

/** Whom an event happens to, as seen from whom the last event happens to. */
export type Relation = "same" | "capability" | "domain" | "tenant";

export interface World {
  readonly lab: Lab;
  readonly node: Node;
  /** At the start all is known: also what is not followed. */
  readonly isStart: boolean;
  readonly op: Operation;
  readonly kind: HistoryKind;
  /** The values of this event are told apart: it is the one that is asked for, and any value can stand for its. */
  readonly isSpotted: boolean;
  /** The approval of this very call has been logged. */
  readonly isLate: boolean;
  readonly relation: Relation;
  /** Of an event that has happened: whether it matches. */
  readonly oracle?: ((pattern: RPattern) => Kleene) | undefined;
  choices: Choices;
  readonly cells: Map<Argument, Cell>;
  /** What was chosen for registers that are not followed. */
  readonly guesses: Map<string, number>;
  inequalities: readonly Inequality[];
  zone: Zone;
  ages: TimeBound[];
  reads: readonly Read[];
  /** Why what was found may be more than there is. */
  readonly doubts: Set<string>;
  /** Why it may be less. */
  readonly gaps: Set<string>;
  /** Rules that may still be looked at, in the whole analysis. */
  readonly budget: { left: number };
}

/** Something that an event in the making is or is not. */
export type Test = (world: World) => boolean;

/** A copy that always takes the first choice. */
export const trialOf = (world: World): World => ({
  ...world,
  choices: FIRST,
  cells: new Map(world.cells),
  guesses: new Map(world.guesses),
  ages: [...world.ages],
});

/** What a copy settled is settled here. */
export function adopt(world: World, trial: World): void {
  for (const [argument, cell] of trial.cells) world.cells.set(argument, cell);
  for (const [key, guess] of trial.guesses) world.guesses.set(key, guess);
  world.inequalities = trial.inequalities;
  world.zone = trial.zone;
  world.ages = trial.ages;
  world.reads = trial.reads;
}

export const argumentIn = ({ op }: World, { of }: RArgument): Argument | undefined => of.get(op);

export const tableIn = ({ lab }: World, argument: Argument): Table => lab.tables.get(argument) as Table;

export function cellOf(world: World, argument: Argument): Cell {
  const known = world.cells.get(argument);
  if (known !== undefined) return known;
  const cell: Cell = { classes: tableIn(world, argument).classes.map((_, at) => at) };
  world.cells.set(argument, cell);
  return cell;
}

/** Chooses one of several parts and keeps only the classes in it. */
export function narrowTo<K>(world: World, argument: Argument, partOf: (at: number) => K): K {
  const { classes } = cellOf(world, argument);
  const parts = Map.groupBy(classes, partOf);
  const keys = [...parts.keys()];
  const key = keys[world.choices.choose(keys.length)] as K;
  world.cells.set(argument, { ...cellOf(world, argument), classes: parts.get(key) as number[] });
  return key;
}

/** A test of one argument. */
export function judgeUnary(world: World, about: RArgument, test: Unary): Kleene {
  const argument = argumentIn(world, about);
  if (argument === undefined) return judged(test, undefined);
  const { value } = cellOf(world, argument);
  if (value !== undefined && !isOther(value.value)) return judged(test, value.value);
  const answers = answersOf(tableIn(world, argument), test);
  return narrowTo(world, argument, (at) => answers[at] as Kleene);
}

export function isMissing(world: World, argument: Argument): boolean {
  const { classes } = tableIn(world, argument);
  return narrowTo(world, argument, (at) => classes[at]?.witness === undefined);
}

/** The value of an argument, as far as values are told apart. */
export function settledValue(world: World, argument: Argument): Value {
  const cell = cellOf(world, argument);
  if (cell.value !== undefined) return cell.value.value;
  const { classes, spots } = tableIn(world, argument);
  const options = cell.classes.flatMap((at): (readonly [number, Value])[] => {
    if (classes[at]?.witness === undefined) return [[at, undefined]];
    const { values, hasOthers } = spots[at] as Table["spots"][number];
    const others = hasOthers && !world.isSpotted ? [[at, { other: at }] as const] : [];
    return [...values.map((value) => [at, value] as const), ...others];
  });
  const { variable } = cell;
  const possible = options.map((value) => ({
    value,
    system: variable !== undefined && typeof value[1] === "number" ? equal(variable, value[1]) : [],
  }));
  const [at, value] = guessSystem(world, possible) ?? (options[0] as readonly [number, Value]);
  world.cells.set(argument, { ...cell, classes: [at], value: { value } });
  return value;
}

export const equal = (variable: string, value: number): readonly Inequality[] => [
  { of: new Map([[variable, 1]]), most: value },
  { of: new Map([[variable, -1]]), most: -value },
];

/** Chooses among answers for what is not known; the same question has the same answer. */
export function guess(world: World, key: string, options: number): number {
  const known = world.guesses.get(key);
  if (known !== undefined) return known;
  const chosen = world.choices.choose(options);
  world.guesses.set(key, chosen);
  return chosen;
}

const KLEENE: readonly Kleene[] = [F, T, U];
export const guessKleene = (world: World, key: string, isVague: boolean): Kleene =>
  KLEENE[guess(world, key, isVague ? 3 : 2)] as Kleene;

/** Chooses one of several systems of inequalities that are not impossible. Undefined: all are. */
export function guessSystem<V>(
  world: World,
  options: readonly { readonly value: V; readonly system: readonly Inequality[] }[],
): V | undefined {
  const possible = options.filter(({ system }) => {
    if (system.length === 0) return true;
    world.budget.left -= 5 + world.inequalities.length;
    const found = solve([...world.inequalities, ...system]);
    if (found === "unknown") world.doubts.add("sums of whole numbers that were not solved");
    return found !== "none";
  });
  const option = possible[world.choices.choose(possible.length)];
  if (option !== undefined) world.inequalities = [...world.inequalities, ...option.system];
  return option?.value;
}

/** Is a remembered moment at most so long ago? */
export function isYoung(world: World, moment: number, age: number): boolean {
  const [near, far] = [young(world.zone, moment, age), old(world.zone, moment, age)];
  const isNear = near !== undefined && (far === undefined || world.choices.choose(2) === 0);
  world.zone = (isNear ? near : far) as Zone;
  const event = world.node.depth;
  const after = world.node.stampedAt[moment] as number;
  // What is so anyway bounds no times.
  if (near !== undefined && far !== undefined) {
    world.ages.push(isNear ? { event, after, most: age } : { event, after, least: age + 1 });
  }
  return isNear;
}

const WIDTH: Readonly<Record<Register["scope"], number>> = { capability: 0, domain: 1, tenant: 2, host: 3 };
const SHARED_FROM: Readonly<Record<Relation, number>> = { same: 0, capability: 1, domain: 2, tenant: 3 };

/** Is the register that this event looks at the one that is followed? */
export const isShared = ({ relation }: Pick<World, "relation">, { scope }: Register): boolean =>
  WIDTH[scope] >= SHARED_FROM[relation];

/** What is remembered; undefined: it is not followed, so anything. */
export function memoryOf(world: World, register: Register): Memory | undefined {
  if (!isShared(world, register)) return undefined;
  return world.node.memories.get(register) ?? (world.isStart ? world.lab.start.get(register) : undefined);
}

export function note(world: World, cond: RCond, value: Kleene, registers: readonly Register[]): Kleene {
  const { kind, isLate } = world;
  world.reads = [...world.reads, { cond, value, registers, kind, isLate }];
  return value;
}

export const ANY_AMOUNT: Interval = { lo: 0, hi: Infinity };
