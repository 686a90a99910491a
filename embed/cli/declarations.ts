// Grants as TypeScript declarations, for the author of a guest.
import { type Granted, isDescribed } from "../../policy-libs/index.ts";
import type { Use } from "./needs.ts";

const indent = (lines: readonly string[]): string => lines.map((line) => `  ${line}`).join("\n");

function linesOf({ contract }: Granted): string[] {
  if (isDescribed(contract)) {
    return contract.calls.flatMap(({ name, params, returns, about }) => [
      `/** ${about} */`,
      `${name}(${params.join(", ")}): ${returns};`,
    ]);
  }
  return contract.calls.map(({ name }) => `${name}(...args: unknown[]): unknown;`);
}

function group(name: string, granted: Granted): string {
  const { contract } = granted;
  const doc = isDescribed(contract) ? `/**\n * Allows ${contract.allows}.\n * Never ${contract.never}.\n */\n` : "";
  return `${doc}declare const ${name}: {\n${indent(linesOf(granted))}\n};`;
}

const HEAD = `// What this guest is given, as \`cordon types\` printed it.

/** The script's arguments: what followed -- on the command line. */
declare const args: readonly string[];`;

const declarationsOf = (granted: readonly Granted[]): string[] => [
  ...new Set(granted.flatMap(({ contract }) => (isDescribed(contract) ? [contract.declarations] : []))),
];

/** A .d.ts of the grants. */
export function declare(grants: Readonly<Record<string, Granted>>): string {
  const groups = Object.entries(grants).map(([name, granted]) => group(name, granted));
  return `${[HEAD, ...declarationsOf(Object.values(grants)), ...groups].join("\n\n")}\n`;
}

/** A draft from what a script seems to use: names and numbers of arguments, all `unknown`. */
export function draft(uses: readonly Use[]): string {
  const groups = [...new Set(uses.map(({ group: name }) => name))].map((name) => {
    const of = uses.filter((use) => use.group === name);
    const calls = [...new Set(of.flatMap(({ call }) => call ?? []))].sort();
    if (calls.length === 0) return `declare const ${name}: unknown;`;
    const lines = calls.map((call) => {
      const most = Math.max(0, ...of.filter((use) => use.call === call).map(({ count }) => count ?? 0));
      const params = Array.from({ length: most }, (_, at) => `arg${at + 1}: unknown`);
      return `${/^[A-Za-z_$][\w$]*$/.test(call) ? call : JSON.stringify(call)}(${params.join(", ")}): Promise<unknown>;`;
    });
    return `declare const ${name}: {\n${indent(lines)}\n};`;
  });
  return `${[HEAD, ...groups].join("\n\n")}\n`;
}
