// The files that a `cordon policy` command is about, loaded one by one.
import {
  type Diagnostic,
  type Loaded,
  load,
  type ParameterValue,
  type PolicyProblem,
  type Vocabulary,
} from "../../../policy-libs/index.ts";
import type { Parsed } from "../arguments.ts";
import { UsageError } from "../exit.ts";
import { readPolicy } from "./given.ts";
import { vocabularyFor } from "./vocabulary.ts";

export interface Examined extends PolicyProblem {
  readonly name: string;
  /** Undefined: it has mistakes. */
  readonly loaded: Loaded | undefined;
  /** What --parameter says. */
  readonly parameters: ReadonlyMap<string, ParameterValue>;
}

/** What is typed after the verb; none is a mistake. */
export function filesOf({ positionals, command }: Parsed): readonly string[] {
  if (positionals.length === 0) throw new UsageError("which file?", `cordon help ${command}`);
  return positionals;
}

const WORDS = { parameter: "parameter", import: "import" };

/** An import that cannot be read is a mistake in the file; a file that cannot be read is one of the command line. */
function examine(parsed: Parsed, file: string, vocabulary: Vocabulary): Examined {
  const name = file === "-" ? "stdin" : file;
  try {
    const { text, options } = readPolicy(parsed, file, WORDS);
    const [imports, parameters] = [options.imports ?? {}, options.parameters ?? {}].map(
      (record) => new Map(Object.entries(record)),
    ) as [Map<string, string>, Map<string, ParameterValue>];
    const made = load(text, { file: name, vocabulary, imports, parameters });
    const diagnostics: readonly Diagnostic[] = made.kind === "wrong" ? made.diagnostics : made.warnings;
    const texts = new Map([...imports, [name, text]]);
    return { name, diagnostics, texts, loaded: made.kind === "wrong" ? undefined : made, parameters };
  } catch (error) {
    const { cause } = error as { readonly cause?: PolicyProblem };
    if ((error as { readonly code?: unknown }).code !== "E_POLICY" || cause === undefined) throw error;
    return { name, ...cause, loaded: undefined, parameters: new Map() };
  }
}

/** One file, with what it is given on the command line. */
export const examineOne = examine;

export async function examineAll(parsed: Parsed): Promise<readonly Examined[]> {
  const files = filesOf(parsed);
  const vocabulary = await vocabularyFor(parsed);
  return files.map((file) => examine(parsed, file, vocabulary));
}
