// Follows as few registers as decide the question: begins with none, and adds those that a candidate was mistaken about.
// What cannot happen although all that is not followed may be anything cannot happen; what can is replayed.
//
// Invariants
//   G1  "proved" only if nothing was found, nothing was left out, and every call has a class.
//   G2  "refuted" only with a trace that the reference semantics confirmed.
import type { Joined, PolicyEvent, RCond } from "../resolved.ts";
import type { Argument, Operation } from "../vocabulary.ts";
import { askingOf, noteCond, policiesOf } from "./atoms.ts";
import type { Question, Search } from "./events.ts";
import { inside } from "./inside.ts";
import { type Lab, type LabOptions, MAX_SPOTS, newLab, type Past } from "./lab.ts";
import { isTimeless, untracked } from "./memory.ts";
import type { Node, Step } from "./node.ts";
import { remember } from "./past.ts";
import { keyOf, type Register } from "./registers.ts";
import { type Explored, explore } from "./search.ts";
import { confirm, NO_PAST, type Replay } from "./trace.ts";

import type { Relation } from "./world.ts";

export type Verdict =
  /** `by`: by a solver, whose word is taken that its invariant is one. */
  | { readonly verdict: "proved"; readonly by?: string | undefined }
  /** The last event is the one in question; `isShortest`: no shorter trace would do. */
  | { readonly verdict: "refuted"; readonly trace: readonly PolicyEvent[]; readonly isShortest: boolean }
  /** No trace of up to so many events was found; why no more can be said. */
  | { readonly verdict: "bounded"; readonly depth: number; readonly reason: string };

export interface Limits {
  /** Rules that are looked at, in all. A million take about a second. */
  readonly work: number;
  readonly states: number;
}
export const LIMITS: Limits = { work: 1_000_000, states: 20_000 };

export interface Options extends Pick<LabOptions, "isHost"> {
  readonly limits?: Limits | undefined;
}

/** Can an event that is asked for be performed, or refused, when a policy is in force? */
export interface Inquiry {
  readonly inForce: Joined;
  /** All policies and conditions that the question speaks of. */
  readonly joined: readonly Joined[];
  readonly conds: readonly RCond[];
  readonly operations: readonly Operation[];
  readonly questions: (lab: Lab) => readonly Question[];
  readonly isAskedFor: (history: readonly PolicyEvent[], event: PolicyEvent) => boolean;
  readonly past?: Past | undefined;
  /** Other policies may be joined with it: what they refuse, or ask for, is in the history too. */
  readonly hasCompany?: boolean | undefined;
}

const WIDTH = ["capability", "domain", "tenant", "host"];

/** Events of others matter to what is followed only where some of it is shared with them and some is not. */
export function relationsOf(followed: readonly Register[]): readonly Relation[] {
  const widths = followed.map(({ scope }) => WIDTH.indexOf(scope));
  const others: readonly Relation[] = ["capability", "domain", "tenant"];
  return [
    "same",
    ...others.filter((_, at) => widths.some((width) => width <= at) && widths.some((width) => width > at)),
  ];
}

/** Calls whose outcome is looked at, with the arguments that are looked at then. */
function awaitedOf(lab: Lab, followed: readonly Register[], questions: readonly Question[]) {
  const isOutcome = (kind: string): boolean => kind === "result" || kind === "failed";
  const patterns = followed.flatMap((one) => one.patterns).filter(({ kinds }) => kinds.some(isOutcome));
  const ops = new Set([
    ...patterns.flatMap((pattern) => pattern.ops),
    ...questions.filter(({ kind }) => isOutcome(kind)).map(({ op }) => op),
  ]);
  const asking = askingOf([]);
  const rules = lab.joined.flatMap(policiesOf).flatMap((policy) => policy.rules);
  const conds = [
    ...lab.conds,
    ...rules.filter(({ on }) => on.some(({ kinds }) => kinds.some(isOutcome))).flatMap(({ when }) => when ?? []),
    ...rules.flatMap(({ on }) => on).flatMap(({ when }) => when ?? []),
    ...lab.registers.all
      .flatMap((one) => one.patterns)
      .filter(({ kinds }) => kinds.some(isOutcome))
      .flatMap(({ when }) => when ?? []),
  ];
  for (const cond of conds.flatMap((one) => [...inside(one)])) noteCond(asking, cond);
  const keys = lab.registers.all.flatMap((register) => [...(keyOf(register)?.argument.of.values() ?? [])]);
  const isLookedAt = (argument: Argument): boolean => asking.has(argument) || keys.includes(argument);
  return new Map([...ops].map((op) => [op, op.takes.filter(isLookedAt)] as const));
}

