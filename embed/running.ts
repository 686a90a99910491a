// A run from its start to its end, with the interruptions in between.
//
//   start -> going -> over            going -> interrupted -> going ... -> over
//
// Invariants
//   R1  A run is interrupted only while its guest waits and has not answered: nothing of it is under way, so that what
//       it has spent is known. What the guest still did after it asked is part of the run before.
//   R2  While it is interrupted nothing of the guest runs (its meter is frozen), its clock rests, its time stands still,
//       and nothing keeps the process alive. Completions wait in its inbox.
//   R3  Whatever ends the domain ends the run: interrupted or not, `final` settles.

import { BYTES_MOVED, FUEL } from "../kernel/index.ts";
import { allow, type Box, endBox, facts, makeRun, type Run } from "./box.ts";
import { later, now } from "./engine.ts";
import { CordonError } from "./errors.ts";
import type { Job } from "./job.ts";
import type { Question } from "./questions.ts";
import type { Continuation, Result } from "./result.ts";
import { onAbort } from "./signal.ts";
import { nothingSpent, rest, spend } from "./spent.ts";

interface State extends Run {
  readonly box: Box;
  readonly final: Promise<Result>;
  isPaused: boolean;
  isLooking: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
  /** Tells who waits for the run what becomes of it. */
  tell: (result: Result | Promise<Result>) => void;
}

/** Starts a run. Resolves with its result, or when it is interrupted; `onOver` hears of its end alone. */
export function startRun(box: Box, job: Job, onOver: () => void): Promise<Result> {
  const first = Promise.withResolvers<Result>();
  const final = Promise.withResolvers<Result>();
  const run: State = {
    ...{ box, job, spent: nothingSpent(), final: final.promise, tell: first.resolve, timer: undefined },
    ...{ isAsking: false, isPaused: false, isLooking: false, look: () => void look(run) },
  };
  const stopListening = listen(run, onOver);
  box.run = run;
  bound(box, job);
  box.output.start(job.limits.output);
  [box.meter.used, box.meter.most] = [0, job.limits.calls];
  go(run);
  const over = (): void => {
    stopListening();
    stand(run);
    if (run.isPaused) box.account.thaw();
    run.isPaused = false;
    box.run = undefined;
    onOver();
    run.tell(final.promise);
  };
  final.promise.then(over, over);
  final.resolve(makeRun(box, run));
  return first.promise;
}

/** The run's limits are those of its meter as well: so domains that it makes share them. */
function bound({ account: { account } }: Box, { limits: { fuel, bytes } }: Job): void {
  account.limit[FUEL] = (account.used[FUEL] as number) + fuel;
  account.limit[BYTES_MOVED] = (account.used[BYTES_MOVED] as number) + bytes;
}

function listen({ box, job }: State, onOver: () => void): () => void {
  try {
    return onAbort(job.signal, () => endBox(box, { kind: "aborted" }));
  } catch (error) {
    onOver();
    throw error;
  }
}

/** Time goes on, up to what is left of the limit. */
function go(run: State): void {
  const { box, job, spent } = run;
  const end = (): void => endBox(box, { kind: "exhausted", resource: "wall" });
  run.timer = setTimeout(end, rest(job.limits, spent).wall + 1);
  box.clock.resume();
}

function stand(run: State): void {
  clearTimeout(run.timer);
  run.box.clock.rest();
}

const BUSY_PAUSE = 1; // ms

/** Waits until the guest does, and what the host had to tell it has reached it; then interrupts. */
async function look(run: State): Promise<void> {
  const { domain, questions } = run.box;
  if (run.isLooking) return;
  run.isLooking = true;
  const mayGoOn = (): boolean => run.isAsking && domain.ending() === undefined && questions.first() !== undefined;
  let turn: (task: () => void) => unknown = later;
  do {
    await new Promise<void>((resolve) => void turn(resolve));
    turn = (task) => setTimeout(task, BUSY_PAUSE);
  } while (mayGoOn() && !domain.isWaiting());
  run.isLooking = false;
  const question = questions.first();
  if (question !== undefined && mayGoOn() && !run.isPaused) pause(run, question);
}

function pause(run: State, question: Question): void {
  const { box, job, spent } = run;
  run.isPaused = true;
  box.account.freeze();
  stand(run);
  spend(spent, box.domain.usage());
  allow(box, job, spent);
  const continuation = continuationOf(run, question, now());
  run.tell({ status: "interrupted", question: question.asked, continuation, ...facts(box, spent) });
}

function continuationOf(run: State, question: Question, since: number): Continuation {
  let isUsed = false;
  return Object.freeze({
    async resume(answer?: unknown): Promise<Result> {
      if (isUsed) throw new CordonError("E_CONTINUATION", "the run was resumed from here already, or cancelled");
      isUsed = true;
      return run.isPaused ? proceed(run, question, answer, since) : run.final;
    },
    cancel(): void {
      if (!isUsed && run.isPaused) endBox(run.box, { kind: "aborted" });
      isUsed = true;
    },
  }) as Continuation;
}

function proceed(run: State, question: Question, answer: unknown, since: number): Promise<Result> {
  const { box, job, spent } = run;
  const next = Promise.withResolvers<Result>();
  run.tell = next.resolve;
  run.isPaused = false;
  box.tail = Promise.allSettled([box.tail, next.promise]);
  spent.start += now() - since;
  allow(box, job, spent);
  go(run);
  question.answer(answer);
  box.account.thaw();
  run.look();
  return next.promise;
}
