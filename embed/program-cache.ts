// Artifacts kept between processes, by the hash of everything that they are made of.
//
// Nothing rests on a cache: what it gives goes through the kernel's verifier like anything else, and what is known of
// the program besides is read from the program. The seal tells a damaged or misplaced entry from a good one, which the
// verifier cannot: a flipped constant breaks no rule. It is no signature: whoever can write to the cache can run another
// program in this one's place, with what this one was granted.
import { ignoreResult } from "./output.ts";
import { isBytes } from "./plain.ts";

/** Keeps bytes under keys, which are 64 hexadecimal digits. It may forget, and may fail: then they are made again. */
export interface ArtifactCache {
  get(key: string): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  set(key: string, bytes: Uint8Array): unknown;
}

/** What it takes to name artifacts. */
export interface ArtifactNaming {
  /** Tells one toolchain from another. Undefined: it cannot be told, and no artifact is kept. */
  readonly toolchain: () => string | undefined;
  readonly sha256: (bytes: Uint8Array) => Uint8Array;
}

/** Count it up when what is cached, or how the toolchain is called, means something else. */
const FORMAT = 1;
const SEAL = 32; // bytes

const encoder = new TextEncoder();
const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Everything that the artifact is made of; undefined if that cannot be told. */
export function artifactKey(
  { toolchain, sha256 }: ArtifactNaming,
  program: Uint8Array,
  library: Uint8Array,
  options: object,
): string | undefined {
  const version = toolchain();
  if (version === undefined) return undefined;
  const parts = [FORMAT, version, options, toHex(sha256(library)), toHex(sha256(program))];
  return toHex(sha256(encoder.encode(JSON.stringify(["cordon artifact", ...parts]))));
}

function sealOf({ sha256 }: ArtifactNaming, key: string, artifact: Uint8Array): Uint8Array {
  return sha256(encoder.encode(`${key} ${toHex(sha256(artifact))}`));
}

/** The artifact of an entry, if it is whole and this key's. */
function unsealed(naming: ArtifactNaming, key: string, entry: unknown): Uint8Array | undefined {
  if (!isBytes(entry) || entry.length < SEAL) return undefined;
  const bytes = new Uint8Array(entry); // whoever gave them may change them
  const artifact = bytes.subarray(SEAL);
  const seal = sealOf(naming, key, artifact);
  return seal.every((byte, at) => byte === bytes[at]) ? artifact : undefined;
}

/** What the cache has under the key; undefined too if it fails, or if what it has is damaged. */
export async function readArtifact(
  naming: ArtifactNaming,
  cache: ArtifactCache,
  key: string,
): Promise<Uint8Array | undefined> {
  try {
    return unsealed(naming, key, await cache.get(key));
  } catch {
    return undefined;
  }
}

/** Nobody waits for it, and a failure is the cache's own. */
export function writeArtifact(naming: ArtifactNaming, cache: ArtifactCache, key: string, artifact: Uint8Array): void {
  const entry = new Uint8Array(SEAL + artifact.length);
  entry.set(sealOf(naming, key, artifact));
  entry.set(artifact, SEAL);
  try {
    ignoreResult(cache.set(key, entry));
  } catch {
    // The program runs all the same.
  }
}
