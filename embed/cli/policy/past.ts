// `cordon policy explain, replay, learn`: what a log tells of a policy.
import { explainLog, learnPolicy, replayPolicyLog } from "../../../policy-libs/index.ts";
import type { Parsed } from "../arguments.ts";
import { exitCode, UsageError } from "../exit.ts";
import { escapeControls, painter, stderr, stdout, withProgress } from "../terminal.ts";
import { explanationJson, explanationLines } from "./explanation.ts";
import { examineOne } from "./files.ts";
import { tracedIn, tracesOf } from "./log.ts";
import { vocabularyFor } from "./vocabulary.ts";

function two({ positionals, command }: Parsed): readonly [policy: string, log: string] {
  const [file, log, other] = positionals;
  if (file === undefined || log === undefined || other !== undefined)
    throw new UsageError("which policy, and which log?", `cordon help ${command}`);
  return [file, log];
}

const written = (lines: readonly string[]): string => `${lines.map((line) => escapeControls(line)).join("\n")}\n`;
const indented = (lines: readonly string[]): string[] => lines.map((line, at) => (at === 0 ? line : `  ${line}`));

/** Every refusal of a log, explained. */
export async function explain(parsed: Parsed): Promise<number> {
  const [file, log] = two(parsed);
  const vocabulary = await vocabularyFor(parsed);
  const machine = tracedIn(examineOne(parsed, file, vocabulary));
  const traces = tracesOf(log, vocabulary);
  const refusals = await withProgress("explaining", async () => explainLog(traces, machine));
  const screen = stdout();
  if (parsed.has("json")) {
    const told = refusals.map(({ explanation, ...where }) => ({ ...where, ...explanationJson(explanation) }));
    screen.write(`${JSON.stringify({ log, refusals: told })}\n`);
    return exitCode("returned");
  }
  if (refusals.length === 0) screen.write("nothing was refused\n");
  for (const { line, explanation } of refusals)
    screen.write(
      written(
        indented([`${log}:${line} ${explanationLines(explanation)[0]}`, ...explanationLines(explanation).slice(1)]),
      ),
    );
  return exitCode("returned");
}

/** A log against another policy: what would have been decided differently. */
export async function replay(parsed: Parsed): Promise<number> {
  const [file, log] = two(parsed);
  const vocabulary = await vocabularyFor(parsed);
  const machine = tracedIn(examineOne(parsed, file, vocabulary));
  const traces = tracesOf(log, vocabulary);
  const { differences, compared, isWhole } = await withProgress("replaying", async () =>
    replayPolicyLog(traces, machine),
  );
  const screen = stdout();
  const paint = painter(screen);
  if (parsed.has("json")) {
    const told = differences.map(({ explanation, explanationBefore: _, event, ...rest }) => ({
      ...rest,
      call: event.op.name,
      ...explanationJson(explanation),
    }));
    screen.write(`${JSON.stringify({ log, compared, isWhole, differences: told })}\n`);
  } else {
    for (const { line, before, now, event, explanation, hypothetical } of differences) {
      const head = `${log}:${line} ${event.op.name} was ${before}, and would be ${now}`;
      const after = hypothetical > 0 ? [`${hypothetical} later decisions are hypothetical, and were not compared`] : [];
      screen.write(written(indented([head, ...explanationLines(explanation).slice(1), ...after])));
    }
    const whole = isWhole ? "" : "; the log is not whole";
    const answer = differences.length === 0 ? paint("green", "the same") : paint("red", `${differences.length} differ`);
    screen.write(`${answer}  ${compared} decisions${whole}\n`);
  }
  return exitCode(differences.length === 0 ? "returned" : "threw");
}

/** A log becomes the least policy that allows it, for somebody to read. */
export async function learn(parsed: Parsed): Promise<number> {
  const [log, other] = parsed.positionals;
  if (log === undefined || other !== undefined) throw new UsageError("which log?", "cordon policy learn LOG");
  const vocabulary = await vocabularyFor(parsed);
  const learned = learnPolicy(tracesOf(log, vocabulary), vocabulary, {
    ...(parsed.text("name") === undefined ? {} : { name: parsed.text("name") }),
    roots: parsed.texts("root"),
  });
  if (learned.kind === "nothing") throw new UsageError(`${log}: ${learned.message}`);
  stdout().write(learned.text);
  stderr().write(`cordon: learned from ${learned.calls} calls; read it before you use it\n`);
  return exitCode("returned");
}
