// The rows that matter of very many: those that are largest by one of some measures, of all and of each group. In time
// that grows with the rows and no faster, and without a record for each: there may be tens of thousands at every look.

/** One measure of all rows. */
export type Column = Float64Array;

/** The value at `rank`, were they sorted (Hoare's selection). Moves them. */
function valueAt(values: Float64Array, rank: number): number {
  let [low, high] = [0, values.length - 1];
  while (low < high) {
    const pivot = values[(low + high) >> 1] as number;
    let [i, j] = [low, high];
    while (i <= j) {
      while ((values[i] as number) < pivot) i++;
      while ((values[j] as number) > pivot) j--;
      if (i > j) break;
      const swapped = values[i] as number;
      values[i++] = values[j] as number;
      values[j--] = swapped;
    }
    if (rank <= j) high = j;
    else if (rank >= i) low = i;
    else break;
  }
  return values[rank] as number;
}

/** Adds the largest of some rows by one measure; of equal ones the first. */
function addLargest(chosen: Set<number>, column: Column, rows: ArrayLike<number>, count: number): void {
  if (count <= 0 || rows.length === 0) return;
  const values = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) values[i] = column[rows[i] as number] as number;
  const least = rows.length <= count ? Number.NEGATIVE_INFINITY : valueAt(values, rows.length - count);
  let equals = count;
  for (const value of values) if (value > least) equals--;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    const value = column[row] as number;
    if (value > least || (value === least && equals-- > 0)) chosen.add(row);
  }
}

function others(count: number, chosen: ReadonlySet<number>): number[] {
  const rows: number[] = [];
  for (let row = 0; row < count; row++) if (!chosen.has(row)) rows.push(row);
  return rows;
}

/**
 * At most `most` of `count` rows, by their numbers, in order: half of them the largest of all by each measure, so that
 * these are whole whatever groups there are; the other half the largest of each group, so that none goes without while
 * there is room; and for what room is left, the largest by the first measure, which is looked at first.
 */
export function largest(
  count: number,
  most: number,
  columns: readonly Column[],
  groups: readonly (readonly number[])[] = [],
): number[] {
  const all = others(count, new Set());
  if (count <= most) return all;
  const chosen = new Set<number>();
  const half = Math.floor(most / 2);
  for (const column of columns) addLargest(chosen, column, all, Math.floor(half / columns.length));
  const each = Math.floor(half / columns.length / Math.max(groups.length, 1));
  for (const rows of groups) for (const column of columns) addLargest(chosen, column, rows, each);
  addLargest(chosen, columns[0] as Column, others(count, chosen), most - chosen.size);
  return [...chosen].sort((a, b) => a - b);
}

/** The same of rows that are records. */
export const largestOf = <T>(
  rows: readonly T[],
  most: number,
  measures: readonly ((row: T) => number)[],
): readonly T[] =>
  rows.length <= most
    ? rows
    : largest(
        rows.length,
        most,
        measures.map((measure) => Float64Array.from(rows, measure)),
      ).map((row) => rows[row] as T);
