// `cordon check`: syntax, imports, and what a script seems to need. Nothing of the script is run.
import { type Granted, isDescribed } from "../../policy-libs/index.ts";
import { analyse } from "./analysis.ts";
import type { Parsed } from "./arguments.ts";
import { commandOf, grantsFileOf, type Need, needsOf } from "./check-needs.ts";
import { exitCode, UsageError } from "./exit.ts";
import { codeFrame, type Position, placeOf } from "./frame.ts";
import { grantsOf } from "./grants/index.ts";
import type { Use } from "./needs.ts";
import { readSource, type Source, textOf } from "./source.ts";
import { escapeControls, type Paint, painter, stderr, stdout, withProgress } from "./terminal.ts";

export interface Problem extends Position {
  readonly message: string;
}

interface Found {
  readonly name: string;
  readonly imports: readonly string[];
  readonly needs: readonly Need[];
  readonly problems: readonly Problem[];
}

/** How many arguments a call takes: "a", "b?", "...c". */
function arity(params: readonly string[]): { readonly least: number; readonly most: number } {
  const isRest = params.some((param) => param.startsWith("..."));
  const least = params.filter((param) => !/^(\.\.\.|[\w$]+\?)/.test(param)).length;
  return { least, most: isRest ? Number.POSITIVE_INFINITY : params.length };
}

function countProblem({ contract }: Granted, { group, call, count }: Use): string | undefined {
  if (count === undefined || !isDescribed(contract)) return undefined;
  const { params = [] } = contract.calls.find(({ name }) => name === call) ?? {};
  const { least, most } = arity(params);
  if (count >= least && count <= most) return undefined;
  return `${group}.${call}(${params.join(", ")}) is called with ${count} argument${count === 1 ? "" : "s"}`;
}

/** What is wrong with one use under these grants, as far as the syntax tells. */
export function useProblem(use: Use, grants: ReadonlyMap<string, Granted>): string | undefined {
  const granted = grants.get(use.group);
  if (granted === undefined) return `${use.group} is not granted`;
  if (use.call === undefined) return undefined;
  const calls = granted.contract.calls.map(({ name }) => name);
  if (!calls.includes(use.call)) return `${use.group} has no call ${use.call}: there are ${calls.join(", ")}`;
  return countProblem(granted, use);
}

async function javascript(source: Source, text: string): Promise<string | Problem> {
  if (source.language !== "ts") return text;
  const { strip } = await import("./typescript.ts");
  try {
    return await strip(text, source.name);
  } catch (error) {
    if (error instanceof UsageError || !(error instanceof Error)) throw error;
    const { message, line, column } = error as Error & Partial<Position>;
    return { message, line: line ?? 1, column };
  }
}

async function examine(name: string, code: string, grants: ReadonlyMap<string, Granted> | undefined): Promise<Found> {
  const analysis = await analyse(code);
  const none = { name, imports: [], needs: [] };
  if (analysis.kind === "gave-up") return { ...none, problems: [{ message: analysis.why, line: 1 }] };
  if (analysis.kind === "syntax") return { ...none, problems: [analysis] };
  const { imports, uses } = analysis;
  const problems = uses.flatMap((use): Problem[] => {
    const message = grants === undefined ? undefined : useProblem(use, grants);
    return message === undefined ? [] : [{ message, ...placeOf(code, use.at) }];
  });
  const specifiers = [...new Set(imports.map(({ specifier }) => specifier ?? "(computed)"))];
  return { name, imports: specifiers, needs: needsOf(uses, code), problems };
}

function needLines({ group, calls, line, grant }: Need): string[] {
  const named = calls.map((call) => `${group}.${call}`).join(", ") || group;
  const suggestion = grant === undefined ? "" : `--grant ${grant.word}`;
  return [
    `  seems to need  ${named}  (line ${line})  ${suggestion}`.trimEnd(),
    ...(grant?.uses ?? []).map((use) => `                 ${use}`),
    ...(grant?.unknown ?? []).map((what) => `    cannot tell  ${what}`),
  ].map(escapeControls);
}

/** Where there is something to grant, how to run it so. */
function commandLines({ name, imports, needs }: Found): string[] {
  if (needs.every(({ grant }) => grant === undefined)) return [];
  const own = needs.filter(({ grant }) => grant === undefined).map(({ group }) => group);
  const others = own.length === 0 ? [] : [`  nothing on a command line gives  ${own.join(", ")}`];
  return [...others, `  try  ${commandOf(name, imports, needs)}`].map(escapeControls);
}

function print(found: Found, text: string, paint: Paint): string {
  const { name, imports, needs, problems } = found;
  const lines: string[] = [];
  for (const { message, line, column } of problems) {
    lines.push(`${name}:${line}${column === undefined ? "" : `:${column}`}: ${paint("red", escapeControls(message))}`);
    lines.push(codeFrame(text, { line, column }, paint).trimEnd());
  }
  if (problems.length === 0) lines.push(`${paint("green", "fine")}  ${name}`);
  if (imports.length > 0) lines.push(`  imports  ${escapeControls(imports.join(", "))}  (--modules DIR)`);
  return `${[...lines, ...needs.flatMap(needLines), ...commandLines(found)].join("\n")}\n`;
}

/** What is beside the grants goes where no file of them gets it. */
function printGrantsFile({ name, needs, problems }: Found): void {
  const notes = [
    ...problems.map(({ message, line }) => `${name}:${line}: ${message}`),
    ...needs.flatMap(({ group, grant }) => (grant?.unknown ?? []).map((what) => `${group}: cannot tell ${what}`)),
    ...needs.flatMap(({ group, grant }) => (grant === undefined ? [`nothing on a command line gives ${group}`] : [])),
  ];
  for (const note of notes) stderr().write(`cordon: ${escapeControls(note)}\n`);
  stdout().write(`${JSON.stringify(grantsFileOf(needs), undefined, 2)}\n`);
}

function show(parsed: Parsed, found: Found, text: string): void {
  const screen = stdout();
  if (parsed.has("grants-file")) return printGrantsFile(found);
  if (!parsed.has("json")) return screen.write(print(found, text, painter(screen)));
  const { name, imports, needs } = found;
  const ready = { command: commandOf(name, imports, needs), ...grantsFileOf(needs) };
  screen.write(`${JSON.stringify({ ...found, ...ready })}\n`);
}

export async function check(parsed: Parsed): Promise<number> {
  const source = readSource(parsed);
  if (source.language === "wasm") throw new UsageError("check reads scripts", `cordon verify ${source.name}`);
  const text = textOf(source);
  const grants = parsed.has("types") ? new Map(Object.entries(await grantsOf(parsed))) : undefined;
  const found = await withProgress(`checking ${source.name}`, async () => {
    const code = await javascript(source, text);
    if (typeof code === "string") return await examine(source.name, code, grants);
    return { name: source.name, imports: [], needs: [], problems: [code] };
  });
  show(parsed, found, text);
  return exitCode(found.problems.length === 0 ? "returned" : "threw");
}
