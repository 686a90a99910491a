// The picture of a policy: breadth first over the values of what is remembered in few values, along every event that
// can come next.
//
// Invariants
//   X1  Whatever the machine does from a state with a node's values, whatever else it remembers, at an event that a
//       contract lets through (C1 in analysis/classes.ts): a call that it performs is on an edge from the node to that of
//       the state after it, and one that it refuses is among the node's refusals. This is of the picture if `isComplete`;
//       else what leads to states beyond the limit is left out.
//   X2  What depends on nothing is done by every such event of its operation, in every such state.
//   X3  There are no more than MAX_NODES nodes. If that are not all, `isComplete` is false.
// Not promised: that whatever is on it can happen. What depends on more is taken to go either way.
// Trust
//   Trusts decide.ts, states.ts, kinds.ts. Trusted by people who look at the picture.
import { type Asking, askingOf } from "../analysis/atoms.ts";
import { operationsOf } from "../analysis/inside.ts";
import { isHostGroup } from "../analysis/lab.ts";
import { compile, type Machine } from "../compile.ts";
import { ABSTAINS, all } from "../compose.ts";
import { F } from "../kleene.ts";
import type { Decision, HistoryKind, Joined, PolicyEvent } from "../resolved.ts";
import type { Frame } from "../step/types.ts";
import type { Operation } from "../vocabulary.ts";
import { answersOf, valuesOf } from "./decide.ts";
import { anyEvent, type EventClass, eventClasses } from "./kinds.ts";
import type { Here } from "./partly.ts";
import { holdsOf, keyOf, startOf, stateOf, successors, type Values } from "./states.ts";
import { type Dependence, type Graph, type GraphNode, type GraphRefusal, MAX_NODES, type Manner } from "./types.ts";

/** States after one event; no picture has more nodes. */
const MOST = MAX_NODES + 1;

/** Classes of events looked at, in all states together. After that the arguments of events are not told apart. */
const MAX_WORK = 4_000;

/** What a class of events may come to in a node: one of several ways. */
interface Way {
  readonly kind: HistoryKind;
  readonly op: Operation;
  readonly to: number | Omit<GraphRefusal, "kind" | "call" | "depends" | "witness">;
  readonly manners: readonly Manner[];
  readonly depends: readonly Dependence[];
  readonly of: EventClass;
  readonly witness: PolicyEvent | undefined;
}

interface Exploring {
  readonly machine: Machine;
  readonly asking: Asking;
  readonly operations: readonly Operation[];
  readonly values: Values[];
  readonly numbers: Map<string, number>;
  readonly classes: Map<string, readonly EventClass[]>;
  stamp: number;
  isComplete: boolean;
}

/** Undefined: one too many. */
function numberOf(exploring: Exploring, values: Values): number | undefined {
  const key = keyOf(values);
  const known = exploring.numbers.get(key);
  if (known !== undefined) return known;
  if (exploring.values.length >= MAX_NODES) {
    exploring.isComplete = false;
    return undefined;
  }
  exploring.numbers.set(key, exploring.values.length);
  return exploring.values.push(values) - 1;
}

function classesIn(exploring: Exploring, kind: HistoryKind, op: Operation): readonly EventClass[] {
  if (exploring.stamp > MAX_WORK) return [anyEvent(kind, op)];
  const key = `${kind} ${op.id}`;
  const known = exploring.classes.get(key) ?? eventClasses(kind, op, exploring.asking);
  exploring.classes.set(key, known);
  return known;
}

function hereOf(exploring: Exploring, values: Values, { event, hasArguments }: EventClass): Here {
  const { machine } = exploring;
  const frame: Frame = { slots: [], time: 0, stamp: ++exploring.stamp };
  for (const { slot, name } of machine.planOf(event.kind, event.op).reads) frame.slots[slot] = event.data.get(name);
  return { registers: machine.registers, state: stateOf(machine, values), frame, hasArguments, depends: new Set() };
}

const as = ({ event, hasArguments }: EventClass, kind: HistoryKind): EventClass => ({
  event: { ...event, kind },
  hasArguments,
});

/** Nodes after events that are committed one after the other. */
function after(exploring: Exploring, values: Values, classes: readonly EventClass[], depends: Set<Dependence>) {
  let all: readonly Values[] = [values];
  for (const one of classes) {
    all = all.flatMap((before) => {
      const here = hereOf(exploring, before, one);
      const next = successors(exploring.machine, before, here, one.event, MOST);
      if (next.length > 1) for (const each of here.depends) depends.add(each);
      return next;
    });
  }
  return [...new Set(all.map((one) => numberOf(exploring, one)))];
}

function refusalOf({ refusal }: Decision): Exclude<Way["to"], number> | undefined {
  if (refusal === undefined) return undefined;
  const { effect, rule } = refusal;
  return { effect, why: rule === undefined ? "nothing allows this" : (rule.because ?? rule.at.text) };
}

const MANNERS = [
  ["ask", "asked"],
  ["delay", "delayed"],
  ["change", "changed"],
] as const;

