// Frames: where domains live, and the pools that they come from. In `frame` mode a frame is a memory with a machine of
// its own; in `segment` mode a piece of an arena's memory.
//
// Invariants
//   FR1  A new tenant finds what its image says over zeroes, and nothing else: all of a frame is zeroed before it is
//        given to another. Its real size is its tenant's size at birth; one that grew is dropped. Nothing tells of a
//        former tenant.
//   FR2  A frame comes back only after every stack that was entered on it has returned or unwound (domain.ts calls
//        `release` when nothing runs or is parked).
//   FR3  Of a segment, what lies behind its tenant's size and its guard are zeroed as well: a guest can write there.
// Trust
//   Trusted by residence.ts. Guard pages of the host engine confine the guest to its frame, V7 and V8 to its segment.
import type { Mode } from "./body.ts";
import { type EngineMemory, type EngineModule, newMemory } from "./engine.ts";
import { KEPT_FRAMES, MAX_PAGES, PAGE } from "./limits.ts";
import { type Machine, newMachine } from "./machine.ts";
import type { Chunk, Image } from "./types.ts";
import type { Verified } from "./verify.ts";

/**
 * A verified artifact, as frames know it. `data`: of its segments. `pages`: at birth, and at `most`. `stride`: bytes from
 * one segment to the next, 0 in frame mode. `mutable`: numbers of the mutable globals; the first `reserved` are not the
 * guest's.
 */
export type Program = Readonly<Record<"pages" | "most" | "stride" | "reserved", number>> &
  Readonly<{ module: EngineModule; data: readonly Chunk[]; mutable: readonly number[] }> &
  Readonly<{ idle: Frame[] }>;

/** Memory of many domains, in places of equal size, and for each program the machine of those that share one. */
type Arena = Readonly<{ memory: EngineMemory; free: number[]; machines: WeakMap<Program, Machine> }> &
  Record<"next" | "used", number>;

/**
 * `base`: where it begins in its memory. `pages`: of a memory of its own, when it was made. `image`: with which it was
 * filled last; while nobody has it, what it holds.
 */
export type Frame = Readonly<
  { program: Program; memory: EngineMemory; machine: Machine } & Record<"base" | "pages", number>
> & { readonly arena: Arena | undefined; image: Image | undefined };

type Link = (machine: Machine, memory: EngineMemory) => Readonly<Record<string, unknown>>;
export type Frames = ReturnType<typeof newFrames>;

export function programOf(bytes: Uint8Array, module: EngineModule, verified: Verified, mode: Mode): Program {
  const { globals, initialPages: pages, reserved } = verified;
  const data = verified.data.map(({ to, from, length }) => ({ at: to, bytes: bytes.slice(from, from + length) }));
  const mutable = globals.flatMap((global, index) => (global.mutable ? [index] : []));
  const span = mode.kind === "segment" ? mode.mask + 1 : MAX_PAGES * PAGE;
  const stride = mode.kind === "segment" ? span + mode.guard : 0;
  return { module, data, mutable, reserved, pages, most: span / PAGE, stride, idle: [] };
}

/** Writes chunks that may come from anywhere; false if one does not lie in `memory`. */
export function write(memory: Uint8Array, chunks: readonly Chunk[]): boolean {
  const fits = chunks.every(({ at, bytes }) => at >= 0 && at + bytes.length <= memory.length);
  if (fits) for (const { at, bytes } of chunks) memory.set(bytes, at);
  return fits;
}

/** All memory that a frame has, of a segment its guard included. */
export const wholeOf = ({ memory, base, program: { stride } }: Frame): Uint8Array =>
  stride === 0 ? new Uint8Array(memory.buffer) : new Uint8Array(memory.buffer, base, stride);

/** Writes over zeroes what a domain begins with. False if the image lies outside. */
export function fill(frame: Frame, image: Image | undefined): boolean {
  const whole = wholeOf(frame);
  const fits = write(whole, frame.program.data) && write(whole, image?.chunks ?? []);
  frame.image = fits ? image : undefined;
  return fits;
}

const isZero = (words: Int32Array, at: number): boolean =>
  ((words[at] as number) | (words[at + 1] as number) | (words[at + 2] as number) | (words[at + 3] as number)) === 0;

/** Zeroes a segment. What nobody has touched is looked at and not written: the host need not have it. */
function clear(whole: Uint8Array): void {
  const words = new Int32Array(whole.buffer, whole.byteOffset, whole.length >>> 2);
  for (let end = LOOK, at = 0; at < words.length; at = end, end += LOOK) {
    while (at < end && isZero(words, at)) at += 4;
    if (at < end) words.fill(0, at, end);
  }
}
const LOOK = 1_024; // words in a page of the host

export function newFrames(link: Link) {
  const arenas = new Map<number, Set<Arena>>(); // by their stride
  const machineOf = ({ module, mutable }: Program, memory: EngineMemory, isShared: boolean): Machine =>
    newMachine(module, mutable, isShared, (machine) => link(machine, memory));

  /** Out of those that are idle, best one that holds the image already; the last to come, which the machine has at hand. */
  function inMemory(program: Program, image: Image | undefined): Frame {
    const pages = image?.pages ?? program.pages;
    const fits = program.idle.filter(({ memory }) => memory.buffer.byteLength === pages * PAGE);
    const found = fits.findLast((frame) => frame.image === image) ?? fits.at(-1);
    if (found !== undefined) program.idle.splice(program.idle.indexOf(found), 1);
    if (found !== undefined && found.image !== image) wholeOf(found).fill(0);
    if (found !== undefined) return found;
    const memory = newMemory(pages, MAX_PAGES);
    const machine = machineOf(program, memory, false);
    return { program, memory, machine, base: 0, pages, arena: undefined, image: undefined };
  }

  function inArena(program: Program, isShared: boolean): Frame {
    const most = Math.trunc((MAX_PAGES * PAGE) / program.stride);
    const all = arenas.get(program.stride) ?? new Set();
    const arena: Arena = [...all].find(({ used }) => used < most) ?? newArena();
    const machine = (isShared && arena.machines.get(program)) || machineOf(program, arena.memory, isShared);
    if (isShared) arena.machines.set(program, machine);
    arenas.set(program.stride, all.add(arena));
    arena.used++;
    const base = (arena.free.pop() ?? arena.next++) * program.stride;
    return { program, memory: arena.memory, machine, base, pages: 0, arena, image: undefined };
  }

  /**
   * A frame that grew goes back to the host, and so does an arena that is empty, but for one of few segments: a memory
   * of 4 GiB takes the host 10 ms.
   */
  function release(frame: Frame): void {
    const { program, arena, base, pages, image } = frame;
    const whole = wholeOf(frame);
    if (arena !== undefined) {
      clear(whole);
      arena.free.push(base / program.stride);
      const all = arenas.get(program.stride);
      if (--arena.used === 0 && (all?.size !== 1 || arena.next > KEPT_FRAMES)) all?.delete(arena);
    } else if (whole.length === pages * PAGE && program.idle.length < KEPT_FRAMES) {
      whole.fill(0);
      fill(frame, image);
      program.idle.push(frame);
    }
  }

  /** With the image, or for it. Throws a RangeError where the host has no memory or address space for one more. */
  const take = (program: Program, image: Image | undefined, isShared: boolean): Frame =>
    program.stride === 0 ? inMemory(program, image) : inArena(program, isShared);
  return { take, release };
}

const newArena = (): Arena => ({
  ...{ memory: newMemory(MAX_PAGES, MAX_PAGES), free: [], machines: new WeakMap(), next: 0, used: 0 },
});
