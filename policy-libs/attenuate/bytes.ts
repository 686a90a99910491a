// Sizes of values in bytes, near to what crosses: UTF-8 of text, 8 for a number, 1 for what is smaller.
//
// Invariants
//   B1  Nothing weighs 0. Work is bounded by the limit that is asked for, and by W1 of values.ts.
//   B2  What is shared counts once, as it crosses once.
import { type Fields, type Kind, someValue } from "./values.ts";

const NUMBER = 8;
/** Errors inside errors of one value. */
const MAX_ERRORS = 100;

export function textSize(text: string): number {
  let size = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // A surrogate is half of four bytes.
    if (unit > 0x7f) size += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return size;
}

function leafSize(value: unknown, most: number): number {
  // Every unit is at least a byte: what is too long is not measured.
  if (typeof value === "string") return 1 + (value.length > most ? value.length : textSize(value));
  if (typeof value === "bigint") return 1 + Math.ceil(value.toString(16).length / 2);
  if (typeof value !== "object" || value === null) return typeof value === "number" ? NUMBER : 1;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return 1 + value.byteLength;
  return value instanceof RegExp ? 1 + textSize(value.source) : NUMBER;
}

const keysSize = (record: Fields): number => Object.keys(record).reduce((sum, key) => sum + 1 + textSize(key), 1);

const ownSize = (value: unknown, kind: Kind, most: number): number => {
  if (kind === "leaf") return leafSize(value, most);
  return kind === "record" ? keysSize(value as Fields) : 1;
};

interface ErrorLike {
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
}

/** What crosses of an error. Its cause and the errors of an AggregateError are values of their own. */
function errorParts(error: Error): readonly unknown[] {
  const { code, cause, errors } = error as ErrorLike;
  return [error.name, error.message, code, cause, errors];
}

/** Bytes of a value, or a number above `most` as soon as that is clear. */
export function sizeOf(root: unknown, most: number): number {
  let size = 0;
  // A Set is walked to what is added meanwhile; a cycle of causes ends, since an error is in it once.
  const errors = new Set<Error>();
  const count = (value: unknown, kind: Kind): boolean => {
    if (value instanceof Error) errors.add(value);
    size += ownSize(value, kind, most);
    return size > most;
  };
  if (someValue(root, count)) return size;
  for (const error of errors) {
    if (errors.size > MAX_ERRORS) return Number.POSITIVE_INFINITY;
    if (someValue(errorParts(error), count)) return size;
  }
  return size;
}