const mannersOf = ({ obligations }: Decision): readonly Manner[] =>
  MANNERS.flatMap(([kind, manner]) => (obligations.some(({ rule }) => rule.effect.kind === kind) ? [manner] : []));

/** What is committed when such an event is performed so. What it is changed to may be any event of its operation. */
function committed({ machine }: Exploring, one: EventClass, manners: readonly Manner[]): readonly EventClass[] {
  const { kind, op } = one.event;
  const done = manners.includes("changed") ? anyEvent(kind, op) : one;
  const isApproved = kind === "call" && manners.includes("asked") && machine.names(op, "approved");
  return isApproved ? [as(done, "approved"), done] : [done];
}

interface Asked {
  readonly exploring: Exploring;
  readonly values: Values;
  readonly one: EventClass;
}

function waysOf({ exploring, values, one }: Asked, decisions: readonly Decision[], because: Set<Dependence>): Way[] {
  const { kind, op } = one.event;
  return decisions.flatMap((decision): Way[] => {
    const refusal = refusalOf(decision);
    const manners = mannersOf(decision);
    const depends = new Set(decisions.length > 1 ? because : []);
    const witness = one.hasArguments ? one.event : undefined;
    const rest = { kind, op, manners, witness, of: one };
    if (refusal !== undefined) return [{ ...rest, manners: [], to: refusal, depends: [...depends] }];
    const to = after(exploring, values, committed(exploring, one, manners), depends);
    if (to.length > 1 && depends.size === 0) depends.add("arguments");
    return to.filter((node) => node !== undefined).map((node) => ({ ...rest, to: node, depends: [...depends] }));
  });
}

/** What an event of a class is answered, and the rules that may change it. */
function answered({ exploring, values, one }: Asked, depends: Set<Dependence>) {
  const { event } = one;
  const here = hereOf(exploring, values, one);
  const plan = exploring.machine.planOf(event.kind, event.op);
  const rules = valuesOf(plan, here);
  const answers = answersOf(plan, event, rules);
  if (answers.length > 1) for (const each of here.depends) depends.add(each);
  const changing = [...rules].filter(([{ rule }, value]) => rule.effect.kind === "change" && value !== F);
  return { answers, changing: changing.map(([{ obligation }]) => obligation) };
}

const isPassed = ({ refusal }: Decision): boolean => refusal === undefined;

/**
 * A changed call is decided once more, as what it has become. Any of the rules that change it may be the one that clashes
 * with another, or that would change it again.
 */
function decisionsOf(asked: Asked, depends: Set<Dependence>): readonly Decision[] {
  const first = answered(asked, depends).answers;
  const { kind, op } = asked.one.event;
  if (!first.some((one) => isPassed(one) && mannersOf(one).includes("changed"))) return first;
  depends.add("arguments");
  const { answers: second, changing } = answered({ ...asked, one: anyEvent(kind, op) }, depends);
  const clashing = changing.map((by): Decision => ({ ...ABSTAINS, refusal: { effect: "deny", ...by } }));
  // Asked or delayed by either of the two decisions.
  const joint = second
    .filter(isPassed)
    .flatMap((after) => first.filter(isPassed).map((before): Decision => all([before, after])));
  return [...first, ...joint, ...second.filter((one) => !isPassed(one)), ...clashing];
}

/** What comes of an event of this class that somebody decides. */
function decided(asked: Asked): Way[] {
  const depends = new Set<Dependence>();
  return waysOf(asked, decisionsOf(asked, depends), depends);
}

/** An event that is only remembered: it has happened, and nobody decides. */
function happened({ exploring, values, one }: Asked, manners: readonly Manner[]): Way[] {
  const { kind, op } = one.event;
  const depends = new Set<Dependence>();
  const to = after(exploring, values, [one], depends);
  const witness = one.hasArguments ? one.event : undefined;
  return to
    .filter((node) => node !== undefined)
    .map((node) => ({ kind, op, to: node, manners, depends: to.length > 1 ? [...depends] : [], witness, of: one }));
}

/** The host asks nobody. */
const hostWays = (exploring: Exploring, values: Values, op: Operation): Way[] =>
  exploring.machine.planOf("call", op).updates.length === 0
    ? []
    : classesIn(exploring, "call", op).flatMap((one) => happened({ exploring, values, one }, ["by the host"]));

/** Of a call: what it comes to, and, where somebody looks at refusals, what its refusal comes to. */
function callWays(exploring: Exploring, values: Values, op: Operation): Way[] {
  if (isHostGroup(op)) return hostWays(exploring, values, op);
  return classesIn(exploring, "call", op).flatMap((one) => {
    const asked = { exploring, values, one };
    const ways = decided(asked);
    const isRefusable = ways.some(({ to, manners }) => typeof to !== "number" || manners.includes("asked"));
    if (!isRefusable || !exploring.machine.names(op, "refused")) return ways;
    return [...ways, ...happened({ ...asked, one: as(one, "refused") }, [])];
  });
}

