// Figures that are parts of one operation: all of them come from the same rounds, so that they add up.
import { entryOf, notMeasured, paired } from "./pairs.ts";
import { median } from "./statistics.ts";
import type { Entry, Field, Line } from "./types.ts";

/** Milliseconds by part. */
export type Parts<Part extends string> = Readonly<Record<Part, number>>;

export interface PartsPlan<Part extends string> {
  readonly group: string;
  readonly figures: readonly { readonly part: Part; readonly what: string }[];
  /** Operations of one sample, and those before the first that counts. */
  readonly count: number;
  readonly warming: number;
}

/** One contender, with its operation. */
export interface Player<Part extends string> {
  readonly who: string;
  readonly once: () => Promise<Parts<Part>>;
}

/** The median of some operations, part by part, so that one collection of garbage does not make a sample. */
async function several<Part extends string>(
  { figures, count }: PartsPlan<Part>,
  once: Player<Part>["once"],
): Promise<Parts<Part>> {
  const all: Parts<Part>[] = [];
  for (let i = 0; i < count; i++) all.push(await once());
  const middle = (part: Part): number => median(all.map((parts) => parts[part]));
  return Object.fromEntries(figures.map(({ part }) => [part, middle(part)])) as Parts<Part>;
}

/** A log has one record more than there are rounds: the first is of the one that is thrown away. */
const column = <Part extends string>(entry: Entry, part: Part, log: readonly Parts<Part>[]): Entry =>
  entry.value === undefined
    ? entry
    : entryOf(
        entry.who,
        log.slice(1).map((parts) => parts[part]),
      );

/** A line for each figure. Rounds are paired by the first of them. */
export async function measureParts<Part extends string>(
  plan: PartsPlan<Part>,
  players: readonly Player<Part>[],
  { missing }: Field,
  emit: (line: Line) => void,
): Promise<void> {
  const { group, figures, warming } = plan;
  for (const { once } of players) for (let i = 0; i < warming; i++) await once();
  const logs = players.map(() => [] as Parts<Part>[]);
  const first = figures[0]?.part as Part;
  const entrants = players.map(({ who, once }, i) => ({
    who,
    async sample() {
      const parts = await several(plan, once);
      logs[i]?.push(parts);
      return parts[first];
    },
  }));
  const entries = await paired(entrants);
  const absent = [...missing].map(([who, why]) => notMeasured(who, why));
  for (const { part, what } of figures) {
    const measured = entries.map((entry, i) => column(entry, part, logs[i] ?? []));
    emit({ id: `${group}.${part}`, what, unit: "ms", entries: [...measured, ...absent] });
  }
}
