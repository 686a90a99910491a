// Calls are what the instruments make dear. Of all calls in the engine a third go to two functions that mostly have next
// to nothing to do: one lets go of a value, the other asks whether the host wants to interrupt. The first is split into
// what is short, which Binaryen puts into its callers, and the rest; the second has only one answer here.

import { OPCODES } from "../../kernel/index.ts";
import {
  CODE,
  concat,
  FUNCTION,
  IMPORT,
  instructionsOf,
  Reader,
  readBodies,
  readImports,
  readSections,
  u32,
  writeBodies,
  writeSections,
} from "./sections.build.ts";

const CALL = OPCODES.call.code;

/** Leaves if the value is below the first tag of values that are pointers to something counted. */
const LEAVE_IF_PLAIN = [0x20, 1, 0x42, 0x80, 0x80, 0x80, 0x80, 0xf0, 0x7e, 0x54, 0x0d, 0];
/** How the function begins that lets go of a value: locals, room on the shadow stack, and the test of the tag. */
const RELEASE = [2, 4, 0x7f, 1, 0x7e, 0x23, 0, 0x41, 16, 0x6b, 0x22, 4, 0x24, 0, 0x02, 0x40, ...LEAVE_IF_PLAIN];
/** `count = load(value - 4); if (count < 2) rest(runtime, value); else store(value - 4, count - 1)`, if not plain. */
const release = (rest: number): number[] => [
  ...[1, 2, 0x7f, 0x02, 0x40, ...LEAVE_IF_PLAIN],
  ...[0x20, 1, 0xa7, 0x41, 4, 0x6b, 0x22, 2, 0x28, 2, 0, 0x22, 3, 0x41, 2, 0x48],
  ...[0x04, 0x40, 0x20, 0, 0x20, 1, CALL, ...u32(rest)],
  ...[0x05, 0x20, 2, 0x20, 3, 0x41, 1, 0x6b, 0x36, 2, 0, 0x0b, 0x0b, 0x0b],
];

/** How the function begins that counts down to the next question: `if (context->interrupt_counter-- <= 1)`. */
const POLL = [1, 3, 0x7f, 0x20, 0, 0x20, 0, 0x28, 2, 0xa4, 2, 0x22, 1, 0x41, 1, 0x6b, 0x36, 2, 0xa4, 2, 0x20, 1];
/** Its answer: no. The adapter's `host_interrupt` never says anything else, for fuel is what interrupts a guest. */
const NO = Uint8Array.of(0, 0x41, 0, 0x0b);

/** Where the one body is that begins so. */
function placeOf(pattern: readonly number[], bodies: readonly Uint8Array[]): number {
  const places = bodies.flatMap((body, i) => (pattern.every((byte, at) => body[at] === byte) ? [i] : []));
  const [place] = places;
  if (place === undefined || places.length > 1) throw new Error("this engine has other functions to shorten");
  return place;
}

/** A body with all calls of one function turned to another. */
function turnCalls(code: Uint8Array, from: number, to: number): Uint8Array {
  const parts: ArrayLike<number>[] = [];
  let done = 0;
  for (const { opcode, at, immediate, end } of instructionsOf(code)) {
    if (opcode !== CALL || new Reader(code, immediate).u32() !== from) continue;
    parts.push(code.subarray(done, at), [CALL, ...u32(to)]);
    done = end;
  }
  return concat([...parts, code.subarray(done)]);
}

/** The function section with one more function, of the same type as another. */
function addFunction(section: Uint8Array, like: number): Uint8Array {
  const reader = new Reader(section);
  const types = Array.from({ length: reader.u32() }, () => reader.u32());
  const all = [...types, types[like] as number];
  return Uint8Array.from([...u32(all.length), ...all.flatMap(u32)]);
}

/** The engine with both functions made short. The rest of the first becomes its last function. */
export function shorten(module: Uint8Array): Uint8Array {
  const sections = readSections(module);
  const find = (id: number): Uint8Array => sections.find((section) => section.id === id)?.body ?? new Uint8Array([0]);
  const bodies = readBodies(find(CODE));
  const imported = readImports(find(IMPORT)).filter(({ kind }) => kind === 0).length;
  const place = placeOf(RELEASE, bodies);
  const rest = imported + bodies.length;
  // It calls itself: a function with one caller would go back into that.
  bodies.push(turnCalls(bodies[place] as Uint8Array, imported + place, rest));
  bodies[place] = Uint8Array.from(release(rest));
  bodies[placeOf(POLL, bodies)] = NO;
  const changed = new Map([
    [FUNCTION, addFunction(find(FUNCTION), place)],
    [CODE, writeBodies(bodies)],
  ]);
  return writeSections(sections.map(({ id, body }) => ({ id, body: changed.get(id) ?? body })));
}
