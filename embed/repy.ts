// Runs programs of RepyV2: the emulation (stdlib/repy) in a domain that holds the capabilities, a domain for each security
// layer, and the program's above them all.
//
//   const { end, log } = await runRepy({ program: 'await log("hello")', restrictions });
//
// Invariants
//   RP1  The program's domain holds the table of the layer below it, and nothing else.
//   RP2  A layer that does not start ends the run: nothing above it is started.
//   RP3  After its end nothing of a run is left: domains, timers, lines.
// Where the host cannot suspend guests (README, "preemption"), `cpu` stops a program only between its turns.
import {
  type ClockTime,
  capability,
  clock,
  consoleTo,
  type Granted,
  type Meter,
  random,
  timers,
  tree,
  virtualNet,
  virtualWorld,
} from "../policy-libs/index.ts";
import type { Cordon } from "./cordon.ts";
import { later } from "./engine.ts";
import { isCordonError } from "./errors.ts";
import type { Layer } from "./layer.ts";
import { endOfEmulation, endOfProgram, type RepyEnd } from "./repy-end.ts";
import {
  ENDLESS,
  FUEL_PER_SECOND,
  metersOf,
  type RepyMeters,
  type RepyRestrictions,
  readRestrictions,
} from "./repy-limits.ts";
import { newLog } from "./repy-log.ts";
import { type RepyOptions, readRepyOptions } from "./repy-options.ts";
import type { RepyParts } from "./repy-parts.ts";
import { type RepyTime, repyTime } from "./repy-time.ts";
import { isAborted, onAbort } from "./signal.ts";

/** What a run of RepyV2 used. */
export interface RepyUsage {
  /** Seconds of processor time, of program and layers: fuel by FUEL_PER_SECOND. */
  readonly cpu: number;
  readonly fuel: number;
  /** Bytes of the program's domain at most: memory never shrinks. */
  readonly memory: number;
  /** Seconds from start to end, by the run's own clock. */
  readonly seconds: number;
  /** When the processor's limit stopped the run, and for how long, in seconds; the last 100. */
  readonly stops: readonly (readonly [number, number])[];
}

/** How a run of RepyV2 ended, what it logged, and what it used. */
export interface RepyResult {
  readonly end: RepyEnd;
  /** What was logged, line by line, unless `console` took it. */
  readonly log: readonly string[];
  readonly usage: RepyUsage;
}

/** A run from its start to its end. */
interface Run {
  readonly cordon: Cordon;
  readonly parts: RepyParts;
  readonly options: RepyOptions;
  readonly restrictions: RepyRestrictions;
  readonly meters: RepyMeters;
  readonly time: RepyTime;
  readonly start: number;
  readonly layers: Layer[];
  /** Ends it; the first end counts. */
  readonly finish: (end: RepyEnd) => void;
  readonly ended: Promise<RepyEnd>;
  readonly over: AbortController;
}

/** A program alone is stopped by both meters at once; beside a layer that works, each by its part. */
function stopsOf({ guests, program }: RepyMeters): [number, number][] {
  const all = [...guests.stops(), ...program.stops()].sort(([a], [b]) => a - b);
  const apart = all.filter(([at], index) => all.slice(0, index).every(([since, ms]) => at > since + ms / 2));
  return apart.slice(-MOST_STOPS).map(([at, ms]) => [at / 1000, ms / 1000]);
}

const MOST_STOPS = 100;
const cpuOf = (meter: Meter): number => meter.totals().fuel / FUEL_PER_SECOND;

function usageOf({ meters }: Run): object {
  const { guests, program } = meters;
  return {
    cpu: () => ({ cpu: cpuOf(guests), threadcpu: cpuOf(program), stops: stopsOf(meters) }),
    memory: () => program.usage().memory,
  };
}

/** A network with nobody else on it, where nothing is waited for but by the run's own time. */
const loneNet = (time: ClockTime): Granted => virtualNet(virtualWorld({ later: (ms, task) => time.after(ms, task) }));

/** What a tree in memory would bound is for the restrictions to bound: `diskused`, `filesopened`. */
const ROOMY = { maxFileBytes: 64 * 2 ** 20, maxOpen: 10_000 };

function baseOf(run: Run, take: (line: string) => void): Record<string, Granted> {
  const { parts, options, restrictions, time, finish } = run;
  const { USAGE, LIFE } = parts.contracts;
  const seed = time.virtual === undefined ? {} : { seed: time.virtual.seed ?? 0 };
  const life = { end: (cause: unknown) => finish(endOfEmulation(cause)) };
  return {
    files: options.files ?? tree({}, ROOMY),
    net: typeof options.net === "function" ? options.net(restrictions) : (options.net ?? loneNet(time.time)),
    clock: clock({ time: time.time }),
    timers: timers({ time: time.time, most: 100_000 }),
    random: random(seed as never),
    output: consoleTo((_level, line) => take(line)),
    usage: capability(USAGE, usageOf(run) as never),
    life: capability(LIFE, life as never),
  };
}

type Given = Pick<Parameters<Cordon["layer"]>[0], "name" | "source" | "grant" | "inputs" | "offers" | "meter">;

