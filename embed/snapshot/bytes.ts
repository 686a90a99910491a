// Bytes of a snapshot: written once, read with suspicion.
//
// Invariants
//   Y1  A reader never reads outside [at, end); running out is told with the byte where it was noticed.
//   Y2  A count is believed only as far as that many items can be in what is left: so no length that lies makes a long
//       loop or a large allocation.
//   Y3  A number has one form: one that is longer than it need be is refused, so that equal content is equal bytes.

/** Throws what the caller of the reader wants thrown. `at` is a byte of the file. */
export type Fail = (at: number, why: string) => never;

export interface Input {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
  readonly fail: Fail;
}

/** The next bytes, not copied. */
export function takeBytes(input: Input, length: number): Uint8Array {
  if (length > input.end - input.at) input.fail(input.at, `cut off: ${length} bytes should follow`);
  const bytes = input.bytes.subarray(input.at, input.at + length);
  input.at += length;
  return bytes;
}

/** A LEB128 number of at most `most`, itself at most 2^53 - 1. */
export function takeNumber(input: Input, most: number): number {
  const start = input.at;
  let value = 0;
  for (let factor = 1; ; factor *= 128) {
    if (input.at >= input.end) input.fail(input.at, "cut off inside a number");
    const byte = input.bytes[input.at++] as number;
    value += (byte & 0x7f) * factor;
    if (value > most) input.fail(start, `a number that is more than ${most}`);
    if (byte >= 0x80) continue;
    return byte > 0 || factor === 1 ? value : input.fail(start, "a number that is longer than it need be");
  }
}

/** A count of items of at least `least` bytes each. */
export function takeCount(input: Input, most: number, least = 1): number {
  const start = input.at;
  const count = takeNumber(input, most);
  const room = Math.floor((input.end - input.at) / least);
  return count <= room ? count : input.fail(start, `${count} items where there is room for ${room}`);
}

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export const takeDouble = (input: Input): number => viewOf(takeBytes(input, 8)).getFloat64(0, true);
export const takeLong = (input: Input): bigint => viewOf(takeBytes(input, 8)).getBigInt64(0, true);

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text of at most so many bytes of UTF-8. */
export function takeText(input: Input, most: number): string {
  const start = input.at;
  const bytes = takeBytes(input, takeNumber(input, most));
  try {
    return decoder.decode(bytes);
  } catch {
    return input.fail(start, "a text that is no UTF-8");
  }
}

/** Parts of a file, in order. */
export type Output = Uint8Array[];

export function putNumber(output: Output, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is no count`);
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  output.push(Uint8Array.from(bytes));
}

export function putDouble(output: Output, value: number): void {
  const bytes = new Uint8Array(8);
  viewOf(bytes).setFloat64(0, value, true);
  output.push(bytes);
}

export function putLong(output: Output, value: bigint): void {
  const bytes = new Uint8Array(8);
  viewOf(bytes).setBigInt64(0, value, true);
  output.push(bytes);
}

const encoder = new TextEncoder();

export function putText(output: Output, text: string): void {
  const bytes = encoder.encode(text);
  putNumber(output, bytes.length);
  output.push(bytes);
}

/** The parts in one. */
export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
