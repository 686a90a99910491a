// Programs without a language engine: any WebAssembly module whose imports are gates or WASI preview 1. It is linked
// with the WASI library, instrumented, verified, and given what PROGRAM of stdlib/abi.ts says.
//
// The linker, the instrumenter and the library are not trusted; what the kernel's verifier accepts is run.
import { createKernel, type Domain, type Grantable, type Kernel, type Outcome, PAGE } from "../kernel/index.ts";
import { fairQueue, permissive, UNJUDGED } from "../policy-libs/index.ts";
import { PROGRAM } from "../stdlib/abi.ts";
import { type Audit, readAudits } from "./audit-options.ts";
import { type Prepared, prepareGrants } from "./capability.ts";
import { type Clock, realClock, startOf, virtualClock } from "./clock.ts";
import { asBytes, type BytesSource, later, now } from "./engine.ts";
import { CordonError } from "./errors.ts";
import { allLimits, type Limits } from "./limits.ts";
import { newOutput, type Output } from "./output.ts";
import type { ArtifactNaming } from "./program-cache.ts";
import { type Entry, findEntry } from "./program-entry.ts";
import { codeOfErrno, programFiles } from "./program-files.ts";
import { type Loaded, type LoadProgram, newProgramLoader } from "./program-load.ts";
import { environmentOf, type ProgramRequest, readProgramRequest } from "./program-options.ts";
import type { ProgramPolicy } from "./program-policy.ts";
import { inputReader, newStreams, type ProcessParts, programProcess, type Streams } from "./program-process.ts";
import { allow, factsOf, newCallMeter, newRunning, type Running } from "./program-running.ts";
import { realRandom, seededRandom } from "./randomness.ts";
import { fromEnding, NO_USAGE, type Result, type RunFacts } from "./result.ts";
import { isAborted, onAbort } from "./signal.ts";
import { systemGrants } from "./system.ts";
import { newMeter } from "./target.ts";
import { newWatchers, type Watchers } from "./watchers.ts";

/** How a program ended. `returned`: it returned or exited; the value is what its entry gave. */
export type ProgramResult = Result & {
  /** What it wrote, unless `stdout` and `stderr` got it. */
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  /** Present if it returned or exited: 0, what `main` gave, or what it exited with. */
  readonly exitCode?: number;
};

/** What running programs needs of the host. */
export interface ProgramPowers {
  /** The WASI library, as the build makes it: dist/wasi.wasm. */
  readonly library: BytesSource;
  /** Names what is kept in caches of artifacts. Without it none is used. */
  readonly naming?: ArtifactNaming | undefined;
}

/** A request that was checked, before anything is made. */
interface Plan {
  readonly request: ProgramRequest;
  readonly limits: Limits;
  readonly grants: readonly Prepared[];
  readonly audits: readonly Audit[];
  readonly env: readonly string[];
  readonly read: ProcessParts["read"];
  readonly output: Output;
  readonly streams: Streams;
}

function planProgram(given: ProgramRequest): Plan {
  const request = readProgramRequest(given);
  const limits = allLimits(request.profile, request.limits);
  const grants = prepareGrants(request.grant);
  if (grants.length > PROGRAM.MOST_GRANTS) {
    throw new CordonError("E_GRANT", `a program is given at most ${PROGRAM.MOST_GRANTS} grants`);
  }
  const output = newOutput(request.console);
  output.start(limits.output);
  const streams = newStreams([request.stdout, request.stderr], limits.output);
  const audits = readAudits(request.audit);
  return {
    request,
    limits,
    grants,
    audits,
    env: environmentOf(request),
    read: inputReader(request.stdin),
    output,
    streams,
  };
}

/** What stands under a handle that nothing was granted for: it has no calls. */
const NOTHING: Grantable = {
  contract: permissive("nothing", []),
  target: () => ({ failed: Uint8Array.of(0xf6) }),
};

interface World {
  readonly clock: Clock;
  readonly elapsed: () => number;
  readonly random: (count: number) => Uint8Array;
}

