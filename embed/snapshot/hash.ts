// Hashes and seals, by the host's WebCrypto: in browsers (secure contexts), Node, Bun and Deno.
import { CordonError } from "../errors.ts";
import { isBytes, show } from "../plain.ts";

/** Bytes of a SHA-256. */
export const FINGERPRINT_BYTES = 32;

/** A page that is no secure context has none. */
function subtle(): SubtleCrypto {
  const found = (globalThis.crypto as Crypto | undefined)?.subtle;
  if (found !== undefined) return found;
  throw new CordonError("E_SNAPSHOT", "this host has no crypto.subtle: open the page over https, or use Node");
}

export const sha256 = async (bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await subtle().digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));

export const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Of a fingerprint. Throws RangeError for what is none. */
export function bytesOfHex(fingerprint: string): Uint8Array<ArrayBuffer> {
  if (!/^[0-9a-f]{64}$/.test(fingerprint)) throw new RangeError("a fingerprint has 64 hexadecimal digits");
  return Uint8Array.from({ length: FINGERPRINT_BYTES }, (_, i) =>
    Number.parseInt(fingerprint.slice(2 * i, 2 * i + 2), 16),
  );
}

/** Tells one engine, template or contract from every other: SHA-256 in hexadecimal digits. */
export const fingerprintOf = async (content: Uint8Array | string): Promise<string> =>
  hexOf(await sha256(typeof content === "string" ? new TextEncoder().encode(content) : content));

export function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  let differs = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) differs |= (a[i] as number) ^ (b[i] ?? 0);
  return differs === 0;
}

const LEAST_KEY = 16; // bytes
const HMAC = { name: "HMAC", hash: "SHA-256" } as const;

/** The embedder's key. Throws CordonError E_OPTION for what is none, or is too short to be secret. */
function checkKey(key: unknown): Uint8Array<ArrayBuffer> {
  if (isBytes(key) && key.length >= LEAST_KEY) return Uint8Array.from(key);
  const given = isBytes(key) ? `${key.length} bytes` : show(key);
  throw new CordonError("E_OPTION", `key is ${given}: pass ${LEAST_KEY} secret bytes or more, in a Uint8Array`);
}

/** HMAC-SHA-256. */
export async function seal(key: unknown, bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const made = await subtle().importKey("raw", checkKey(key), HMAC, false, ["sign"]);
  return new Uint8Array(await subtle().sign("HMAC", made, bytes));
}

/** In a time that tells nothing of the seal. */
export async function isSealed(
  key: unknown,
  sealed: Uint8Array<ArrayBuffer>,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const made = await subtle().importKey("raw", checkKey(key), HMAC, false, ["verify"]);
  return subtle().verify("HMAC", made, sealed, bytes);
}
