// Is this a module at all? What the instrumenter is given must be one: of an invalid module it could make a valid one.
import { attempt, decode } from "../kernel/index.ts";

interface Host {
  readonly WebAssembly: { validate(bytes: Uint8Array): boolean };
}
const { WebAssembly } = globalThis as unknown as Host;

/**
 * Looked at by us first: the host's engine takes 16 s for 6 MB of calls of a type with 1,000 parameters, which are beyond
 * the kernel's bounds. What is beyond them is for the toolchain to refuse, which says where.
 */
export function isModule(bytes: Uint8Array, utf8: (bytes: Uint8Array) => string): boolean {
  const read = attempt(() => decode(bytes, utf8));
  return "rule" in read ? read.rule !== "malformed" : WebAssembly.validate(bytes);
}
