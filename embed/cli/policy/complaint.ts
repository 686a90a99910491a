// What is wrong with a policy, as people and editors read it: one line each, with the place, and on a terminal the line
// of the file with a mark under it.
import { type Diagnostic, type PolicyProblem, renderDiagnostic } from "../../../policy-libs/index.ts";
import { exitCode } from "../exit.ts";
import { codeFrame } from "../frame.ts";
import { escapeControls, painter, type Screen, stderr } from "../terminal.ts";

type Texts = ReadonlyMap<string, string>;

/** Lines shown: who made so many mistakes has made one. */
const MOST = 50;

function lineOf(diagnostic: Diagnostic, texts: Texts, screen: Screen): string {
  const paint = painter(screen);
  const { code, severity, file, line, column } = diagnostic;
  const painted = paint(severity === "error" ? "red" : "yellow", code);
  const text = renderDiagnostic(diagnostic).replace(` ${code} `, () => ` ${painted} `);
  const source = screen.isTerminal ? texts.get(file) : undefined;
  return `${text}\n${source === undefined ? "" : codeFrame(source, { line, column }, paint, 0)}`;
}

/** Writes them; those of one file that is no policy at all have no frame. */
export function showDiagnostics(diagnostics: readonly Diagnostic[], texts: Texts, screen: Screen): void {
  for (const diagnostic of diagnostics.slice(0, MOST)) screen.write(lineOf(diagnostic, texts, screen));
  if (diagnostics.length > MOST) screen.write(`... and ${diagnostics.length - MOST} more\n`);
}

const isProblem = (cause: unknown): cause is PolicyProblem =>
  typeof cause === "object" && cause !== null && Array.isArray((cause as Partial<PolicyProblem>).diagnostics);

/** An error with code E_POLICY. Gives the exit code. */
export function tellPolicy({ message, cause }: Error): number {
  const screen = stderr();
  const { diagnostics, texts }: PolicyProblem = isProblem(cause) ? cause : { diagnostics: [], texts: new Map() };
  showDiagnostics(diagnostics, texts, screen);
  const known = new Set(diagnostics.map(renderDiagnostic));
  const others = message.split("\n").filter((line) => !known.has(line));
  const shown = others.length > 0 ? others : ["nothing was run: the policy must be right first"];
  for (const line of shown) screen.write(`${painter(screen)("red", "cordon:")} ${escapeControls(line)}\n`);
  return exitCode("usage");
}
