// Runs that are in a worker.
//
//   going -> over          going -> interrupted -> going ... -> over          what ends the sandbox ends them
import type { Ending } from "../../kernel/index.ts";
import type { CallMeter, Plan } from "../birth.ts";
import { now } from "../engine.ts";
import { CordonError } from "../errors.ts";
import type { Job } from "../job.ts";
import { type Continuation, endingText, fromEnding, NO_USAGE, type Result, type RunFacts, refused } from "../result.ts";
import { onAbort } from "../signal.ts";
import { OP, type Post } from "./frame.ts";
import { type HomeQuestions, newHomeQuestions } from "./home-questions.ts";
import type { Leash } from "./leash.ts";
import type { JobData } from "./plan-data.ts";
import { type Fields, isRunUsage, isUsage, resultFrom } from "./read.ts";

export interface HomeRunsParts {
  readonly plan: Plan;
  readonly post: Post;
  readonly meter: CallMeter;
  readonly leash: Leash;
  readonly ending: () => Ending | undefined;
  readonly lose: (why: string) => void;
}

interface Run {
  readonly id: number;
  readonly job: Job;
  readonly onOver: () => void;
  readonly stopListening: () => void;
  readonly start: number;
  isPaused: boolean;
  /** Its next result. */
  next: PromiseWithResolvers<Result>;
  timer: ReturnType<typeof setTimeout> | undefined;
}

export interface HomeRuns extends HomeRunsParts {
  readonly runs: Map<number, Run>;
  readonly questions: HomeQuestions;
  next: number;
  /** The worker says that the guest waits. */
  isResting: boolean;
  /** It waits for the embedder's own store: the worker is not to blame. */
  isFetching: boolean;
}

/** What a worker may take for an answer beyond the time that the run has: then it is taken for dead. */
const GRACE = 5_000; // ms
const LONGEST = 2 ** 31 - 1; // ms, what setTimeout can wait

export function newHomeRuns(parts: HomeRunsParts): HomeRuns {
  const questions = newHomeQuestions(parts.post);
  parts.meter.interrupt = questions.ask;
  return { ...parts, questions, runs: new Map(), next: 1, isResting: false, isFetching: false };
}

const lie = ({ lose }: HomeRuns, what: string): void => lose(`it broke the protocol: ${what}`);

function watch({ lose, isFetching }: HomeRuns, run: Run, ms: number): void {
  clearTimeout(run.timer);
  if (isFetching && ms > 0) return;
  run.timer = setTimeout(() => lose("it did not answer"), Math.min(ms + GRACE, LONGEST));
}

export function setFetching(home: HomeRuns, isFetching: boolean): void {
  home.isFetching = isFetching;
  const [run] = home.runs.values();
  if (run?.isPaused === false) watch(home, run, run.job.limits.wall);
}

/** As a sandbox on this thread says it (embed/sandbox.ts). */
function refusalNow({ ending, runs }: HomeRuns): Result | undefined {
  const how = ending();
  if (how !== undefined) return refused("sandbox", `the sandbox has ended (${endingText(how)}): make a new one`);
  const isPaused = [...runs.values()].some((run) => run.isPaused);
  return isPaused ? refused("sandbox", "busy: a run is interrupted, resume or cancel it first") : undefined;
}

function listen(home: HomeRuns, id: number, { signal }: Job): () => void {
  return onAbort(signal, () => {
    home.post(OP.ABORT, [id]);
    const run = home.runs.get(id);
    if (run !== undefined) watch(home, run, 0);
  });
}

const dataOf = ({ method, limits, drain, typescript }: Job): JobData => ({
  ...{ method, limits, drain: drain === true, language: typescript?.language ?? null },
});

/** A run of it waits: for an answer, or as the worker says. */
export const isParked = ({ runs, isResting }: HomeRuns): boolean =>
  isResting || [...runs.values()].some(({ isPaused }) => isPaused);

/** Puts a run to the worker. `onOver` is called once it is over, which is later than an interruption. */
export async function performRun(home: HomeRuns, job: Job, onOver: () => void): Promise<Result> {
  const refusal = refusalNow(home);
  if (refusal !== undefined) {
    onOver();
    return refusal;
  }
  const { post, runs } = home;
  const id = home.next++;
  const run: Run = {
    ...{ id, job, onOver, start: now(), isPaused: false, timer: undefined },
    ...{ stopListening: listen(home, id, job), next: Promise.withResolvers<Result>() },
  };
  runs.set(id, run);
  if (runs.size === 1) begin(home, run);
  post(OP.JOB, [id, dataOf(job)], job.message);
  return run.next.promise;
}

