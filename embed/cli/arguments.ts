// Words of a command line to options and positionals, with an error that says what to type instead.
import { parseArgs } from "node:util";
import { UsageError } from "./exit.ts";
import { type Command, type CommandName, commandOf, type Option } from "./options.ts";

export interface Parsed {
  readonly command: CommandName;
  readonly positionals: readonly string[];
  /** What follows `--`: the script's own. */
  readonly rest: readonly string[];
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
  has(name: string): boolean;
}

/** Steps from one word to the other (Levenshtein), for "did you mean". */
export function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

/** The nearest of the words, if it is near. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  const ranked = words.map((known) => ({ known, steps: distance(word, known) })).sort((a, b) => a.steps - b.steps);
  const best = ranked[0];
  return best !== undefined && best.steps <= Math.max(1, Math.floor(word.length / 3)) ? best.known : undefined;
}

const CODE_UNKNOWN = "ERR_PARSE_ARGS_UNKNOWN_OPTION";

/** What `parseArgs` says of a value, in the words of somebody who typed it. */
function valueComplaint(message: string): string {
  const option = /--[\w-]+/.exec(message)?.[0] ?? "an option";
  if (message.includes("ambiguous")) return `${option}: a value that begins with "-" is written ${option}=VALUE`;
  if (message.includes("argument missing")) return `${option} needs a value`;
  return message.split("\n")[0] ?? message;
}

function complaint(error: unknown, command: CommandName): UsageError {
  const { code, message } = error as { readonly code?: string; readonly message: string };
  const help = `cordon help ${command}`;
  if (code !== CODE_UNKNOWN) return new UsageError(valueComplaint(message), help);
  const word = /'(-[^']*)'/.exec(message)?.[1] ?? "?";
  const known = Object.keys(commandOf(command).options).map((name) => `--${name}`);
  const near = nearest(word, known);
  const meant = near === undefined ? "" : `; did you mean ${near}?`;
  const own = commandOf(command).takes === undefined ? "arguments of the script go after --" : "arguments come last";
  return new UsageError(`unknown option ${word}${meant}`, `${help}; ${own}`);
}

function optionsOf(table: Readonly<Record<string, Option>>) {
  return Object.fromEntries(
    Object.entries(table).map(([name, { type, short, multiple }]) => [
      name,
      { type, multiple: multiple ?? false, ...(short === undefined ? {} : { short }) },
    ]),
  );
}

/** Where the guest's own words begin: behind so many words that are neither options nor their values. */
function endAfter({ options }: Command, takes: number, words: readonly string[]): number {
  const isValued = (word: string): boolean => {
    const [name] =
      Object.entries(options).find(([long, { short }]) => word === `--${long}` || word === `-${short}`) ?? [];
    return name !== undefined && options[name]?.type === "string";
  };
  let left = takes;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    if (isValued(word)) at++;
    else if (!word.startsWith("-") && --left === 0) return at + 1;
  }
  return words.length;
}

/** The command's own words, and the guest's. */
function split(command: Command, words: readonly string[]): readonly [readonly string[], readonly string[]] {
  if (command.takes !== undefined) {
    const end = endAfter(command, command.takes, words);
    return [words.slice(0, end), words.slice(end)];
  }
  const end = words.indexOf("--");
  return end < 0 ? [words, []] : [words.slice(0, end), words.slice(end + 1)];
}

/** Parses what follows the command's name. */
export function parse(command: CommandName, words: readonly string[]): Parsed {
  const [own, rest] = split(commandOf(command), words);
  try {
    const options = optionsOf(commandOf(command).options);
    const { values, positionals } = parseArgs({ args: [...own], options, allowPositionals: true, strict: true });
    const found = new Map(Object.entries(values));
    const texts = (name: string): readonly string[] => [found.get(name) ?? []].flat().map(String);
    const text = (name: string): string | undefined => texts(name)[0];
    return { command, positionals, rest, text, texts, has: (name) => found.get(name) === true };
  } catch (error) {
    throw complaint(error, command);
  }
}

/** The one file that a command is about. */
export function onlyFile({ command, positionals }: Parsed): string | undefined {
  const [file, extra] = positionals;
  if (extra === undefined) return file;
  throw new UsageError(
    `one file at a time: what is ${JSON.stringify(extra)}?`,
    `cordon ${command} FILE -- ${extra} ...`,
  );
}
