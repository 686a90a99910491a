// What policies are checked against: the contracts of --grant and --grants, else of every standard capability under its
// usual name, and those of --contract. Nothing is made of a grant: no directory need be there.
import { type AnyContract, contractFrom, SECRETS, type Vocabulary, vocabularyOf } from "../../../policy-libs/index.ts";
import { DOMAIN } from "../../domain-contract.ts";
import type { Parsed } from "../arguments.ts";
import { UsageError } from "../exit.ts";
import { placeOf } from "../frame.ts";
import { CONTRACTS } from "../grants/contracts.ts";
import { grantsFrom } from "../grants/index.ts";
import { JsonProblem, parseJson } from "../grants/json-text.ts";
import { pairs, readText } from "./given.ts";

const USUAL: ReadonlyMap<string, AnyContract> = new Map([
  ...Object.entries(CONTRACTS),
  ["secrets", SECRETS],
  ["domains", DOMAIN],
]);

/** JSON in which no key stands twice, or a UsageError with the place. */
export function readJson(file: string, text: string): unknown {
  try {
    parseJson(text);
    return JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (error) {
    if (!(error instanceof JsonProblem)) throw error;
    const { line, column } = placeOf(text, error.at);
    throw new UsageError(`${file}:${line}:${column}: not JSON: ${error.message}`);
  }
}

function readContract(file: string): AnyContract {
  const data = readJson(file, readText(file));
  try {
    return contractFrom(data);
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}`);
  }
}

export async function vocabularyFor(parsed: Parsed): Promise<Vocabulary> {
  const grants = await grantsFrom(parsed);
  const granted = new Map<string, AnyContract>(grants.length > 0 ? [] : USUAL);
  for (const { name, kind } of grants) granted.set(name, CONTRACTS[kind]);
  for (const [name, file] of pairs(parsed, "contract")) granted.set(name, readContract(file));
  const { vocabulary, conflicts } = vocabularyOf(granted);
  const [conflict] = conflicts;
  if (conflict !== undefined) throw new UsageError(conflict.message, conflict.advice);
  return vocabulary;
}
