// What the analyses find in a file: rules that never decide, conditions that are always true, and the file's claims.
import {
  type Diagnostic,
  type Joined,
  type PolicyEvent,
  policyAnalysis,
  findingsOf as policyFindings,
} from "../../../policy-libs/index.ts";
import type { Examined } from "./files.ts";

type Verdict = policyAnalysis.Verdict;
type RProve = Parameters<typeof policyAnalysis.prove>[0];

/** Files with more rules are analysed when it is asked for: it takes time that grows with the square of them. */
export const MOST_RULES = 20;
/** Of one question. A hundred thousand rules are looked at in a tenth of a second. */
const LIMITS = { work: 200_000, states: 20_000 };

const rulesIn = (joined: Joined): number =>
  joined.kind === "policy" ? joined.rules.length : joined.of.reduce((sum, member) => sum + rulesIn(member), 0);

export interface Found {
  readonly warnings: readonly Diagnostic[];
  /** What could not be found out, or was not tried; undefined: nothing. */
  readonly open: string | undefined;
}

/** `isWanted`: however long it takes. */
export function findingsOf({ loaded }: Examined, isWanted: boolean): Found {
  const entry = loaded?.entry;
  if (loaded === undefined || entry === undefined) return { warnings: [], open: undefined };
  const rules = rulesIn(entry);
  if (rules > MOST_RULES && !isWanted)
    return { warnings: [], open: `not analysed: ${rules} rules take time (--analyse)` };
  const options = isWanted ? {} : { limits: LIMITS };
  const { open } = policyAnalysis.reach(entry, options);
  const [first] = open;
  const left = first === undefined ? undefined : `${open.length} questions about rules stay open: ${first.reason}`;
  return { warnings: policyFindings(loaded, options), open: left };
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
  /** The solver that proved it; undefined: it took none. */
  readonly by: string | undefined;
  /** It is open, and a solver might tell. */
  readonly isForSolver: boolean;
}

/** Who is asked about claims that exploration leaves open, and for how long about each. */
export interface Asked {
  readonly solver: policyAnalysis.Solver;
  readonly milliseconds: number;
}

function claimWith(proved: RProve, made: Verdict): Claim {
  const { file, line, column, text } = proved.at;
  const isBounded = made.verdict === "bounded";
  return {
    ...{ file, line, column, text: text.replaceAll(/\s+/g, " "), verdict: made.verdict },
    trace: made.verdict === "refuted" ? made.trace : [],
    reason: isBounded ? `up to ${made.depth} events nothing speaks against it: ${made.reason}` : undefined,
    by: made.verdict === "proved" ? made.by : undefined,
    isForSolver: isBounded && policyAnalysis.isForSolver(proved),
  };
}

export async function claimsOf({ loaded }: Examined, asked: Asked | undefined): Promise<readonly Claim[]> {
  const claims: Claim[] = [];
  for (const claim of loaded?.proves ?? []) {
    const made =
      asked === undefined ? policyAnalysis.prove(claim) : await policyAnalysis.proveWith(asked.solver, claim, asked);
    claims.push(claimWith(claim, made));
  }
  return claims;
}
