// What all registers remember after events that have happened, as the reference semantics matched them.

import { eventArguments } from "../event.ts";
import type { Kleene } from "../kleene.ts";
import { matches } from "../past.ts";
import { momentOf } from "../reference.ts";
import type { PolicyEvent, RPattern } from "../resolved.ts";
import type { Argument, Operation } from "../vocabulary.ts";
import { withCall } from "./events.ts";
import type { Lab, Past } from "./lab.ts";
import { isTimeless, untracked } from "./memory.ts";
import type { Data, Memory, Node, Pending } from "./node.ts";
import { FIRST } from "./paths.ts";
import type { Register } from "./registers.ts";
import { tidied } from "./tidy.ts";
import { update } from "./update.ts";
import type { Cell, Relation, World } from "./world.ts";
import { exactly, stamped } from "./zone.ts";

export function relationOf({ domain, capability, tenant }: PolicyEvent, place: Past["place"]): Relation {
  if (tenant !== place.tenant) return "tenant";
  if (domain !== place.domain) return "domain";
  return capability === place.capability ? "same" : "capability";
}

/** The values of an event, by argument. */
export function valuesIn(event: PolicyEvent): Data {
  const { byName } = eventArguments(event.op, event.kind === "result" ? "result" : "call");
  return new Map([...byName].map(([name, argument]) => [argument, event.data.get(name)] as const));
}

function cellsOf(lab: Lab, values: Data): Map<Argument, Cell> {
  return new Map(
    [...values].map(([argument, value]) => {
      const at = typeof value === "object" ? value.other : (lab.tables.get(argument)?.find(value) ?? -1);
      return [argument, { classes: [at], value: { value } }];
    }),
  );
}

function worldOf(lab: Lab, node: Node, history: readonly PolicyEvent[], event: PolicyEvent, relation: Relation): World {
  const times = node.stampedAt.map((at, moment) => (moment === 0 ? event.time : (history[at] as PolicyEvent).time));
  const moment = momentOf(history, event);
  return {
    lab,
    node,
    isStart: false,
    isSpotted: false,
    isLate: false,
    op: event.op,
    kind: event.kind,
    relation,
    oracle: (pattern: RPattern): Kleene => matches(moment, pattern),
    choices: FIRST,
    cells: cellsOf(lab, valuesIn(event)),
    guesses: new Map(),
    inequalities: [],
    zone: exactly(times),
    ages: [],
    reads: [],
    doubts: new Set(),
    gaps: new Set(),
    budget: { left: Infinity },
  };
}

/** Calls that have given nothing yet. */
export function unanswered(events: readonly PolicyEvent[]): readonly PolicyEvent[] {
  const open: PolicyEvent[] = [];
  for (const event of events) {
    if (event.kind === "call") open.push(event);
    if (event.kind !== "result" && event.kind !== "failed") continue;
    const isAnswered = (call: PolicyEvent): boolean =>
      call.op === event.op && [...call.data].every(([name, value]) => event.data.get(name) === value);
    const at = open.findIndex(isAnswered);
    if (at >= 0) open.splice(at, 1);
  }
  return open;
}

/** Those of them whose outcome is looked at, as far as it is told apart. */
function openCalls(
  { events, place }: Past,
  awaited: ReadonlyMap<Operation, readonly Argument[]>,
  many: number,
): readonly Pending[] {
  const open = unanswered(events).filter(({ op }) => awaited.has(op));
  return open.reduce<readonly Pending[]>((calls, call) => {
    const values = valuesIn(call);
    const data = new Map((awaited.get(call.op) ?? []).map((argument) => [argument, values.get(argument)]));
    return withCall(calls, { op: call.op, relation: relationOf(call, place), data }, many);
  }, []);
}

const empty = (memories: ReadonlyMap<Register, Memory>): Node => ({
  memories,
  zone: exactly([0]),
  pending: [],
  depth: 0,
  stampedAt: [0],
  before: undefined,
});

/** The state after the past: of every register that can be followed. */
export function remember(lab: Lab, past: Past | undefined, awaited: ReadonlyMap<Operation, readonly Argument[]>): Node {
  const known = [...lab.start].filter(([register]) => untracked(register) === undefined && !isTimeless(register));
  let node = empty(new Map(past === undefined ? lab.start : known));
  for (const [at, event] of (past?.events ?? []).entries()) {
    const world = worldOf(lab, node, past?.events.slice(0, at) ?? [], event, relationOf(event, past?.place ?? event));
    const { memories, isStamped } = update(world);
    const zone = isStamped ? stamped(world.zone) : world.zone;
    const stampedAt = isStamped ? [...node.stampedAt, at] : node.stampedAt;
    node = { ...tidied({ ...node, memories, zone, stampedAt }), depth: at + 1 };
  }
  return past === undefined ? node : { ...node, pending: openCalls(past, awaited, lab.many) };
}
