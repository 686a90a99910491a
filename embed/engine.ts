// The engine: loaded and verified once, shared by every sandbox of one Cordon.
import { type Artifact, createKernel, type Image, type Kernel } from "../kernel/index.ts";
import { CordonError } from "./errors.ts";
import { findLater } from "./host.ts";
import { bakeImage, readImage } from "./image.ts";
import { isBytes } from "./plain.ts";
import type { Hiring } from "./pool/pool.ts";

type Bytes = Uint8Array | ArrayBuffer;
/** Gets bytes when they are needed. */
export type BytesSource = () => Bytes | Promise<Bytes>;

/** Where the engine comes from. What differs between Node, browsers and bundlers is this and nothing else. */
export interface CordonPowers {
  /** The instrumented engine, as the build makes it. */
  readonly engine: BytesSource;
  /** Its image, if there is one; it is made on first use otherwise. */
  readonly image?: () => Bytes | undefined | Promise<Bytes | undefined>;
  /** The image of an engine that has read the TypeScript stripper. Without it TypeScript is refused. */
  readonly stripper?: BytesSource;
  /** Threads and processes for pools. Without it their isolation is "inline". */
  readonly hiring?: () => Promise<Hiring>;
  /** The parts of RepyV2 runs, as the build bundles them. Without it runRepy is refused. */
  readonly repy?: BytesSource;
}

export interface Engine {
  readonly kernel: Kernel;
  readonly artifact: Artifact;
  readonly image: Image;
  /** The stripper's image, read on the first TypeScript source. */
  readonly stripper: () => Promise<Image>;
}

export const asBytes = (given: Bytes): Uint8Array => (isBytes(given) ? given : new Uint8Array(given));

export const now = (): number => performance.now();
export const later = findLater();

function newKernel(): Kernel {
  const decoder = new TextDecoder();
  return createKernel({ utf8: (bytes) => decoder.decode(bytes), now, later });
}

async function readEngine(powers: CordonPowers): Promise<Uint8Array> {
  try {
    return asBytes(await powers.engine());
  } catch (cause) {
    throw new CordonError("E_ENGINE", "the engine's bytes could not be read: build it with npm run build", { cause });
  }
}

async function load(kernel: Kernel, powers: CordonPowers): Promise<Engine> {
  const bytes = await readEngine(powers);
  const loaded = kernel.load(bytes);
  if (loaded.kind !== "returned") {
    const why = "rule" in loaded ? `${loaded.kind}: rule ${loaded.rule} at byte ${loaded.at}` : loaded.kind;
    throw new CordonError("E_ENGINE", `the engine was refused (${why}): build it again with npm run build`);
  }
  const artifact = loaded.value;
  const file = await powers.image?.();
  const image = file === undefined ? await bakeImage(kernel, artifact) : readImage(asBytes(file), bytes);
  return { kernel, artifact, image, stripper: newStripper(powers, bytes) };
}

function newStripper({ stripper }: CordonPowers, artifact: Uint8Array): () => Promise<Image> {
  let reading: Promise<Image> | undefined;
  const read = async (): Promise<Image> => {
    if (stripper === undefined) throw new CordonError("E_ENGINE", "this Cordon was made without TypeScript");
    return readImage(asBytes(await stripper()), artifact);
  };
  return () => {
    reading ??= read();
    return reading;
  };
}

/** A function that gives the engine and loads it on its first call. A failure is not kept: the next call tries again. */
export function newEngine(powers: CordonPowers): () => Promise<Engine> {
  const kernel = newKernel();
  let loading: Promise<Engine> | undefined;
  return () => {
    loading ??= load(kernel, powers).catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
}
