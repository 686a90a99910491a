// Sandboxes: one guest engine whose state is kept between runs. Runs queue; a run that ends the engine ends the sandbox.

import { planSandbox } from "./birth.ts";
import { type Box, disposeBox, newBox } from "./box.ts";
import { type ForkOptions, forkBox, putToSleep } from "./copy.ts";
import { ASYNC_DISPOSE, DISPOSE } from "./disposal.ts";
import type { Engine } from "./engine.ts";
import { CordonError } from "./errors.ts";
import { useForRun } from "./hibernation/use.ts";
import { type Job, planCall, planCheck, planRun } from "./job.ts";
import type { RunOptions, SandboxOptions, Source, WaitOptions } from "./options.ts";
import { readPlain } from "./plain.ts";
import { endingText, NO_FACTS, type Result, refused } from "./result.ts";
import { startRun } from "./running.ts";
import type { SnapshotOptions } from "./saved-options.ts";
import { isAborted } from "./signal.ts";
import { beginBox, type CreateOptions } from "./template.ts";

/** A guest that keeps its state between runs. */
export interface Sandbox {
  /**
   * Runs JavaScript. Rejects only for mistakes of the embedder: what the guest does is in the result. While a run is
   * interrupted, others are refused as busy. Of a sandbox that sleeps it rejects with E_STORE or E_LIMIT if it cannot
   * wake; it sleeps on, and the next run tries again.
   */
  run<T = unknown>(source: Source, options?: RunOptions): Promise<Result<T>>;
  /** Calls a function of the guest by its name, or by a path such as "report.total". */
  call<T = unknown>(name: string, ...args: readonly unknown[]): Promise<Result<T>>;
  /** Parses without running. The result is what the source imports; a syntax error is `threw`. */
  check(source: Source, options?: RunOptions): Promise<Result<{ readonly imports: readonly string[] }>>;
  /**
   * An independent copy, with the same state and grants of the same names and contracts; its timers go on, its calls in
   * flight end with E_FORKED, its random numbers are others. Waits for its turn and until the guest rests; then throws
   * CordonError E_BUSY.
   */
  fork(options?: ForkOptions): Promise<Sandbox>;
  /**
   * The sandbox as bytes, for `createSandbox({ from })`. With `key` its authority part is sealed: the same key is to be
   * passed to read it. Waits as `fork` does.
   */
  snapshot(options?: SnapshotOptions): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Gives its memory away until somebody uses it; meanwhile it costs some kilobytes. Waits as `fork` does, and throws
   * E_BUSY if something of it goes on. What uses it wakes it: a run, a copy, a call of what it offers. Timers and calls
   * in flight go on, and it hears of them when it wakes.
   */
  hibernate(options?: WaitOptions): Promise<void>;
  /** Undefined while it lives, else how it ended. */
  ended(): string | undefined;
  /** Ends whatever runs. Cannot fail, may be called twice. */
  dispose(): void;
  [Symbol.dispose](): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Runs that may wait for their turn. */
const MOST_QUEUED = 64;

function perform(box: Box, job: Job, onOver: () => void): Promise<Result> {
  return box.resident === undefined || box.isDisposed ? begin(box, job, onOver) : performAwake(box, job, onOver);
}

/** Wakes it. Rejects with CordonError, E_STORE say, if it cannot wake: it sleeps on. */
async function performAwake(box: Box, job: Job, onOver: () => void): Promise<Result> {
  try {
    const leave = await useForRun(box, job.signal);
    return begin(box, job, () => {
      leave();
      onOver();
    });
  } catch (error) {
    onOver();
    throw error;
  }
}

async function begin(box: Box, job: Job, onOver: () => void): Promise<Result> {
  const isOver = box.isDisposed || isAborted(job.signal);
  const ending = box.domain.ending();
  if (!isOver && ending === undefined && box.run === undefined) return startRun(box, job, onOver);
  onOver();
  if (isOver) return { status: "aborted", ...NO_FACTS };
  // Waiting for a turn that comes only when the caller resumes the other run would be a trap.
  if (ending === undefined) return refused("sandbox", "busy: a run is interrupted, resume or cancel it first");
  return refused("sandbox", `the sandbox has ended (${endingText(ending)}): make a new one`);
}

/** `onOver` is called once the run is over, which is later than its first result if that is an interruption. */
export function enqueue(box: Box, job: Job, onOver = (): void => undefined): Promise<Result> {
  if (box.queued > MOST_QUEUED) return Promise.resolve(refused("sandbox", `busy: ${MOST_QUEUED} runs wait already`));
  box.queued++;
  const turn = box.tail.then(() => perform(box, job, onOver));
  const leave = (): void => {
    box.queued--;
  };
  box.tail = turn.then(leave, leave);
  return turn;
}

function alive(box: Box): void {
  if (box.isDisposed) throw new CordonError("E_DISPOSED", "the sandbox was disposed: make a new one");
}

/** One run in its turn. */
export async function runInBox(box: Box, source: Source, options: RunOptions): Promise<Result> {
  alive(box);
  const job = planRun(box.limits, box.granted, source, options);
  return "status" in job ? job : enqueue(box, job);
}

async function callFunction(box: Box, name: string, args: readonly unknown[]): Promise<Result> {
  alive(box);
  return enqueue(box, planCall(box.limits, name, args));
}

async function checkSource(box: Box, source: Source, options: RunOptions): Promise<Result> {
  alive(box);
  const job = planCheck(box.limits, source, options);
  return "status" in job ? job : enqueue(box, job);
}

/** A box as its user sees it. */
export function sandboxOf(box: Box): Sandbox {
  return Object.freeze({
    run: (source: Source, options: RunOptions = {}) => runInBox(box, source, options),
    call: (name: string, ...args: readonly unknown[]) => callFunction(box, name, args),
    check: (source: Source, options: RunOptions = {}) => checkSource(box, source, options),
    fork: async (options?: ForkOptions) => {
      alive(box);
      return sandboxOf(await forkBox(box, options));
    },
    snapshot: async (options: SnapshotOptions = {}) => {
      alive(box);
      return (await import("./saved.ts")).saveBox(box, options);
    },
    hibernate: async (options: WaitOptions = {}) => {
      alive(box);
      await putToSleep(box, options);
    },
    ended: () => endOf(box),
    dispose: () => disposeBox(box),
    [DISPOSE]: () => disposeBox(box),
    [ASYNC_DISPOSE]: async () => disposeBox(box),
  }) as Sandbox;
}

function endOf({ domain, isDisposed }: Box): string | undefined {
  const ending = domain.ending();
  if (isDisposed) return "it was disposed";
  return ending === undefined ? undefined : endingText(ending);
}

/** Makes a sandbox. `engine` is asked for only when the options are found to be right. */
export const newSandbox = async (engine: () => Promise<Engine>, options: CreateOptions): Promise<Sandbox> =>
  sandboxOf(await beginBox(engine, readPlain<CreateOptions>(options, "what createSandbox takes")));

/**
 * One run in a sandbox of its own, which ends with it. What the caller changes after the call is not seen, though the
 * engine loads first.
 */
export async function runAlone(
  engine: () => Promise<Engine>,
  source: Source,
  sandboxOptions: SandboxOptions,
  runOptions: RunOptions,
): Promise<Result> {
  const plan = planSandbox(sandboxOptions);
  const granted = plan.grants.map(({ name }) => name);
  const job = planRun(plan.limits, granted, source, runOptions);
  if ("status" in job) return job;
  const box = await newBox(engine, plan);
  return enqueue(box, job, () => disposeBox(box));
}
