// `cordon run program.wasm`: a module of any compiler whose imports are gates (stdlib/abi.ts), instrumented and run.
//
// Such a program finds its capabilities by their handles: SYSTEM in its order from 0, then --grant in the order of the
// command line. A call's number is its place in the contract, as `cordon types` prints it.
import { type Domain, decode, type Ending, type FunctionType, type Module, PAGE } from "../../kernel/index.ts";
import { prepareGrants } from "../capability.ts";
import { realClock, virtualClock } from "../clock.ts";
import { allLimits, type Limits } from "../limits.ts";
import type { SandboxOptions, VirtualOptions } from "../node/index.ts";
import { newOutput, type Output } from "../output.ts";
import { realRandom, seededRandom } from "../randomness.ts";
import { fromEnding, type Result, type RunFacts } from "../result.ts";
import { newMeter, systemGrants } from "../system.ts";
import type { Parsed } from "./arguments.ts";
import { exitCode, UsageError } from "./exit.ts";
import { finish } from "./finish.ts";
import { onCtrlC } from "./interrupt.ts";
import { type Made, makeArtifact, newKernel, utf8 } from "./kernel.ts";
import type { Source } from "./source.ts";
import { stderr, withProgress } from "./terminal.ts";
import { worldOf } from "./world.ts";

/** Handles 0, 1, 2 and 3. */
export const SYSTEM = ["console", "clock", "random", "timers"] as const;
const ENTRIES = ["_start", "main"];
const I64 = 0x7e;

interface Entry {
  readonly name: string;
  readonly args: readonly (number | bigint)[];
}

function typeOf(module: Module, index: number): FunctionType | undefined {
  const imported = module.imports.filter(({ kind }) => kind === "function");
  return module.types[imported[index]?.type ?? module.functions[index - imported.length] ?? -1];
}

function argument(word: string, type: number): number | bigint {
  const value = Number(word);
  const isWhole = type === 0x7f || type === I64;
  if (word.trim() === "" || Number.isNaN(value) || (isWhole && !/^-?\d+$/.test(word))) {
    throw new UsageError(`${JSON.stringify(word)} is no number for this function`);
  }
  return type === I64 ? BigInt(word) : value;
}

/** Which function to call, and with what: numbers after `--`. */
function entryOf(module: Module, parsed: Parsed, name: string): Entry {
  const functions = module.exports.filter(({ kind }) => kind === 0);
  const wanted = parsed.text("entry");
  const found = functions.find((one) => (wanted === undefined ? ENTRIES.includes(one.name) : one.name === wanted));
  const known = functions.map((one) => one.name).join(", ") || "nothing";
  if (found === undefined) {
    throw new UsageError(
      `${name} exports no function ${wanted ?? ENTRIES.join(" or ")}: it exports ${known}`,
      "--entry NAME",
    );
  }
  const { params } = typeOf(module, found.index) ?? { params: [] };
  if (parsed.rest.length !== params.length) {
    throw new UsageError(`${found.name} takes ${params.length} numbers after --, not ${parsed.rest.length}`);
  }
  return { name: found.name, args: params.map((type, at) => argument(parsed.rest[at] as string, type)) };
}

interface Program {
  readonly domain: Domain;
  readonly output: Output;
  readonly meter: { used: number };
}

function giveAll(domain: Domain, world: SandboxOptions, limits: Limits): Omit<Program, "domain"> {
  const output = newOutput(world.console);
  output.start(limits.output);
  const meter = { ...newMeter(), used: 0, take: (): boolean => take() };
  const take = (): boolean => {
    if (meter.used++ < limits.calls) return true;
    domain.end({ kind: "exhausted", resource: "calls" });
    return false;
  };
  const { virtual } = world;
  const isQuiet = (): boolean => domain.isWaiting() && meter.inFlight === 0;
  const clock = virtual === undefined ? realClock() : virtualClock(0, isQuiet, (task) => void setImmediate(task));
  const random = virtual === undefined ? realRandom : seededRandom((virtual as VirtualOptions).seed);
  const system = systemGrants({ clock, random, output, load: undefined, loading: newMeter() });
  for (const name of SYSTEM) {
    const row = system.find((one) => one.name === name);
    if (row !== undefined) domain.grant(row);
  }
  for (const { contract, target } of prepareGrants(world.grant)) domain.grant({ contract, target: target(meter) });
  return { output, meter };
}

function factsOf({ domain, output, meter }: Program, start: number): RunFacts {
  const { fuel, memory, bytes } = domain.usage();
  const usage = { fuel, memory, bytes, calls: meter.used, wall: performance.now() - start };
  return { usage, console: output.lines() };
}

async function enter(program: Program, { name, args }: Entry, limits: Limits, signal: AbortSignal): Promise<Result> {
  const { domain } = program;
  const start = performance.now();
  const end = (ending: Ending) => (): void => domain.end(ending);
  const timer = setTimeout(end({ kind: "exhausted", resource: "wall" }), limits.wall + 1);
  signal.addEventListener("abort", end({ kind: "aborted" }));
  const { fuel, bytes, wall } = limits;
  domain.allow({ fuel, bytes, calls: 1e12, deadline: start + wall, aborted: () => signal.aborted });
  const outcome = await domain.enter(name, args);
  clearTimeout(timer);
  const facts = factsOf(program, start);
  domain.end();
  if (outcome.kind !== "returned") return fromEnding(outcome, facts);
  return { status: "returned", value: outcome.value, ...facts };
}

function refused({ name }: Source, { why, at }: Extract<Made, { kind: "refused" }>): number {
  stderr().write(`cordon: ${name} cannot be run: ${why} (at byte ${at})\n`);
  return exitCode("refused");
}

const isWasi = (module: string): boolean => module.startsWith("wasi_");

export async function runModule(parsed: Parsed, source: Source): Promise<number> {
  const kernel = newKernel();
  const made = await withProgress(`instrumenting ${source.name}`, async () => makeArtifact(kernel, source.bytes));
  if (made.kind === "refused") return refused(source, made);
  const module = decode(source.bytes, utf8);
  if (module.imports.some((row) => isWasi(row.module)))
    throw new UsageError(`${source.name}: a WASI program: not supported yet`);
  const entry = entryOf(module, parsed, source.name);
  const [world, loaded] = [await worldOf(parsed, source.name), kernel.load(made.artifact.bytes)];
  const limits = allLimits(world.profile, world.limits);
  const pages = Math.min(Math.floor(limits.memory / PAGE), made.artifact.maxPages ?? Number.POSITIVE_INFINITY);
  const trace = world.trace === undefined ? {} : { onCall: world.trace };
  if (loaded.kind !== "returned") return refused(source, { kind: "refused", why: JSON.stringify(loaded), at: 0 });
  const spawned = kernel.spawn(loaded.value, { limits: { pages, inFlight: limits.inFlight }, ...trace });
  if (spawned.kind !== "returned") throw new UsageError(`${source.name}: needs more memory`, "--memory SIZE");
  const stop = onCtrlC();
  const program = { domain: spawned.value, ...giveAll(spawned.value, world, limits) };
  const result = await enter(program, entry, limits, stop.signal);
  stop.release();
  return finish(parsed, result, source.name, undefined, stop.wasPressed());
}
