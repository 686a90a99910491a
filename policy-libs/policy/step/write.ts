// States as bytes: for snapshots and for files.
import type { Datum } from "../resolved.ts";
import { SCOPES, type Scope } from "../tree.ts";
import { FALSE, fingerprint, MAGIC, NUMBER, TEXT, TRUE } from "./format.ts";
import type { Part, State } from "./types.ts";

interface Writer {
  readonly u32: (value: number) => void;
  readonly f64: (value: number) => void;
  readonly text: (value: string) => void;
  readonly done: () => Uint8Array;
}

function newWriter(): Writer {
  let bytes = new Uint8Array(256);
  let at = 0;
  const view = (length: number): DataView => {
    if (at + length > bytes.length) {
      const larger = new Uint8Array(Math.max(2 * bytes.length, at + length));
      larger.set(bytes);
      bytes = larger;
    }
    at += length;
    return new DataView(bytes.buffer, at - length, length);
  };
  const u32 = (value: number): void => view(4).setUint32(0, value);
  return {
    u32,
    f64: (value) => view(8).setFloat64(0, value),
    text: (value) => {
      u32(value.length);
      const room = view(2 * value.length);
      for (let i = 0; i < value.length; i++) room.setUint16(2 * i, value.charCodeAt(i));
    },
    done: () => bytes.slice(0, at),
  };
}

function writeDatum(out: Writer, value: Datum): void {
  if (typeof value === "boolean") return out.u32(value ? TRUE : FALSE);
  out.u32(typeof value === "number" ? NUMBER : TEXT);
  if (typeof value === "number") out.f64(value);
  else out.text(value);
}

function writePart(out: Writer, { words, numbers, values }: Part): void {
  words.forEach(out.u32);
  numbers.forEach(out.f64);
  for (const { slots, lost } of values) {
    out.u32(lost);
    out.u32(slots.size);
    for (const [value, beside] of slots) {
      writeDatum(out, value);
      out.u32(beside);
    }
  }
}

/** Any parts, in an order that whoever reads them knows. */
export function serialiseParts(parts: readonly (readonly [Scope, Part])[], key: string): Uint8Array {
  const out = newWriter();
  out.u32(MAGIC);
  out.u32(fingerprint(key));
  for (const [, part] of parts) writePart(out, part);
  return out.done();
}

export const serialise = (state: State, key: string): Uint8Array =>
  serialiseParts(
    SCOPES.map((scope) => [scope, state[scope]]),
    key,
  );
