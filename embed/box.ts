// A box: the domain behind a sandbox, and how a job is put to it.
import type { Answer, Ending } from "../kernel/index.ts";
import { ENGINE } from "../stdlib/abi.ts";
import { type Born, giveBirth, type Plan } from "./birth.ts";
import { confined, type Engine, later, now } from "./engine.ts";
import type { Resident } from "./hibernation/resident.ts";
import { type Job, readCheck, type TypeScriptSource } from "./job.ts";
import { newQuestions, type Questions } from "./questions.ts";
import { asError, fromEnding, type Result, type RunFacts } from "./result.ts";
import { isAborted } from "./signal.ts";
import { rest, type Spent, spend } from "./spent.ts";
import { type Helper, strip } from "./typescript.ts";
import { untilRest } from "./until-rest.ts";
import { decodeValue, encodeValue } from "./values.ts";

export interface Box extends Born {
  readonly engine: Engine;
  readonly plan: Plan;
  /** Copies that were made of it. */
  copies: number;
  /** Present once it may sleep. */
  resident: Resident | undefined;
  tail: Promise<unknown>;
  queued: number;
  isDisposed: boolean;
  /** Names of what was granted: no input may hide it. */
  readonly granted: readonly string[];
  /** What works for this sandbox in a domain of its own, and ends with it. */
  helper: Helper | undefined;
  readonly questions: Questions;
  /** The run that goes on or is interrupted. */
  run: Run | undefined;
}

/** A run as those parts see it that make it. */
export interface Run {
  readonly job: Job;
  readonly spent: Spent;
  /** The domain has a request of it: it may be interrupted. */
  isAsking: boolean;
  readonly isPaused: boolean;
  /** Interrupts it if there is a question, once the guest can do nothing but wait. */
  look(): void;
}

/** A sandbox that has a residency is in it. */
export async function newBox(engine: () => Promise<Engine>, plan: Plan): Promise<Box> {
  const box = await makeBox(engine, plan);
  if (plan.options.residency === undefined) return box;
  try {
    await mayRest(box);
    return box;
  } catch (error) {
    disposeBox(box);
    throw error;
  }
}

/** It may sleep from now on. Loaded for those that do. */
export async function mayRest(box: Box): Promise<Resident> {
  const { admitBox } = await import("./hibernation/boxes.ts");
  box.resident ??= await admitBox(box, { make: makeBox, dispose: disposeBox });
  return box.resident;
}

const REST = Promise.resolve();

async function makeBox(engine: () => Promise<Engine>, plan: Plan): Promise<Box> {
  const loaded = await confined(await engine(), plan);
  const born = await giveBirth(loaded, plan);
  const questions = newQuestions(() => box.run?.look());
  born.meter.interrupt = questions.ask;
  // Not beside what was born: there may be very many boxes.
  const box: Box = Object.assign(born, {
    ...{ engine: loaded, plan, copies: 0, resident: undefined, questions },
    ...{ granted: plan.grants.map(({ name }) => name), tail: REST, queued: 0 },
    ...{ isDisposed: false, helper: undefined, run: undefined },
  });
  return box;
}

export function endBox({ domain, helper }: Box, ending: Ending): void {
  domain.end(ending);
  helper?.end(ending);
}

export function disposeBox(box: Box): void {
  box.isDisposed = true;
  endBox(box, { kind: "aborted" });
  box.resident?.house.quit(box.resident);
  box.meter.watching?.end();
  box.account.remove();
}

/** A sandbox that has ended already has no use for it. */
function hire(box: Box, helper: Helper): void {
  box.helper = helper;
  const ending = box.domain.ending();
  if (ending !== undefined) helper.end(ending);
}

export function facts({ output, meter }: Box, { start, fuel, bytes, memory }: Spent): RunFacts {
  const usage = { fuel, memory, calls: meter.used, bytes, wall: now() - start };
  return { usage, console: output.lines() };
}

const plainly: NonNullable<Job["decode"]> = (bytes) => decodeValue(bytes);

function resultOf(answer: Answer, { limits, read, decode = plainly }: Job, known: RunFacts): Result {
  if (answer.kind === "ended") return fromEnding(answer.ending, known);
  if (answer.bytes.length > limits.result) return { status: "exhausted", resource: "result", ...known };
  const value = decode(answer.bytes, answer.ok);
  if (!answer.ok) return { status: "threw", error: asError(value), ...known };
  return { status: "returned", ...read(value), ...known };
}

/** The kernel counts system calls too; the limit of the embedder counts grants only and is kept by the meter. */
const SYSTEM_CALLS = 1e12;