/** Of a call that was performed: what it gives, or that it failed. */
function outcomeWays(exploring: Exploring, values: Values, op: Operation): Way[] {
  const { machine } = exploring;
  const results = machine.names(op, "result") ? classesIn(exploring, "result", op) : [];
  const failures = machine.names(op, "failed") ? classesIn(exploring, "call", op) : [];
  return [
    ...results.flatMap((one) => decided({ exploring, values, one })),
    ...failures.flatMap((one) => happened({ exploring, values, one: as(one, "failed") }, [])),
  ];
}

const outcomeOf = ({ to, manners }: Way): string => JSON.stringify([to, manners]);

/** Do classes of one operation come to different ends? */
function isByClass(group: readonly Way[]): boolean {
  const classes = [...Map.groupBy(group, ({ of }) => of).values()];
  return new Set(classes.map((ways) => ways.map(outcomeOf).sort().join("\n"))).size > 1;
}

/** Ways with one end are one. What not every class does depends on arguments. */
function summed(ways: readonly Way[]): readonly Way[] {
  const groups = Map.groupBy(ways, ({ kind, op }) => `${kind} ${op.id}`);
  return [...groups.values()].flatMap((group) => {
    const isOne = new Set(group.map(outcomeOf)).size === 1;
    const isSplit = isByClass(group);
    return [...Map.groupBy(group, outcomeOf).values()].map((alike): Way => {
      const sure = alike.find(({ depends, witness }) => depends.length === 0 && witness !== undefined);
      const depends = new Set(isOne ? [] : alike.flatMap((way) => way.depends));
      if (!isOne && (isSplit || depends.size === 0)) depends.add("arguments");
      const order: readonly Dependence[] = ["arguments", "time"];
      return {
        ...(alike[0] as Way),
        depends: order.filter((each) => depends.has(each)),
        witness: sure?.witness,
      };
    });
  });
}

interface Visited {
  readonly calls: readonly Way[];
  readonly outcomes: Map<Operation, readonly Way[]>;
}

function visit(exploring: Exploring, values: Values): Visited {
  const calls = summed(exploring.operations.flatMap((op) => callWays(exploring, values, op)));
  return { calls, outcomes: new Map() };
}

const waysIn = ({ calls, outcomes }: Visited): readonly Way[] => [...calls, ...[...outcomes.values()].flat()];

const isPerformed = ({ kind, to, op }: Way): boolean => kind === "call" && typeof to === "number" && !isHostGroup(op);

/** Calls may be in flight in whatever comes after: what was performed before a node can still come to something. */
function explore(exploring: Exploring): readonly (readonly Way[])[] {
  const visited: Visited[] = [];
  const flying = new Map<number, ReadonlySet<Operation>>([[0, new Set()]]);
  const queue = [0];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    const values = exploring.values[at] as Values;
    const own = visited[at] ?? visit(exploring, values);
    visited[at] = own;
    const open = new Set([...(flying.get(at) ?? []), ...own.calls.filter(isPerformed).map(({ op }) => op)]);
    for (const op of open) {
      if (!own.outcomes.has(op)) own.outcomes.set(op, summed(outcomeWays(exploring, values, op)));
    }
    for (const { to } of waysIn(own)) {
      if (typeof to !== "number") continue;
      const before = flying.get(to);
      const joint = new Set([...(before ?? []), ...open]);
      flying.set(to, joint);
      if (joint.size !== before?.size && !queue.includes(to)) queue.push(to);
    }
  }
  return visited.map(waysIn);
}

function nodeOf({ machine, values }: Exploring, id: number, ways: readonly Way[]): GraphNode {
  const own = values[id] as Values;
  const refuses = ways.flatMap(({ to, kind, op, depends, witness }): GraphRefusal[] =>
    typeof to === "number" ? [] : [{ kind, call: op.name, ...to, depends, witness }],
  );
  return { id, holds: holdsOf(machine, own), values: own, refuses };
}

/** `joined`: a policy, or several as they are enforced together. */
export function graphOf(joined: Joined): Graph {
  const machine = compile(joined);
  const start = startOf(machine);
  const exploring: Exploring = {
    ...{ machine, asking: askingOf([joined]), operations: operationsOf([joined]) },
    ...{ values: [start], numbers: new Map([[keyOf(start), 0]]), classes: new Map(), stamp: 0, isComplete: true },
  };
  const ways = explore(exploring);
  const nodes = ways.map((own, id) => nodeOf(exploring, id, own));
  const edges = ways.flatMap((own, from) => {
    const leading = own.filter((way): way is Way & { readonly to: number } => typeof way.to === "number");
    return [...Map.groupBy(leading, ({ to }) => to)].map(([to, all]) => {
      const events = all.map(({ kind, op, depends, manners, witness }) => {
        return { kind, call: op.name, depends, manners, witness };
      });
      return { from, to, events };
    });
  });
  return { name: joined.name, nodes, edges, isComplete: exploring.isComplete, isStateful: start.size > 0 };
}
