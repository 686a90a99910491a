// Events that can come next in a state: each with what it settles of its arguments, and the state after it.
//
// Invariants
//   E1  A call is performed only if the policy in force performs it as it stands: one that it changes is, as what it is
//       changed to, a call of its own that it performs unchanged.
//   E2  A result or a failure follows a performed call that has given neither yet, and has its arguments.
//   E3  The host's own events are possible at any time.
import type { HistoryKind, Joined } from "../resolved.ts";
import type { Argument, Operation } from "../vocabulary.ts";
import { classesIn } from "./key.ts";
import type { Lab } from "./lab.ts";
import { solve } from "./linear.ts";
import { type Must, NOTHING, obliging, performing, refusing, satisfy, type Test, together } from "./must.ts";
import { type Data, MANY, type Memory, type Node, type Pending, type Step } from "./node.ts";
import { type Choices, eachPath } from "./paths.ts";
import type { Register } from "./registers.ts";
import { isTouched, type Updated, update } from "./update.ts";
import { adopt, type Cell, cellOf, narrowTo, type Relation, tableIn, type Value, type World } from "./world.ts";
import { elapsed, kept, stamped, widened } from "./zone.ts";

/** What is explored: the policy in force, and what of the past is followed. */
export interface Search {
  readonly lab: Lab;
  readonly inForce: Joined;
  readonly followed: readonly Register[];
  readonly relations: readonly Relation[];
  /** Calls whose outcome something looks at, with the arguments that it looks at. */
  readonly awaited: ReadonlyMap<Operation, readonly Argument[]>;
  readonly doubts: Set<string>;
  readonly gaps: Set<string>;
  /** Attempts that are left. */
  readonly budget: { left: number };
}

/** What an event has to be besides possible. */
export interface Question {
  readonly op: Operation;
  readonly kind: HistoryKind;
  /** Chosen over in every way; false: this is not what is asked for. */
  readonly ask: (world: World) => boolean;
  readonly must: Must;
}

interface Source {
  readonly relation: Relation;
  readonly pending: Pending | undefined;
}

