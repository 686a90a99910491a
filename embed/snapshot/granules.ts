// Granules: what differs between two memories, in pieces of 256 bytes.
//
// Invariants
//   N1  Bits decide, not values: words are compared as integers. As floating point, a NaN differs from itself and -0 is 0.
//   N2  What is past the end of the base is compared with zeroes: that is what new pages hold.
//   N3  Runs are in order, apart from each other by at least one granule, and inside the memory.

/** Bytes. Small enough that a guest's few writes stay few, large enough that a run's head is nothing beside it. */
export const GRANULE = 256;
const WORDS = GRANULE / 4;

/** Bytes that replace those at `at`. */
export type Chunk = Readonly<{ at: number; bytes: Uint8Array }>;

/** An aligned memory as words, any other as a copy of them. */
export function wordsOf(memory: Uint8Array): Int32Array {
  if (memory.length % GRANULE !== 0) throw new RangeError("a memory of whole granules");
  const { buffer, byteOffset, length } = memory.byteOffset % 4 === 0 ? memory : memory.slice();
  return new Int32Array(buffer, byteOffset, length / 4);
}

/** Eight words at a time: measured, one comparison per word costs a third more. */
function isSame(a: Int32Array, b: Int32Array, at: number): boolean {
  let same = true;
  for (let i = at; same && i < at + WORDS; i += 8)
    same =
      a[i] === b[i] &&
      a[i + 1] === b[i + 1] &&
      a[i + 2] === b[i + 2] &&
      a[i + 3] === b[i + 3] &&
      a[i + 4] === b[i + 4] &&
      a[i + 5] === b[i + 5] &&
      a[i + 6] === b[i + 6] &&
      a[i + 7] === b[i + 7];
  return same;
}

function isZero(words: Int32Array, at: number): boolean {
  for (let i = at; i < at + WORDS; i++) if (words[i] !== 0) return false;
  return true;
}

/** First granule and number of granules of every run that differs, one after the other: flat, since there are many. */
export function runsOf(base: Uint8Array, now: Uint8Array): number[] {
  const [a, b] = [wordsOf(base), wordsOf(now)];
  const runs: number[] = [];
  const [shared, all] = [Math.min(a.length, b.length) / WORDS, b.length / WORDS];
  let start = -1;
  for (let granule = 0; granule < all; granule++) {
    const at = granule * WORDS;
    const same = granule < shared ? isSame(a, b, at) : isZero(b, at);
    if (!same && start < 0) start = granule;
    if (!same || start < 0) continue;
    runs.push(start, granule - start);
    start = -1;
  }
  if (start >= 0) runs.push(start, all - start);
  return runs;
}

/** What makes `base`, longer by zeroes, into `now`: copies, all in one buffer. */
export function difference(base: Uint8Array, now: Uint8Array): Chunk[] {
  const runs = runsOf(base, now);
  let size = 0;
  for (let i = 1; i < runs.length; i += 2) size += (runs[i] as number) * GRANULE;
  const copy = new Uint8Array(size);
  const chunks: Chunk[] = [];
  for (let i = 0, from = 0; i < runs.length; i += 2) {
    const [at, length] = [(runs[i] as number) * GRANULE, (runs[i + 1] as number) * GRANULE];
    const bytes = copy.subarray(from, from + length);
    bytes.set(now.subarray(at, at + length));
    chunks.push({ at, bytes });
    from += length;
  }
  return chunks;
}

/** Writes the chunks. Throws RangeError, before the first byte is written, for a chunk that is not inside. */
export function apply(memory: Uint8Array, chunks: readonly Chunk[]): void {
  for (const { at, bytes } of chunks)
    if (!Number.isInteger(at) || at < 0 || at > memory.length - bytes.length) throw new RangeError("a chunk outside");
  for (const { at, bytes } of chunks) memory.set(bytes, at);
}

/** Chunks in order, those that touch made one. Throws RangeError where two overlap. */
export function joined(chunks: readonly Chunk[]): Chunk[] {
  const sorted = chunks.filter(({ bytes }) => bytes.length > 0).sort((a, b) => a.at - b.at);
  const groups: Chunk[][] = [];
  let end = -1;
  for (const chunk of sorted) {
    if (chunk.at < end) throw new RangeError("chunks that overlap");
    if (chunk.at === end) groups.at(-1)?.push(chunk);
    else groups.push([chunk]);
    end = chunk.at + chunk.bytes.length;
  }
  return groups.map(joinTouching);
}

function joinTouching(group: readonly Chunk[]): Chunk {
  const [first] = group as readonly [Chunk];
  if (group.length === 1) return first;
  const bytes = new Uint8Array(group.reduce((sum, chunk) => sum + chunk.bytes.length, 0));
  for (const chunk of group) bytes.set(chunk.bytes, chunk.at - first.at);
  return { at: first.at, bytes };
}
