// Policy files as the command line names them, with what they are given: parameters, imports.
import { type ParameterValue, type PolicySource, parse, policy as portable } from "../../../policy-libs/index.ts";
import { policy } from "../../../policy-libs/node/index.ts";
import type { Parsed } from "../arguments.ts";
import { UsageError } from "../exit.ts";
import { readBytes, textOf } from "../source.ts";

/** NAME=WHAT, each name once. `option`: as it was typed. */
export function pairs(parsed: Parsed, option: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const word of parsed.texts(option)) {
    const at = word.indexOf("=");
    if (at <= 0)
      throw new UsageError(`--${option} ${word}: not NAME=${option.endsWith("parameter") ? "VALUE" : "FILE"}`);
    const name = word.slice(0, at);
    if (found.has(name)) throw new UsageError(`--${option} ${word}: ${name} is given twice`);
    found.set(name, word.slice(at + 1));
  }
  return found;
}

/** The text of a file that is named on the command line. */
export function readText(file: string): string {
  return textOf({ name: file === "-" ? "stdin" : file, language: "js", bytes: readBytes(file) });
}

/** A policy file with what it is given. */
export const readFile = policy.file;

/** Values as a policy would write them, units too. */
function valuesIn(text: string): readonly (boolean | number | string)[] | undefined {
  const parsed = parse(`set v = [${text}]`, "");
  const [set, ...others] = "file" in parsed ? parsed.file.items : [];
  return set?.kind === "set" && others.length === 0 ? set.values.map(({ value }) => value) : undefined;
}

function oneValue(type: string, text: string): boolean | number | string | undefined {
  if (type === "bool") return text === "true" ? true : text === "false" ? false : undefined;
  if (type !== "int") return text;
  const [value, ...others] = valuesIn(text) ?? [];
  return typeof value === "number" && others.length === 0 ? value : undefined;
}

interface Declared {
  readonly type: string;
  readonly isList: boolean | undefined;
}

/** As some policy of the file declares it. Whether there is such a parameter at all is for whoever loads the file. */
function declaredIn(text: string, name: string): Declared | undefined {
  const parsed = parse(text, "");
  for (const item of "file" in parsed ? parsed.file.items : []) {
    const parameters = item.kind === "policy" ? item.parameters : [];
    const found = parameters.find(
      (one) => one.name === name || `${"name" in item ? item.name : ""}.${one.name}` === name,
    );
    if (found !== undefined) {
      return { type: found.type, isList: found.value === undefined ? undefined : Array.isArray(found.value) };
    }
  }
  return undefined;
}

function listOf(type: string, text: string): ParameterValue | undefined {
  const inner = /^\s*\[([\s\S]*)\]\s*$/.exec(text)?.[1];
  if (inner !== undefined) return valuesIn(inner);
  const values = text.split(",").map((one) => oneValue(type, one.trim()));
  return values.includes(undefined) ? undefined : (values as (boolean | number | string)[]);
}

const EXAMPLES = new Map([
  ["int", "5 or 10MB"],
  ["bool", "true or false"],
]);

function readParameter(text: string, option: string, name: string, word: string): ParameterValue {
  const declared = declaredIn(text, name);
  if (declared === undefined) return word;
  const { type, isList = word.trimStart().startsWith("[") } = declared;
  const value = isList ? listOf(type, word) : oneValue(type, word);
  if (value !== undefined) return value;
  const like = EXAMPLES.get(type) ?? '["a", "b"]';
  throw new UsageError(`--${option} ${name}=${word}: ${name} is ${isList ? "a list of " : ""}${type}, such as ${like}`);
}

/** Options that say what a file is given: `policy-parameter` for a run, `parameter` for `cordon policy`. */
export interface Words {
  readonly parameter: string;
  readonly import: string;
}

const fromEntries = <T>(entries: ReadonlyMap<string, T>): Readonly<Record<string, T>> => Object.fromEntries(entries);

/** A policy file, or standard input. Throws UsageError, or an error with code E_POLICY, for what cannot be read. */
export function readPolicy(parsed: Parsed, file: string, words: Words): PolicySource {
  const handed = [...pairs(parsed, words.import)].map(([name, path]) => [name, readText(path)] as const);
  const imports = fromEntries(new Map(handed));
  const source =
    file === "-" ? portable.text(readText("-"), { file: "stdin", imports }) : policy.file(file, { imports });
  const given = [...pairs(parsed, words.parameter)].map(
    ([name, word]) => [name, readParameter(source.text, words.parameter, name, word)] as const,
  );
  return portable.text(source.text, { ...source.options, parameters: fromEntries(new Map(given)) });
}