/** Time in whole milliseconds, unless virtual: a finer clock tells of the host more than a program needs. */
function worldOf({ request: { virtual: option } }: Plan, running: Running): World {
  const begin = now();
  const virtual = option === true ? {} : option || undefined;
  if (virtual === undefined) {
    return { clock: realClock(), elapsed: () => Math.trunc(now() - begin), random: realRandom };
  }
  const isQuiet = (): boolean => running.domain.isWaiting() && running.meter.inFlight === 0;
  const start = startOf(virtual);
  const clock = virtualClock(start, isQuiet, later);
  return { clock, elapsed: () => clock.now() - start, random: seededRandom(virtual.seed) };
}

function processOf({ request: { args = [] }, env, read, streams }: Plan, running: Running, world: World): Grantable {
  const exit = (code: number): void => {
    running.exited ??= code;
    running.domain.end();
  };
  return programProcess({ args, env, read, write: streams.write, exit, elapsed: world.elapsed });
}

/** Every capability by its handle. */
function capabilities(plan: Plan, running: Running): Grantable[] {
  const { meter } = running;
  const world = worldOf(plan, running);
  const { clock, random } = world;
  const system = systemGrants({ clock, random, output: plan.output, load: undefined, loading: newMeter() });
  const find = (name: string): Grantable => system.find((one) => one.name === name) ?? NOTHING;
  const all: Grantable[] = Array.from({ length: PROGRAM.FILES.handle + 1 }, () => NOTHING);
  running.clock = clock;
  all[PROGRAM.CONSOLE.handle] = find("console");
  all[PROGRAM.CLOCK.handle] = find("clock");
  all[PROGRAM.RANDOM.handle] = find("random");
  all[PROGRAM.TIMERS.handle] = find("timers");
  for (const [place, { capability }] of plan.grants.entries()) {
    all[PROGRAM.FIRST_GRANT + place] = capability(meter);
  }
  all[PROGRAM.PROCESS.handle] = processOf(plan, running, world);
  all[PROGRAM.FILES.handle] =
    programFiles(
      plan.request.grant?.["files"],
      plan.grants.find(({ name }) => name === "files"),
      meter,
    ) ?? NOTHING;
  return all;
}

/** The grant under a handle; null: what the system gives. */
function grantAt({ grants }: Plan, handle: number): string | null | undefined {
  if (handle === PROGRAM.FILES.handle) return "files";
  return handle > PROGRAM.FILES.handle ? undefined : (grants[handle - PROGRAM.FIRST_GRANT]?.name ?? null);
}

/** Tells of calls of grants, each by the name of its grant. */
const watchersOf = (plan: Plan): Watchers =>
  newWatchers({ name: "program", trace: plan.request.trace, audits: plan.audits }, (handle) => grantAt(plan, handle));

/** The language is loaded for those who use it. */
async function policyOf({ request, grants, limits, audits }: Plan): Promise<ProgramPolicy | undefined> {
  const { policy, virtual, monitors, signal } = request;
  if (policy === undefined) return undefined;
  const { underPolicy } = await import("./program-policy.ts");
  const start = virtual ? startOf(virtual === true ? {} : virtual) : undefined;
  const made = underPolicy(policy, grants, start, { limits, signal }, audits.length > 0);
  if (monitors === undefined || made.monitors === undefined) return made;
  throw new CordonError("E_OPTION", "runProgram takes monitors, or a policy that makes some: leave one out");
}

function spawnProgram(
  kernel: Kernel,
  plan: Plan,
  { artifact, maxPages }: Loaded,
  policy: ProgramPolicy | undefined,
): Outcome<Running> {
  const { limits } = plan;
  const pages = Math.min(Math.floor(limits.memory / PAGE), maxPages);
  const watchers = watchersOf(plan);
  const watch = watchers.onCall === undefined ? {} : { onCall: watchers.onCall };
  const monitor = policy?.policed.monitor;
  const owner = {};
  const spawned = kernel.spawn(artifact, { limits: { pages, inFlight: limits.inFlight }, owner, monitor, ...watch });
  if (spawned.kind !== "returned") return spawned;
  const domain = spawned.value;
  const watching = watchers.begin(domain, plan.grants, codeOfErrno);
  const meter = newCallMeter((ending) => domain.end(ending), limits.calls, watching);
  const running = newRunning(domain, meter);
  for (const [handle, capability] of capabilities(plan, running).entries()) {
    domain.grant(capability, grantAt(plan, handle) ?? UNJUDGED);
  }
  policy?.policed.join(owner, { clock: running.clock, isBusy: () => meter.inFlight > 0 });
  policy?.begin(running);
  return { kind: "returned", value: running };
}

