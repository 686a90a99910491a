// A source as text, or why it is none.
import { CordonError } from "./errors.ts";
import { isBytes } from "./plain.ts";
import { type Result, refused } from "./result.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });

/** The source as text, or why there is none. */
export function readSource(source: unknown, most: number): string | Result<never> {
  if (!(typeof source === "string" || isBytes(source))) {
    throw new CordonError("E_OPTION", "source must be text, or a Uint8Array of UTF-8");
  }
  // A character is at least a byte, so a long text need not be encoded to be too long.
  const size =
    typeof source === "string" && source.length <= most ? new TextEncoder().encode(source).length : source.length;
  if (size > most) return refused("limits.source", `a source of ${size} bytes, and the limit is ${most}`);
  if (typeof source === "string") return source;
  try {
    return decoder.decode(source);
  } catch {
    return refused("source", "the source is not UTF-8");
  }
}
