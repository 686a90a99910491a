// How much memory a value of a guest holds, about: what waits in a mailbox is bounded by it.
//
// Invariants
//   W1  Finite on every value that can cross, cycles and sharing included, without recursion: each object counts once.

const EACH = 16; // bytes of any value
const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

function ownWeight(value: unknown): number {
  if (typeof value === "string") return EACH + 2 * value.length;
  // 64 bits are 16 hexadecimal digits; asking for them is linear, asking for decimal ones is not.
  if (typeof value === "bigint") return EACH + value.toString(16).length / 2;
  if (ArrayBuffer.isView(value)) return EACH + value.byteLength;
  if (value instanceof ArrayBuffer) return EACH + value.byteLength;
  if (value instanceof RegExp) return EACH + 2 * value.source.length;
  return EACH;
}

function* partsOf(value: object): Generator<unknown> {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return;
  if (Array.isArray(value)) return yield* value;
  if (value instanceof Map) for (const entry of value) yield* entry;
  else if (value instanceof Set) yield* value;
  else if (value instanceof Error) yield* [value.name, value.message, value.cause];
  for (const name of Object.keys(value)) {
    yield name;
    yield (value as Readonly<Record<string, unknown>>)[name];
  }
}

/** Bytes, about; anything above `most` if it is more: counting stops there. */
export function weightOf(value: unknown, most: number): number {
  const seen = new Set<object>();
  const open: unknown[] = [value];
  let weight = 0;
  while (open.length > 0 && weight <= most) {
    const next = open.pop();
    if (isObject(next) && seen.has(next)) continue;
    weight += ownWeight(next);
    if (!isObject(next)) continue;
    seen.add(next);
    for (const part of partsOf(next)) {
      open.push(part);
      // What is still to be looked at weighs something, and looking at it takes memory here.
      if (weight + EACH * open.length > most) return most + 1;
    }
  }
  return weight;
}
