// Hashes and HMACs, computed by the host's WebCrypto (FIPS 180-4, FIPS 198-1).
//
// Invariants
//   D1  verify and equal take a time that tells nothing of where two values differ: the host compares, and what it
//       compares are HMACs.
//   D2  A secret that may be a key is turned into one here and goes nowhere else.
import { capability } from "../capability.ts";
import type { GrantedOf } from "../contract/index.ts";
import { refuse } from "../refusal.ts";
import { ALGORITHMS, type Algorithm, DIGEST, MOST_DATA } from "./contract.ts";
import { shown } from "./text.ts";
import { hostCrypto, type Key, type Subtle } from "./webcrypto.ts";

declare const TextEncoder: new () => { encode(text: string): Uint8Array };

/** Computations at a time, and bytes that they hold together, unless it is one alone. */
const MOST_AT_ONCE = 64;
const MOST_HELD = 128 * 1024 * 1024;

export type Data = Uint8Array | string;

/** Which secrets may be keys. */
export interface DigestOptions {
  /** What secrets() gave: its placeholders may be keys, where the secret allows `hmac`. */
  readonly secrets?: { keyOf(text: string): string | undefined } | undefined;
}

export interface DigestPlace {
  digest(algorithm: Algorithm, data: Data): Promise<Uint8Array>;
  hmac(algorithm: Algorithm, key: Data, data: Data): Promise<Uint8Array>;
  verifyHmac(algorithm: Algorithm, key: Data, data: Data, code: Uint8Array): Promise<boolean>;
  equal(a: Data, b: Data): Promise<boolean>;
}

function bytesOf(data: Data): Uint8Array {
  if (typeof data === "string" && !data.isWellFormed()) refuse("E_VALUE", "text with half a character has no bytes");
  // A text of UTF-16 units has no fewer bytes than units: what is too long is not encoded first.
  if (data.length > MOST_DATA) refuse("E_TOO_LARGE", `at most ${MOST_DATA} bytes`);
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  return bytes.length <= MOST_DATA ? bytes : refuse("E_TOO_LARGE", `at most ${MOST_DATA} bytes`);
}

function checkAlgorithm(algorithm: Algorithm): Algorithm {
  return ALGORITHMS.includes(algorithm) ? algorithm : refuse("E_VALUE", `an algorithm: ${ALGORITHMS.join(", ")}`);
}

/** A key of no bytes is padded with zeros to a block (RFC 2104 2), as is one zero; WebCrypto takes only the second. */
async function keyOf(subtle: Subtle, hash: Algorithm, bytes: Uint8Array): Promise<Key> {
  const key = bytes.length === 0 ? new Uint8Array(1) : bytes;
  return await subtle.importKey("raw", key, { name: "HMAC", hash }, false, ["sign", "verify"]);
}

async function areEqual(subtle: Subtle, a: Uint8Array, b: Uint8Array): Promise<boolean> {
  const key = await keyOf(subtle, "SHA-256", hostCrypto().getRandomValues(new Uint8Array(32)));
  const code = new Uint8Array(await subtle.sign("HMAC", key, a));
  return await subtle.verify("HMAC", key, code, b);
}

/** Not too many at a time; what the host says when it fails is not for the guest. */
function newGuard(): <T>(inputs: readonly Uint8Array[], work: () => Promise<T>) => Promise<T> {
  let [running, held] = [0, 0];
  return async (inputs, work) => {
    const size = inputs.reduce((sum, { length }) => sum + length, 0);
    const isTooMuch = running >= MOST_AT_ONCE || (running > 0 && held + size > MOST_HELD);
    if (isTooMuch) refuse("E_BUSY", "too many computations run already");
    running++;
    held += size;
    try {
      return await work().catch(() => refuse("E_IO", "the host could not compute it"));
    } finally {
      running--;
      held -= size;
    }
  };
}

function subtleOfHost(): Subtle {
  const { subtle } = hostCrypto();
  if (subtle === undefined) throw new TypeError("digest() needs crypto.subtle: in a browser a secure context (https)");
  return subtle;
}

export function digestPlace({ secrets }: DigestOptions = {}, subtle = subtleOfHost()): DigestPlace {
  const guarded = newGuard();
  const keyBytes = (key: Data): Uint8Array => bytesOf(typeof key === "string" ? (secrets?.keyOf(key) ?? key) : key);
  return {
    async digest(algorithm, data) {
      const [name, bytes] = [checkAlgorithm(algorithm), bytesOf(data)];
      return await guarded([bytes], async () => new Uint8Array(await subtle.digest(name, bytes)));
    },
    async hmac(algorithm, key, data) {
      const [name, own, bytes] = [checkAlgorithm(algorithm), keyBytes(key), bytesOf(data)];
      return await guarded([own, bytes], async () => {
        return new Uint8Array(await subtle.sign("HMAC", await keyOf(subtle, name, own), bytes));
      });
    },
    async verifyHmac(algorithm, key, data, code) {
      const [name, own, bytes] = [checkAlgorithm(algorithm), keyBytes(key), bytesOf(data)];
      return await guarded(
        [own, bytes],
        async () => await subtle.verify("HMAC", await keyOf(subtle, name, own), code, bytes),
      );
    },
    async equal(a, b) {
      const [left, right] = [bytesOf(a), bytesOf(b)];
      return await guarded([left, right], async () => await areEqual(subtle, left, right));
    },
  };
}

/** Grants hashes and HMACs. With `secrets`, placeholders of those that allow it can be keys. */
export function digest(options: DigestOptions = {}): GrantedOf<typeof DIGEST> {
  const place = digestPlace(options);
  return capability(DIGEST, {
    ...place,
    digest: async (algorithm, data, output) => shown(await place.digest(algorithm, data), output),
    hmac: async (algorithm, key, data, output) => shown(await place.hmac(algorithm, key, data), output),
  });
}
