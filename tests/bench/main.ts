// `npm run bench [-- FILTER...] [--json] [--peers]`: what safety costs, and what the peers cost.
// Each group runs in a process of its own. The table goes to standard output, progress to standard error.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { GROUPS } from "./groups/index.ts";
import { machine, machineText } from "./machine.ts";
import { installPeers } from "./peers.ts";
import { table, tally } from "./table.ts";
import type { Group, Line } from "./types.ts";

const TIME_LIMIT = 15 * 60_000; // of one group: a contender that hangs must not take the report with it

const HELP = `npm run bench [-- GROUP... --json]
Groups: ${GROUPS.map(({ name, what }) => `${name} (${what})`).join(", ")}. A beginning of a name is enough.
npm run bench:peers also installs and measures isolated-vm 7 and run 2.`;

const say = (text: string): void => void process.stderr.write(`${text}\n`);

function failedLine(group: Group, why: string): Line {
  const entries = [{ who: "cordon", samples: [], note: why }];
  return { id: `${group.name}.failed`, what: `${group.what}: the group did not finish`, unit: "x", entries };
}

async function runGroup(group: Group, flags: readonly string[]): Promise<Line[]> {
  const options = ["--expose-gc", ...(flags.includes("--peers") ? ["--no-node-snapshot"] : [])];
  const args = [...options, join(import.meta.dirname, "group.ts"), group.name, ...flags];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], timeout: TIME_LIMIT });
  const ended = new Promise<string>((resolve) => child.on("close", (code, signal) => resolve(`${signal ?? code}`)));
  const lines: Line[] = [];
  for await (const text of createInterface(child.stdout)) {
    lines.push(JSON.parse(text));
    say(`  ${lines.at(-1)!.what}`);
  }
  const code = await ended;
  return code === "0" ? lines : [...lines, failedLine(group, `its process ended with ${code}`)];
}

const matching = (filters: readonly string[]): Group[] =>
  GROUPS.filter(({ name }) => filters.length === 0 || filters.some((filter) => name.startsWith(filter)));

function preparePeers(): string[] {
  const problem = installPeers();
  if (problem !== undefined) say(`peers: ${problem}`);
  return ["--peers"];
}

function print(lines: readonly Line[], asJson: boolean): void {
  if (asJson) return console.log(JSON.stringify({ machine: machine(), lines }, null, 1));
  console.log(table(lines));
  const { holds, MISSED, ...rest } = tally(lines);
  console.log(`\n${machineText(machine())}`);
  console.log(`goals: ${holds} hold, ${MISSED} missed; ${rest["NOT MEASURED"]} lines not measured`);
}

async function main(args: readonly string[]): Promise<number> {
  const filters = args.filter((arg) => !arg.startsWith("-"));
  const groups = matching(filters);
  if (args.includes("--help") || groups.length === 0) {
    say(HELP);
    return args.includes("--help") ? 0 : 2;
  }
  const flags = args.includes("--peers") ? preparePeers() : [];
  const lines: Line[] = [];
  for (const [i, group] of groups.entries()) {
    say(`[${i + 1}/${groups.length}] ${group.name}: ${group.what}`);
    lines.push(...(await runGroup(group, flags)));
  }
  print(lines, args.includes("--json"));
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
