// The engine: loaded and verified once, shared by every sandbox of one Cordon.
import { type Artifact, createKernel, type Image, type Kernel, type Mode } from "../kernel/index.ts";
import { fairQueue } from "../policy-libs/index.ts";
import { CordonError } from "./errors.ts";
import { findLater } from "./host.ts";
import { bakeImage, readImage } from "./image.ts";
import { once } from "./once.ts";
import type { SandboxOptions } from "./options.ts";
import { isBytes } from "./plain.ts";
import type { Hiring } from "./pool/pool.ts";
import { ENGINE_SEGMENT, SEGMENT } from "./segments.ts";
import { fingerprintOf } from "./snapshot/hash.ts";

type Bytes = Uint8Array | ArrayBuffer;
/** Gets bytes when they are needed. */
export type BytesSource = () => Bytes | Promise<Bytes>;

/** Where the engine comes from. What differs between Node, browsers and bundlers is this and nothing else. */
export interface CordonPowers {
  /** The instrumented engine, as the build makes it. */
  readonly engine: BytesSource;
  /** The same for segments. Without it they are refused. */
  readonly segmentEngine?: BytesSource;
  /** Its image, if there is one; it is made on first use otherwise. */
  readonly image?: () => Bytes | undefined | Promise<Bytes | undefined>;
  /** The image of an engine that has read the TypeScript stripper. Without it TypeScript is refused. */
  readonly stripper?: BytesSource;
  /** Threads and processes for pools. Without it their isolation is "inline". */
  readonly hiring?: () => Promise<Hiring>;
  /** The parts of RepyV2 runs, as the build bundles them. Without it runRepy is refused. */
  readonly repy?: BytesSource;
  /** Ms in which this thread could have gone on but the machine had others to run: no guest pays for those. */
  readonly stolen?: () => number;
}

/**
 * What keeps a sandbox's memory apart. "frame": a memory of its own. "segment": a place of 4 MiB in a memory of many, by
 * checked addresses. "arena": the same, and one instance of the engine for many: for tens of thousands that live at once.
 * The results are the same.
 */
export type Confinement = "frame" | "segment" | "arena";

export interface Engine {
  readonly kernel: Kernel;
  readonly artifact: Artifact;
  /** One instance serves many. */
  readonly isShared: boolean;
  /** Bytes of memory that one sandbox can have at most. */
  readonly room: number;
  /** The same engine under another confinement. */
  readonly confined: (how: Confinement) => Promise<Engine>;
  readonly image: Image;
  /** Tells this engine, as it begins, from every other. */
  readonly fingerprint: () => Promise<string>;
  /** In frames always: the stripper's image, read on the first TypeScript source. */
  readonly helpers: { readonly artifact: Artifact; readonly stripper: () => Promise<Image> };
}

export const asBytes = (given: Bytes): Uint8Array => (isBytes(given) ? given : new Uint8Array(given));

export const now = (): number => performance.now();
export const later = findLater();

function newKernel({ stolen }: CordonPowers): Kernel {
  const decoder = new TextDecoder();
  return createKernel({ utf8: (bytes) => decoder.decode(bytes), now, later, runQueue: fairQueue({ stolen }) });
}

async function readEngine(powers: CordonPowers, which: "engine" | "segmentEngine"): Promise<Uint8Array> {
  try {
    const source = powers[which];
    if (source === undefined) throw new TypeError(`this Cordon was made without ${which}`);
    return asBytes(await source());
  } catch (cause) {
    throw new CordonError("E_ENGINE", "the engine's bytes could not be read: build it with npm run build", { cause });
  }
}

/** A host that forbids all WebAssembly refuses as if the first byte were wrong, which it is not. */
function adviceFor(bytes: Uint8Array, at: number | undefined): string {
  const isModule = String.fromCharCode(...bytes.subarray(0, 4)) === "\0asm";
  const again = "build it again with npm run build";
  if (at !== 0 || !isModule) return again;
  return `if this page has a Content-Security-Policy, its script-src must allow 'wasm-unsafe-eval'; else ${again}`;
}

function verified(kernel: Kernel, bytes: Uint8Array, mode?: Mode): Artifact {
  const loaded = kernel.load(bytes, mode);
  if (loaded.kind === "returned") return loaded.value;
  const why = "rule" in loaded ? `${loaded.kind}: rule ${loaded.rule} at byte ${loaded.at}` : loaded.kind;
  const advice = adviceFor(bytes, "at" in loaded ? loaded.at : undefined);
  throw new CordonError("E_ENGINE", `the engine was refused (${why}): ${advice}`);
}

/** Powers that are none fail with the engine, which says so. */
async function imageFile(powers: CordonPowers): Promise<Bytes | undefined> {
  const { image } = Object(powers) as CordonPowers;
  return image?.();
}

async function load(powers: CordonPowers): Promise<Engine> {
  // Over a network, at once.
  const [bytes, file] = await Promise.all([readEngine(powers, "engine"), imageFile(powers)]);
  const kernel = newKernel(powers);
  const artifact = verified(kernel, bytes);
  const image = file === undefined ? await bakeImage(kernel, artifact) : readImage(asBytes(file), bytes);
  const fingerprint = once(() => fingerprintOf(bytes));
  const segments = once(async () => verified(kernel, await readEngine(powers, "segmentEngine"), ENGINE_SEGMENT));
  const confined = async (how: Confinement): Promise<Engine> =>
    how === "frame" ? engine : { ...engine, artifact: await segments(), isShared: how === "arena", room: SEGMENT };
  const helpers = { artifact, stripper: newStripper(powers, bytes) };
  const engine: Engine = { kernel, artifact, isShared: false, room: Infinity, confined, image, fingerprint, helpers };
  return engine;
}

const newStripper = ({ stripper }: CordonPowers, artifact: Uint8Array): (() => Promise<Image>) =>
  once(async () => {
    if (stripper === undefined) throw new CordonError("E_ENGINE", "this Cordon was made without TypeScript");
    return readImage(asBytes(await stripper()), artifact);
  });

/** A function that gives the engine and loads it on its first call. */
export function newEngine(powers: CordonPowers): () => Promise<Engine> {
  return once(() => load(powers));
}

/** The engine under the confinement that a sandbox asks for. */
export const confined = (
  engine: Engine,
  { options }: { readonly options: SandboxOptions },
): Engine | Promise<Engine> => (options.confinement === undefined ? engine : engine.confined(options.confinement));
