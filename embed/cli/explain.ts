// `cordon explain LOG`: what an audit log says, for people.
import { onlyFile, type Parsed } from "./arguments.ts";
import { exitCode, UsageError } from "./exit.ts";
import { readLines } from "./log/lines.ts";
import { neededIn, unusedIn } from "./log/needed.ts";
import { readRecord } from "./log/record.ts";
import { addLine, type Filter, newSummary, type Summary } from "./log/summary.ts";
import { type Explained, textOf } from "./log/text.ts";
import { painter, stdout, withProgress } from "./terminal.ts";

const filterOf = (parsed: Parsed): Filter => ({
  capability: parsed.texts("capability"),
  call: parsed.texts("call"),
  domain: parsed.texts("domain"),
  run: parsed.texts("run"),
  isRefused: parsed.has("refused"),
});

async function read(path: string, filter: Filter): Promise<Explained> {
  const summary = newSummary();
  const unread = { torn: 0, malformed: 0, tooLong: 0 };
  let read = 0;
  for await (const { text, isTorn } of readLines(path)) {
    const record = text === undefined ? undefined : readRecord(text);
    if (record !== undefined) {
      read++;
      addLine(summary, record, filter);
    } else if (text === undefined) unread.tooLong++;
    else if (isTorn) unread.torn++;
    else if (text.trim() !== "") unread.malformed++;
  }
  if (read === 0) throw new UsageError(`${path}: no audit log: it has no record`, "cordon run FILE --audit LOG");
  return { summary, needed: neededIn(summary), unused: unusedIn(summary), unread };
}

function jsonOf({ summary, needed, unused, unread }: Explained): object {
  const { calls, reasons, runs, records, dropped, beyond } = summary as Summary;
  const shownRuns = [...runs.values()].map(({ used: _used, grants, ...run }) => ({
    ...run,
    grants: [...grants.keys()],
  }));
  const of = (decision: string): object[] => [...reasons.values()].filter((reason) => reason.decision === decision);
  return {
    ...{ records, runs: shownRuns, calls: [...calls.values()], refused: of("refused"), failed: of("failed") },
    ...{ needed, unused, dropped, beyond, unread },
  };
}

export async function explain(parsed: Parsed): Promise<number> {
  const path = onlyFile(parsed);
  if (path === undefined) throw new UsageError("which log? a FILE, or - for standard input", "cordon help explain");
  const explained = await withProgress(`reading ${path}`, async () => await read(path, filterOf(parsed)));
  const screen = stdout();
  screen.write(parsed.has("json") ? `${JSON.stringify(jsonOf(explained))}\n` : textOf(explained, painter(screen)));
  return exitCode("returned");
}
