// `cordon verify`: does an artifact keep every safety rule? The kernel itself decides; this shows what it said.
import { writeFileSync } from "node:fs";
import {
  type Artifact,
  decode,
  GUARD,
  type Mode,
  type Module,
  type Monitors,
  type Outcome,
  RULES,
  type RuleId,
  SEGMENT_MASKS,
} from "../../kernel/index.ts";
import { type CheckPlace, checkPlaces } from "../../stdlib/toolchain/index.ts";
import { parseBytes } from "../limits.ts";
import { onlyFile, type Parsed } from "./arguments.ts";
import { exitCode, UsageError } from "./exit.ts";
import { makeArtifact, newKernel, utf8 } from "./kernel.ts";
import { monitorsOf } from "./monitors.ts";
import { readBytes } from "./source.ts";
import { escapeControls, type Paint, painter, stdout, withProgress } from "./terminal.ts";

interface Facts {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly milliseconds: number;
}

interface Summary {
  readonly functions: number;
  readonly loops: number;
  readonly instructions: number;
  readonly gateCalls: number;
  readonly charges: number;
  readonly initialPages: number;
  readonly imports: readonly string[];
  readonly exports: readonly string[];
  readonly entries: readonly string[];
  /** Where the monitors that were given stand. */
  readonly checks?: Checks;
}

interface Checks {
  readonly places: readonly CheckPlace[];
  /** Events that are looked at, and at how many places. */
  readonly counts: Readonly<Record<string, number>>;
}

function checksOf(bytes: Uint8Array, module: Module, { functions }: Artifact, monitors: Monitors): Checks {
  const places = checkPlaces(bytes, module, monitors);
  const { divide, indirect } = Object.groupBy(places, ({ event }) => event);
  const all = { divide: divide?.length ?? 0, indirect: indirect?.length ?? 0, call: functions, grow: 1, gate: 1 };
  return { places, counts: Object.fromEntries(Object.entries(all).filter(([event]) => event in monitors.on)) };
}

const EXPORT_KINDS = ["function", "table", "memory", "global"];

function summaryOf(artifact: Artifact, { imports, exports }: Module): Summary {
  const { functions, loops, instructions, gates, initialPages, entries } = artifact;
  return {
    ...{ functions, loops, instructions, gateCalls: gates, charges: functions + loops, initialPages },
    imports: imports.map(({ module, name, kind }) => `${kind} ${module}.${name}`),
    exports: exports.map(({ name, kind }) => `${EXPORT_KINDS[kind] ?? "?"} ${name}`),
    entries,
  };
}

/** Bytes around an offset, the one meant in brackets. */
function hexAround(bytes: Uint8Array, at: number): string {
  const from = Math.max(0, at - 8);
  const shown = [...bytes.subarray(from, at + 9)].map((byte, index) => {
    const hex = byte.toString(16).padStart(2, "0");
    return from + index === at ? `[${hex}]` : hex;
  });
  return shown.join(" ");
}

const count = (n: number): string => n.toLocaleString("en-US");

const MOST_PLACES = 40;
/** Calls are counted where functions begin, and growth and calls of capabilities are looked at in trampolines. */
const WHERE: Readonly<Record<string, (n: number) => string>> = {
  divide: (n) => `vm.divide at ${count(n)} instructions`,
  indirect: (n) => `vm.indirect at ${count(n)} instructions`,
  call: (n) => `vm.call in ${count(n)} functions`,
  grow: () => "vm.grow in its trampoline",
  gate: () => "calls of capabilities in their trampoline",
};

function checkLines({ places, counts }: Checks): string[] {
  const where = Object.entries(counts).map(([event, n]) => WHERE[event]?.(n) ?? event);
  const shown = places.slice(0, MOST_PLACES);
  const rest = places.length - shown.length;
  return [
    `  checks     ${where.join(", ") || "none"}`,
    ...shown.map(
      ({ event, function: index, at }) => `    vm.${event}  function ${index}  offset ${at} (0x${at.toString(16)})`,
    ),
    ...(rest > 0 ? [`    ... and ${count(rest)} more: --json has all`] : []),
  ];
}

