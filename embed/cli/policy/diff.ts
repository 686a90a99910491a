// `cordon policy diff`: do two files allow the same, and if not, what does one perform that the other does not?
import { type Joined, type PolicyEvent, policyAnalysis } from "../../../policy-libs/index.ts";
import type { Parsed } from "../arguments.ts";
import { exitCode, UsageError } from "../exit.ts";
import { escapeControls, type Paint, painter, stderr, stdout, withProgress } from "../terminal.ts";
import { showDiagnostics } from "./complaint.ts";
import { type Examined, examineAll } from "./files.ts";
import { traceJson, traceLines } from "./trace.ts";

type Verdict = ReturnType<typeof policyAnalysis.narrower>;

interface Side {
  readonly name: string;
  /** Does the other one perform whatever this one does? */
  readonly narrower: Verdict;
}

function entryOf({ name, loaded, diagnostics, texts }: Examined): Joined {
  if (loaded?.entry !== undefined) return loaded.entry;
  showDiagnostics(diagnostics, texts, stderr());
  throw new UsageError(`${name} has no policy that could be enforced`, `cordon policy check ${name}`);
}

function answerOf([a, b]: readonly [Side, Side]): string {
  const verdicts = `${a.narrower.verdict} ${b.narrower.verdict}`;
  if (verdicts === "proved proved") return "the same: whatever one performs, the other performs";
  if (a.narrower.verdict === "proved") return `${a.name} is narrower: whatever it performs, ${b.name} performs`;
  if (b.narrower.verdict === "proved") return `${b.name} is narrower: whatever it performs, ${a.name} performs`;
  return verdicts.includes("refuted") ? "they differ" : "not known";
}

function sideLines({ name, narrower }: Side, other: string): string[] {
  if (narrower.verdict === "proved") return [];
  if (narrower.verdict === "bounded") {
    const { depth, reason } = narrower;
    return [`whether ${other} performs all that ${name} does is not known beyond ${depth} events: ${reason}`];
  }
  const shortest = narrower.isShortest ? ", and no shorter trace shows it" : "";
  return [
    `${name} performs the last of these, ${other} does not or asks for more${shortest}:`,
    ...traceLines(narrower.trace).map((line) => `  ${line}`),
  ];
}

function jsonOf([a, b]: readonly [Side, Side]): object {
  const side = ({ name, narrower }: Side): object => {
    const trace: readonly PolicyEvent[] | undefined = narrower.verdict === "refuted" ? narrower.trace : undefined;
    return { file: name, ...narrower, ...(trace === undefined ? {} : { trace: traceJson(trace) }) };
  };
  return { answer: answerOf([a, b]), narrower: [side(a), side(b)] };
}

function text([a, b]: readonly [Side, Side], paint: Paint): string {
  const lines = [paint("bold", answerOf([a, b])), ...sideLines(a, b.name), ...sideLines(b, a.name)];
  return `${lines.map((line) => (line.startsWith("\x1b") ? line : escapeControls(line))).join("\n")}\n`;
}

export async function diff(parsed: Parsed): Promise<number> {
  if (parsed.positionals.length !== 2)
    throw new UsageError("which two files?", "cordon policy diff OLD.policy NEW.policy");
  const [first, second] = (await examineAll(parsed)) as readonly [Examined, Examined];
  const [a, b] = [entryOf(first), entryOf(second)];
  const sides = await withProgress(
    "comparing",
    async (): Promise<readonly [Side, Side]> => [
      { name: first.name, narrower: policyAnalysis.narrower(a, b) },
      { name: second.name, narrower: policyAnalysis.narrower(b, a) },
    ],
  );
  const screen = stdout();
  screen.write(parsed.has("json") ? `${JSON.stringify(jsonOf(sides))}\n` : text(sides, painter(screen)));
  return exitCode(sides.every(({ narrower }) => narrower.verdict === "proved") ? "returned" : "threw");
}