function newWorld(
  search: Search,
  node: Node,
  { op, kind }: Pick<Question, "op" | "kind">,
  source: Source,
  isStart: boolean,
): World {
  const { lab, doubts, gaps } = search;
  const cells = new Map<Argument, Cell>();
  const world: World = {
    lab,
    node,
    isStart,
    op,
    kind,
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
function possible({ lab, inForce }: Search, event: Pick<Question, "op" | "kind">): readonly Must[] {
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

/** Nobody is asked, or somebody is: the approval is logged before the call. A changed call may have been asked about. */
function approvals(search: Search, question: Question): readonly (readonly [isApproved: boolean, Must])[] {
  if (!isWatched(search, question)) return [[false, NOTHING]];
  const asked = questionsOf(search.inForce, question.op);
  if (asked.length === 0) return [[false, NOTHING]];
  return [
    [false, { not: asked, some: [] }],
    [true, { not: [], some: [asked] }],
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
    if (value !== undefined) return value.value;
    const solved = variable === undefined || typeof solution === "string" ? undefined : solution.get(variable);
    return solved ?? tableIn(world, argument).classes[classes[0] as number]?.witness;
  };
  return new Map(arguments_.map((argument) => [argument, valueIn(argument)]));
}

const isSame = (a: Data, b: Data): boolean => [...a].every(([argument, value]) => isEqual(b.get(argument), value));
const isEqual = (a: Value, b: Value): boolean =>
  typeof a === "object" && typeof b === "object" ? a.other === b.other : a === b;

function without(all: readonly Pending[], one: Pending | undefined): readonly Pending[] {
  if (one === undefined || one.count >= MANY) return all;
  return all.flatMap((each) => (each !== one ? [each] : each.count === 1 ? [] : [{ ...each, count: each.count - 1 }]));
}

function withCall(all: readonly Pending[], made: Omit<Pending, "count">): readonly Pending[] {
  const known = all.find(
    ({ op, relation, data }) => op === made.op && relation === made.relation && isSame(data, made.data),
  );
  if (known === undefined) return [...all, { ...made, count: 1 }];
  return all.map((each) => (each === known ? { ...each, count: Math.min(each.count + 1, MANY) } : each));
}

/** Only moments that something still remembers, and of those only what tests can tell. */
function tidied(node: Node): Node {
  const used = new Map<number, number>([[0, 0]]);
  for (const [register, memory] of node.memories) {
    const age =
      (register.kind === "since" ? register.since.within : register.kind === "tally" ? register.term.within : 0) ?? 0;
    for (const moment of momentsOf(memory)) used.set(moment, Math.max(age, used.get(moment) ?? 0));
  }
  const moments = [...used.keys()];
  const places = new Map(moments.map((moment, at) => [moment, at]));
  const rename = (moment: number): number => places.get(moment) ?? 0;
  return {
    ...node,
    memories: new Map([...node.memories].map(([register, memory]) => [register, renamed(memory, rename)])),
    zone: widened(kept(node.zone, moments), [...used.values()]),
    stampedAt: moments.map((moment) => node.stampedAt[moment] as number),
  };
}

function momentsOf(memory: Memory): readonly number[] {
  if (memory.kind === "moment") return [memory.sure, memory.maybe];
  if (memory.kind === "moments") return memory.of.map(({ moment }) => moment);
  return memory.kind === "keyed" ? [...memory.of.values()].flatMap(momentsOf) : [];
}

function renamed(memory: Memory, rename: (moment: number) => number): Memory {
  if (memory.kind === "moment") return { ...memory, sure: rename(memory.sure), maybe: rename(memory.maybe) };
  if (memory.kind === "moments") {
    return { ...memory, of: memory.of.map((one) => ({ ...one, moment: rename(one.moment) })) };
  }
  if (memory.kind !== "keyed") return memory;
  return { ...memory, of: new Map([...memory.of].map(([key, inner]) => [key, renamed(inner, rename)])) };
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
  const made = updatedBy(world, isApproved);
  const awaited = isAwaited(question) ? search.awaited.get(question.op) : undefined;
  for (const argument of awaited ?? []) narrowTo(world, argument, (at) => at);
  const option = options[choices.choose(options.length)];
  if (option === undefined || !satisfy(world, together(question.must, option, approval))) return undefined;
  return foundBy(search, world, { question, source, options, isStart }, made);
}

function foundBy(search: Search, world: World, { question, source }: Attempt, made: Updated): Found {
  const { kind, op } = question;
  const { relation } = source;
  const { node } = world;
  const data = finished(world, kind === "result" ? [...op.takes, ...op.gives] : op.takes);
  const isOfHost = search.lab.isHost(op);
  const awaited = search.awaited.get(op) ?? [];
  const step: Step = { kind, op, relation, isOfHost, data, awaited, reads: world.reads, ages: world.ages };
  const ended = without(node.pending, kind === "result" || kind === "failed" ? source.pending : undefined);
  const isOpen = isAwaited(question) && search.awaited.has(op) && !isOfHost;
  const call = isOpen
    ? { op, relation, data: new Map(awaited.map((argument) => [argument, data.get(argument)])) }
    : undefined;
  const after: Node = {
    memories: made.memories,
    zone: made.isStamped ? stamped(world.zone) : world.zone,
    pending: call === undefined ? ended : withCall(ended, call),
    depth: node.depth + 1,
    stampedAt: made.isStamped ? [...node.stampedAt, node.depth] : node.stampedAt,
    before: { node, step },
  };
  return { node: tidied(after), step };
}

/** Every way for such an event to come next, and what is remembered after it. */
export function* nextOf(search: Search, node: Node, question: Question, isStart = false): Generator<Found> {
  const options = possible(search, question);
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
  return search.followed.some((register) => isTouched({ op, kind, relation: "same" }, register));
}
