// Policy logs on the command line: written by `cordon run --policy-log`, read by `cordon policy explain, replay, learn`.
import { openSync, writeSync } from "node:fs";
import {
  compile,
  type Joined,
  type LoggedTrace,
  type Machine,
  type PolicyOptions,
  policyRecorder,
  readPolicyLog,
  type Vocabulary,
} from "../../../policy-libs/index.ts";
import { UsageError } from "../exit.ts";
import { stderr } from "../terminal.ts";
import { showDiagnostics } from "./complaint.ts";
import type { Examined } from "./files.ts";
import { readText } from "./given.ts";

/** Options of a policy that write its log to a file, which is made or emptied now. */
export function logTo(file: string, trace: string): Pick<PolicyOptions, "onDecided" | "onHappened"> {
  let fd: number;
  try {
    fd = openSync(file, "w");
  } catch (error) {
    throw new UsageError(`--policy-log ${file}: ${(error as Error).message}`);
  }
  return policyRecorder((line) => void writeSync(fd, line), { trace });
}

export function tracesOf(file: string, vocabulary: Vocabulary): readonly LoggedTrace[] {
  const read = readPolicyLog(readText(file), vocabulary);
  if (read.kind === "log") return read.traces;
  const { line, message } = read.problem;
  throw new UsageError(`${file}:${line}: ${message}`, "cordon run GUEST --policy P.policy --policy-log FILE");
}

/** What a file enforces; what is wrong with it is shown. */
export function enforcedIn({ name, loaded, diagnostics, texts }: Examined): Joined {
  if (loaded?.entry !== undefined) return loaded.entry;
  showDiagnostics(diagnostics, texts, stderr());
  throw new UsageError(`${name} has no policy that could be enforced`, `cordon policy check ${name}`);
}

/** It remembers which events are behind its answers. */
export const tracedIn = (examined: Examined): Machine => compile(enforcedIn(examined), { tracing: true });
