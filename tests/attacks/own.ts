// Attacks beyond the catalogue: own/*.js, each with its idea and the expected ending in its first lines, and those that
// are too large or too many to be files.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { generated } from "./generated.ts";
import type { Attack } from "./harness/attempt.ts";
import type { Ending } from "./harness/system.ts";

/**
 * held     returned "held": the guest itself found nothing wrong
 * ended    returned anything, or threw: it has come to its own end
 * threw    threw; with a name behind it, an error of that name
 * stopped  a limit ended it
 * any      whichever: what the host saw is what counts
 */
export type Expectation = "held" | "ended" | "threw" | `threw ${string}` | "stopped" | "any";

export interface OwnAttack extends Attack {
  readonly expect: Expectation;
}

/** Engines are slow on a loaded machine, and none of these is about a short deadline but the endless ones. */
const PATIENT = { wall: 8_000, memory: 64 };
const SHORT = { wall: 250, memory: 64 };
/** Parsing a few megabytes takes seconds; what is not done by then has been metered all the same. */
const PARSING = { wall: process.env["CORDON_DEEP"] === "1" ? 20_000 : 300, memory: 64 };

function expectation(source: string, file: string): Expectation {
  const found = /^\/\/ Expect: (held|ended|threw(?: \w+)?|stopped|any)$/m.exec(source.slice(0, 1_000));
  if (found === null) throw new Error(`${file} does not say what is expected`);
  return found[1] as Expectation;
}

function readOwn(file: string): OwnAttack {
  const source = readFileSync(join(import.meta.dirname, "own", file), "utf8");
  const expect = expectation(source, file);
  const limits = expect === "stopped" || expect === "any" ? SHORT : PATIENT;
  return { id: file.slice(0, -3), file, source, expect, limits };
}

export const own: readonly OwnAttack[] = [
  ...readdirSync(join(import.meta.dirname, "own"))
    .filter((file) => file.endsWith(".js"))
    .sort()
    .map(readOwn),
  ...generated.map((each) => ({ ...each, limits: PARSING, file: `${each.id}.js` })),
];

/** Known holes, each reported. `test.fails` complains once one is closed: then its row goes. */
export const OPEN: Readonly<Record<string, string>> = {
  "call-sites": "CallSite.getFunction() hands out functions of the engine's library (within the guest's own domain)",
};

/** Why an ending is not the expected one, or undefined. */
export function mismatch(ending: Ending, expected: Expectation): string | undefined {
  const got = JSON.stringify(ending);
  if (expected === "any") return undefined;
  if (expected === "ended") return ending.kind === "stopped" ? got : undefined;
  if (expected === "stopped") return ending.kind === "stopped" ? undefined : got;
  if (expected === "held") return ending.kind === "returned" && ending.value === "held" ? undefined : got;
  const name = expected.slice("threw ".length);
  return ending.kind === "threw" && (name === "" || ending.name === name) ? undefined : got;
}
