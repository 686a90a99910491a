// `cordon policy test`: the tests that stand beside policies.
import { runTests, type TestFailure } from "../../../policy-libs/index.ts";
import type { Parsed } from "../arguments.ts";
import { exitCode } from "../exit.ts";
import { codeFrame } from "../frame.ts";
import { escapeControls, painter, type Screen, stdout } from "../terminal.ts";
import { showDiagnostics } from "./complaint.ts";
import { type Examined, examineAll } from "./files.ts";

interface Run {
  readonly examined: Examined;
  readonly failures: readonly TestFailure[];
}

const testsOf = ({ loaded }: Examined) => loaded?.tests ?? [];
const failedOf = ({ failures }: Run): ReadonlySet<string> => new Set(failures.map(({ test }) => test));

const counted = (many: number): string => `${many} test${many === 1 ? "" : "s"}`;

function showFailure({ at, test, expected, came }: TestFailure, { texts }: Examined, screen: Screen): void {
  const paint = painter(screen);
  const { file, line, column } = at;
  const lines = [
    `${file}:${line}:${column} test ${JSON.stringify(test)}`,
    `  step      ${at.text}`,
    `  expected  ${expected}`,
    `  found     ${came}`,
  ];
  screen.write(`${lines.map(escapeControls).join("\n")}\n`);
  const source = screen.isTerminal ? texts.get(file) : undefined;
  if (source !== undefined) screen.write(codeFrame(source, { line, column }, paint, 1));
}

function show(run: Run, screen: Screen): void {
  const { examined, failures } = run;
  const paint = painter(screen);
  const name = escapeControls(examined.name);
  const [all, failed] = [testsOf(examined).length, failedOf(run).size];
  if (examined.loaded === undefined) {
    showDiagnostics(examined.diagnostics, examined.texts, screen);
    return screen.write(`${paint("red", "wrong")}  ${name}: no test was run\n`);
  }
  for (const failure of failures) showFailure(failure, examined, screen);
  if (failed > 0) screen.write(`${paint("red", "failed")}  ${name}: ${failed} of ${counted(all)}\n`);
  else screen.write(`${paint("green", "passed")}  ${name}: ${all === 0 ? "there are no tests" : counted(all)}\n`);
}

function jsonOf({ examined: { name, loaded, diagnostics }, failures }: Run): object {
  if (loaded === undefined) return { file: name, diagnostics };
  const told = failures.map(({ test, at, expected, came }) => ({
    ...{ test, step: at.text, file: at.file, line: at.line, column: at.column, expected, found: came },
  }));
  return { file: name, tests: loaded.tests.map((test) => test.name), failures: told };
}

export async function test(parsed: Parsed): Promise<number> {
  const runs = (await examineAll(parsed)).map((examined): Run => ({ examined, failures: runTests(testsOf(examined)) }));
  const screen = stdout();
  if (parsed.has("json")) screen.write(`${JSON.stringify({ files: runs.map(jsonOf) })}\n`);
  else for (const run of runs) show(run, screen);
  const isFine = runs.every(({ examined, failures }) => examined.loaded !== undefined && failures.length === 0);
  return exitCode(isFine ? "returned" : "threw");
}
