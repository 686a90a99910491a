// Sums of whole numbers compared with constants: can these hold together, and of which numbers?
// Variables are taken out one by one (Fourier, Motzkin); what is left has no solution, or one is read off backwards.
//
// Invariants
//   L1  "none" is said only if there is no solution.
//   L2  A solution that is given is one.
// Not promised: that a solution is found. The elimination is exact for fractions, and is checked for whole numbers.

/** The sum of coefficients times variables is at most `most`. */
export interface Inequality {
  readonly of: ReadonlyMap<string, number>;
  readonly most: number;
}

export type Solution = ReadonlyMap<string, number>;

/** Far enough from where sums of numbers are rounded. */
const LARGEST = 2 ** 50;
/** Inequalities in between. More than this is not tried. */
const MAX_INEQUALITIES = 2_000;

function scaled(a: Inequality, by: number, b: Inequality, times: number, without: string): Inequality {
  const of = new Map<string, number>();
  for (const [name, factor] of a.of) if (name !== without) of.set(name, factor * by);
  for (const [name, factor] of b.of) if (name !== without) of.set(name, (of.get(name) ?? 0) + factor * times);
  for (const [name, factor] of of) if (factor === 0) of.delete(name);
  return { of, most: a.most * by + b.most * times };
}

const factorOf = (inequality: Inequality, name: string): number => inequality.of.get(name) ?? 0;

/** Every lower end with every upper end. */
function without(name: string, system: readonly Inequality[]): readonly Inequality[] {
  const upper = system.filter((one) => factorOf(one, name) > 0);
  const lower = system.filter((one) => factorOf(one, name) < 0);
  const rest = system.filter((one) => factorOf(one, name) === 0);
  const made = upper.flatMap((up) =>
    lower.map((low) => scaled(up, -factorOf(low, name), low, factorOf(up, name), name)),
  );
  return [...rest, ...made];
}

const keyOf = (of: Inequality["of"]): string => {
  if (of.size === 1) for (const [name, factor] of of) return `${factor} ${name}`;
  return Array.from(of, ([name, factor]) => `${factor} ${name}`)
    .sort()
    .join("+");
};

/** Of each left-hand side only the tightest. */
function tightest(system: readonly Inequality[]): readonly Inequality[] {
  const by = new Map<string, Inequality>();
  for (const one of system) {
    const key = keyOf(one.of);
    const known = by.get(key);
    if (known === undefined || one.most < known.most) by.set(key, one);
  }
  return [...by.values()];
}

const isFalse = ({ of, most }: Inequality): boolean => of.size === 0 && most < 0;

/** The least whole number between all ends, the other variables being known. */
function fitting(name: string, system: readonly Inequality[], known: ReadonlyMap<string, number>): number | undefined {
  let [least, most] = [-LARGEST, LARGEST];
  for (const one of system) {
    const factor = factorOf(one, name);
    if (factor === 0) continue;
    let rest = one.most;
    for (const [other, times] of one.of) if (other !== name) rest -= times * (known.get(other) ?? 0);
    if (factor > 0) most = Math.min(most, Math.floor(rest / factor));
    else least = Math.max(least, Math.ceil(rest / factor));
  }
  return least <= most ? least : undefined;
}

const isFulfilled = ({ of, most }: Inequality, solution: Solution): boolean =>
  [...of].reduce((sum, [name, factor]) => sum + factor * (solution.get(name) ?? 0), 0) <= most;

export function solve(system: readonly Inequality[]): Solution | "none" | "unknown" {
  const names = [...new Set(system.flatMap((one) => [...one.of.keys()]))];
  const stages: (readonly Inequality[])[] = [];
  let left = tightest(system);
  for (const name of names) {
    stages.push(left);
    left = tightest(without(name, left));
    if (left.length > MAX_INEQUALITIES) return "unknown";
  }
  if (left.some(isFalse)) return "none";
  const solution = new Map<string, number>();
  for (let at = names.length - 1; at >= 0; at--) {
    const name = names[at] as string;
    const value = fitting(name, stages[at] as readonly Inequality[], solution);
    if (value === undefined) return "unknown";
    solution.set(name, value);
  }
  return system.every((one) => isFulfilled(one, solution)) ? solution : "unknown";
}
