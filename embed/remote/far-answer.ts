// What a run came to, for the embedder: its value stays the guest's own bytes.
import { makeError } from "../guest-error.ts";
import { asError, type Result } from "../result.ts";
import { decodeValue, encodeValue } from "../values.ts";

/** Of errors that a guest threw: their own bytes. */
const bytesOf = new WeakMap<Error, Uint8Array>();
const NOTHING = new Uint8Array(0);

/** For jobs: a value is not looked at, an error is as far as a run needs it. */
export function decodeAnswer(bytes: Uint8Array, ok: boolean): unknown {
  if (ok) return bytes.slice();
  const error = asError(decodeValue(bytes));
  bytesOf.set(error, bytes.slice());
  return error;
}

/** The message with another source in its place. */
export const newReplace =
  (message: Uint8Array) =>
  (source: string): Uint8Array =>
    encodeValue({ ...(decodeValue(message) as object), source }, "").slice();

/** What the stripper of TypeScript found: no error of the guest's, so there are no bytes of it. */
const KEYS = ["name", "message", "stack", "fileName", "line", "column", "code"] as const;
function partsOf(error: Error): Readonly<Record<string, unknown>> {
  const parts = error as unknown as Readonly<Record<string, unknown>>;
  const isData = (value: unknown): boolean => typeof value === "string" || typeof value === "number";
  return Object.fromEntries(KEYS.filter((key) => isData(parts[key])).map((key) => [key, parts[key]]));
}

/** The error that such parts are of. */
export function errorFrom(parts: Readonly<Record<string, unknown>>): Error {
  const known = KEYS.filter((key) => ["string", "number"].includes(typeof parts[key])).map((key) => [key, parts[key]]);
  return Object.assign(makeError(), Object.fromEntries(known));
}

type Fields = Readonly<Record<string, unknown>>;

function detailOf(result: Result): Fields {
  switch (result.status) {
    case "refused":
      return { by: result.by, why: result.why };
    case "exhausted":
      return { resource: result.resource };
    case "trapped":
      return { reason: result.reason };
    case "interrupted":
      return { question: result.question };
    case "threw":
      return bytesOf.has(result.error) ? {} : { error: partsOf(result.error) };
    default:
      return {};
  }
}

export function answerOf(result: Result): { readonly fields: Fields; readonly body: Uint8Array } {
  const { status, usage } = result;
  const fields = { status, usage, ...detailOf(result) };
  if (status === "returned") return { fields, body: result.value instanceof Uint8Array ? result.value : NOTHING };
  if (status === "threw") return { fields, body: bytesOf.get(result.error) ?? NOTHING };
  return { fields, body: NOTHING };
}
