// Breadth first over states of what is followed, along events that can come next, for the first event that is asked for.
//
// Invariants
//   S1  Levels are events: what is found first is reached by as few as can be.
//   S2  A state is left out only if one with the same registers, and at least its times, was met before.
import type { HistoryKind } from "../resolved.ts";
import { type Found, isWorthwhile, nextOf, type Question, type Search } from "./events.ts";
import { keyOfNode } from "./key.ts";
import { NOTHING } from "./must.ts";
import { type Node, type Step, startOf, stepsTo } from "./node.ts";
import type { Register } from "./registers.ts";
import type { Outcome } from "./trace.ts";
import { startMemory } from "./update.ts";
import { includes, type Zone } from "./zone.ts";

const KINDS: readonly HistoryKind[] = ["call", "refused", "result", "failed"];

/** Candidates of one level that are tried before what they were mistaken about is followed. */
const TRIES = 12;

export type Explored =
  | {
      readonly kind: "confirmed";
      readonly trace: Extract<Outcome, { kind: "confirmed" }>["trace"];
      readonly isShortest: boolean;
    }
  /** There is none, and no more states. */
  | { readonly kind: "none"; readonly states: number }
  /** Candidates were mistaken about these. */
  | { readonly kind: "mistaken"; readonly registers: readonly Register[] }
  /** None was found among traces of so many events. */
  | { readonly kind: "bounded"; readonly depth: number; readonly reason: string };

interface Goal {
  readonly questions: readonly Question[];
  readonly confirm: (steps: readonly Step[]) => Outcome;
  /** Registers that can still be followed, or followed more closely. */
  readonly canFollow: (register: Register) => boolean;
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
    for (const question of questions) yield* nextOf(search, node, question, isKnown);
  }
}

interface Doubt {
  readonly depth: number;
  readonly reason: string;
}

interface Level {
  readonly confirmed: Extract<Outcome, { kind: "confirmed" }> | undefined;
  readonly mistaken: readonly Register[] | undefined;
  readonly doubt: string | undefined;
}

/** Tries what a level has; the first mistake is kept in case nothing is confirmed. */
function tryLevel(search: Search, level: readonly Node[], goal: Goal): Level {
  let mistaken: readonly Register[] | undefined;
  let doubt: string | undefined;
  let tries = 0;
  for (const node of level) {
    for (const { node: end } of candidates(search, node, goal.questions)) {
      const outcome = goal.confirm(stepsTo(end));
      if (outcome.kind === "confirmed") return { confirmed: outcome, mistaken, doubt };
      if (outcome.kind === "failed") doubt ??= outcome.reason;
      else {
        const registers = outcome.registers.filter(goal.canFollow);
        if (registers.length > 0) mistaken ??= registers;
        else
          doubt ??= `${outcome.registers.map(({ text }) => text).join(", ")}: not all that it remembers is told apart`;
      }
      tries += 1;
      if (mistaken !== undefined && tries >= TRIES) return { confirmed: undefined, mistaken, doubt };
      if (tries >= 10 * TRIES) return { confirmed: undefined, mistaken, doubt };
    }
  }
  return { confirmed: undefined, mistaken, doubt };
}

export function explore(search: Search, goal: Goal, maxStates: number): Explored {
  const start = startOf(new Map(search.followed.map((register) => [register, startMemory(register)])));
  const seen: Seen = { zones: new Map(), states: 1 };
  let level: readonly Node[] = [start];
  let doubt: Doubt | undefined;
  isNew(seen, start);
  for (let depth = 0; level.length > 0; depth++) {
    const tried = tryLevel(search, level, goal);
    if (tried.confirmed !== undefined)
      return { ...tried.confirmed, isShortest: doubt === undefined && search.gaps.size === 0 };
    if (tried.mistaken !== undefined && doubt === undefined) return { kind: "mistaken", registers: tried.mistaken };
    if (tried.doubt !== undefined) doubt ??= { depth, reason: tried.doubt };
    const isSpent = search.budget.left <= 0;
    if (isSpent || seen.states > maxStates) {
      return doubt === undefined
        ? {
            kind: "bounded",
            depth: isSpent ? depth : depth + 1,
            reason: `more than ${isSpent ? "all the time there was" : `${maxStates} states`}`,
          }
        : { kind: "bounded", ...doubt };
    }
    const next: Node[] = [];
    for (const node of level) next.push(...successors(search, node, seen));
    seen.states += next.length;
    level = next;
  }
  return doubt === undefined ? { kind: "none", states: seen.states } : { kind: "bounded", ...doubt };
}
