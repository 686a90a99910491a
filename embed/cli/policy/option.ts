// --policy: the policy that a run is under, by the command line or by a grants file.
//
// Invariants
//   P1  What is asked is answered by whoever sits at the terminal, or as --approve says. Where nobody can be asked the
//       answer is no: a run never waits for an answer that nobody will give.
import { type PolicySource, policy } from "../../../policy-libs/index.ts";
import type { Parsed } from "../arguments.ts";
import { UsageError } from "../exit.ts";
import { grantsFrom } from "../grants/index.ts";
import type { PolicyInFile } from "../grants/policy.ts";
import { stderr } from "../terminal.ts";
import { showDiagnostics } from "./complaint.ts";
import { readPolicy } from "./given.ts";
import { logTo } from "./log.ts";

const WORDS = { parameter: "policy-parameter", import: "policy-import" };
const ANSWERS = ["ask", "yes", "no"] as const;
export type Answer = (typeof ANSWERS)[number];

const note = (text: string): void => stderr().write(`cordon: ${text}\n`);

/** Standard input is somebody's keyboard, and what is asked is seen. */
const isAtTerminal = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true;

/** The guest draws on a terminal that it was granted, and reads its keys: it could ask itself, and answer. */
const hasTerminal = async (parsed: Parsed): Promise<boolean> =>
  (await grantsFrom(parsed)).some(({ kind }) => kind === "terminal");

export async function answerOf(parsed: Parsed): Promise<Answer> {
  const text = parsed.text("approve") ?? "ask";
  const answer = ANSWERS.find((known) => known === text);
  if (answer === undefined) throw new UsageError(`--approve ${text}: ${ANSWERS.join(", ")}`);
  if (answer !== "ask") return answer;
  const isGuests = await hasTerminal(parsed);
  if (isGuests && parsed.text("approve") !== undefined)
    throw new UsageError("--approve ask: the terminal is granted to the guest", "--approve yes, or no");
  return isAtTerminal() && !isGuests ? "ask" : "no";
}

/** Says no, and the first time why. */
function refuser(isSaid: boolean): () => boolean {
  let isTold = isSaid;
  return () => {
    if (!isTold) note("the policy asks, and nobody can be asked here: the answer is no (--approve says otherwise)");
    isTold = true;
    return false;
  };
}

async function fileOf(parsed: Parsed, named: PolicyInFile | undefined): Promise<PolicySource> {
  const [path, other] = parsed.texts("policy");
  if (other !== undefined)
    throw new UsageError("--policy twice: a run is under one file", "a bundle that imports both: `all of a.x, b.y`");
  if (path !== undefined) {
    if (named !== undefined) note(`--policy ${path} is taken instead of ${named.file} of ${named.from}`);
    return readPolicy(parsed, path, WORDS);
  }
  if (named !== undefined) return named.read();
  const alone = [
    "policy-parameter",
    "policy-import",
    "policy-use",
    "policy-log",
    "policy-mode",
    "tenant",
    "approve",
  ].find((word) => parsed.text(word) !== undefined);
  throw new UsageError(`--${alone} without --policy FILE`, "cordon help run");
}

function modeOf(parsed: Parsed): "enforce" | "record" {
  const mode = parsed.text("policy-mode") ?? "enforce";
  if (mode === "enforce" || mode === "record") return mode;
  throw new UsageError(`--policy-mode ${mode}: enforce, or record`);
}

/** What the options and the grants file say, as the sandbox takes it. */
export async function policyOf(parsed: Parsed, named: PolicyInFile | undefined): Promise<PolicySource> {
  const source = await fileOf(parsed, named);
  const answer = await answerOf(parsed);
  const { text, options } = source;
  const { use, tenant } = {
    use: parsed.text("policy-use") ?? options.use,
    tenant: parsed.text("tenant") ?? options.tenant,
  };
  const log = parsed.text("policy-log");
  const texts = new Map([...Object.entries(options.imports ?? {}), [options.file ?? "policy", text]]);
  return policy.text(text, {
    ...options,
    ...{ use, tenant, mode: modeOf(parsed) },
    ...(log === undefined ? {} : logTo(log, parsed.positionals[0] ?? "")),
    onWarning: (warning) => showDiagnostics([warning], texts, stderr()),
    // "ask" is left open: the run is interrupted, its clock rests, and run.ts asks.
    ...(answer === "yes" ? { approve: () => true } : {}),
    ...(answer === "no" ? { approve: refuser(parsed.text("approve") === "no") } : {}),
  });
}