/** One domain more: what it offers as `repy`. */
async function add({ cordon, layers, time, over }: Run, given: Given): Promise<Granted> {
  const made = await cordon.layer({
    ...given,
    kind: "module",
    console: "ignore",
    limits: ENDLESS,
    virtual: time.virtual,
    signal: over.signal,
  });
  layers.push(made);
  // The run may have ended before anybody knew of it.
  if (over.signal.aborted) made.dispose();
  const { repy } = made.grant;
  if (repy === undefined) throw new Error(`layer ${given.name}: it offers no repy`);
  return repy;
}

/** The table that the program gets, or what the layer did that did not start. */
async function stackUp(run: Run, base: Record<string, Granted>): Promise<Granted | RepyEnd> {
  const { parts, options, meters } = run;
  const { REPY } = parts.contracts;
  const { restrictions, layers = [] } = options;
  const inputs = { restrictions };
  const offers = { repy: REPY };
  let repy = await add(run, {
    name: "emulation",
    source: parts.emulation,
    grant: base,
    inputs,
    offers,
    meter: meters.all,
  });
  for (const { name, source } of layers) {
    const below = (repy.contract as unknown as { readonly data: unknown }).data;
    const given = { name, source: parts.layer, grant: { repy }, inputs: { below, name, text: source } };
    try {
      repy = await add(run, { ...given, offers: "declared", meter: meters.guests });
    } catch (error) {
      if (!isCordonError(error, "E_LAYER")) throw error;
      return { kind: "uncaught", layer: name, message: error.message };
    }
  }
  return repy;
}

async function runProgram(run: Run, repy: Granted): Promise<RepyEnd> {
  const { cordon, parts, options, meters, over, time } = run;
  const { program, name = "program.js", args = [] } = options;
  const result = await cordon.run({
    ...{ source: parts.program, kind: "module", name: "repy.js", inputs: { text: program, name, args } },
    ...{ grant: { repy }, meter: meters.program, limits: { ...ENDLESS, memory: limitOf(meters.program) } },
    ...{ signal: over.signal, console: "ignore", virtual: time.virtual },
  });
  const end = endOfProgram(result);
  const failed = run.layers.find((layer) => layer.ended() !== undefined);
  // Its calls failed because what was below it had ended.
  return failed === undefined || end.kind !== "uncaught"
    ? end
    : { kind: "internal", message: `layer ${failed.name}: ${failed.ended()}` };
}

const limitOf = (program: Meter): number => program.limits().memory as number;

async function live(run: Run, base: Record<string, Granted>): Promise<void> {
  if (run.over.signal.aborted) return;
  const stacked = await stackUp(run, base);
  if ("kind" in stacked) run.finish(stacked);
  else if (!run.over.signal.aborted) run.finish(await runProgram(run, stacked));
}

/** What is parked ends in a turn of its own; what was being made, when it notices. */
async function clear({ layers, meters, over }: Run, living: Promise<void>): Promise<void> {
  over.abort();
  for (const layer of layers.toReversed()) layer.dispose();
  await living.catch(() => undefined);
  while (meters.all.usage().domains > 0) await new Promise<void>(later);
  meters.all.remove();
}

function factsOf({ meters, time, start }: Run): RepyUsage {
  const { guests, program } = meters;
  const seconds = (time.time.monotonic() - start) / 1000;
  const used = { cpu: cpuOf(guests), fuel: guests.totals().fuel, memory: program.totals().memory };
  return { ...used, seconds, stops: stopsOf(meters) };
}

async function toItsEnd(run: Run): Promise<RepyResult> {
  const { options, meters, time, over } = run;
  const log = newLog(options.console, () => over.signal.aborted);
  const release = onAbort(options.signal, () => run.finish({ kind: "stopped" }));
  if (isAborted(options.signal)) run.finish({ kind: "stopped" });
  time.drive(meters.all, () => over.signal.aborted);
  const living = live(run, baseOf(run, log.take));
  try {
    const end = await Promise.race([run.ended, living.then(() => run.ended)]);
    return { end, log: log.lines(), usage: factsOf(run) };
  } finally {
    release();
    await clear(run, living);
  }
}

/** Runs a program to its end. Rejects with a CordonError for mistakes of the embedder; all else is in the result. */
export async function runRepy(cordon: Cordon, parts: RepyParts, given: RepyOptions): Promise<RepyResult> {
  const options = readRepyOptions(given);
  const restrictions = await readRestrictions(cordon, parts, options.restrictions);
  const time = repyTime(options.virtual === true ? {} : options.virtual || undefined);
  const { promise: ended, resolve } = Promise.withResolvers<RepyEnd>();
  const over = new AbortController();
  const finish = (end: RepyEnd): void => {
    resolve(end);
    // At once: whatever the program does next must not happen.
    over.abort();
  };
  const clockOfMeters = { now: () => time.time.monotonic(), after: time.time.after };
  const meters = metersOf(restrictions, options.meter, clockOfMeters);
  const start = time.time.monotonic();
  return toItsEnd({ cordon, parts, options, restrictions, meters, time, start, layers: [], finish, ended, over });
}
