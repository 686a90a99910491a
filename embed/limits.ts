// Every limit of a run: one table. Documents, checks and the command line read it.
import { CordonError } from "./errors.ts";
import { readPlain, show } from "./plain.ts";

const [KIB, MIB, GIB, TIB] = [2 ** 10, 2 ** 20, 2 ** 30, 2 ** 40];

interface Row {
  readonly unit: "fuel" | "bytes" | "ms" | "count";
  readonly least: number;
  readonly most: number;
  readonly normal: number;
  readonly hardened: number;
  readonly batch: number;
  readonly about: string;
  /** Fixed when the sandbox is made; the others are of each run. */
  readonly ofSandbox?: true;
}

/** Every limit, with its unit, its defaults and its bounds. */
// biome-ignore format: a table
export const LIMITS = {
  fuel:     { unit: "fuel",  least: 1,       most: 2 ** 52,          normal: 5e9,       hardened: 5e8,       batch: 1e13,      about: "work: about one per few instructions" },
  wall:     { unit: "ms",    least: 1,       most: 7 * 86_400_000,   normal: 10_000,    hardened: 2_000,     batch: 3_600_000, about: "time from start to end, waiting included" },
  memory:   { unit: "bytes", least: 2 * MIB, most: 4 * GIB,          normal: 64 * MIB,  hardened: 32 * MIB,  batch: 1 * GIB,   about: "memory of the guest, its engine included", ofSandbox: true },
  calls:    { unit: "count", least: 0,       most: 1e12,             normal: 100_000,   hardened: 1_000,     batch: 1e9,       about: "calls of what was granted" },
  bytes:    { unit: "bytes", least: 0,       most: 16 * TIB,         normal: 256 * MIB, hardened: 16 * MIB,  batch: 64 * GIB,  about: "bytes over all gates, both ways" },
  inFlight: { unit: "count", least: 0,       most: 100_000,          normal: 10_000,    hardened: 100,       batch: 100_000,   about: "calls that wait at once, sleeping timers included", ofSandbox: true },
  source:   { unit: "bytes", least: 0,       most: 32 * MIB,         normal: 4 * MIB,   hardened: 256 * KIB, batch: 32 * MIB,  about: "bytes of source text" },
  output:   { unit: "bytes", least: 0,       most: 1 * GIB,          normal: 1 * MIB,   hardened: 64 * KIB,  batch: 64 * MIB,  about: "bytes of console text; what is beyond is dropped" },
  result:   { unit: "bytes", least: 1,       most: 64 * MIB,         normal: 16 * MIB,  hardened: 1 * MIB,   batch: 64 * MIB,  about: "bytes of the value of a run" },
} as const satisfies Record<string, Row>;

/** The name of a limit. */
export type LimitName = keyof typeof LIMITS;
/** A number for every limit, in its unit. */
export type Limits = { readonly [name in LimitName]: number };
/** Numbers in the limit's unit, or text such as "32 MiB", "2 s", "50M". */
export type LimitsOption = { readonly [name in LimitName]?: number | string | undefined };

/** Which defaults limits have. */
export type Profile = "normal" | "hardened" | "batch";
/** The profiles that there are. */
export const PROFILES: readonly Profile[] = ["normal", "hardened", "batch"];

const NAMES = Object.keys(LIMITS) as LimitName[];

// biome-ignore format: a table
const SUFFIXES: { readonly [unit in Row["unit"]]: Readonly<Record<string, number>> } = {
  fuel:  { "": 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 },
  count: { "": 1, k: 1e3, m: 1e6, g: 1e9 },
  bytes: { "": 1, b: 1, kib: KIB, mib: MIB, gib: GIB, tib: TIB, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 },
  ms:    { "": 1, ms: 1, s: 1e3, sec: 1e3, min: 60_000, m: 60_000, h: 3_600_000 },
};
const EXAMPLES: { readonly [unit in Row["unit"]]: string } = {
  fuel: '50_000_000 or "50M"',
  count: '1_000 or "1k"',
  bytes: '33_554_432 or "32 MiB"',
  ms: '2_000 or "2 s"',
};

function refuse(name: LimitName, value: unknown): never {
  const { unit, least, most } = LIMITS[name];
  const of = unit === "count" || unit === "fuel" ? "" : ` of ${unit}`;
  const range = `a whole number${of} from ${least} to ${most}, such as ${EXAMPLES[unit]}`;
  throw new CordonError("E_LIMIT", `limits.${name} is ${show(value)}: pass ${range}`);
}

/** The number that a text means, or undefined. Digits may be grouped by "_". */
function parseText(text: string, unit: Row["unit"]): number | undefined {
  if (text.length > 60) return undefined;
  const parts = /^(\d[\d_]*(?:\.\d+)?(?:e\d{1,2})?)\s*([a-z]*)$/i.exec(text.trim());
  const factor = SUFFIXES[unit][parts?.[2]?.toLowerCase() ?? "?"];
  if (parts === null || factor === undefined) return undefined;
  return Number((parts[1] as string).replaceAll("_", "")) * factor;
}

/** Bytes, as `"64 MiB"` says it, or undefined. */
export const parseBytes = (text: string): number | undefined => parseText(text, "bytes");

/** The limit that a number or text means. Throws CordonError E_LIMIT that names it and tells what is allowed. */
export function parseLimit(name: LimitName, value: unknown): number {
  if (!isLimit(name)) return refuseName(name);
  const { unit, least, most } = LIMITS[name];
  const number = typeof value === "string" ? parseText(value, unit) : value;
  if (typeof number !== "number" || !Number.isSafeInteger(number)) return refuse(name, value);
  return number >= least && number <= most ? number : refuse(name, value);
}

const isLimit = (name: unknown): name is LimitName => NAMES.includes(name as LimitName);

function refuseName(name: unknown): never {
  const shown = typeof name === "string" ? name.slice(0, 100) : show(name);
  throw new CordonError("E_LIMIT", `limits.${shown} is unknown: there are ${NAMES.join(", ")}`);
}

const profileLimits = (profile: Profile): Limits =>
  Object.fromEntries(NAMES.map((name) => [name, LIMITS[name][profile]])) as Limits;

function checkProfile(profile: unknown): Profile {
  if (PROFILES.includes(profile as Profile)) return profile as Profile;
  throw new CordonError("E_OPTION", `profile is ${show(profile)}: pass one of ${PROFILES.join(", ")}`);
}

/** `base` with the given limits in place of its own. */
export function overrideLimits(base: Limits, given: unknown): Limits {
  if (given === undefined) return base;
  const asked = readPlain<Record<string, unknown>>(given, "limits", "E_LIMIT");
  const limits: Record<string, number> = { ...base };
  for (const [name, value] of Object.entries(asked)) {
    if (!isLimit(name)) return refuseName(name);
    if (value !== undefined) limits[name] = parseLimit(name, value);
  }
  return limits as Limits;
}

/** Every limit of a sandbox: the profile's, with the given ones in their place. */
export const allLimits = (profile: unknown, given: unknown): Limits =>
  overrideLimits(profileLimits(profile === undefined ? "normal" : checkProfile(profile)), given);

/** For one run of a sandbox, whose memory and calls in flight are fixed already. */
export function runLimits(base: Limits, given: unknown): Limits {
  const limits = overrideLimits(base, given);
  for (const name of NAMES) {
    if (!("ofSandbox" in LIMITS[name]) || limits[name] === base[name]) continue;
    throw new CordonError("E_LIMIT", `limits.${name} is fixed when the sandbox is made: pass it to createSandbox`);
  }
  return limits;
}
