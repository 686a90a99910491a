// What the analyses find in a file: rules that never decide, conditions that are always true, and the file's claims.
import {
  type Diagnostic,
  diagnosePolicy,
  type Joined,
  type PolicyEvent,
  policyAnalysis,
} from "../../../policy-libs/index.ts";
import type { Examined } from "./files.ts";

type Finding = ReturnType<typeof policyAnalysis.reach>["findings"][number];
type Verdict = ReturnType<typeof policyAnalysis.prove>;

/** Files with more rules are analysed when it is asked for: it takes time that grows with the square of them. */
export const MOST_RULES = 20;
/** Of one question. A hundred thousand rules are looked at in a tenth of a second. */
const LIMITS = { work: 200_000, states: 20_000 };

const rulesIn = (joined: Joined): number =>
  joined.kind === "policy" ? joined.rules.length : joined.of.reduce((sum, member) => sum + rulesIn(member), 0);

function diagnosticOf({ kind, rule, cond, instead }: Finding): Diagnostic {
  const [first] = instead;
  if (kind === "always true") return diagnosePolicy("P202", cond?.at ?? rule.at, "this is always true here");
  if (kind === "never matches") return diagnosePolicy("P201", rule.at, "never decides: no event can match it");
  if (kind === "only unknown") {
    return diagnosePolicy("P201", rule.at, "decides only what is not known: nothing makes its condition plainly true");
  }
  if (first === undefined) return diagnosePolicy("P203", rule.at, "never reached: nothing grants what it is about");
  if (first === rule) return diagnosePolicy("P201", rule.at, "never decides: what it refuses is refused without it");
  const { line, file, text } = first.at;
  const where = file === rule.at.file ? `line ${line}` : `${file}:${line}`;
  const message = `never decides: whenever it matches, ${where} decides`;
  return diagnosePolicy("P201", rule.at, message, `It says: ${text.split("\n")[0]}`);
}

export interface Found {
  readonly warnings: readonly Diagnostic[];
  /** What could not be found out, or was not tried; undefined: nothing. */
  readonly open: string | undefined;
}

/** `isWanted`: however long it takes. */
export function findingsOf({ loaded }: Examined, isWanted: boolean): Found {
  const entry = loaded?.entry;
  if (entry === undefined) return { warnings: [], open: undefined };
  const rules = rulesIn(entry);
  if (rules > MOST_RULES && !isWanted)
    return { warnings: [], open: `not analysed: ${rules} rules take time (--analyse)` };
  const { findings, open } = policyAnalysis.reach(entry, isWanted ? {} : { limits: LIMITS });
  const [first] = open;
  const left = first === undefined ? undefined : `${open.length} questions about rules stay open: ${first.reason}`;
  return { warnings: findings.map(diagnosticOf), open: left };
}

export interface Claim {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly text: string;
  readonly verdict: Verdict["verdict"];
  /** Of a refuted one: it ends with the event that must not be. */
  readonly trace: readonly PolicyEvent[];
  /** Why no more can be said. */
  readonly reason: string | undefined;
}

export const claimsOf = ({ loaded }: Examined): readonly Claim[] =>
  (loaded?.proves ?? []).map((claim): Claim => {
    const made = policyAnalysis.prove(claim);
    const { file, line, column, text } = claim.at;
    return {
      ...{ file, line, column, text: text.replaceAll(/\s+/g, " "), verdict: made.verdict },
      trace: made.verdict === "refuted" ? made.trace : [],
      reason:
        made.verdict === "bounded" ? `up to ${made.depth} events nothing speaks against it: ${made.reason}` : undefined,
    };
  });
