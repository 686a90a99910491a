// The options of createSandbox and run: what they are, and that there are no others.
import type { CallRecord } from "../kernel/index.ts";
import { isPolicySource, type Meter, meterOf, type PolicySource } from "../policy-libs/index.ts";
import type { AuditOptions } from "./audit-options.ts";
import type { Grants } from "./capability.ts";
import type { VirtualOptions } from "./clock.ts";
import type { Confinement } from "./engine.ts";
import { CordonError } from "./errors.ts";
import type { ResidencyOptions } from "./hibernation/options.ts";
import { isResidency, newResidency, type Residency } from "./hibernation/residency.ts";
import type { LimitsOption, Profile } from "./limits.ts";
import type { ModulesOption } from "./modules.ts";
import type { ConsoleOption } from "./output.ts";
import { isPlain, readPlain } from "./plain.ts";
import { checkSignal } from "./signal.ts";
import { checkId } from "./snapshot/store.ts";
import type { Language } from "./typescript.ts";

/** One call of a grant, for whoever watches: who, which call, what came of it, how many bytes. */
export type TraceRecord = CallRecord;

/** What may be said of a sandbox, for all its runs. */
export interface SandboxOptions {
  /** What the guest may call: `{ tools: { sum: (a, b) => a + b } }` is its global `tools.sum`. Nothing else is there. */
  readonly grant?: Grants | undefined;
  /** Which of the granted calls it may make, given what it has done: `policy.text("…")`, `policy.file("….policy")`. */
  readonly policy?: PolicySource | undefined;
  readonly limits?: LimitsOption | undefined;
  /** Which defaults the limits have. Default: "normal". */
  readonly profile?: Profile | undefined;
  /** What keeps its memory apart from others'. Default: "frame". */
  readonly confinement?: Confinement | undefined;
  /** Where console text goes. Default: "collect", into the result. */
  readonly console?: ConsoleOption | undefined;
  /** What `import` finds. Default: nothing. */
  readonly modules?: ModulesOption | undefined;
  /** A clock that stands still but for timers, and seeded randomness: the same program gives the same run. */
  readonly virtual?: boolean | VirtualOptions | undefined;
  /** The guest's local time, in minutes after UTC. Default: 0. */
  readonly timeZoneOffset?: number | undefined;
  /** Who pays: the sandbox has a meter of its own below it. Default: nobody. */
  readonly meter?: Meter | undefined;
  /** Called for each call of a grant. */
  readonly trace?: ((record: TraceRecord) => void) | undefined;
  /** Gets one record for each call of a grant, once it is over; several may. */
  readonly audit?: AuditOptions | readonly AuditOptions[] | undefined;
  /** Who decides when it sleeps: what `newResidency()` made, for this and others. Default: nobody but `hibernate()`. */
  readonly residency?: Residency | undefined;
  /** A residency of its own, which its copies share: it sleeps so many ms after it was used last. */
  readonly idle?: IdleOptions | undefined;
  /** Under which a store keeps it while it sleeps, one for each sandbox. Default: one that nobody else has. */
  readonly id?: string | undefined;
}

/** A residency of one sandbox. */
export type IdleOptions = Omit<ResidencyOptions, "most">;

/** How long somebody will wait. */
export interface WaitOptions {
  /** In ms. Default: 1,000. */
  readonly wait?: number | undefined;
}

/** What may be said of one run. */
export interface RunOptions {
  /** Data for the guest: each key becomes a global. None may have the name of a grant. */
  readonly inputs?: Readonly<Record<string, unknown>> | undefined;
  /** The file name in errors and stacks. */
  readonly name?: string | undefined;
  /**
   * Default: "auto": what the end of `name` says (.ts, .js); without a name JavaScript, and TypeScript if it is not that.
   */
  readonly language?: Language | undefined;
  /** Default: "auto": a script, else a function body (`return` at the top), else a module. */
  readonly kind?: "auto" | "script" | "module" | undefined;
  /** Limits of this run in place of the sandbox's. */
  readonly limits?: LimitsOption | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Go on after the value is there, until no timer is set and no call is in flight. Default: false. */
  readonly drain?: boolean | undefined;
}

/** JavaScript, as text or as UTF-8. */
export type Source = string | Uint8Array;

const SANDBOX_KEYS = [
  "grant",
  "policy",
  "limits",
  "profile",
  "confinement",
  "console",
  "modules",
  "virtual",
  "timeZoneOffset",
  "meter",
  "trace",
  "audit",
  "residency",
  "idle",
  "id",
] as const;
const RUN_KEYS = ["inputs", "name", "kind", "language", "drain", "limits", "signal"] as const;
const ALL_KEYS = ["source", ...SANDBOX_KEYS, ...RUN_KEYS] as const;

/** A copy of a plain object, if it has known keys only. */
export function checkKeys<T extends object>(given: unknown, known: readonly string[], who: string): T {
  const options = readPlain<T>(given, `what ${who} takes`);
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return options;
  throw new CordonError("E_OPTION", `${who} has no option ${JSON.stringify(unknown)}: there are ${known.join(", ")}`);
}

const wrong = (what: string): never => {
  throw new CordonError("E_OPTION", what);
};

