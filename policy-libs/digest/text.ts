// Bytes as text: hexadecimal (RFC 4648 8, lower case) and base64 (RFC 4648 4).
import type { Output } from "./contract.ts";

declare const btoa: (binary: string) => string;

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

/** A digest in the form that was asked for: at most 64 bytes. */
export function shown(bytes: Uint8Array, output: Output = "bytes"): Uint8Array | string {
  if (output === "hex") return hex(bytes);
  return output === "base64" ? base64(bytes) : bytes;
}
