// Runs that are in a worker.
import type { Ending } from "../../kernel/index.ts";
import type { Plan, CallMeter } from "../birth.ts";
import { now } from "../engine.ts";
import { CordonError } from "../errors.ts";
import type { Job } from "../job.ts";
import { type Question, newQuestions } from "../questions.ts";
import {
  asError,
  type Continuation,
  endingText,
  fromEnding,
  NO_USAGE,
  type Result,
  type RunFacts,
  refused,
} from "../result.ts";
import { onAbort } from "../signal.ts";
import { errorFrom } from "./far-answer.ts";
import { OP, type Post } from "./frame.ts";
import type { Leash } from "./leash.ts";
import type { JobData } from "./plan-data.ts";
import { type Fields, isResource, isRunUsage, isUsage, textOf, valueIn } from "./read.ts";

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
  start: number;
  paused: boolean;
  next: PromiseWithResolvers<Result>;
  timer: ReturnType<typeof setTimeout> | undefined;
}

export interface HomeRuns {
  perform(job: Job, onOver: () => void): Promise<Result>;
  /** What the worker says of a run. */
  result(id: number, result: Fields, body: Uint8Array): void;
  /** The sandbox could not be made. */
  fail(error: CordonError): void;
  /** It has ended, and no result will come. */
  end(): void;
  /** Results have to come soon now. */
  expectEnd(): void;
  isBusy(): boolean;
}

/** What a worker may take for an answer beyond the time that the run has: then it is taken for dead. */
const GRACE = 5_000; // ms

const dataOf = ({ method, limits, drain, typescript }: Job): JobData => ({
  ...{ method, limits, drain: drain === true, language: typescript?.language ?? null },
});

