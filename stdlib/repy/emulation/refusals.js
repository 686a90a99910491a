// What refusals of the capabilities below mean in RepyV2's words.
import { errorOf, isRepyError } from "../errors.js";

// biome-ignore format: a table
const MEANINGS = new Map([
  ["E_QUOTA",   "ResourceExhaustedError"],
  ["E_BUSY",    "ResourceExhaustedError"],
  ["E_RATE",    "ResourceExhaustedError"],
  ["E_LIMIT",   "ResourceExhaustedError"],
  ["E_TOO_LARGE", "ResourceExhaustedError"],
  ["E_FULL",    "ResourceExhaustedError"],
  ["E_DENIED",  "ResourceForbiddenError"],
  ["E_REVOKED", "ResourceForbiddenError"],
  ["E_EXPIRED", "ResourceForbiddenError"],
  ["E_READ_ONLY", "ResourceForbiddenError"],
]);

/** `own` are the meanings that hold for the capability at hand: they come first. */
export function translate(error, own = new Map()) {
  if (isRepyError(error)) return error;
  const name = own.get(error?.code) ?? MEANINGS.get(error?.code);
  return name === undefined ? error : errorOf(name, String(error.message));
}

/** Calls down, and answers refusals in RepyV2's words. */
export async function below(own, action) {
  try {
    return await action();
  } catch (error) {
    throw translate(error, own);
  }
}