/** The worker makes one after the other. What it says of this one comes after the result of the one before. */
function begin(home: HomeRuns, run: Run): void {
  const { plan, meter, leash } = home;
  const { limits } = run.job;
  home.isResting = false;
  plan.output.start(limits.output);
  [meter.used, meter.most] = [0, limits.calls];
  leash.look(true);
  watch(home, run, limits.wall);
}

function leave(home: HomeRuns, run: Run): void {
  const { runs } = home;
  const [first] = runs.values();
  runs.delete(run.id);
  clearTimeout(run.timer);
  run.stopListening();
  run.onOver();
  const [next] = runs.values();
  if (first === run && next !== undefined) begin(home, next);
}

function factsOf({ plan, meter }: HomeRuns, { start }: Run, usage: unknown): RunFacts | undefined {
  if (!isRunUsage(usage)) return undefined;
  const { fuel, memory, bytes, wall: told } = usage;
  const [calls, wall] = [meter.used, Math.min(told, now() - start)];
  return { usage: { fuel, memory, calls, bytes, wall }, console: plan.output.lines() };
}

/** What the worker says of a run. */
export function takeResult(home: HomeRuns, id: number, result: Fields, body: Uint8Array): void {
  const run = home.runs.get(id);
  const facts = run && factsOf(home, run, result["usage"]);
  if (run === undefined || facts === undefined) return lie(home, "a result of no run");
  if (!isUsage(result["total"])) return lie(home, "a usage that is none");
  home.leash.note(result["total"]);
  if (result["status"] === "interrupted") return interrupt(home, run, result["question"], facts);
  const answer = resultFrom(run.job, result, body, facts);
  if (answer === undefined) return lie(home, "a result that is none");
  leave(home, run);
  run.next.resolve(answer);
}

function interrupt(home: HomeRuns, run: Run, id: unknown, facts: RunFacts): void {
  const question = home.questions.find(id);
  if (question === undefined || run.isPaused) return lie(home, "a question that nobody asked");
  clearTimeout(run.timer);
  const told = run.next;
  run.isPaused = true;
  run.next = Promise.withResolvers();
  const continuation = continuationOf(home, run, question.answer);
  told.resolve({ status: "interrupted", question: question.asked, continuation, ...facts });
}

function continuationOf(home: HomeRuns, run: Run, answerWith: (value: unknown) => void): Continuation {
  const { promise } = run.next;
  const { post, runs } = home;
  let isUsed = false;
  return Object.freeze({
    async resume(answer?: unknown): Promise<Result> {
      if (isUsed) throw new CordonError("E_CONTINUATION", "the run was resumed from here already, or cancelled");
      isUsed = true;
      if (!runs.has(run.id)) return promise;
      run.isPaused = false;
      watch(home, run, run.job.limits.wall);
      post(OP.RESUME, [run.id]);
      answerWith(answer);
      return promise;
    },
    cancel(): void {
      if (!isUsed && runs.has(run.id)) {
        post(OP.CANCEL, [run.id]);
        watch(home, run, 0);
      }
      isUsed = true;
    },
  }) as Continuation;
}

function fail(home: HomeRuns, run: Run, error: CordonError): void {
  leave(home, run);
  run.next.reject(error);
}

/** A run that could not begin: its sandbox sleeps, and could not wake. */
export function failRun(home: HomeRuns, id: number, error: CordonError): void {
  const run = home.runs.get(id);
  if (run === undefined || run.isPaused) return lie(home, "a run that could not begin, of none");
  fail(home, run, error);
}

/** The sandbox could not be made. */
export function failRuns(home: HomeRuns, error: CordonError): void {
  for (const run of [...home.runs.values()]) fail(home, run, error);
}

/** The sandbox has ended, and no result will come. */
export function endRuns(home: HomeRuns): void {
  const { ending, meter, plan, runs } = home;
  const how: Ending = ending() ?? { kind: "aborted" };
  for (const run of [...runs.values()]) {
    const usage = { ...NO_USAGE, calls: meter.used, wall: now() - run.start };
    leave(home, run);
    run.next.resolve(fromEnding(how, { usage, console: plan.output.lines() }));
  }
}

/** The sandbox is being ended: what runs has to be told of soon, interrupted or not. */
export function expectEnds(home: HomeRuns): void {
  for (const run of home.runs.values()) watch(home, run, 0);
}
