// Images: the memory of an engine that has started and has run nothing, so that a sandbox begins there.
//
// An image is what differs from the artifact's own memory at birth, in granules. It can harm its own domain alone: the
// kernel checks its bounds and trusts none of its bytes.
import { type Artifact, type Domain, type Image, type Kernel, PAGE } from "../kernel/index.ts";
import { CordonError } from "./errors.ts";
import { findLater } from "./host.ts";
import { concat, type Input, type Output, viewOf } from "./snapshot/bytes.ts";
import { apply, difference } from "./snapshot/granules.ts";
import { putGuest, takeGuest } from "./snapshot/guest.ts";

const MOST_PAGES = 1_024; // 64 MiB: an engine that has run nothing is far smaller

const fail = (why: string): never => {
  throw new CordonError("E_ENGINE", `the engine's image ${why}: build it again with npm run build`);
};

const later = findLater();

const contents = new WeakMap<Artifact | Image, Uint8Array>();

/** The memory with which a domain begins. */
export function contentOf(artifact: Artifact, image?: Image): Uint8Array {
  const known = contents.get(image ?? artifact);
  if (known !== undefined) return known;
  const content = new Uint8Array((image?.pages ?? artifact.initialPages) * PAGE);
  if (image !== undefined) content.set(contentOf(artifact, image.base));
  apply(content, image?.chunks ?? artifact.data);
  contents.set(image ?? artifact, content);
  return content;
}

/** What an idle domain is beyond `base`, or beyond what its artifact begins with. Undefined while anything goes on. */
export const takeImage = (domain: Domain, artifact: Artifact, base?: Image): Image | undefined =>
  domain.read((memory, globals) => {
    const { memory: size } = domain.usage();
    const chunks = difference(contentOf(artifact, base), memory.subarray(0, size));
    return { base, pages: size / PAGE, chunks, globals: [...globals] };
  });

/** A domain that has answered may have to finish its turn: its slice can have ended just then. */
async function imageOf(domain: Domain, artifact: Artifact): Promise<Image | undefined> {
  for (;;) {
    const made = takeImage(domain, artifact);
    if (made !== undefined || domain.ending() !== undefined) return made;
    await new Promise<void>((resolve) => later(resolve));
  }
}

type Prepare = (domain: Domain) => Promise<unknown>;

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
  const begin = image === undefined ? {} : { image };
  const spawned = kernel.spawn(artifact, { limits: { pages: MOST_PAGES, inFlight: 0 }, ...begin });
  if (spawned.kind !== "returned") return fail(`cannot be made (${spawned.kind})`);
  const domain = spawned.value;
  domain.allow({ fuel: 1e12, calls: 1e6, bytes: 1e9, deadline: Number.POSITIVE_INFINITY });
  await prepare(domain);
  const made = await imageOf(domain, artifact);
  domain.end();
  return made ?? fail("cannot be made");
}

// The file: "CDIM", version, fingerprints of two artifacts, as words of 32 bits, little-endian; then a guest part as in a
// snapshot. The two artifacts are one engine, for frames and for segments: they begin with the same memory. It is the
// package's own and is read in every process before anything runs: no hash is looked at.

const MAGIC = 0x4d494443;
const VERSION = 3;
const HEADER = 16; // bytes

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
export function writeImage({ pages, chunks, globals = [] }: Image, artifact: Uint8Array, twin = artifact): Uint8Array {
  const header = new Uint8Array(HEADER);
  const view = viewOf(header);
  [MAGIC, VERSION, fingerprint(artifact), fingerprint(twin)].forEach((word, i) => {
    view.setUint32(i * 4, word, true);
  });
  const parts: Output = [header];
  putGuest(parts, { pages, chunks, globals });
  return concat(parts);
}

const artifactsOf = (view: DataView): number[] => [8, 12].map((at) => view.getUint32(at, true));

/** The image in a file. Throws CordonError E_ENGINE for a file that is none, or that is of another artifact. */
export function readImage(file: Uint8Array, artifact: Uint8Array): Image {
  const view = viewOf(file);
  if (file.length < HEADER || view.getUint32(0, true) !== MAGIC) fail("is not an image");
  if (view.getUint32(4, true) !== VERSION) fail("is of another version");
  if (!artifactsOf(view).includes(fingerprint(artifact))) fail("is of another engine");
  const input: Input = { bytes: file, at: HEADER, end: file.length, fail: (at, why) => fail(`: byte ${at}: ${why}`) };
  const image = takeGuest(input, MOST_PAGES);
  return input.at === file.length ? image : fail("has bytes left over");
}
