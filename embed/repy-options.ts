// The options of runRepy: what they are, and that there are no others.
import { type Granted, isGranted, type Meter } from "../policy-libs/index.ts";
import { CordonError } from "./errors.ts";
import { checkKeys, isMeter } from "./options.ts";
import { readPlain } from "./plain.ts";
import type { RepyRestrictions } from "./repy-limits.ts";
import type { RepyVirtual } from "./repy-time.ts";
import { checkSignal } from "./signal.ts";

/** A security layer, as RepyV2 writes it. */
export interface RepyLayer {
  readonly name: string;
  readonly source: string;
}

/** One run of RepyV2: a program, its restrictions, and what it is granted. */
export interface RepyOptions {
  /** The program's text. */
  readonly program: string;
  /** What stands in its tracebacks. Default: "program.js". */
  readonly name?: string | undefined;
  /** The text of a restrictions file. */
  readonly restrictions: string;
  /** `callargs`. */
  readonly args?: readonly string[] | undefined;
  /** Security layers as RepyV2 writes them, the lowest first. */
  readonly layers?: readonly RepyLayer[] | undefined;
  /** One flat directory. Default: an empty one in memory, which holds at most 64 MiB. */
  readonly files?: Granted | undefined;
  /** Or what makes one of the restrictions. Default: a network in memory with nobody else on it. */
  readonly net?: Granted | ((restrictions: RepyRestrictions) => Granted) | undefined;
  /** Takes each line that is logged. Default: they are in the result. */
  readonly console?: ((line: string) => void) | undefined;
  /** Who pays. Default: nobody. */
  readonly meter?: Meter | undefined;
  /**
   * A time that stands still but for timers, and seeded randomness. Files and network should be virtual too: this time
   * does not wait for those of the host.
   */
  readonly virtual?: boolean | RepyVirtual | undefined;
  readonly signal?: AbortSignal | undefined;
}

const KEYS = [
  ...["program", "name", "restrictions", "args", "layers", "files", "net"],
  ...["console", "meter", "virtual", "signal"],
];

const wrong = (what: string): never => {
  throw new CordonError("E_OPTION", what);
};

const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every((item) => typeof item === "string");

function readLayers(layers: unknown): RepyLayer[] {
  if (!Array.isArray(layers)) return wrong("layers must be a list of { name, source }");
  return layers.map((layer: unknown) => {
    const { name, source } = readPlain<RepyLayer>(layer, "a layer");
    return isTexts([name, source]) ? { name, source } : wrong("a layer is { name, source }, both text");
  });
}

function readRepyVirtual(virtual: unknown): RepyOptions["virtual"] {
  if (virtual === undefined || typeof virtual === "boolean") return virtual;
  return checkKeys<RepyVirtual>(virtual, ["start", "seed", "time"], "virtual");
}

/** A copy that was checked. */
export function readRepyOptions(given: RepyOptions): RepyOptions {
  const options = checkKeys<RepyOptions>(given, KEYS, "runRepy");
  const { program, restrictions, name = "program.js", args = [], layers = [], files, net, console, meter } = options;
  if (!isTexts([program, restrictions])) wrong("program and restrictions must be text");
  if (typeof name !== "string") wrong("name must be text");
  if (!isTexts(args)) wrong("args must be a list of texts");
  if (console !== undefined && typeof console !== "function") wrong("console must be a function (line)");
  if (meter !== undefined && !isMeter(meter)) wrong("meter must be what meter() made");
  for (const [key, place] of Object.entries({ files, net }))
    if (place !== undefined && !isGranted(place) && !(key === "net" && typeof place === "function"))
      wrong(`${key} must be a capability of policy-libs`);
  checkSignal(options.signal);
  return { ...options, args: [...args], layers: readLayers(layers), virtual: readRepyVirtual(options.virtual) };
}
