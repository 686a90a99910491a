// `cordon policy json`: a policy file as JSON, and back. `cordon policy schema`: the schema of that JSON.
import {
  type Diagnostic,
  fromJson,
  POLICY_SCHEMA,
  type PolicyFile,
  parse,
  print,
  toJson,
} from "../../../policy-libs/index.ts";
import { onlyFile, type Parsed } from "../arguments.ts";
import { exitCode, UsageError } from "../exit.ts";
import { stderr, stdout } from "../terminal.ts";
import { showDiagnostics } from "./complaint.ts";
import { readText } from "./given.ts";
import { readJson } from "./vocabulary.ts";

const pretty = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

type Read = { readonly file: PolicyFile } | { readonly diagnostic: Diagnostic };

/** No policy file begins with a brace or a bracket, and all JSON that could be one does. */
const isJson = (text: string): boolean => /^\s*[{[]/.test(text);

export async function json(parsed: Parsed): Promise<number> {
  const file = onlyFile(parsed);
  if (file === undefined) throw new UsageError("which file?", "cordon help policy json");
  const name = file === "-" ? "stdin" : file;
  const text = readText(file);
  const read: Read = isJson(text) ? fromJson(readJson(name, text), name) : parse(text, name);
  if ("diagnostic" in read) {
    showDiagnostics([read.diagnostic], new Map([[name, text]]), stderr());
    return exitCode("threw");
  }
  stdout().write(isJson(text) ? print(read.file) : pretty(toJson(read.file)));
  return exitCode("returned");
}

export async function schema(): Promise<number> {
  stdout().write(pretty(POLICY_SCHEMA));
  return exitCode("returned");
}
