// `cordon policy check`: are the files right, and what do they amount to?
import { boundOf, boundsOf, type Diagnostic, type Loaded } from "../../../policy-libs/index.ts";
import type { Parsed } from "../arguments.ts";
import { exitCode } from "../exit.ts";
import { escapeControls, type Paint, painter, type Screen, stdout, withProgress } from "../terminal.ts";
import { showDiagnostics } from "./complaint.ts";
import { type Examined, examineAll } from "./files.ts";
import { type Asked, type Claim, claimsOf, type Found, findingsOf } from "./findings.ts";
import { solverFor } from "./solver.ts";
import { traceJson, traceLines } from "./trace.ts";

interface Facts {
  readonly policies: readonly string[];
  readonly bundles: readonly string[];
  readonly tests: number;
  readonly claims: number;
  /** What is remembered at most, in bits, by whose it is: of all that is enforced, or of each bundle one could choose. */
  readonly bits: Readonly<Record<string, number>>;
  readonly bundleBits: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

const bundleBits = (loaded: Loaded): Facts["bundleBits"] =>
  Object.fromEntries([...boundsOf(loaded).bundles].map(([name, bound]) => [name, Object.fromEntries(bound)]));

function factsOf({ loaded }: Examined): Facts | undefined {
  if (loaded === undefined) return undefined;
  const { policies, bundles, tests, proves, entry } = loaded;
  return {
    ...{ policies: [...policies.keys()], bundles: [...bundles.keys()], tests: tests.length, claims: proves.length },
    bits: entry === undefined ? {} : Object.fromEntries(boundOf(entry)),
    bundleBits: entry !== undefined ? {} : bundleBits(loaded),
  };
}

const counted = (many: number, one: string, more = `${one}s`): string => `${many} ${many === 1 ? one : more}`;

function sizeText(bits: number): string {
  return bits < 64 ? counted(bits, "bit") : `${Math.ceil(bits / 8).toLocaleString("en-US")} bytes`;
}

function memoryText(bits: Facts["bits"]): string {
  const parts = Object.entries(bits).filter(([, size]) => size > 0);
  return parts.map(([scope, size]) => `${sizeText(size)} of each ${scope}`).join(", ") || "nothing";
}

function factsLine({ policies, bundles, tests, claims, bits, bundleBits }: Facts): string {
  const counts = [
    counted(policies.length, "policy", "policies"),
    ...(bundles.length > 0 ? [counted(bundles.length, "bundle")] : []),
    ...(tests > 0 ? [counted(tests, "test")] : []),
    ...(claims > 0 ? [counted(claims, "claim")] : []),
  ];
  const choices = Object.entries(bundleBits);
  const kept = choices.length === 0 ? memoryText(bits) : choices.map(([name, own]) => `${memoryText(own)} in ${name}`);
  return `${counts.join(", ")}; remembers ${[kept].flat().join("; ")}`;
}

interface Manner {
  readonly isStrict: boolean;
  /** Analyses that take long, too. */
  readonly isWanted: boolean;
  readonly asked: Asked | undefined;
}

interface Checked {
  readonly examined: Examined;
  readonly found: Found;
  readonly claims: readonly Claim[];
  readonly diagnostics: readonly Diagnostic[];
  /** Errors, refuted claims, and if strict whatever is strange. */
  readonly mistakes: number;
}

async function checked(examined: Examined, { isStrict, isWanted, asked }: Manner): Promise<Checked> {
  const found = findingsOf(examined, isWanted);
  const claims = await claimsOf(examined, asked);
  const diagnostics = [...examined.diagnostics, ...found.warnings];
  const wrong = diagnostics.filter(({ severity }) => isStrict || severity === "error").length;
  const unproved = claims.filter(({ verdict }) => verdict === "refuted" || (isStrict && verdict === "bounded")).length;
  return { examined, found, claims, diagnostics, mistakes: wrong + unproved };
}

const COLOURS = { proved: "green", refuted: "red", bounded: "yellow" } as const;
const WORDS = { proved: "proved", refuted: "refuted", bounded: "not proved" };

const HINT = "  try: --solver z3, which may tell (`cordon help policy check`)";

function claimLines({ file, line, column, text, verdict, trace, reason, by }: Claim, paint: Paint): string[] {
  const word = by === undefined ? WORDS[verdict] : `${WORDS[verdict]} by ${by}`;
  return [
    `${paint(COLOURS[verdict], word)}  ${escapeControls(`${file}:${line}:${column} ${text}`)}`,
    ...(reason === undefined ? [] : [`  ${escapeControls(reason)}`]),
    ...traceLines(trace).map((step) => `  ${escapeControls(step)}`),
  ];
}

function summary({ examined, mistakes, found }: Checked, paint: Paint): string[] {
  const facts = factsOf(examined);
  const name = escapeControls(examined.name);
  const open = found.open === undefined ? [] : [`  ${found.open}`];
  if (mistakes > 0 || facts === undefined) {
    const isUnknown = examined.diagnostics.some(({ code }) => code === "P104");
    const hint = isUnknown ? ["  try: --contract NAME=FILE.json, if what is called is of your own contract"] : [];
    return [`${paint("red", "wrong")}  ${name}: ${counted(mistakes, "mistake")}`, ...hint];
  }
  return [`${paint("green", "fine")}  ${name}: ${factsLine(facts)}`, ...open];
}

function show(one: Checked, screen: Screen, isAsked: boolean): void {
  const paint = painter(screen);
  showDiagnostics(one.diagnostics, one.examined.texts, screen);
  const hint = !isAsked && one.claims.some(({ isForSolver }) => isForSolver) ? [HINT] : [];
  const lines = [...one.claims.flatMap((claim) => claimLines(claim, paint)), ...hint, ...summary(one, paint)];
  screen.write(`${lines.join("\n")}\n`);
}

function jsonOf({ examined, diagnostics, claims, found, mistakes }: Checked): object {
  const told = claims.map((claim) => ({ ...claim, trace: traceJson(claim.trace) }));
  const { claims: _count, ...facts } = factsOf(examined) ?? {};
  const verdict = mistakes > 0 ? "wrong" : "fine";
  return { file: examined.name, verdict, diagnostics, ...facts, claims: told, open: found.open };
}

async function checkAll(parsed: Parsed, manner: Manner): Promise<number> {
  const files = await examineAll(parsed);
  const screen = stdout();
  const all: Checked[] = [];
  for (const examined of files) {
    const one = await withProgress(`analysing ${examined.name}`, () => checked(examined, manner));
    if (!parsed.has("json")) show(one, screen, manner.asked !== undefined);
    all.push(one);
  }
  if (parsed.has("json")) screen.write(`${JSON.stringify({ files: all.map(jsonOf) })}\n`);
  return exitCode(all.every(({ mistakes }) => mistakes === 0) ? "returned" : "threw");
}

export async function check(parsed: Parsed): Promise<number> {
  const asked = solverFor(parsed);
  try {
    return await checkAll(parsed, { isStrict: parsed.has("strict"), isWanted: parsed.has("analyse"), asked });
  } finally {
    asked?.close();
  }
}
