// Breadth first over states of what is followed, along events that can come next, for the first event that is asked for.
//
// Invariants
//   S1  Levels are events: what is found first is reached by as few as can be.
//   S2  A state is left out only if one with the same registers, and at least its times, was met before.
import type { HistoryKind } from "../resolved.ts";
import { type Found, isWorthwhile, nextOf, type Question, type Search } from "./events.ts";
import { keyOfNode } from "./key.ts";
import { NOTHING } from "./must.ts";
import { type Node, type Step, stepsTo } from "./node.ts";
import type { Register } from "./registers.ts";
import type { Outcome } from "./trace.ts";
import { includes, type Zone } from "./zone.ts";

const KINDS: readonly HistoryKind[] = ["call", "refused", "result", "failed"];

/** Candidates of one level that are tried before what they were mistaken about is followed. */
const TRIES = 12;
/** The reference semantics looks back at every event for every event: so many looks cost as much as one at a rule. */
const REPLAYED = 20;

export type Explored =
  | {
      readonly kind: "confirmed";
      readonly trace: Extract<Outcome, { kind: "confirmed" }>["trace"];
      readonly isShortest: boolean;
    }
  /** There is none, and no more states. */
  | { readonly kind: "none"; readonly states: number }
  /** Candidates were mistaken about these, or had more results than calls. */
  | { readonly kind: "mistaken"; readonly registers: readonly Register[]; readonly isCrowded: boolean }
  /** None was found among traces of so many events. */
  | { readonly kind: "bounded"; readonly depth: number; readonly reason: string };

interface Goal {
  readonly questions: readonly Question[];
  readonly confirm: (steps: readonly Step[]) => Outcome;
  /** Registers that can still be followed, or followed more closely. */
  readonly canFollow: (register: Register) => boolean;
  /** More calls in flight can be told apart. */
  readonly canCount: boolean;
}

type Mistake = Omit<Extract<Explored, { kind: "mistaken" }>, "kind">;

const CROWDED = "more calls of one kind are in flight than are told apart";

/** What can be done about a candidate that is not confirmed: look closer, or doubt. */
function mistakeOf(goal: Goal, outcome: Exclude<Outcome, { kind: "confirmed" }>): Mistake | string {
  if (outcome.kind === "failed") return outcome.reason;
  if (outcome.kind === "crowded") return goal.canCount ? { registers: [], isCrowded: true } : CROWDED;
  const registers = outcome.registers.filter(goal.canFollow);
  if (registers.length > 0) return { registers, isCrowded: false };
  return `${outcome.registers.map(({ text }) => text).join(", ")}: not all that it remembers is told apart`;
}

interface Seen {
  readonly zones: Map<string, Zone[]>;
  states: number;
}

function isNew({ zones }: Seen, node: Node): boolean {
  const key = keyOfNode(node);
  const known = zones.get(key) ?? [];
  if (known.some((zone) => includes(zone, node.zone))) return false;
  zones.set(key, [...known.filter((zone) => !includes(node.zone, zone)), node.zone]);
  return true;
}

function successors(search: Search, node: Node, seen: Seen): readonly Node[] {
  const found: Node[] = [];
  for (const op of search.lab.operations) {
    for (const kind of KINDS) {
      if (!isWorthwhile(search, op, kind)) continue;
      for (const next of nextOf(search, node, { op, kind, ask: () => true, must: NOTHING })) {
        if (isNew(seen, next.node)) found.push(next.node);
      }
    }
  }
  return found;
}

/** At the start all is known; and whatever is not followed may have happened since. */
function* candidates(search: Search, node: Node, questions: readonly Question[]): Generator<Found> {
  const isStart = node.before === undefined;
  for (const isKnown of isStart ? [true, false] : [false]) {
    for (const question of questions) yield* nextOf(search, node, { ...question, isGoal: true }, isKnown);
  }
}

interface Doubt {
  readonly depth: number;
  readonly reason: string;
}

interface Level {
  readonly confirmed: Extract<Outcome, { kind: "confirmed" }> | undefined;
  readonly mistaken: Mistake | undefined;
  readonly doubt: string | undefined;
}

/** Tries what a level has; the first mistake is kept in case nothing is confirmed. */
function tryLevel(search: Search, level: readonly Node[], goal: Goal): Level {
  let mistaken: Mistake | undefined;
  let doubt: string | undefined;
  let tries = 0;
  for (const node of level) {
    for (const { node: end } of candidates(search, node, goal.questions)) {
      search.budget.left -= (end.depth * end.depth) / REPLAYED;
      const outcome = goal.confirm(stepsTo(end));
      if (outcome.kind === "confirmed") return { confirmed: outcome, mistaken, doubt };
      const mistake = mistakeOf(goal, outcome);
      if (typeof mistake === "string") doubt ??= mistake;
      else mistaken ??= mistake;
      tries += 1;
      if (mistaken !== undefined && tries >= TRIES) return { confirmed: undefined, mistaken, doubt };
      if (tries >= 10 * TRIES) return { confirmed: undefined, mistaken, doubt };
    }
  }
  return { confirmed: undefined, mistaken, doubt };
}

interface Progress {
  readonly depth: number;
  readonly doubt: Doubt | undefined;
  readonly states: number;
}

/** Why to stop before all states have been met. */
function spent({ budget }: Search, { depth, doubt, states }: Progress, maxStates: number): Explored | undefined {
  const isSpent = budget.left <= 0;
  if (!isSpent && states <= maxStates) return undefined;
  if (doubt !== undefined) return { kind: "bounded", ...doubt };
  // A level that was not tried whole is not counted.
  return isSpent
    ? { kind: "bounded", depth, reason: "it takes too long to look at all traces" }
    : { kind: "bounded", depth: depth + 1, reason: `there are more than ${maxStates} states` };
}

export function explore(search: Search, goal: Goal, start: Node, maxStates: number): Explored {
  const seen: Seen = { zones: new Map(), states: 1 };
  let level: readonly Node[] = [start];
  let doubt: Doubt | undefined;
  isNew(seen, start);
  for (let depth = 0; level.length > 0 || search.budget.left <= 0; depth++) {
    const { confirmed, mistaken, doubt: why } = tryLevel(search, level, goal);
    if (confirmed !== undefined) return { ...confirmed, isShortest: doubt === undefined && search.gaps.size === 0 };
    if (mistaken !== undefined && doubt === undefined) return { kind: "mistaken", ...mistaken };
    if (why !== undefined) doubt ??= { depth, reason: why };
    const stop = spent(search, { depth, doubt, states: seen.states }, maxStates);
    if (stop !== undefined) return stop;
    level = level.flatMap((node) => successors(search, node, seen));
    seen.states += level.length;
  }
  return doubt === undefined ? { kind: "none", states: seen.states } : { kind: "bounded", ...doubt };
}