/** Is it what meter() made? */
export const isMeter = (value: unknown): boolean => {
  const account: unknown = (value as Partial<Meter> | null)?.account;
  return typeof account === "object" && account !== null && meterOf(account as Meter["account"]) === value;
};

const isOptional = (value: unknown, type: string): boolean => value === undefined || typeof value === type;

export function checkPolicy(policy: unknown): void {
  if (policy !== undefined && !isPolicySource(policy))
    wrong('policy must be what policy.text("…"), policy.file("….policy") or policy.of(…) made');
}

/** A copy that was checked. */
export function readSandboxOptions(given: SandboxOptions): SandboxOptions {
  const options = checkKeys<SandboxOptions>(given, SANDBOX_KEYS, "createSandbox");
  const { grant, policy, trace, timeZoneOffset, virtual, meter, confinement } = options;
  if (grant !== undefined && !isPlain(grant)) throw new CordonError("E_GRANT", "grant must be a plain object");
  checkPolicy(policy);
  if (!isOptional(trace, "function")) wrong("trace must be a function");
  if (confinement !== undefined && !["frame", "segment", "arena"].includes(confinement))
    wrong('confinement must be "frame", "segment" or "arena"');
  if (meter !== undefined && !isMeter(meter)) wrong("meter must be what meter() made");
  const isOffset = Number.isFinite(timeZoneOffset) && Math.abs(timeZoneOffset as number) <= 24 * 60;
  if (timeZoneOffset !== undefined && !isOffset) wrong("timeZoneOffset must be minutes from -1440 to 1440");
  const read = { ...options, virtual: readVirtual(virtual) };
  return { __proto__: null, ...read, idle: undefined, residency: readResidency(options) } as SandboxOptions;
}

function readResidency({ residency, idle, id }: SandboxOptions): Residency | undefined {
  if (id !== undefined) checkId(id);
  if (residency !== undefined && !isResidency(residency)) wrong("residency must be what newResidency() made");
  if (residency !== undefined && idle !== undefined) wrong("idle is a residency of its own: pass residency or idle");
  return idle === undefined ? residency : newResidency(checkKeys(idle, ["after", "store", "onError"], "idle"));
}

/** A copy that was checked, or what needs no copy. */
export function readVirtual(virtual: unknown): boolean | VirtualOptions | undefined {
  if (virtual === undefined || typeof virtual === "boolean") return virtual;
  if (typeof virtual !== "object") wrong("virtual must be true or { start, seed }");
  return checkKeys<VirtualOptions>(virtual, ["start", "seed"], "virtual");
}

/** A copy that was checked. */
export function readRunOptions(given: RunOptions, who = "run"): RunOptions {
  const options = checkKeys<RunOptions>(given, RUN_KEYS, who);
  const { inputs, name, kind, language, signal, drain } = options;
  if (inputs !== undefined && !isPlain(inputs)) wrong("inputs must be a plain object");
  if (!isOptional(name, "string")) wrong("name must be text");
  if (!isOptional(drain, "boolean")) wrong("drain must be true or false");
  if (kind !== undefined && !["auto", "script", "module"].includes(kind))
    wrong('kind must be "auto", "script" or "module"');
  if (language !== undefined && !["auto", "javascript", "typescript"].includes(language))
    wrong('language must be "auto", "javascript" or "typescript"');
  checkSignal(signal);
  return options;
}

/** A layer is parked between its calls: it cannot sleep. */
const LAYER_KEYS = [
  ...["name", "source", "kind", "inputs", "offers", "signal"],
  ...SANDBOX_KEYS.filter((key) => !["residency", "idle", "id"].includes(key)),
];

/** A copy that was checked, but for what the sandbox and the offers need. */
export function readLayerOptions<T extends object>(given: T): T {
  type Named = T & { readonly name?: unknown; readonly inputs?: unknown; readonly signal?: unknown };
  const options = checkKeys<Named>(given, LAYER_KEYS, "layer");
  checkSignal(options.signal);
  if (!isOptional(options.name, "string")) wrong("name must be text");
  if (options.inputs !== undefined && !isPlain(options.inputs)) wrong("inputs must be a plain object");
  return options;
}

interface Whole extends SandboxOptions, Omit<RunOptions, "limits"> {
  readonly source: Source;
}

/** The source and the two halves of the options of `run`. */
export function splitOptions(given: Whole): [Source, SandboxOptions, RunOptions] {
  const options = checkKeys<Whole>(given, ALL_KEYS, "run");
  if (!Object.hasOwn(options, "source")) wrong("run needs a source");
  const pick = (keys: readonly string[]): object =>
    Object.fromEntries(Object.entries(options).filter(([key]) => keys.includes(key)));
  return [options.source, pick(SANDBOX_KEYS), pick(RUN_KEYS.filter((key) => key !== "limits"))];
}

/** A copy of options in which somebody says how long he will wait, in ms. */
export function readWait<T extends { readonly wait?: number | undefined }>(given: unknown): T {
  const options = readPlain<T>(given, "what a copy takes");
  const { wait } = options;
  if (wait === undefined || (typeof wait === "number" && wait >= 0)) return options;
  return wrong("wait must be a number of milliseconds");
}
