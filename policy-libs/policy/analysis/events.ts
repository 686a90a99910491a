// Events that can come next in a state: each with what it settles of its arguments, and the state after it.
//
// Invariants
//   E1  A call is performed only if the policy in force performs it as it stands: one that it changes is, as what it is
//       changed to, a call of its own that it performs unchanged.
//   E2  A result or a failure follows a performed call that has given neither yet, and has its arguments.
//   E3  The host's own events are possible at any time.
import type { HistoryKind, Joined } from "../resolved.ts";
import type { Argument, Operation } from "../vocabulary.ts";
import { policiesOf } from "./atoms.ts";
import { classesIn } from "./key.ts";
import type { Lab } from "./lab.ts";
import { solve } from "./linear.ts";
import { type Must, NOTHING, obliging, performing, refusing, satisfy, together } from "./must.ts";
import type { Data, Node, Pending, Step } from "./node.ts";
import { type Choices, eachPath } from "./paths.ts";
import type { Register } from "./registers.ts";
import { tidied } from "./tidy.ts";
import { rulesFor } from "./units.ts";
import { isTouched, type Updated, update } from "./update.ts";
import {
  adopt,
  type Cell,
  cellOf,
  isOther,
  narrowTo,
  type Relation,
  settledValue,
  type Test,
  tableIn,
  type Value,
  type World,
} from "./world.ts";
import { elapsed, stamped } from "./zone.ts";

/** What is explored: the policy in force, and what of the past is followed. */
export interface Search {
  readonly lab: Lab;
  readonly inForce: Joined;
  readonly followed: readonly Register[];
  readonly relations: readonly Relation[];
  /** Calls whose outcome something looks at, with the arguments that it looks at. */
  readonly awaited: ReadonlyMap<Operation, readonly Argument[]>;
  /** Others are joined with the policy in force: any call may be refused, and any that is performed approved, by them. */
  readonly hasCompany: boolean;
  readonly doubts: Set<string>;
  readonly gaps: Set<string>;
  readonly budget: { left: number };
}

/** What an event has to be besides possible. */
export interface Question {
  readonly op: Operation;
  readonly kind: HistoryKind;
  /** Chosen over in every way; false: this is not what is asked for. */
  readonly ask: (world: World) => boolean;
  readonly must: Must;
  /** Whether it is performed is not asked. */
  readonly isAttempt?: boolean | undefined;
  /** It is what the trace is looked for, not a step on the way. */
  readonly isGoal?: boolean | undefined;
}

/**
 * Values of a class are alike but for being the same or not. So those of the last event may be taken to be the ones that
 * are told apart, as long as there are as many of them as it has arguments.
 */
const isSpotted = ({ lab }: Search, { op, isGoal }: Question): boolean =>
  isGoal === true && [...op.takes, ...op.gives].filter((one) => isRelated(lab, one)).length <= lab.spots;
const isRelated = ({ tables }: Lab, argument: Argument): boolean =>
  tables.get(argument)?.spots.some(({ values }) => values.length > 0) === true;

interface Source {
  readonly relation: Relation;
  readonly pending: Pending | undefined;
}

function newWorld(search: Search, node: Node, question: Question, source: Source, isStart: boolean): World {
  const { op, kind } = question;
  const { lab, doubts, gaps, budget } = search;
  const cells = new Map<Argument, Cell>();
  const world: World = {
    lab,
    node,
    isStart,
    op,
    kind,
    isSpotted: isSpotted(search, question),
    isLate: false,
    relation: source.relation,
    choices: { choose: () => 0, made: () => 0, settle: () => {} },
    cells,
    guesses: new Map(),
    inequalities: [],
    zone: elapsed(node.zone),
    ages: [],
    reads: [],
    doubts,
    gaps,
    budget,
  };
  for (const [argument, value] of source.pending?.data ?? []) cells.set(argument, cellWith(world, argument, value));
  return world;
}

const cellWith = (world: World, argument: Argument, value: Value): Cell => ({
  classes: classesIn(tableIn(world, argument), value),
  value: { value },
});

function sourcesOf(search: Search, node: Node, { op, kind }: Pick<Question, "op" | "kind">): readonly Source[] {
  if ((kind === "result" || kind === "failed") && !search.lab.isHost(op)) {
    return node.pending.filter((one) => one.op === op).map((pending) => ({ relation: pending.relation, pending }));
  }
  return search.relations.map((relation) => ({ relation, pending: undefined }));
}

