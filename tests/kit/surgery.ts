// Cutting modules open and sewing them up: an edit in the middle, and every length around it made right again.
import { readU32 } from "../../kernel/index.ts";
import { type Bytes, HEADER, leb, section } from "./assemble.ts";
import { decodeModule } from "./disassemble.ts";

export interface Section {
  readonly id: number;
  readonly payload: Uint8Array;
}

export function sectionsOf(bytes: Uint8Array): Section[] {
  const out: Section[] = [];
  const reader = { bytes, at: 8, end: bytes.length };
  while (reader.at < bytes.length) {
    const id = bytes[reader.at++] as number;
    const length = readU32(reader);
    out.push({ id, payload: bytes.slice(reader.at, reader.at + length) });
    reader.at += length;
  }
  return out;
}

const size = (value: number): number => leb(value).length;

export function joinSections(sections: readonly Section[]): Bytes {
  const total = sections.reduce((sum, { payload }) => sum + 1 + size(payload.length) + payload.length, HEADER.length);
  const out = new Uint8Array(total);
  out.set(HEADER);
  let at = HEADER.length;
  for (const { id, payload } of sections) {
    const head = [id, ...leb(payload.length)];
    out.set(head, at);
    out.set(payload, at + head.length);
    at += head.length + payload.length;
  }
  return out;
}

/** Replaces one section; an edit that gives undefined takes it out. A section that is not there is put in its place. */
export function editSection(
  bytes: Uint8Array,
  id: number,
  edit: (payload: Uint8Array) => Iterable<number> | undefined,
): Bytes {
  const order = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11];
  const all = sectionsOf(bytes);
  if (!all.some((one) => one.id === id)) {
    const next = all.findIndex((one) => order.indexOf(one.id) > order.indexOf(id));
    all.splice(next < 0 ? all.length : next, 0, { id, payload: new Uint8Array([0]) });
  }
  return joinSections(
    all.flatMap((one) => {
      if (one.id !== id) return [one];
      const payload = edit(one.payload);
      return payload === undefined ? [] : [{ id, payload: Uint8Array.from(payload) }];
    }),
  );
}

/** A vector's count and where its items begin. */
export function vectorHead(payload: Uint8Array): { readonly count: number; readonly at: number } {
  const reader = { bytes: payload, at: 0, end: payload.length };
  const count = readU32(reader);
  return { count, at: reader.at };
}

/** Appends an item to the vector that a section is. */
export const append = (bytes: Uint8Array, id: number, item: readonly number[]): Bytes =>
  editSection(bytes, id, (payload) => {
    const { count, at } = vectorHead(payload);
    return [...leb(count + 1), ...payload.slice(at), ...item];
  });

/** Replaces `[from, to)` of the module, which lies inside the body `index`, and mends the lengths. */
export function editBody(bytes: Uint8Array, index: number, from: number, to: number, by: Iterable<number>): Bytes {
  const { bodies } = decodeModule(bytes);
  const parts: Uint8Array[] = [Uint8Array.from(leb(bodies.length))];
  for (const [i, { at, end }] of bodies.entries()) {
    const body = i === index ? splice(bytes, { at, end }, from, to, by) : bytes.subarray(at, end);
    parts.push(Uint8Array.from(leb(body.length)), body);
  }
  return editSection(bytes, 10, () => concat(parts));
}

const splice = (
  bytes: Uint8Array,
  { at, end }: { readonly at: number; readonly end: number },
  from: number,
  to: number,
  by: Iterable<number>,
): Uint8Array => concat([bytes.subarray(at, from), Uint8Array.from(by), bytes.subarray(to, end)]);

export function concat(parts: readonly Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Puts a custom section behind everything else. */
export const withCustomSection = (bytes: Uint8Array): Bytes =>
  Uint8Array.from([...bytes, ...section(0, [1, 0x78, 1, 2, 3])]);
