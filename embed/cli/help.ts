// Help, made from the tables.
import { EXIT } from "./exit.ts";
import { KINDS } from "./grants/kinds.ts";
import { COMMANDS, type CommandName, commandOf, type Option } from "./options.ts";
import type { Paint } from "./terminal.ts";

const columns = (rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n");
};

const optionRow = ([name, { short, value, help }]: [string, Option]): [string, string] => {
  const long = `--${name}${value === undefined ? "" : ` ${value}`}`;
  return [short === undefined ? `    ${long}` : `-${short}, ${long}`, help];
};

/** Commands, or with a prefix the verbs of one. */
const rowsOf = (prefix: string): [string, string][] =>
  Object.entries(COMMANDS)
    .filter(([name]) => name.startsWith(prefix) && !name.slice(prefix.length).includes(" "))
    .map(([name, { summary }]): [string, string] => [name.slice(prefix.length), summary]);

export function overview(paint: Paint): string {
  const rows = rowsOf("");
  return [
    "Cordon runs programs that nobody trusts, with only what you grant them.",
    `${paint("bold", "Usage:")} cordon COMMAND [OPTIONS]\n\n${columns(rows)}`,
    `${paint("bold", "Start here:")}\n  cordon run -e "[1, 2, 3].map((n) => n * n)"`,
    "`cordon help COMMAND` shows its options and examples, `cordon help exit` what the exit codes mean, `cordon help grants` what can be granted.\n",
  ].join("\n\n");
}

export function commandHelp(name: CommandName, paint: Paint): string {
  const { usage, summary, options, examples, notes = [] } = commandOf(name);
  const verbs = rowsOf(`${name} `);
  return [
    `cordon ${name}: ${summary}`,
    `${paint("bold", "Usage:")} cordon ${usage}\n\n${columns(Object.entries(options).map(optionRow))}`,
    ...(verbs.length > 0 ? [`${paint("bold", "Verbs:")}\n${columns(verbs)}`] : []),
    ...(notes.length > 0 ? [notes.join("\n")] : []),
    `${paint("bold", "Examples:")}\n${examples.map((line) => `  ${line}`).join("\n")}\n`,
  ].join("\n\n");
}

const NOTES = `A grant is a global of the guest. Where NAME is a kind, it means that kind; any other name says its kind first.
A list (hosts, variables) may be given in pieces; everything else once. ro:DIR and rw:DIR are short for files.

  cordon run report.js --grant files=ro:./data --grant out=rw:./out
  cordon run report.js --grants grants.json --grant files=ro:./other

A grants file says the same as JSON; embed/cli/grants/grants.schema.json is its schema, and paths in it begin at its own directory:

  { "grants": { "files": { "mode": "ro", "path": "./data" }, "out": { "kind": "files", "mode": "rw", "path": "./out" } } }

What --grant says otherwise than the file is taken, with a note; two files, or two words, that contradict each other are an error.
\`cordon check FILE\` prints what a script seems to need.
`;

/** Every kind of grant, and how it is written. */
export function grantsHelp(paint: Paint): string {
  const rows = Object.entries(KINDS).map(([name, { what, gives }]): [string, string] => [
    `--grant ${name}${what === "" ? "" : `=${what}`}`,
    gives,
  ]);
  return `${paint("bold", "Grants:")}\n\n${columns(rows)}\n\n${NOTES}`;
}

export const exitHelp = (): string =>
  `${columns(Object.values(EXIT).map(({ code, means }): [string, string] => [String(code), means]))}\n`;

/** What is no command. */
export const topics: ReadonlyMap<string, (paint: Paint) => string> = new Map([
  ["", overview],
  ["exit", exitHelp],
  ["grants", grantsHelp],
]);
