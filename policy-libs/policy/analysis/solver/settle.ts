// Claims that exploration leaves open, settled with a solver: by an invariant of the system, or by a run of it.
//
// Invariants
//   V1  "proved" only if the solver found an invariant and, asked anew, said that it is one.
//   V2  "refuted" only with a trace that the reference semantics confirmed.
//   V3  Else the verdict stays what it was: bounded.
import type { RProve } from "../../resolved.ts";
import { type Posed, posed, verdictOf } from "../claims.ts";
import { newLab } from "../lab.ts";
import { inquire, LIMITS, type Limits, type Options, relationsOf, type Verdict } from "../refine.ts";
import { confirm, NO_PAST } from "../trace.ts";
import { type Expression, textOf } from "./expression.ts";
import { checkScript, invariantScript, runScript } from "./scripts.ts";
import { type Answer, ask, type Solver } from "./solver.ts";
import { type System, systemOf } from "./system.ts";
import { modelOf, stepsOf } from "./trace.ts";

export interface SolverOptions extends Options {
  /** For each question that a claim consists of, in all. */
  readonly milliseconds?: number | undefined;
}

export const MILLISECONDS = 10_000;

/** Runs of so many events before the last are looked for. */
const MAX_DEPTH = 64;
/** Short ones come first: most claims that are wrong are so soon. */
const SOON = 3;

interface Asked {
  readonly system: System;
  readonly posed: Posed;
  readonly solver: Solver;
  /** Milliseconds that are left. */
  readonly left: () => number;
  /** What the solver said besides. */
  readonly said: Set<string>;
}

async function answered({ solver, left, said }: Asked, script: string, share = 1): Promise<Answer> {
  const time = left() * share;
  if (time < 1) return { kind: "unknown", why: "its time is over" };
  const answer = await ask(solver, script, time);
  if (answer.kind === "unknown") said.add(answer.why);
  return answer;
}

const isDefinition = (one: Expression): boolean => typeof one !== "string" && one[0] === "define-fun";

/** Whether there is an invariant; undefined: it was not found out. */
async function proof(asked: Asked): Promise<boolean | undefined> {
  const found = await answered(asked, invariantScript(asked.system), 0.5);
  if (found.kind !== "sat") return found.kind === "unsat" ? false : undefined;
  const checked = await answered(asked, checkScript(asked.system, found.model.filter(isDefinition).map(textOf)));
  if (checked.kind === "sat") asked.said.add("what it called an invariant is none");
  return checked.kind === "unsat" ? true : undefined;
}

async function runOf(asked: Asked, depth: number): Promise<Verdict | undefined> {
  const { system, posed } = asked;
  const { inForce, hasCompany = false, isAskedFor } = posed.inquiry;
  const replay = { policy: inForce, hasCompany, isAskedFor, past: NO_PAST };
  for (const goal of system.goals) {
    const found = await answered(asked, runScript(system, depth, goal));
    const steps = found.kind === "sat" ? stepsOf(system, modelOf(found.model), depth, goal) : undefined;
    const outcome = steps && confirm(system.lab, steps, replay);
    if (outcome?.kind === "confirmed") return { verdict: "refuted", trace: outcome.trace, isShortest: false };
    if (found.kind === "sat") asked.said.add("a run that it found is no history");
  }
  return undefined;
}

async function runs(asked: Asked, from: number, to: number): Promise<Verdict | undefined> {
  for (let depth = from; depth <= to && asked.left() >= 1; depth++) {
    const found = await runOf(asked, depth);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function settled(asked: Asked): Promise<Verdict | undefined> {
  const soon = await runs(asked, 0, SOON);
  if (soon !== undefined) return soon;
  const isProved = await proof(asked);
  if (isProved === true) return { verdict: "proved", by: asked.solver.name };
  return await runs(asked, SOON + 1, MAX_DEPTH);
}

function systemFor({ inquiry, goal }: Posed, { isHost }: Options): System | undefined {
  const { joined, conds, operations } = inquiry;
  const lab = newLab(joined, conds, operations, { isHost });
  return systemOf({ lab, inquiry, goal, relations: relationsOf(lab.registers.all) });
}

type Bounded = Extract<Verdict, { verdict: "bounded" }>;

async function settle(one: Posed, verdict: Bounded, solver: Solver, options: SolverOptions): Promise<Verdict> {
  const system = systemFor(one, options);
  if (system === undefined) return verdict;
  const end = Date.now() + (options.milliseconds ?? MILLISECONDS);
  const said = new Set<string>();
  const settledAs = await settled({ system, posed: one, solver, left: () => end - Date.now(), said });
  const why = said.size === 0 ? `no trace of up to ${MAX_DEPTH + 1} events found` : [...said].join(", ");
  return settledAs ?? { ...verdict, reason: `${verdict.reason}; ${solver.name}: ${why}` };
}

/** What exploration looks at before the solver is asked. What takes longer it looks at afterwards. */
const FIRST: Limits = { work: 100_000, states: 20_000 };

async function found(one: Posed, solver: Solver, options: SolverOptions): Promise<Verdict> {
  const { limits = LIMITS } = options;
  const least = { work: Math.min(FIRST.work, limits.work), states: Math.min(FIRST.states, limits.states) };
  const first = inquire(one.inquiry, { ...options, limits: least });
  const next = first.verdict === "bounded" ? await settle(one, first, solver, options) : first;
  if (next.verdict !== "bounded" || (least.work === limits.work && least.states === limits.states)) return next;
  const last = inquire(one.inquiry, options);
  return last.verdict === "bounded" ? { ...next, depth: last.depth } : last;
}

/** A claim of a file. What exploration leaves open, the solver is asked: the verdict is never less than without it. */
export async function proveWith(solver: Solver, claim: RProve, options: SolverOptions = {}): Promise<Verdict> {
  const verdicts: Verdict[] = [];
  for (const one of posed(claim, options)) verdicts.push(await found(one, solver, options));
  return verdictOf(verdicts);
}

/** Whether a solver can be asked about it at all. */
export const isForSolver = (claim: RProve, options: Options = {}): boolean =>
  posed(claim, options).every((one) => systemFor(one, options) !== undefined);