/** A library has `_initialize`, to be called before anything else; what WASI holds back is written at the end. */
async function enterAll(
  domain: Domain,
  { name, args }: Entry,
  { entries, usesLibrary }: Loaded,
): Promise<Outcome<unknown>> {
  if (entries.has("_initialize") && name !== "_start" && name !== "_initialize") {
    const begun = await domain.enter("_initialize", []);
    if (begun.kind !== "returned") return begun;
  }
  const outcome = await domain.enter(name, args);
  if (outcome.kind !== "returned" || !usesLibrary) return outcome;
  const finished = await domain.enter("cordon_finish", []);
  return finished.kind === "returned" ? outcome : finished;
}

function resultOf(
  outcome: Outcome<unknown>,
  running: Running,
  entry: Entry,
  facts: RunFacts,
): Result & { exitCode?: number } {
  const { exited } = running;
  if (exited !== undefined && outcome.kind === "aborted") {
    return { status: "returned", value: undefined, exitCode: exited, ...facts };
  }
  if (outcome.kind !== "returned") return fromEnding(outcome, facts);
  const exitCode = entry.isMain ? (outcome.value as number) : 0;
  return { status: "returned", value: outcome.value, exitCode, ...facts };
}

async function enterProgram(running: Running, plan: Plan, loaded: Loaded, entry: Entry): Promise<Result> {
  const { domain, spent } = running;
  const { signal } = plan.request;
  if (isAborted(signal)) return { status: "aborted", usage: NO_USAGE, console: [] };
  let stop: (() => void) | undefined;
  try {
    spent.start = now();
    allow(running, { limits: plan.limits, signal });
    stop = onAbort(signal, () => domain.end({ kind: "aborted" }));
    const outcome = await enterAll(domain, entry, loaded);
    return resultOf(outcome, running, entry, factsOf(running, plan.output));
  } finally {
    stop?.();
    clearTimeout(running.timer);
    domain.end();
    running.meter.watching?.end();
  }
}

async function perform(kernel: Kernel, load: LoadProgram, plan: Plan, library: Uint8Array): Promise<Result> {
  const facts: RunFacts = { usage: NO_USAGE, console: [] };
  const { module: program, cache } = plan.request;
  const policy = await policyOf(plan);
  const monitors = policy?.monitors ?? plan.request.monitors;
  const loaded = await load({ program, library, cache, monitors });
  if ("why" in loaded) return { status: "refused", by: loaded.by, why: loaded.why, ...facts };
  const entry = findEntry(loaded.entries, plan.request);
  if (typeof entry === "string") return { status: "refused", by: "program", why: entry, ...facts };
  const spawned = spawnProgram(kernel, plan, loaded, policy);
  if (spawned.kind !== "returned") return fromEnding(spawned, facts);
  return enterProgram(spawned.value, plan, loaded, entry);
}

async function readLibrary({ library }: ProgramPowers): Promise<Uint8Array> {
  try {
    return asBytes(await library());
  } catch (cause) {
    throw new CordonError("E_ENGINE", "the WASI library could not be read: build it with npm run build", { cause });
  }
}

/** Runs a program of WebAssembly. */
export type RunProgram = (request: ProgramRequest) => Promise<ProgramResult>;

/** A function that runs programs, each in a domain of its own. It rejects for mistakes of the embedder only. */
export function newProgramRunner(powers: ProgramPowers): RunProgram {
  const decoder = new TextDecoder();
  const utf8 = (bytes: Uint8Array): string => decoder.decode(bytes);
  const kernel = createKernel({ utf8, now, later, runQueue: fairQueue() });
  const load = newProgramLoader({ kernel, utf8, naming: powers.naming });
  let library: Promise<Uint8Array> | undefined;
  return async (request) => {
    const plan = planProgram(request);
    library ??= readLibrary(powers).catch((error: unknown) => {
      library = undefined;
      throw error;
    });
    const result = await perform(kernel, load, plan, await library);
    const { streams } = plan;
    return { ...result, stdout: streams.written(1), stderr: streams.written(2) };
  };
}