/** What has to be so for an event of this kind to happen at all, one of these. */
function possible({ lab, inForce, hasCompany }: Search, event: Pick<Question, "op" | "kind">): readonly Must[] {
  const { op, kind } = event;
  if (lab.isHost(op) && kind !== "refused") return [NOTHING];
  const asked = questionsOf(inForce, op);
  const call = { op, kind: "call" as const };
  switch (kind) {
    case "call":
    case "result":
      return [performing(inForce, event)];
    case "failed":
      return [NOTHING];
    case "refused":
      if (hasCompany) return [NOTHING];
      // Whoever is asked may say no.
      return [...refusing(inForce, call), ...(asked.length === 0 ? [] : [{ not: [], some: [asked] }])];
    case "approved":
      return asked.length === 0 ? [] : [together(performing(inForce, call), { not: [], some: [asked] })];
  }
}

const questionsOf = (inForce: Joined, op: Operation): readonly Test[] =>
  obliging(inForce, { op, kind: "call" })
    .filter(({ effect }) => effect.kind === "ask")
    .map(({ test }) => test);

/** Is the approval of such a call something that is followed? Then it matters whether somebody is asked. */
const isWatched = ({ followed, lab }: Search, { op, kind }: Question): boolean =>
  kind === "call" &&
  !lab.isHost(op) &&
  followed.some((register) => isTouched({ op, kind: "approved", relation: "same" }, register));

/**
 * Nobody is asked, or somebody is: the approval is logged before the call. About a call that was changed somebody may
 * have been asked before it was. Undefined: nobody looks.
 */
function approvals(search: Search, question: Question): readonly (readonly [isApproved: boolean | undefined, Must])[] {
  if (!isWatched(search, question)) return [[undefined, NOTHING]];
  const asked = questionsOf(search.inForce, question.op);
  const isChanging = policiesOf(search.inForce).some((policy) =>
    rulesFor(policy, { op: question.op, kind: "call" }).some(({ effect }) => effect.kind === "change"),
  );
  const isFree = search.hasCompany || (isChanging && asked.length > 0);
  return [
    [false, { not: asked, some: [] }],
    [true, isFree ? NOTHING : { not: [], some: [asked] }],
  ];
}

/** What the event does, after its approval was logged if there is one. */
function updatedBy(world: World, isApproved: boolean): Updated {
  if (!isApproved) return update(world);
  const approved: World = { ...world, kind: "approved" };
  const first = update(approved);
  adopt(world, approved);
  const late: World = {
    ...world,
    isLate: true,
    isStart: false,
    node: { ...world.node, memories: first.memories },
    guesses: new Map(),
  };
  const second = update(late);
  const { guesses } = world;
  adopt(world, { ...late, guesses });
  return { memories: second.memories, isStamped: first.isStamped || second.isStamped };
}

/** The simplest values that are left. */
function finished(world: World, arguments_: readonly Argument[]): Data {
  const solution = world.inequalities.length === 0 ? "none" : solve(world.inequalities);
  if (solution === "unknown") world.doubts.add("sums of whole numbers that were not solved");
  const valueIn = (argument: Argument): Value => {
    const { value, variable, classes } = cellOf(world, argument);
    if (value !== undefined && !isOther(value.value)) return value.value;
    const solved = variable === undefined || typeof solution === "string" ? undefined : solution.get(variable);
    if (value !== undefined) return solved ?? value.value;
    return solved ?? tableIn(world, argument).classes[classes[0] as number]?.witness;
  };
  return new Map(arguments_.map((argument) => [argument, valueIn(argument)]));
}

export const isSame = (a: Data, b: Data): boolean =>
  [...a].every(([argument, value]) => isEqual(b.get(argument), value));
const isEqual = (a: Value, b: Value): boolean =>
  typeof a === "object" && typeof b === "object" ? a.other === b.other : a === b;

function without(all: readonly Pending[], one: Pending | undefined, many: number): readonly Pending[] {
  if (one === undefined || one.count >= many) return all;
  return all.flatMap((each) => (each !== one ? [each] : each.count === 1 ? [] : [{ ...each, count: each.count - 1 }]));
}

export function withCall(all: readonly Pending[], made: Omit<Pending, "count">, many: number): readonly Pending[] {
  const known = all.find(
    ({ op, relation, data }) => op === made.op && relation === made.relation && isSame(data, made.data),
  );
  if (known === undefined) return [...all, { ...made, count: 1 }];
  return all.map((each) => (each === known ? { ...each, count: Math.min(each.count + 1, many) } : each));
}

