// `cordon check`: syntax, imports, and what a script seems to need. Nothing of the script is run.
import { type Granted, isDescribed } from "../../policy-libs/index.ts";
import { analyse } from "./analysis.ts";
import type { Parsed } from "./arguments.ts";
import { exitCode, UsageError } from "./exit.ts";
import { codeFrame, type Position, placeOf } from "./frame.ts";
import { grantsOf } from "./grants/index.ts";
import type { Use } from "./needs.ts";
import { readSource, type Source, textOf } from "./source.ts";
import { escapeControls, type Paint, painter, stdout, withProgress } from "./terminal.ts";

export interface Problem extends Position {
  readonly message: string;
}

interface Found {
  readonly name: string;
  readonly imports: readonly string[];
  readonly needs: readonly Need[];
  readonly problems: readonly Problem[];
}

/** What a script seems to want under one name. */
export interface Need {
  readonly group: string;
  readonly calls: readonly string[];
  readonly line: number;
}

export function needsOf(uses: readonly Use[], source: string): Need[] {
  return [...new Set(uses.map(({ group }) => group))].map((group) => {
    const of = uses.filter((use) => use.group === group);
    const calls = [...new Set(of.flatMap(({ call }) => call ?? []))].sort();
    return { group, calls, line: placeOf(source, of[0]?.at ?? 0).line };
  });
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

const FILES_READS = new Set(["readText", "readBytes", "list", "stat", "exists"]);

/** The grant that a need looks like. */
const suggestion = ({ group, calls }: Need): string =>
  group === "files" ? `--grant files=${calls.every((call) => FILES_READS.has(call)) ? "ro" : "rw"}:DIR` : "";

function print({ name, imports, needs, problems }: Found, text: string, paint: Paint): string {
  const lines: string[] = [];
  for (const { message, line, column } of problems) {
    lines.push(`${name}:${line}${column === undefined ? "" : `:${column}`}: ${paint("red", escapeControls(message))}`);
    lines.push(codeFrame(text, { line, column }, paint).trimEnd());
  }
  if (problems.length === 0) lines.push(`${paint("green", "fine")}  ${name}`);
  if (imports.length > 0) lines.push(`  imports  ${escapeControls(imports.join(", "))}  (--modules DIR)`);
  for (const need of needs) {
    const calls = need.calls.map((call) => `${need.group}.${call}`).join(", ") || need.group;
    lines.push(escapeControls(`  seems to need  ${calls}  (line ${need.line})  ${suggestion(need)}`.trimEnd()));
  }
  return `${lines.join("\n")}\n`;
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
  const screen = stdout();
  screen.write(parsed.has("json") ? `${JSON.stringify(found)}\n` : print(found, text, painter(screen)));
  return exitCode(found.problems.length === 0 ? "returned" : "threw");
}
