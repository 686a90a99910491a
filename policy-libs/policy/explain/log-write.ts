// Writes a policy log as a policy runs: every decision, and everything that becomes part of the past.
//
// Invariants
//   G1  No more than `maxBytes` are written. What has no room is not written, nor is anything after it: the last line says
//       so, and a reader knows that the past is not all there.
import type { Decided } from "../enforce/types.ts";
import type { Place, PolicyEvent } from "../resolved.ts";
import { cutLine, decisionLine, headerLine, type LoggedRule, pastLine } from "./log-line.ts";

const MOST = 64 * 1024 * 1024; // bytes, of which each is a character

export interface RecorderOptions {
  /** Names the trace in the log. Default: "". */
  readonly trace?: string | undefined;
  /** Default: 64 MiB. */
  readonly maxBytes?: number | undefined;
}

export const placeText = ({ file, line, column }: Place): string => `${file}:${line}:${column}`;

const OBLIGING: Readonly<Record<string, string>> = { asked: "ask", delayed: "delay", changed: "change" };

/** The rule that a verdict comes from; undefined: it is allowed. */
export function loggedRule({ verdict, decision: { refusal, obligations } }: Pick<Decided, "verdict" | "decision">) {
  const found = refusal ?? obligations.find(({ rule }) => rule.effect.kind === OBLIGING[verdict]);
  if (found === undefined) return undefined;
  const { policy, rule } = found;
  const logged: LoggedRule = {
    ...{ party: policy.party, policy: policy.name, rule: rule?.index ?? "nothing allows" },
    at: placeText((rule ?? policy).at),
    because: rule?.because,
  };
  return logged;
}

/** Options of a policy. */
export interface Recorder {
  readonly onDecided: (decided: Decided) => void;
  readonly onHappened: (event: PolicyEvent) => void;
}

/** Options of a policy: `policy.text(text, { ...recorder(write) })`. `write` gets lines with their ends. */
export function recorder(
  write: (line: string) => void,
  { trace = "", maxBytes = MOST }: RecorderOptions = {},
): Recorder {
  let left = maxBytes - cutLine().length;
  let isCut = false;
  const put = (line: string): void => {
    if (isCut) return;
    isCut = line.length > left;
    left -= line.length;
    write(isCut ? cutLine() : line);
  };
  put(headerLine(trace));
  return {
    onDecided: (decided) => {
      const { by } = decided;
      put(decisionLine({ ...decided, by: by === "policy" ? undefined : by, rule: loggedRule(decided) }));
    },
    onHappened: (event) => put(pastLine(event)),
  };
}
