// Sandboxes: one guest engine whose state is kept between runs. Runs queue; a run that ends the engine ends the sandbox.
import type { Answer, Domain, Ending } from "../kernel/index.ts";
import { ENGINE } from "../stdlib/abi.ts";
import { type Born, giveBirth, type Plan, planSandbox } from "./birth.ts";
import { type Engine, later, now } from "./engine.ts";
import { CordonError } from "./errors.ts";
import { type Limits, runLimits } from "./limits.ts";
import { type RunOptions, readRunOptions, type SandboxOptions, type Source } from "./options.ts";
import type { RunFacts } from "./result.ts";
import { asError, endingText, fromEnding, NO_FACTS, type Result, refused } from "./result.ts";
import { isAborted, onAbort } from "./signal.ts";
import { readSource } from "./source.ts";
import { nothingSpent, rest, type Spent, spend } from "./spent.ts";
import { type Helper, type Language, languageOf, strip } from "./typescript.ts";
import { decodeValue, encodeValue } from "./values.ts";

export interface Sandbox {
  /** Runs JavaScript. Rejects only for mistakes of the embedder: what the guest does is in the result. */
  run<T = unknown>(source: Source, options?: RunOptions): Promise<Result<T>>;
  /** Calls a function of the guest by its name, or by a path such as "report.total". */
  call<T = unknown>(name: string, ...args: readonly unknown[]): Promise<Result<T>>;
  /** Parses without running. The result is what the source imports; a syntax error is `threw`. */
  check(source: Source, options?: RunOptions): Promise<Result<{ readonly imports: readonly string[] }>>;
  /** Undefined while it lives, else how it ended. */
  ended(): string | undefined;
  /** Ends whatever runs. Cannot fail, may be called twice. */
  dispose(): void;
  [Symbol.dispose](): void;
  [Symbol.asyncDispose](): Promise<void>;
}

interface Box extends Born {
  readonly engine: Engine;
  tail: Promise<unknown>;
  queued: number;
  isDisposed: boolean;
  /** Names of what was granted: no input may hide it. */
  readonly granted: readonly string[];
  /** What works for this sandbox in a domain of its own, and ends with it. */
  helper: Helper | undefined;
}

/** A run that is ready to be made: nothing of the caller's is looked at again. */
interface Job {
  readonly method: number;
  readonly message: Uint8Array;
  /** Present where the source is, or may turn out to be, TypeScript. */
  readonly typescript?: TypeScriptSource;
  readonly limits: Limits;
  readonly signal: AbortSignal | undefined;
  readonly drain?: boolean;
  /** Makes the public value of what the guest answered. */
  readonly read: (value: unknown) => { readonly value: unknown; readonly omitted?: true };
}

interface TypeScriptSource {
  readonly source: string;
  readonly name: string;
  /** "auto": JavaScript first. */
  readonly language: Language;
  /** The message with another source in its place. */
  readonly replace: (source: string) => Uint8Array;
}

/** Runs that may wait for their turn. */
const MOST_QUEUED = 64;
/** The kernel counts system calls too; the limit of the embedder counts grants only and is kept by the meter. */
const SYSTEM_CALLS = 1e12;

interface Watch {
  stop(): void;
}

/** Ends the domain at its deadline, also when it waits for nothing, and when the signal fires. */
function watch(box: Box, { limits, signal }: Job): Watch {
  const end = (ending: Ending) => (): void => endBox(box, ending);
  const stop = onAbort(signal, end({ kind: "aborted" }));
  const timer = setTimeout(end({ kind: "exhausted", resource: "wall" }), limits.wall + 1);
  return {
    stop() {
      clearTimeout(timer);
      stop();
    },
  };
}

function endBox({ domain, helper }: Box, ending: Ending): void {
  domain.end(ending);
  helper?.end(ending);
}

/** A sandbox that has ended already has no use for it. */
function hire(box: Box, helper: Helper): void {
  box.helper = helper;
  const ending = box.domain.ending();
  if (ending !== undefined) helper.end(ending);
}

function facts({ output, meter }: Box, { start, fuel, bytes, memory }: Spent): RunFacts {
  const usage = { fuel, memory, calls: meter.used, bytes, wall: now() - start };
  return { usage, console: output.lines() };
}

function resultOf(answer: Answer, { limits, read }: Job, known: RunFacts): Result {
  if (answer.kind === "ended") return fromEnding(answer.ending, known);
  if (answer.bytes.length > limits.result) return { status: "exhausted", resource: "result", ...known };
  const value = decodeValue(answer.bytes);
  if (!answer.ok) return { status: "threw", error: asError(value), ...known };
  return { status: "returned", ...read(value), ...known };
}

/** A guest may be busy behind its answer. Once it rests, usage is whole, and the same for the same run. */
export async function untilRest(domain: Domain): Promise<void> {
  for (let i = 0; i < 4 && !domain.isWaiting(); i++) await undefined;
  while (!domain.isWaiting()) await new Promise<void>(later);
}