export interface Found {
  readonly node: Node;
  readonly step: Step;
}

const isAwaited = ({ kind }: Question): boolean => kind === "call";

interface Attempt {
  readonly question: Question;
  readonly source: Source;
  readonly options: readonly Must[];
  readonly isStart: boolean;
}

function attempt(
  search: Search,
  node: Node,
  { question, source, options, isStart }: Attempt,
  choices: Choices,
): Found | undefined {
  const world = newWorld(search, node, question, source, isStart);
  world.choices = choices;
  if (!question.ask(world)) return undefined;
  const ways = approvals(search, question);
  const [isApproved, approval] = ways[choices.choose(ways.length)] as (typeof ways)[number];
  const made = updatedBy(world, isApproved === true);
  const awaited = isAwaited(question) ? search.awaited.get(question.op) : undefined;
  const open = awaited && !search.lab.isHost(question.op) ? awaitedOf(world, awaited) : undefined;
  const option = options[choices.choose(options.length)];
  // What is refused, or approved, was decided as a call.
  const { kind } = question;
  const decided: World = kind === "refused" || kind === "approved" ? { ...world, kind: "call" } : world;
  if (option === undefined || !satisfy(decided, together(question.must, option, approval))) return undefined;
  adopt(world, decided);
  return foundBy(search, world, { question, source, options, isStart }, { made, isApproved, open });
}

/** What an outcome will be told apart by: values where they are told apart, else classes. */
const awaitedOf = (world: World, awaited: readonly Argument[]): Data =>
  new Map(
    awaited.map((argument) => {
      const { classes } = tableIn(world, argument);
      if (isRelated(world.lab, argument)) return [argument, settledValue(world, argument)];
      const at = narrowTo(world, argument, (one) => one);
      return [argument, classes[at]?.witness === undefined ? undefined : { other: at }];
    }),
  );

interface Effects {
  readonly made: Updated;
  readonly isApproved: boolean | undefined;
  /** Of a call whose outcome is waited for. */
  readonly open: Data | undefined;
}

function foundBy(search: Search, world: World, { question, source }: Attempt, effects: Effects): Found {
  const { kind, op } = question;
  const { relation } = source;
  const { node } = world;
  const { made, isApproved, open } = effects;
  const isOutcome = kind === "result" || kind === "failed";
  const step: Step = {
    kind,
    op,
    relation,
    isOfHost: search.lab.isHost(op),
    isAttempt: question.isAttempt === true,
    isApproved,
    data: finished(world, kind === "result" ? [...op.takes, ...op.gives] : op.takes),
    open: isOutcome ? source.pending?.data : open,
    reads: world.reads,
    ages: world.ages,
  };
  const { many } = search.lab;
  const ended = without(node.pending, isOutcome ? source.pending : undefined, many);
  const after: Node = {
    memories: made.memories,
    zone: made.isStamped ? stamped(world.zone) : world.zone,
    pending: open === undefined ? ended : withCall(ended, { op, relation, data: open }, many),
    depth: node.depth + 1,
    stampedAt: made.isStamped ? [...node.stampedAt, node.depth] : node.stampedAt,
    before: { node, step },
  };
  return { node: tidied(after), step };
}

/** Every way for such an event to come next, and what is remembered after it. */
export function* nextOf(search: Search, node: Node, question: Question, isStart = false): Generator<Found> {
  const options = question.isAttempt === true ? [NOTHING] : possible(search, question);
  if (options.length === 0) return;
  for (const source of sourcesOf(search, node, question)) {
    const isKnown = isStart && source.relation === "same";
    yield* eachPath((choices) => {
      search.budget.left -= 1;
      return search.budget.left < 0
        ? undefined
        : attempt(search, node, { question, source, options, isStart: isKnown }, choices);
    });
  }
}

/** Events that change what is followed, or that something waits for. */
export function isWorthwhile(search: Search, op: Operation, kind: HistoryKind): boolean {
  if (kind === "call" && search.awaited.has(op)) return true;
  // With a call comes its approval.
  const kinds: readonly HistoryKind[] = kind === "call" ? ["call", "approved"] : [kind];
  return search.followed.some((register) =>
    kinds.some((one) => isTouched({ op, kind: one, relation: "same" }, register)),
  );
}