export function newHomeRuns({ plan, post, meter, leash, ending, lose }: HomeRunsParts): HomeRuns {
  const runs = new Map<number, Run>();
  const asked = new Map<number, Question>();
  let [next, question] = [1, 1];

  const questions = newQuestions(() => undefined);
  meter.interrupt = ask;

  /** The worker interrupts the run with the number of the question; what was asked, and by whom, stays here. */
  function ask(what: unknown): Promise<unknown> {
    const id = question++;
    const answer = questions.ask(what);
    const mine = questions.last();
    if (mine === undefined) return answer; // nobody waits for the call any more
    asked.set(id, mine);
    post(OP.ASK, [id]);
    const over = (): void => {
      if (asked.delete(id)) post(OP.UNASK, [id]);
    };
    answer.then(() => asked.delete(id), over);
    return answer;
  }

  /** As a sandbox on this thread says it (embed/sandbox.ts). */
  function refusalNow(): Result | undefined {
    const how = ending();
    if (how !== undefined) return refused("sandbox", `the sandbox has ended (${endingText(how)}): make a new one`);
    const isPaused = [...runs.values()].some(({ paused }) => paused);
    return isPaused ? refused("sandbox", "busy: a run is interrupted, resume or cancel it first") : undefined;
  }

  const lie = (what: string): void => lose(`it broke the protocol: ${what}`);

  function watch(run: Run, ms: number): void {
    clearTimeout(run.timer);
    run.timer = setTimeout(() => lose("it did not answer"), Math.min(ms + GRACE, 2 ** 31 - 1));
  }

  function factsOf({ start }: Run, usage: unknown): RunFacts | undefined {
    if (!isRunUsage(usage)) return undefined;
    const { fuel, memory, bytes, wall } = usage;
    const own = { calls: meter.used, wall: Math.min(wall, now() - start) };
    return { usage: { fuel, memory: Math.min(memory, plan.limits.memory), bytes, ...own }, console: plan.output.lines() };
  }

  function over(run: Run, result: Result): void {
    runs.delete(run.id);
    clearTimeout(run.timer);
    run.stopListening();
    run.onOver();
    run.next.resolve(result);
  }

  function answered(run: Run, result: Fields, body: Uint8Array, facts: RunFacts): Result | undefined {
    switch (result["status"]) {
      case "returned": {
        const read = body.length <= run.job.limits.result ? valueIn(body) : undefined;
        return read && { status: "returned", ...run.job.read(read.value), ...facts };
      }
      case "threw": {
        const parts = result["error"];
        if (typeof parts === "object" && parts !== null) return { status: "threw", error: errorFrom(parts as Fields), ...facts };
        const read = valueIn(body);
        return read && { status: "threw", error: asError(read.value), ...facts };
      }
      case "exhausted": {
        const resource = result["resource"];
        return isResource(resource) ? { status: "exhausted", resource, ...facts } : undefined;
      }
      case "trapped":
        return { status: "trapped", reason: textOf(result["reason"]), ...facts };
      case "refused":
        return { status: "refused", by: textOf(result["by"]), why: textOf(result["why"]), ...facts };
      case "aborted":
        return { status: "aborted", ...facts };
      default:
        return undefined;
    }
  }

  function interrupted(run: Run, id: number, facts: RunFacts): void {
    const open = asked.get(id);
    if (open === undefined) return lie("a question that nobody asked");
    clearTimeout(run.timer);
    run.paused = true;
    const told = run.next;
    run.next = Promise.withResolvers();
    const continuation = continuationOf(run, open);
    told.resolve({ status: "interrupted", question: open.asked, continuation, ...facts });
  }

  function continuationOf(run: Run, open: Question): Continuation {
    const { promise } = run.next;
    let isUsed = false;
    return Object.freeze({
      async resume(answer?: unknown): Promise<Result> {
        if (isUsed) throw new CordonError("E_CONTINUATION", "the run was resumed from here already, or cancelled");
        isUsed = true;
        if (!runs.has(run.id)) return promise;
        run.paused = false;
        watch(run, run.job.limits.wall);
        post(OP.RESUME, [run.id]);
        open.answer(answer);
        return promise;
      },
      cancel(): void {
        if (!isUsed && runs.has(run.id)) post(OP.CANCEL, [run.id]);
        isUsed = true;
      },
    }) as Continuation;
  }

  return {
    perform(job, onOver) {
      const refusal = refusalNow();
      if (refusal !== undefined) {
        onOver();
        return Promise.resolve(refusal);
      }
      const id = next++;
      let stopListening = (): void => undefined;
      try {
        stopListening = onAbort(job.signal, () => {
          post(OP.ABORT, [id]);
          watch(run, 0);
        });
      } catch (error) {
        onOver();
        throw error;
      }
      const run: Run = {
        ...{ id, job, onOver, stopListening, start: now(), paused: false },
        ...{ next: Promise.withResolvers<Result>(), timer: undefined },
      };
      runs.set(id, run);
      plan.output.start(job.limits.output);
      [meter.used, meter.most] = [0, job.limits.calls];
      leash.look(true);
      post(OP.JOB, [id, dataOf(job)], job.message);
      watch(run, job.limits.wall);
      return run.next.promise;
    },
    result(id, result, body) {
      const run = runs.get(id);
      const facts = run && factsOf(run, result["usage"]);
      if (run === undefined || facts === undefined) return lie("a result of no run");
      if (!isUsage(result["total"])) return lie("a usage that is none");
      leash.note(result["total"]);
      if (result["status"] === "interrupted") return interrupted(run, Number(result["question"]), facts);
      const answer = answered(run, result, body, facts);
      if (answer === undefined) return lie("a result that is none");
      over(run, answer);
    },
    fail(error) {
      for (const run of [...runs.values()]) {
        runs.delete(run.id);
        clearTimeout(run.timer);
        run.stopListening();
        run.onOver();
        run.next.reject(error);
      }
    },
    end() {
      const how: Ending = ending() ?? { kind: "aborted" };
      for (const run of [...runs.values()]) {
        const usage = { ...NO_USAGE, calls: meter.used, wall: now() - run.start };
        over(run, fromEnding(how, { usage, console: plan.output.lines() }));
      }
    },
    expectEnd() {
      for (const run of runs.values()) watch(run, 0);
    },
    isBusy: () => runs.size > 0,
  };
}
