// Interleaved sampling: in each round every contender is measured once, and each round begins with another one.
// A slow second of a shared machine then falls on all of them, and the ratio within a round is worth something.
import { median } from "./statistics.ts";
import type { Entry } from "./types.ts";

export const ROUNDS = 15;

export interface Entrant {
  readonly who: string;
  /** Takes one sample. */
  sample(): Promise<number> | number;
}

/** One entry from samples, reported by their median. */
export const entryOf = (who: string, samples: readonly number[], note?: string): Entry => ({
  ...{ who, samples, value: median(samples) },
  ...(note === undefined ? {} : { note }),
});

export const notMeasured = (who: string, note: string): Entry => ({ who, samples: [], note });

export const reason = (thrown: unknown): string =>
  (thrown instanceof Error ? thrown.message : String(thrown)).split("\n")[0]!.slice(0, 120);

const TRIES = 2; // a worker of a peer fails now and then

/** A contender that fails again and again leaves its row, not the table. */
async function attempt(entrant: Entrant, samples: number[], failures: Map<string, string>): Promise<void> {
  for (let i = 1; i <= TRIES && !failures.has(entrant.who); i++) {
    try {
      samples.push(await entrant.sample());
      return;
    } catch (thrown) {
      if (i === TRIES) failures.set(entrant.who, `failed: ${reason(thrown)}`);
    }
  }
}

const rotated = <T>(list: readonly T[], by: number): T[] => list.map((_, i) => list[(i + by) % list.length] as T);

/** Samples every entrant in `rounds` rounds after one round that is thrown away. */
export async function paired(entrants: readonly Entrant[], rounds = ROUNDS): Promise<Entry[]> {
  const samples = new Map(entrants.map(({ who }) => [who, [] as number[]]));
  const failures = new Map<string, string>();
  for (const entrant of entrants) await attempt(entrant, [], failures);
  for (let round = 0; round < rounds; round++) {
    for (const entrant of rotated(entrants, round)) await attempt(entrant, samples.get(entrant.who)!, failures);
  }
  return entrants.map(({ who }) =>
    failures.has(who) ? notMeasured(who, failures.get(who)!) : entryOf(who, samples.get(who)!),
  );
}

/** Milliseconds of `work`. */
export async function timed(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** The shortest of some repetitions: what else the machine does only ever adds. */
async function shortest(times: number, work: () => unknown): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times; i++) best = Math.min(best, await timed(work));
  return best;
}

const REPETITIONS = 3;

/**
 * An entrant whose sample runs `work(n)` with an n that fills `target` milliseconds and gives the milliseconds of one,
 * by the shortest of some repetitions. n is sought once, before the first sample, on warm code.
 */
export function perOperation(who: string, work: (n: number) => unknown, target = 10, most = 1_000_000): Entrant {
  let n = 0;
  return {
    who,
    async sample() {
      if (n === 0) n = await fitting(work, target, most);
      return (await shortest(REPETITIONS, () => work(n))) / n;
    },
  };
}

async function fitting(work: (n: number) => unknown, target: number, most: number): Promise<number> {
  for (let n = 1; ; ) {
    const spent = await shortest(REPETITIONS, () => work(n));
    if (spent >= target / 2 || n >= most) return Math.max(1, Math.min(most, Math.round((n * target) / spent)));
    n = Math.min(most, n * Math.min(10, Math.ceil(target / Math.max(spent, 0.01))));
  }
}

/** As `perOperation` for a contender whose every evaluation begins anew: only what n further operations add counts. */
export function perFurtherOperation(who: string, work: (n: number) => unknown, n: number): Entrant {
  return {
    who,
    async sample() {
      const base = await shortest(REPETITIONS, () => work(1));
      return Math.max(0, ((await shortest(REPETITIONS, () => work(n + 1))) - base) / n);
    },
  };
}

/** `check` runs before the first sample: a figure of a wrong answer is none. */
export function checkedFirst({ who, sample }: Entrant, check: () => Promise<void>): Entrant {
  let checked = false;
  return {
    who,
    async sample() {
      if (!checked) await check();
      checked = true;
      return sample();
    },
  };
}
