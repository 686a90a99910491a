// Restrictions of RepyV2 as limits of Cordon: what the kernel and the meters keep. Buckets, events, files, sockets and
// ports are kept by the emulation, which reads the same text.
import { type Meter, type MeterOptions, meterUnder } from "../policy-libs/index.ts";
import type { Cordon } from "./cordon.ts";
import { CordonError } from "./errors.ts";
import { LIMITS, type LimitsOption } from "./limits.ts";
import type { RepyParts } from "./repy-parts.ts";

/**
 * Fuel of one second of one core: what `cpu` is a fraction of. Six programs (sums, calls, strings, objects, sorting,
 * patterns) used from 2.3 to 7.6 thousand million a second where this was measured. It is a constant: the same program
 * under the same restrictions is stopped after the same work everywhere.
 */
export const FUEL_PER_SECOND = 4e9;

/** RepyV2 looks at the processor's use ten times a second, and stops a program for what it has used too much since. */
const LOOK = 0.1; // seconds

/** What the host reads of a restrictions file. */
export interface RepyRestrictions {
  /** Of one core. */
  readonly cpu: number;
  /** Bytes of the program's domain. */
  readonly memory: number;
  readonly messport: readonly number[];
  readonly connport: readonly number[];
}

/** Read where nothing can be harmed: by RepyV2's own reader, in a domain. Throws CordonError with the line. */
export async function readRestrictions(cordon: Cordon, parts: RepyParts, text: string): Promise<RepyRestrictions> {
  if (typeof text !== "string") throw new CordonError("E_OPTION", "restrictions must be text");
  const result = await cordon.run<RepyRestrictions>({ source: parts.restrictions, kind: "module", inputs: { text } });
  if (result.status !== "returned") {
    const why = result.status === "threw" ? result.error.message : `they are too long (${result.status})`;
    throw new CordonError("E_OPTION", `restrictions: ${why}`);
  }
  return checked(result.value);
}

function checked({ cpu, memory, messport, connport }: RepyRestrictions): RepyRestrictions {
  const { least, most } = LIMITS.memory;
  if (!(cpu > 0)) throw new CordonError("E_OPTION", "restrictions: cpu must be above 0, for nothing would ever run");
  if (memory < least)
    throw new CordonError("E_OPTION", `restrictions: memory is ${memory}: the engine itself needs ${least} bytes`);
  return { cpu, memory: Math.min(memory, most), messport, connport };
}

/** What RepyV2 does not bound is as large as it can be: the run ends by its program, its restrictions or the signal. */
export const ENDLESS: LimitsOption = Object.freeze(
  Object.fromEntries(
    (["fuel", "wall", "calls", "bytes", "inFlight", "source", "result"] as const).map((name) => [
      name,
      LIMITS[name].most,
    ]),
  ),
);

export interface RepyMeters {
  /** Of the whole run. */
  readonly all: Meter;
  /** Of the program and its layers: whom the processor's limit stops. */
  readonly guests: Meter;
  /** Of the program alone. */
  readonly program: Meter;
}

/**
 * At full speed a program that may have the part `cpu` of a core is stopped after LOOK seconds, for as long as it takes
 * until what it used is that part of the time. Its first work counts like any other (W25).
 */
function rateOf(cpu: number): MeterOptions["rates"] {
  // One thread cannot use more than a core.
  if (cpu >= 1) return {};
  return { fuel: { perSecond: cpu * FUEL_PER_SECOND, burst: LOOK * (1 - cpu) * FUEL_PER_SECOND, resume: 0 } };
}

export function metersOf(
  { cpu, memory }: RepyRestrictions,
  paying: Meter | undefined,
  time: MeterOptions["time"],
): RepyMeters {
  const all = meterUnder(paying, "repy");
  const guests = all.child({ name: "guests", rates: rateOf(cpu), time });
  return { all, guests, program: guests.child({ name: "program", limits: { memory } }) };
}