function allow({ domain }: Box, { limits, signal }: Job, spent: Spent): void {
  const { fuel, bytes } = rest(limits, spent);
  const aborted = (): boolean => isAborted(signal);
  domain.allow({ fuel, bytes, calls: SYSTEM_CALLS, deadline: spent.start + limits.wall, aborted });
}

const POLL = 1; // ms

/** Lets the guest go on until no timer of it is set and no call is in flight, or it has ended. */
async function drain({ domain, meter }: Box): Promise<void> {
  do {
    await domain.request(ENGINE.DRAIN, encodeValue(undefined));
    if (meter.inFlight > 0) await new Promise((resolve) => setTimeout(resolve, POLL));
  } while (meter.inFlight > 0 && domain.ending() === undefined);
}

async function ask(box: Box, job: Job, spent: Spent): Promise<Result> {
  allow(box, job, spent);
  const answer = await box.domain.request(job.method, job.message);
  if (job.drain === true && answer.kind === "answered" && answer.ok) await drain(box);
  await untilRest(box.domain);
  const ending = job.drain === true ? box.domain.ending() : undefined;
  spend(spent, box.domain.usage());
  return resultOf(ending === undefined ? answer : { kind: "ended", ending }, job, facts(box, spent));
}

const isSyntaxError = (result: Result): boolean => result.status === "threw" && result.error.name === "SyntaxError";

/**
 * The result, or that parsing failed, so that nothing has run: what a run threw may be a SyntaxError of its own `eval`.
 * To tell is part of the run, and may end it.
 */
async function attempt(
  box: Box,
  job: Job,
  source: string,
  name: string,
  spent: Spent,
): Promise<readonly [Result, boolean]> {
  const result = await ask(box, job, spent);
  if (!isSyntaxError(result)) return [result, false];
  const message = encodeValue({ source, name }, "").slice();
  const checking = { ...job, method: ENGINE.CHECK, message, drain: false, read: readCheck };
  const checked = await ask(box, checking, spent);
  if (box.domain.ending() !== undefined) return [checked, false];
  return [result, checked.status === "threw"];
}

async function stripFor(
  box: Box,
  job: Job,
  { source, name }: TypeScriptSource,
  spent: Spent,
): Promise<string | Result> {
  const left = rest(job.limits, spent);
  const stripped = await strip(box.engine, source, name, left, (helper) => hire(box, helper));
  box.helper = undefined;
  spend(spent, stripped.usage);
  return "status" in stripped ? stripped : stripped.source;
}

/** `first` is how it ended as JavaScript, if that was tried: its error, if it is no TypeScript either. */
async function askTypeScript(
  box: Box,
  job: Job,
  typescript: TypeScriptSource,
  spent: Spent,
  first?: Result,
): Promise<Result> {
  const stripped = await stripFor(box, job, typescript, spent);
  if (typeof stripped !== "string") return first !== undefined && isSyntaxError(stripped) ? first : stripped;
  const again = { ...job, message: typescript.replace(stripped) };
  if (first === undefined) return ask(box, again, spent);
  const [result, isUnparsed] = await attempt(box, again, stripped, typescript.name, spent);
  return isUnparsed ? first : result;
}

async function askEither(box: Box, job: Job, spent: Spent): Promise<Result> {
  const { typescript } = job;
  if (typescript === undefined) return ask(box, job, spent);
  if (typescript.language === "typescript") return askTypeScript(box, job, typescript, spent);
  const [result, isUnparsed] = await attempt(box, job, typescript.source, typescript.name, spent);
  return isUnparsed ? askTypeScript(box, job, typescript, spent, result) : result;
}

async function perform(box: Box, job: Job): Promise<Result> {
  if (box.isDisposed || isAborted(job.signal)) return { status: "aborted", ...NO_FACTS };
  const ending = box.domain.ending();
  if (ending !== undefined) return refused("sandbox", `the sandbox has ended (${endingText(ending)}): make a new one`);
  const watching = watch(box, job);
  box.output.start(job.limits.output);
  box.clock.resume();
  [box.meter.used, box.meter.most] = [0, job.limits.calls];
  const spent = nothingSpent();
  try {
    const result = await askEither(box, job, spent);
    // Its last part is not always the one that is told of.
    return { ...result, usage: facts(box, spent).usage };
  } finally {
    box.clock.rest();
    watching.stop();
  }
}

function enqueue(box: Box, job: Job): Promise<Result> {
  if (box.queued > MOST_QUEUED) return Promise.resolve(refused("sandbox", `busy: ${MOST_QUEUED} runs wait already`));
  box.queued++;
  const turn = box.tail.then(() => perform(box, job));
  const leave = (): void => {
    box.queued--;
  };
  box.tail = turn.then(leave, leave);
  return turn;
}

