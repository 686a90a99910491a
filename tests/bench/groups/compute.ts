// Eight programs. Against quickjs-wasi the ratio is the price of fuel, depth and NaN rules: its engine is ours, bare.
// Fuel per millisecond says how well fuel foretells time: its spread over the programs is what a limit is worth.
import { guest, PROGRAMS } from "../guests.ts";
import { checkedFirst, entryOf, notMeasured, paired, perFurtherOperation, perOperation } from "../pairs.ts";
import { geometricMean, median, ratios } from "../statistics.ts";
import type { Box, Contender, Entry, Field, Group, Line } from "../types.ts";

interface Player {
  readonly contender: Contender;
  readonly box: Box;
}

/** Runs a program n times and answers its last result. */
const LOOP = "globalThis.repeat = (name, n) => { let r; for (let i = 0; i < n; i++) r = programs[name](); return r; };";
const SETUP = (): string => `${guest("compute")}\n${LOOP}`;

/** The host's own engine computes what all must find. */
function expectation(program: string): unknown {
  return new Function(`${guest("compute")}\nreturn globalThis.programs.${program}();`)();
}

function entrantOf({ contender: { name, stateless }, box }: Player, program: string, expected: unknown) {
  const work = (n: number): unknown => box.evaluate(`repeat("${program}", ${n})`);
  const entrant = stateless ? perFurtherOperation(name, work, 2) : perOperation(name, work, 15);
  return checkedFirst(entrant, async () => {
    const found = await work(1);
    if (found !== expected) throw new Error(`${program} gave ${found}, not ${expected}`);
  });
}

async function open(field: Field): Promise<Player[]> {
  const chosen = field.contenders.filter(({ name }) => name !== "quickjs-emscripten isolated");
  return Promise.all(chosen.map(async (contender) => ({ contender, box: await contender.open(SETUP()) })));
}

async function measurePrograms(field: Field, emit: (line: Line) => void): Promise<Line[]> {
  const missing = [...field.missing].map(([who, why]) => notMeasured(who, why));
  const players = await open(field);
  const lines: Line[] = [];
  for (const program of PROGRAMS) {
    const expected = expectation(program);
    const entries = await paired(players.map((player) => entrantOf(player, program, expected)));
    const line: Line = { id: `compute.${program}`, what: program, unit: "ms", entries: [...entries, ...missing] };
    lines.push(line);
    emit(line);
  }
  for (const { box } of players) await box.close();
  return lines;
}

/** Cordon's time over each other's, as a geometric mean over the programs. */
function overall(who: string, lines: readonly Line[]): Entry {
  const all = lines.map(({ entries }) => {
    const [ours, theirs] = ["cordon", who].map((name) => entries.find((entry) => entry.who === name)?.samples ?? []);
    return median(ratios(ours!, theirs!));
  });
  const value = geometricMean(all);
  if (Number.isNaN(value)) return notMeasured("cordon", `${who} or a program failed or was not run`);
  return { ...entryOf("cordon", all), value };
}

/** Fuel per millisecond of one program: the fuel of a run is always the same, its time is the median measured. */
async function fuelRate(box: Box, program: string, { entries }: Line): Promise<number> {
  const ms = entries.find(({ who }) => who === "cordon")?.value ?? Number.NaN;
  return ((await box.fuelOf?.(`repeat("${program}", 1)`)) ?? Number.NaN) / ms;
}

function spreadLine(rates: readonly number[]): Line {
  const value = Math.max(...rates) / Math.min(...rates);
  const entry = Number.isNaN(value) ? notMeasured("cordon", "a program failed") : entryOf("cordon", [value]);
  return { id: "compute.fuel.spread", what: "fuel per millisecond: largest / smallest", unit: "x", entries: [entry] };
}

async function measureFuel(field: Field, lines: readonly Line[], emit: (line: Line) => void): Promise<void> {
  const box = await field.cordon?.open(SETUP());
  if (box === undefined) return emit(spreadLine([Number.NaN]));
  const rates: number[] = [];
  for (const [i, program] of PROGRAMS.entries()) {
    const rate = await fuelRate(box, program, lines[i]!);
    rates.push(rate);
    const what = `fuel per millisecond, ${program}`;
    emit({ id: `compute.fuel.${program}`, what, unit: "fuel/ms", entries: [entryOf("cordon", [rate])] });
  }
  await box.close();
  emit(spreadLine(rates));
}

function emitMeans(lines: readonly Line[], emit: (line: Line) => void): void {
  for (const { who } of lines[0]!.entries.filter((entry) => entry.who !== "cordon")) {
    const what = `eight programs against ${who}, geometric mean`;
    emit({ id: `compute.mean.${who}`, what, unit: "x", entries: [overall(who, lines)] });
  }
}

async function measure(field: Field, emit: (line: Line) => void): Promise<void> {
  const lines = await measurePrograms(field, emit);
  emitMeans(lines, emit);
  await measureFuel(field, lines, emit);
}

export const compute: Group = { name: "compute", what: "eight programs", measure };
