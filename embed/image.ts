// Images: the memory of an engine that has started and has run nothing, so that a sandbox begins there.
//
// An image is what differs from the artifact's own memory at birth, in granules. It can harm its own domain alone: the
// kernel checks its bounds and trusts none of its bytes.
import type { Artifact, Domain, Image, Kernel } from "../kernel/index.ts";
import { CordonError } from "./errors.ts";
import { findLater } from "./host.ts";

const GRANULE = 256; // bytes
const PAGE = 65_536; // bytes
const MOST_PAGES = 1_024; // 64 MiB: an engine that has run nothing is far smaller

const fail = (why: string): never => {
  throw new CordonError("E_ENGINE", `the engine's image ${why}: build it again with npm run build`);
};

const later = findLater();

/** A domain that has answered may have to finish its turn: its slice can have ended just then. */
async function imageOf(domain: Domain): Promise<Image | undefined> {
  for (;;) {
    const made = domain.image();
    if (made !== undefined || domain.ending() !== undefined) return made;
    await new Promise<void>((resolve) => later(resolve));
  }
}

type Prepare = (domain: Domain) => Promise<unknown>;

/** The memory of a new domain after `prepare`. */
async function memoryOf(
  kernel: Kernel,
  artifact: Artifact,
  image: Image | undefined,
  prepare: Prepare,
): Promise<{ pages: number; bytes: Uint8Array }> {
  const begin = image === undefined ? {} : { image };
  const spawned = kernel.spawn(artifact, { limits: { pages: MOST_PAGES, inFlight: 0 }, ...begin });
  if (spawned.kind !== "returned") return fail(`cannot be made (${spawned.kind})`);
  const domain = spawned.value;
  domain.allow({ fuel: 1e12, calls: 1e6, bytes: 1e9, deadline: Number.POSITIVE_INFINITY });
  await prepare(domain);
  const made = await imageOf(domain);
  domain.end();
  const bytes = made?.chunks[0]?.bytes;
  return made === undefined || bytes === undefined ? fail("cannot be made") : { pages: made.pages, bytes };
}

function differs(a: Uint8Array, b: Uint8Array, at: number): boolean {
  for (let i = at; i < at + GRANULE; i++) if ((a[i] ?? 0) !== (b[i] ?? 0)) return true;
  return false;
}

/** Runs of granules in which `after` is not `before`. */
function difference(before: Uint8Array, after: Uint8Array): Image["chunks"][number][] {
  const chunks: Image["chunks"][number][] = [];
  for (let at = 0; at < after.length; at += GRANULE) {
    const start = at;
    while (at < after.length && differs(after, before, at)) at += GRANULE;
    if (at > start) chunks.push({ at: start, bytes: after.slice(start, at) });
  }
  return chunks;
}

/** Starts the engine once and keeps its memory. */
export const bakeImage = (kernel: Kernel, artifact: Artifact): Promise<Image> =>
  continueImage(kernel, artifact, undefined, (domain) => domain.enter("cordon_turn", []));

/** The memory of a domain that begins with `image` and does what `prepare` asks of it. */
export async function continueImage(
  kernel: Kernel,
  artifact: Artifact,
  image: Image | undefined,
  prepare: Prepare,
): Promise<Image> {
  const born = await memoryOf(kernel, artifact, undefined, async () => undefined);
  const ready = await memoryOf(kernel, artifact, image, prepare);
  return { pages: ready.pages, chunks: difference(born.bytes, ready.bytes) };
}

// The file: "CDIM", version, fingerprints of two artifacts, pages, number of runs; then per run its first granule, its
// number of granules and its bytes. Words of 32 bits, little-endian. The two artifacts are one engine, for frames and for
// segments: they begin with the same memory.

const MAGIC = 0x4d494443;
const VERSION = 2;
const HEADER = 24; // bytes

/** Tells one artifact from another. By words: this is done in every process, before any code is warm. */
export function fingerprint(artifact: Uint8Array): number {
  const bytes = artifact.byteOffset % 4 === 0 ? artifact : artifact.slice();
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
  let hash = 0x811c9dc5 ^ bytes.length;
  for (let i = 0; i < words.length; i++) hash = mix(hash, words[i] as number);
  for (let i = words.length * 4; i < bytes.length; i++) hash = mix(hash, bytes[i] as number);
  return hash >>> 0;
}

const mix = (hash: number, word: number): number => {
  const h = Math.imul(hash ^ word, 0x01000193);
  return h ^ (h >>> 15);
};

/** `twin`: the same engine in the other mode, if it begins with this image as well. */
export function writeImage(image: Image, artifact: Uint8Array, twin = artifact): Uint8Array {
  const size = image.chunks.reduce((sum, { bytes }) => sum + 8 + bytes.length, HEADER);
  const file = new Uint8Array(size);
  const view = new DataView(file.buffer);
  const header = [MAGIC, VERSION, fingerprint(artifact), fingerprint(twin), image.pages, image.chunks.length];
  header.forEach((word, i) => {
    view.setUint32(i * 4, word, true);
  });
  let at = HEADER;
  for (const { at: start, bytes } of image.chunks) {
    view.setUint32(at, start / GRANULE, true);
    view.setUint32(at + 4, bytes.length / GRANULE, true);
    file.set(bytes, at + 8);
    at += 8 + bytes.length;
  }
  return file;
}

const artifactsOf = (view: DataView): number[] => [8, 12].map((at) => view.getUint32(at, true));

/** The image in a file. Throws CordonError E_ENGINE for a file that is none, or that is of another artifact. */
export function readImage(file: Uint8Array, artifact: Uint8Array): Image {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < HEADER || view.getUint32(0, true) !== MAGIC) fail("is not an image");
  if (view.getUint32(4, true) !== VERSION) fail("is of another version");
  if (!artifactsOf(view).includes(fingerprint(artifact))) fail("is of another engine");
  const pages = view.getUint32(16, true);
  if (pages > MOST_PAGES) fail("is too large");
  return { pages, chunks: readChunks(file, view, pages * PAGE) };
}

function readChunks(file: Uint8Array, view: DataView, size: number): Image["chunks"][number][] {
  const chunks: Image["chunks"][number][] = [];
  let at = HEADER;
  for (let left = view.getUint32(20, true); left > 0; left--) {
    if (at + 8 > file.length) return fail("is cut off");
    const [start, length] = [view.getUint32(at, true) * GRANULE, view.getUint32(at + 4, true) * GRANULE];
    at += 8;
    if (start + length > size || at + length > file.length) return fail("is cut off");
    chunks.push({ at: start, bytes: file.subarray(at, at + length) });
    at += length;
  }
  return at === file.length ? chunks : fail("has bytes left over");
}