function inputsOf({ inputs }: RunOptions, granted: readonly string[]): object {
  if (inputs === undefined) return {};
  const hidden = granted.find((name) => Object.hasOwn(inputs, name));
  if (hidden === undefined) return { inputs };
  throw new CordonError(
    "E_OPTION",
    `inputs.${hidden} has the name of a grant, which it would hide: rename one of them`,
  );
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** { value?, omitted? }: a guest may answer with anything. */
function readRun(answer: unknown): { readonly value: unknown; readonly omitted?: true } {
  if (!isRecord(answer)) return { value: undefined };
  const value = Object.hasOwn(answer, "value") ? answer["value"] : undefined;
  return Object.hasOwn(answer, "omitted") ? { value: undefined, omitted: true } : { value };
}

function readCheck(answer: unknown): { readonly value: { readonly imports: readonly string[] } } {
  const imports: unknown = isRecord(answer) && Object.hasOwn(answer, "imports") ? answer["imports"] : [];
  return { value: { imports: Array.isArray(imports) ? imports.filter((name) => typeof name === "string") : [] } };
}

const DEFAULT_NAME = "script.js";

function alive(box: Box): void {
  if (box.isDisposed) throw new CordonError("E_DISPOSED", "the sandbox was disposed: make a new one");
}

/** All that the caller passed, read and copied; or why there is nothing to run. */
function planRun(base: Limits, granted: readonly string[], source: Source, given: RunOptions): Job | Result<never> {
  const options = readRunOptions(given);
  const limits = runLimits(base, options.limits);
  const text = readSource(source, limits.source);
  if (typeof text !== "string") return text;
  const { name = DEFAULT_NAME, kind = "auto", signal } = options;
  const message = encodeValue({ source: text, name, kind, ...inputsOf(options, granted) }, "").slice();
  const job = { method: ENGINE.RUN, message, limits, signal, read: readRun, drain: options.drain === true };
  const language = (options.language ?? "auto") === "auto" ? languageOf(options.name) : (options.language as Language);
  if (language === "javascript") return job;
  // Decoded from what was encoded: the caller's own values are not looked at a second time.
  const replace = (source: string): Uint8Array =>
    encodeValue({ ...(decodeValue(message) as object), source }, "").slice();
  return { ...job, typescript: { source: text, name, language, replace } };
}

async function runSource(box: Box, source: Source, options: RunOptions): Promise<Result> {
  alive(box);
  const job = planRun(box.limits, box.granted, source, options);
  return "status" in job ? job : enqueue(box, job);
}

async function callFunction(box: Box, name: string, args: readonly unknown[]): Promise<Result> {
  alive(box);
  if (typeof name !== "string" || name === "") throw new CordonError("E_OPTION", "call takes the name of a function");
  const message = encodeValue({ name, args }, "").slice();
  return enqueue(box, {
    ...{ method: ENGINE.CALL, message, limits: box.limits, signal: undefined },
    read: (value) => ({ value }),
  });
}

async function checkSource(box: Box, source: Source, given: RunOptions): Promise<Result> {
  alive(box);
  const options = readRunOptions(given, "check");
  const limits = runLimits(box.limits, options.limits);
  const text = readSource(source, limits.source);
  if (typeof text !== "string") return text;
  const message = encodeValue({ source: text, name: options.name ?? DEFAULT_NAME }, "").slice();
  return enqueue(box, { method: ENGINE.CHECK, message, limits, signal: options.signal, read: readCheck });
}

function dispose(box: Box): void {
  box.isDisposed = true;
  endBox(box, { kind: "aborted" });
  box.account.remove();
}

function facade(box: Box): Sandbox {
  return Object.freeze({
    run: (source: Source, options: RunOptions = {}) => runSource(box, source, options),
    call: (name: string, ...args: readonly unknown[]) => callFunction(box, name, args),
    check: (source: Source, options: RunOptions = {}) => checkSource(box, source, options),
    ended: () => endOf(box),
    dispose: () => dispose(box),
    [Symbol.dispose]: () => dispose(box),
    [Symbol.asyncDispose]: async () => dispose(box),
  }) as Sandbox;
}

function endOf({ domain, isDisposed }: Box): string | undefined {
  const ending = domain.ending();
  if (isDisposed) return "it was disposed";
  return ending === undefined ? undefined : endingText(ending);
}

const namesOf = ({ grants }: Plan): readonly string[] => grants.map(({ name }) => name);

async function newBox(engine: () => Promise<Engine>, plan: Plan): Promise<Box> {
  const loaded = await engine();
  const born = await giveBirth(loaded, plan);
  const granted = namesOf(plan);
  return { ...born, engine: loaded, tail: Promise.resolve(), queued: 0, isDisposed: false, granted, helper: undefined };
}

/** Makes a sandbox. `engine` is asked for only when the options are found to be right. */
export async function newSandbox(engine: () => Promise<Engine>, options: SandboxOptions): Promise<Sandbox> {
  const plan = planSandbox(options);
  return facade(await newBox(engine, plan));
}

/** One run in a sandbox of its own. What the caller changes after the call is not seen, though the engine loads first. */
export async function runAlone(
  engine: () => Promise<Engine>,
  source: Source,
  sandboxOptions: SandboxOptions,
  runOptions: RunOptions,
): Promise<Result> {
  const plan = planSandbox(sandboxOptions);
  const job = planRun(plan.limits, namesOf(plan), source, runOptions);
  if ("status" in job) return job;
  const box = await newBox(engine, plan);
  try {
    return await enqueue(box, job);
  } finally {
    dispose(box);
  }
}