/** Sets what is left of a job's limits. What the domain has used is to be spent before: it counts from zero again. */
export function allow({ domain }: Box, { limits, signal }: Job, spent: Spent): void {
  const { fuel, bytes } = rest(limits, spent);
  const aborted = (): boolean => isAborted(signal);
  domain.allow({ fuel, bytes, calls: SYSTEM_CALLS, deadline: spent.start + limits.wall, aborted });
}

const POLL = 1; // ms

/**
 * Lets the guest go on until no timer of it is set and no call is in flight, or it has ended. What a call came to is
 * read by the next request: so there is one that began when none was in flight.
 */
async function drain(box: Box): Promise<void> {
  const { domain, meter } = box;
  for (;;) {
    await new Promise<void>(later); // a call that is over has reached the inbox
    const wasQuiet = meter.inFlight === 0;
    // Not answered while the run is interrupted: so nothing of the host polls, or keeps the process alive, then.
    await domain.request(ENGINE.DRAIN, encodeValue(undefined));
    await untilRest(domain, () => box.run?.isPaused === true);
    if (domain.ending() !== undefined || (wasQuiet && meter.inFlight === 0)) return;
    if (meter.inFlight > 0) await new Promise((resolve) => setTimeout(resolve, POLL));
  }
}

async function ask(box: Box, { spent }: Run, job: Job): Promise<Result> {
  allow(box, job, spent);
  const answer = await box.domain.request(job.method, job.message);
  if (job.drain === true && answer.kind === "answered" && answer.ok) await drain(box);
  await untilRest(box.domain, () => box.run?.isPaused === true);
  const ending = job.drain === true ? box.domain.ending() : undefined;
  spend(spent, box.domain.usage());
  return resultOf(ending === undefined ? answer : { kind: "ended", ending }, job, facts(box, spent));
}

/** While a job is put to the domain itself, and not to a helper, questions may interrupt it. */
async function askOpenly(box: Box, run: Run, job: Job): Promise<Result> {
  run.isAsking = true;
  run.look(); // of an earlier run, say
  try {
    return await ask(box, run, job);
  } finally {
    run.isAsking = false;
  }
}

const isSyntaxError = (result: Result): boolean => result.status === "threw" && result.error.name === "SyntaxError";

/**
 * The result, or that parsing failed, so that nothing has run: what a run threw may be a SyntaxError of its own `eval`.
 * To tell is part of the run, and may end it.
 */
async function attempt(
  box: Box,
  run: Run,
  job: Job,
  source: string,
  name: string,
): Promise<readonly [Result, boolean]> {
  const result = await askOpenly(box, run, job);
  if (!isSyntaxError(result)) return [result, false];
  const message = encodeValue({ source, name }, "").slice();
  const checking = { ...job, method: ENGINE.CHECK, message, drain: false, read: readCheck };
  const checked = await askOpenly(box, run, checking);
  if (box.domain.ending() !== undefined) return [checked, false];
  return [result, checked.status === "threw"];
}

async function stripFor(box: Box, { job, spent }: Run, { source, name }: TypeScriptSource): Promise<string | Result> {
  const left = rest(job.limits, spent);
  const stripped = await strip(box.engine, source, name, left, (helper) => hire(box, helper));
  box.helper = undefined;
  spend(spent, stripped.usage);
  return "status" in stripped ? stripped : stripped.source;
}

/** `first` is how it ended as JavaScript, if that was tried: its error, if it is no TypeScript either. */
async function askTypeScript(box: Box, run: Run, typescript: TypeScriptSource, first?: Result): Promise<Result> {
  const stripped = await stripFor(box, run, typescript);
  if (typeof stripped !== "string") return first !== undefined && isSyntaxError(stripped) ? first : stripped;
  const again = { ...run.job, message: typescript.replace(stripped) };
  if (first === undefined) return askOpenly(box, run, again);
  const [result, isUnparsed] = await attempt(box, run, again, stripped, typescript.name);
  return isUnparsed ? first : result;
}

async function askEither(box: Box, run: Run): Promise<Result> {
  const { typescript } = run.job;
  if (typescript === undefined) return askOpenly(box, run, run.job);
  if (typescript.language === "typescript") return askTypeScript(box, run, typescript);
  const [result, isUnparsed] = await attempt(box, run, run.job, typescript.source, typescript.name);
  return isUnparsed ? askTypeScript(box, run, typescript, result) : result;
}

/** Makes the whole run, however often it is interrupted meanwhile. */
export async function makeRun(box: Box, run: Run): Promise<Result> {
  const result = await askEither(box, run);
  // Its last part is not always the one that is told of.
  return { ...result, usage: facts(box, run.spent).usage };
}
