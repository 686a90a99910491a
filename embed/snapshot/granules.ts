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

type Words = Int32Array;

function wordsOf(memory: Uint8Array): Words {
  if (memory.length % GRANULE !== 0) throw new RangeError("a memory of whole granules");
  const { buffer, byteOffset, length } = memory.byteOffset % 4 === 0 ? memory : memory.slice();
  return new Int32Array(buffer, byteOffset, length / 4);
}

/** Eight words at a time: measured, one comparison per word costs a third more. */
function isSame(a: Words, b: Words, at: number): boolean {
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

function isZero(words: Words, at: number): boolean {
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

/** A difference in one piece of memory, for those that are many and wait: the number of runs, the runs, their bytes. */
export function pack(base: Uint8Array, now: Uint8Array): Uint8Array<ArrayBuffer> {
  const runs = runsOf(base, now);
  const head = 4 + runs.length * 4;
  let size = head;
  for (let i = 1; i < runs.length; i += 2) size += (runs[i] as number) * GRANULE;
  const packed = new Uint8Array(size);
  const words = new Uint32Array(packed.buffer, 0, head / 4);
  words[0] = runs.length / 2;
  words.set(runs, 1);
  for (let i = 0, to = head; i < runs.length; i += 2) {
    const at = (runs[i] as number) * GRANULE;
    const bytes = now.subarray(at, at + (runs[i + 1] as number) * GRANULE);
    packed.set(bytes, to);
    to += bytes.length;
  }
  return packed;
}

/** The chunks of what `pack` made, as views of it. */
export function unpack(packed: Uint8Array<ArrayBuffer>): Chunk[] {
  const count = new Uint32Array(packed.buffer, 0, 1)[0] as number;
  const runs = new Uint32Array(packed.buffer, 4, count * 2);
  const chunks: Chunk[] = [];
  for (let i = 0, from = 4 + runs.length * 4; i < runs.length; i += 2) {
    const length = (runs[i + 1] as number) * GRANULE;
    chunks.push({ at: (runs[i] as number) * GRANULE, bytes: packed.subarray(from, from + length) });
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
