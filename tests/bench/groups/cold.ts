// The command line in fresh processes: `cordon run` of a hello script against `node -e 0`, and where the time goes.
import { join } from "node:path";
import { nodeOrThrow } from "../children.ts";
import { type Entrant, entryOf, notMeasured, paired, reason } from "../pairs.ts";
import { median } from "../statistics.ts";
import type { Entry, Group, Line } from "../types.ts";

const here = join(import.meta.dirname, "..");
const launcher = join(here, "../../embed/cli/bin.cjs");
const ROUNDS = 15;

const script = (name: string): string => join(here, "guests", name);

function entrant(who: string, args: readonly string[], expected: string): Entrant {
  return {
    who,
    async sample() {
      const { out, ms } = await nodeOrThrow(args);
      if (out !== expected) throw new Error(`${who} wrote ${JSON.stringify(out.slice(0, 40))}`);
      return ms;
    },
  };
}

async function breakdown(file: string): Promise<string> {
  const all: Record<string, number>[] = [];
  for (let round = 0; round < 7; round++) {
    const { error } = await nodeOrThrow([join(here, "children/start.ts"), file]);
    all.push(JSON.parse(error.trim().split("\n").at(-1)!));
  }
  return Object.keys(all[0]!)
    .map((part) => `${part} ${median(all.map((parts) => parts[part]!)).toFixed(1)}`)
    .join(", ");
}

async function breakdownLine(name: string, baseline: Entry | undefined): Promise<Line> {
  const what = `... where the time goes, ${name}`;
  const start = `node start ${baseline?.value?.toFixed(1) ?? "?"}`;
  const entry = await breakdown(script(name)).then(
    (parts) => entryOf("cordon", [0], `${start}, ${parts}`),
    (thrown) => notMeasured("cordon", reason(thrown)),
  );
  return { id: `cold.parts.${name}`, what, unit: "ms", entries: [entry] };
}

async function measure(_field: unknown, emit: (line: Line) => void): Promise<void> {
  const [nothing, javascript, typescript] = await paired(
    [
      entrant("node -e 0", ["-e", "0"], ""),
      entrant("javascript", [launcher, "run", script("hello.js")], "hello\n"),
      entrant("typescript", [launcher, "run", script("hello.ts")], "hello\n"),
    ],
    ROUNDS,
  );
  for (const entry of [javascript!, typescript!]) {
    const what = `cordon run, hello in ${entry.who}, cold process`;
    emit({ id: `cold.${entry.who}`, what, unit: "ms", entries: [{ ...entry, who: "cordon" }, nothing!] });
  }
  for (const name of ["hello.js", "hello.ts"]) emit(await breakdownLine(name, nothing));
}

export const cold: Group = { name: "cold", what: "cold processes of the command line", measure };