function accepted({ file, bytes, milliseconds }: Facts, summary: Summary, paint: Paint): string {
  const { functions, loops, instructions, gateCalls, charges, initialPages, imports, exports, checks } = summary;
  const list = (names: readonly string[]): string => escapeControls(names.join(", ") || "none");
  return [
    `${paint("green", "accepted")}  ${file}: every rule holds`,
    `  size       ${count(bytes.length)} bytes, verified and compiled in ${milliseconds.toFixed(1)} ms`,
    `  functions  ${count(functions)} with ${count(instructions)} instructions`,
    `  loops      ${count(loops)}`,
    `  fuel       charged at ${count(charges)} places: on entry of each function and at the head of each loop`,
    `  gates      called at ${count(gateCalls)} places, each through a trampoline of the kernel`,
    ...(checks === undefined ? [] : checkLines(checks)),
    `  memory     ${initialPages} pages of 64 KiB at birth`,
    `  imports    ${list(imports)}`,
    `  exports    ${list(exports)}\n`,
  ].join("\n");
}

interface Verdict {
  readonly kind: string;
  readonly rule?: RuleId;
  readonly at: number;
  readonly why: string;
}

function refused({ file, bytes }: Facts, { kind, rule, at, why }: Verdict, paint: Paint): string {
  const lines = [
    `${paint("red", "refused")}  ${file}: ${kind}`,
    ...(rule === undefined ? [] : [`  rule    ${rule}`]),
    `  means   ${escapeControls(why)}`,
    `  offset  ${at} (0x${at.toString(16)} of ${bytes.length} bytes)`,
    ...(at < bytes.length ? [`  bytes   ${hexAround(bytes, at)}`] : []),
  ];
  return `${lines.join("\n")}\n`;
}

function verdictOf(outcome: Outcome<unknown>): Verdict {
  if ("rule" in outcome) return { kind: outcome.kind, rule: outcome.rule, at: outcome.at, why: RULES[outcome.rule] };
  return { kind: outcome.kind, at: 0, why: JSON.stringify(outcome) };
}

function report(parsed: Parsed, facts: Facts, ending: Summary | Verdict): number {
  const screen = stdout();
  const isAccepted = "functions" in ending;
  if (parsed.has("json")) {
    const { file, milliseconds } = facts;
    const all = { verdict: isAccepted ? "accepted" : "refused", file, size: facts.bytes.length, milliseconds };
    screen.write(`${JSON.stringify({ ...all, ...ending })}\n`);
  } else {
    const paint = painter(screen);
    screen.write(isAccepted ? accepted(facts, ending, paint) : refused(facts, ending, paint));
  }
  return exitCode(isAccepted ? "returned" : "refused");
}

/** How the module's memory is to be confined: in one of its own, or in a segment. */
function confinement(parsed: Parsed): Mode {
  const size = parsed.text("segment");
  if (size === undefined) return { kind: "frame" };
  const mask = (parseBytes(size) ?? 0) - 1;
  if (SEGMENT_MASKS.includes(mask)) return { kind: "segment", mask, guard: GUARD };
  throw new UsageError(`no segment has the size ${escapeControls(size)}`, "64KiB, 128KiB, 256KiB ... 128MiB");
}

export async function verify(parsed: Parsed): Promise<number> {
  const file = onlyFile(parsed);
  if (file === undefined) throw new UsageError("which module?", "cordon verify MODULE.wasm");
  const source = readBytes(file);
  const kernel = newKernel();
  const monitors = monitorsOf(parsed);
  const mode: Mode = { ...confinement(parsed), ...(monitors && { monitors }) };
  let bytes = source;
  if (parsed.has("instrument")) {
    const made = await withProgress(`instrumenting ${file}`, async () => makeArtifact(source, mode));
    if (made.kind === "refused")
      return report(parsed, { file, bytes, milliseconds: 0 }, { ...made, kind: "no source module" });
    bytes = made.artifact.bytes;
  }
  const start = performance.now();
  const outcome = kernel.load(bytes, mode);
  const facts = { file, bytes, milliseconds: performance.now() - start };
  const output = parsed.text("output");
  if (output !== undefined && outcome.kind === "returned") writeFileSync(output, bytes);
  if (outcome.kind !== "returned") return report(parsed, facts, verdictOf(outcome));
  const module = decode(bytes, utf8);
  const checks = monitors && checksOf(bytes, module, outcome.value, monitors);
  return report(parsed, facts, { ...summaryOf(outcome.value, module), ...(checks && { checks }) });
}
