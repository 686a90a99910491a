// Bigints as byte strings of their magnitude (RFC 8949 3.4.3), in time linear in their length.
import { MAX_BIGINT_BYTES } from "../kernel/index.ts";
import { TAG } from "../stdlib/abi.ts";
import { putBytes, putHead } from "./writer.ts";

const LIMIT = 1n << BigInt(MAX_BIGINT_BYTES * 8);

/** False, and nothing is written, if it is too large. */
export function encodeBigint(value: bigint): boolean {
  const isNegative = value < 0n;
  const magnitude = isNegative ? -1n - value : value;
  if (magnitude >= LIMIT) return false;
  putHead(0xc0, isNegative ? TAG.NEGATIVE_BIGINT : TAG.BIGINT);
  if (magnitude === 0n) putHead(0x40, 0);
  else putBytes(bytesOf(magnitude.toString(16)));
  return true;
}

function bytesOf(hex: string): Uint8Array {
  const digits = hex.length % 2 === 0 ? hex : `0${hex}`;
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(i * 2, i * 2 + 2), 16);
  return bytes;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function decodeBigint(bytes: Uint8Array, isNegative: boolean): bigint {
  let hex = "0x0";
  for (const byte of bytes) hex += HEX[byte];
  const magnitude = BigInt(hex);
  return isNegative ? -1n - magnitude : magnitude;
}
