// A growing run of bytes with the encodings of the WebAssembly binary format.
export interface Writer {
  bytes: Uint8Array;
  length: number;
}

export const newWriter = (size = 1024): Writer => ({ bytes: new Uint8Array(size), length: 0 });

function reserve(writer: Writer, count: number): void {
  if (writer.length + count <= writer.bytes.length) return;
  const bytes = new Uint8Array(Math.max(writer.length + count, writer.bytes.length * 2));
  bytes.set(writer.bytes.subarray(0, writer.length));
  writer.bytes = bytes;
}

export function put(writer: Writer, byte: number): void {
  if (writer.length === writer.bytes.length) reserve(writer, 1);
  writer.bytes[writer.length++] = byte;
}

export function putAll(writer: Writer, bytes: ArrayLike<number>): void {
  reserve(writer, bytes.length);
  for (let i = 0; i < bytes.length; i++) writer.bytes[writer.length++] = bytes[i] as number;
}

/** Copies `[from, to)`: by hand where it is short, since most spans are a few bytes. */
export function putSpan(writer: Writer, bytes: Uint8Array, from: number, to: number): void {
  reserve(writer, to - from);
  if (to - from > 64) writer.bytes.set(bytes.subarray(from, to), writer.length);
  else for (let i = from, at = writer.length; i < to; i++) writer.bytes[at++] = bytes[i] as number;
  writer.length += to - from;
}

export function putU32(writer: Writer, value: number): void {
  let rest = value >>> 0;
  for (; rest > 0x7f; rest >>>= 7) put(writer, (rest & 0x7f) | 0x80);
  put(writer, rest);
}

/** A number below 8,192 in exactly two bytes, so that it can be filled in later. */
export function patchTwo(writer: Writer, at: number, value: number): void {
  writer.bytes[at] = (value & 0x7f) | 0x80;
  writer.bytes[at + 1] = value >>> 7;
}

export const putWriter = (writer: Writer, other: Writer): void => putSpan(writer, other.bytes, 0, other.length);

export const written = (writer: Writer): Uint8Array => writer.bytes.slice(0, writer.length);

/** Appends a length and what `write` writes. */
export function putSized(writer: Writer, write: (inner: Writer) => void): void {
  const inner = newWriter();
  write(inner);
  putU32(writer, inner.length);
  putWriter(writer, inner);
}

export function putVector<T>(writer: Writer, items: readonly T[], item: (writer: Writer, value: T) => void): void {
  putU32(writer, items.length);
  for (const value of items) item(writer, value);
}
