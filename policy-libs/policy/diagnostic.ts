// What is wrong with a policy: a stable code, where, what, and what to do. One shape for every part of the language.
import { visible } from "./characters.ts";
import type { FilePlace } from "./lines.ts";
import type { Span } from "./tree.ts";

export type Severity = "error" | "warning";

interface Row {
  readonly severity: Severity;
  /** What all diagnostics of this code have in common. */
  readonly is: string;
}

const error = (is: string): Row => ({ severity: "error", is });
const warning = (is: string): Row => ({ severity: "warning", is });

// biome-ignore format: a table
/** Every code there is. A code is never given another meaning. P0 syntax, P1 types, P2 analysis, P3 imports, P4 limits. */
export const CODES = {
  P001: error("a character that has no meaning here"),
  P002: error("a character that cannot be seen"),
  P003: error("a text without its closing quote"),
  P004: error("an unknown escape in a text"),
  P005: error("digits that are no integer from 0 to 2^53-1"),
  P006: error("an unknown unit"),
  P007: error("an address block that is none"),
  P008: error("a name that is none"),
  P010: error("something else must stand here"),
  P011: error("nothing in a file begins like this"),
  P012: error("nothing in these braces begins like this"),
  P013: error("a reserved word as a name"),
  P014: error("an integer with a time's unit, or a time without one"),
  P015: error("a policy that does not say its default"),
  P016: error("half a condition"),
  P017: error("a pattern where only plain calls can stand"),
  P018: error("the file ends too early"),
  P019: error("a number that must be at least 1"),
  P020: error("JSON that is no policy"),
  P101: error("a name given twice"),
  P102: error("something that is made of itself"),
  P103: error("an unknown type"),
  P104: error("an unknown call"),
  P105: error("an unknown name"),
  P106: error("a name that means two things here"),
  P107: error("an unknown argument"),
  P108: error("a value of another type"),
  P109: error("a test that this type does not have"),
  P110: error("a value that there never is"),
  P111: error("a name of something else than stands here"),
  P112: error("a sum in a window without steps"),
  P113: error("a count in a window without a bound"),
  P114: error("an edit that does not fit"),
  P115: error("an argument of the past event meant as the present one's"),
  P116: error("an event that this effect cannot have"),
  P117: warning("a refused result: its effect has happened"),
  P118: error("more than instructions can have"),
  P119: error("a rule about what its policy is not over"),
  P120: error("wrong arguments for a policy"),
  P121: error("a choice between policies of several parties"),
  P122: error("wrong values in a test"),
  P123: warning("a policy that is not enforced"),
  P124: error("two contracts of one name"),
  P201: warning("a rule that never decides"),
  P202: warning("a condition that is always true"),
  P203: warning("a rule that is never reached"),
  P204: warning("a condition that is never true"),
  P301: error("an import that was not handed in"),
  P302: error("files that import each other"),
  P303: error("an import that is not the pinned one"),
  P304: error("a pin that is none"),
  P401: error("a file that is too large"),
  P402: error("too many rules"),
  P403: error("conditions nested too deep"),
  P404: error("a time that is too long"),
  P405: error("too many values"),
  P406: error("too much to remember"),
  P407: error("imports nested too deep"),
  P408: error("a level that is too high"),
  P409: error("conditions too large with lets put in"),
} as const satisfies Readonly<Record<string, Row>>;

export type Code = keyof typeof CODES;

export interface Diagnostic {
  readonly code: Code;
  readonly severity: Severity;
  readonly file: string;
  /** From 1; columns are UTF-16 units (lines.ts). */
  readonly line: number;
  readonly column: number;
  readonly span: Span;
  /** What is wrong; no capital, no full stop. */
  readonly message: string;
  /** What to do: a sentence or more. Empty where the message says it. */
  readonly advice: string;
}

/** `at` is any place in a file: a `Place` of resolved.ts is one. */
export function diagnose(code: Code, at: Omit<FilePlace, "text">, message: string, advice = ""): Diagnostic {
  const { file, line, column, span } = at;
  return Object.freeze({ code, severity: CODES[code].severity, file, line, column, span, message, advice });
}

/** `file:line:column CODE message. advice`, on one line whatever the file holds. */
export function render({ file, line, column, code, message, advice }: Diagnostic): string {
  return visible(`${file}:${line}:${column} ${code} ${advice === "" ? message : `${sentence(message)} ${advice}`}`);
}

const sentence = (message: string): string => (/[.?!:]$/.test(message) ? message : `${message}.`);

/** Names longer than this are not compared: the time to suggest something is bounded. */
const MOST_COMPARED = 64;

/** The candidate that was probably meant, or undefined. The first of equally near ones. */
export function suggest(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length > MOST_COMPARED) return undefined;
  let best: string | undefined;
  let least = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    if (candidate === name || Math.abs(candidate.length - name.length) >= least) continue;
    const steps = distance(name.toLowerCase(), candidate.toLowerCase());
    const isOther = steps >= Math.max(name.length, candidate.length);
    if (steps < least && !isOther) [best, least] = [candidate, steps];
  }
  return best;
}

/** Advice: `Did you mean "net.send"?`, or "" where nothing is near. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const meant = suggest(name, candidates);
  return meant === undefined ? "" : `Did you mean "${meant}"?`;
}

/** Characters to insert, remove, replace or swap with their neighbour. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next.push(cell(a, b, i, j, before, row, next));
    before = row;
    row = next;
  }
  return row[b.length] as number;
}

function cell(a: string, b: string, i: number, j: number, before: number[], row: number[], next: number[]): number {
  const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
  const least = Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1);
  const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
  return isSwap ? Math.min(least, (before[j - 2] as number) + 1) : least;
}