interface Focus {
  readonly followed: ReadonlySet<number>;
  readonly spots: number;
  readonly slack: number;
  readonly many: number;
  readonly isCounting: boolean;
}
const MAX_MANY = 4;

const MAX_SLACK = 8;

/** Follows more, or more closely; undefined: there is no more to follow. */
function closer(focus: Focus, register: Register): Focus | undefined {
  if (!focus.followed.has(register.id)) {
    return untracked(register) === undefined
      ? { ...focus, followed: new Set([...focus.followed, register.id]) }
      : undefined;
  }
  if (keyOf(register) !== undefined) {
    if (focus.spots > 1 && !focus.isCounting) return { ...focus, isCounting: true };
    if (focus.spots < MAX_SPOTS) return { ...focus, spots: focus.spots + 1 };
  }
  return register.kind === "level" && focus.slack < MAX_SLACK ? { ...focus, slack: 2 * focus.slack + 1 } : undefined;
}

/** The state before the first event, of what is followed. */
function startWith(whole: Node, followed: readonly Register[], { awaited }: Search): Node {
  const memories = new Map([...whole.memories].filter(([register]) => followed.includes(register)));
  // Its moments stay: what is not followed is asked here as well.
  return { ...whole, memories, pending: whole.pending.filter(({ op }) => awaited.has(op)) };
}

function round(inquiry: Inquiry, focus: Focus, budget: Search["budget"], { isHost, limits = LIMITS }: Options) {
  const { inForce, joined, conds, operations, isAskedFor, past, hasCompany = false } = inquiry;
  const plain = newLab(joined, conds, operations, { ...focus, isHost, past });
  const whole = remember(plain, past, awaitedOf(plain, plain.registers.all, inquiry.questions(plain)));
  const lab: Lab = { ...plain, start: whole.memories };
  const followed = lab.registers.all.filter(({ id }) => focus.followed.has(id));
  const questions = inquiry.questions(lab);
  const search: Search = {
    lab,
    inForce,
    followed,
    relations: relationsOf(followed),
    awaited: awaitedOf(lab, followed, questions),
    hasCompany,
    doubts: new Set(),
    gaps: new Set([
      ...(lab.isComplete ? [] : ["an argument has too many tests to find all of its classes"]),
      ...followed.filter(isTimeless).map(({ text }) => `${text}: looked at only as if all happened at one moment`),
    ]),
    budget,
  };
  const replay: Replay = { policy: inForce, hasCompany, isAskedFor, past: past ?? NO_PAST };
  const goal = {
    questions,
    confirm: (steps: readonly Step[]) => confirm(lab, steps, replay),
    canFollow: (register: Register) => closer(focus, register) !== undefined,
    canCount: focus.many < MAX_MANY,
  };
  return { search, explored: explore(search, goal, startWith(whole, followed, search), limits.states) };
}

const bounded = (depth: number, reasons: Iterable<string>): Verdict => ({
  verdict: "bounded",
  depth,
  reason: [...new Set(reasons)].join("; "),
});

function verdictOf(explored: Exclude<Explored, { kind: "mistaken" }>, { gaps, doubts }: Search): Verdict {
  switch (explored.kind) {
    case "confirmed":
      return { verdict: "refuted", trace: explored.trace, isShortest: explored.isShortest };
    case "none":
      return gaps.size === 0 ? { verdict: "proved" } : bounded(0, gaps);
    case "bounded":
      return bounded(explored.depth, [explored.reason, ...doubts, ...gaps]);
  }
}

export function inquire(inquiry: Inquiry, options: Options = {}): Verdict {
  const budget = { left: (options.limits ?? LIMITS).work };
  let focus: Focus = { followed: new Set(), spots: 1, slack: 0, many: 1, isCounting: false };
  for (;;) {
    const { search, explored } = round(inquiry, focus, budget, options);
    if (explored.kind !== "mistaken") return verdictOf(explored, search);
    if (explored.isCrowded) focus = { ...focus, many: focus.many + 1 };
    for (const register of explored.registers) focus = closer(focus, register) ?? focus;
  }
}
