// Help, made from the tables.
import { EXIT } from "./exit.ts";
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

export function overview(paint: Paint): string {
  const rows = Object.entries(COMMANDS).map(([name, { summary }]): [string, string] => [name, summary]);
  return [
    "Cordon runs programs that nobody trusts, with only what you grant them.",
    `${paint("bold", "Usage:")} cordon COMMAND [OPTIONS]\n\n${columns(rows)}`,
    `${paint("bold", "Start here:")}\n  cordon run -e "[1, 2, 3].map((n) => n * n)"`,
    "`cordon help COMMAND` shows its options and examples, `cordon help exit` what the exit codes mean.\n",
  ].join("\n\n");
}

export function commandHelp(name: CommandName, paint: Paint): string {
  const { usage, summary, options, examples, notes = [] } = commandOf(name);
  return [
    `cordon ${name}: ${summary}`,
    `${paint("bold", "Usage:")} cordon ${usage}\n\n${columns(Object.entries(options).map(optionRow))}`,
    ...(notes.length > 0 ? [notes.join("\n")] : []),
    `${paint("bold", "Examples:")}\n${examples.map((line) => `  ${line}`).join("\n")}\n`,
  ].join("\n\n");
}

export const exitHelp = (): string =>
  `${columns(Object.values(EXIT).map(({ code, means }): [string, string] => [String(code), means]))}\n`;
