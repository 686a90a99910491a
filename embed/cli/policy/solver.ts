// `--solver` and `--solver-time`: who is asked about claims that exploration leaves open, and for how long.
import { policyAnalysis } from "../../../policy-libs/index.ts";
import { parseLimit } from "../../limits.ts";
import type { Parsed } from "../arguments.ts";
import { UsageError } from "../exit.ts";
import type { Asked } from "./findings.ts";
import { checkZ3, newZ3 } from "./z3.ts";

/** Milliseconds. Who needs more than an hour needs another claim. */
const LONGEST = 3_600_000;

function timeOf(text: string): number {
  const wrong = new UsageError(`--solver-time ${text}: no time from 1ms to 1h`, "--solver-time 10s");
  try {
    const time = parseLimit("wall", text);
    if (time >= 1 && time <= LONGEST) return time;
  } catch {
    throw wrong;
  }
  throw wrong;
}

/** Undefined: nobody is asked. It is loaded when it is needed. */
export function solverFor(parsed: Parsed): (Asked & { readonly close: () => void }) | undefined {
  const [name, time] = [parsed.text("solver"), parsed.text("solver-time")];
  if (time !== undefined && name === undefined) throw new UsageError("--solver-time needs --solver", "--solver z3");
  if (name === undefined) return undefined;
  if (name !== "z3") throw new UsageError(`--solver ${name}: there is no such solver`, "--solver z3");
  checkZ3();
  const solver = newZ3();
  const milliseconds = time === undefined ? policyAnalysis.MILLISECONDS : timeOf(time);
  return { solver, milliseconds, close: solver.close };
}
