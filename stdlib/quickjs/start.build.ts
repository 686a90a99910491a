// Starts the engine here, at build time: the memory of an engine that has run nothing but the bootstrap becomes the
// module's own data. What a sandbox touches from its birth is then what a started engine holds, and no more.

import { FROZEN, POINTED, SPENT } from "./frozen.build.ts";
import { concat, DATA, readSections, s32, u32, writeSections } from "./sections.build.ts";

const PAGE = 65_536;

/** Where the binary puts things; checked before anything is built on it. Addresses. */
const AT = {
  stackTop: 1_048_576,
  heap: 1_167_424,
  // Of the allocator's own state.
  least: 1_166_904,
  topSize: 1_166_900,
  top: 1_166_912,
  footprint: 1_167_320,
  mostFootprint: 1_167_324,
  segment: 1_167_336,
  segmentSize: 1_167_340,
} as const;

/** The heap's first part lies below the stack, which never comes so far down: 41 KB below its limit. */
const LOW = { from: 1024, to: 4 * PAGE } as const;
/** Of the allocator: between a segment's begin and its first chunk, and kept free at its end. */
const [HEAD, FOOT] = [8, 56];

interface Started {
  readonly memory: WebAssembly.Memory;
  malloc(size: number): number;
  free(at: number): void;
  _initialize(): void;
  arena_rooms(): number;
  arenas_done(): void;
  qjs_get_runtime_ptr(): number;
  start(bytecode: number, length: number): void;
}

function instantiate(module: Uint8Array): Started {
  const gate = (): never => {
    throw new Error("a gate was called while the engine started");
  };
  const gates = { call: gate, reply: gate, receive: gate, answer: gate };
  const compiled = new WebAssembly.Module(module as Uint8Array<ArrayBuffer>);
  return new WebAssembly.Instance(compiled, { cordon: gates }).exports as unknown as Started;
}

/** Makes the part below the stack the allocator's first. */
function moveHeap(engine: Started, pages: number): void {
  const words = new DataView(engine.memory.buffer);
  const size = pages * PAGE - AT.heap;
  const [from, to] = [LOW.from, LOW.to];
  const expected = [
    [AT.segment, AT.heap, from],
    [AT.segmentSize, size, to - from],
    [AT.least, AT.heap, from],
    [AT.top, AT.heap + HEAD, from + HEAD],
    [AT.topSize, size - HEAD - FOOT, to - from - HEAD - FOOT],
    [AT.footprint, size, to - from],
    [AT.mostFootprint, size, to - from],
  ] as const;
  const memory = new Uint8Array(engine.memory.buffer);
  const statics = memory.slice(AT.heap);
  engine.free(engine.malloc(8)); // makes its first chunks where the adapter's statics are
  memory.set(statics, AT.heap);
  for (const [at, before, after] of expected) {
    if (words.getUint32(at, true) !== before) throw new Error(`this engine's allocator has another layout (${at})`);
    words.setUint32(at, after, true);
  }
  words.setUint32(from + HEAD + 4, (to - from - HEAD - FOOT) | 1, true);
  words.setUint32(to - FOOT + 4, FOOT, true);
}

// Arenas: of each size of block a ring of them, as the engine lays them out.
const RINGS = 40; // in the runtime
const ARENA = { link: 8, used: 18, blocks: 20, free: 22, first: 24 } as const;
const NO_BLOCK = 0xffff;
const BLOCK_HEAD = 8;
/** Bytes of a block, its head included. */
const BLOCKS: readonly number[] = [
  ...[16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120, 128, 144, 160, 176, 192, 208, 224, 240, 256],
  ...[288, 320, 352, 384, 416, 448, 480, 512],
];

interface Arena {
  readonly at: number;
  readonly used: number;
  readonly blocks: number;
}

/** The arenas of one size of block. */
function arenasOf(words: DataView, runtime: number, size: number): Arena[] {
  const ring = runtime + RINGS + size * 8;
  const arenas: Arena[] = [];
  for (let link = words.getUint32(ring + 4, true); link !== ring; link = words.getUint32(link + 4, true)) {
    const at = link - ARENA.link;
    const [used, blocks] = [words.getUint16(at + ARENA.used, true), words.getUint16(at + ARENA.blocks, true)];
    if (used > blocks) throw new Error("this engine lays out its arenas in another way");
    arenas.push({ at, used, blocks });
  }
  return arenas;
}

/** Blocks of each size that the engine's first arena has. Empty: what the engine would take by itself. */
type Plan = readonly number[];

/** Free blocks that a small script finds at hand, of any size and of those that are used most. */
const spare = (size: number): number => Math.max(1, Math.ceil(1024 / (BLOCKS[size] as number) ** 1.2));

function run(module: Uint8Array, pages: number, bytecode: Uint8Array, plan: Plan): Started {
  const engine = instantiate(module);
  engine._initialize();
  moveHeap(engine, pages);
  const rooms = engine.arena_rooms();
  const words = new DataView(engine.memory.buffer);
  for (const [size, blocks] of plan.entries())
    words.setUint32(rooms + size * 4, blocks * (BLOCKS[size] as number), true);
  new Uint8Array(engine.memory.buffer).set(bytecode, SCRATCH);
  engine.start(SCRATCH, bytecode.length);
  engine.arenas_done();
  new Uint8Array(engine.memory.buffer).fill(0, SCRATCH, SCRATCH + bytecode.length);
  return engine;
}

/** Between heap and stack; nothing else is there while the engine starts. */
const SCRATCH = 5 * PAGE;

/** What each size needs, all its arenas together. */
function measure(engine: Started): { plan: Plan; isOneEach: boolean } {
  const words = new DataView(engine.memory.buffer);
  const arenas = BLOCKS.map((_, size) => arenasOf(words, engine.qjs_get_runtime_ptr(), size));
  const plan = arenas.map((list, size) => list.reduce((sum, { used }) => sum + used, 0) + spare(size));
  return { plan, isOneEach: arenas.every((list) => list.length <= 1) };
}

/** Zeroes what nobody holds: it would be copied into every sandbox. */
function wipe(engine: Started): void {
  const memory = new Uint8Array(engine.memory.buffer);
  const words = new DataView(memory.buffer);
  memory.fill(0, LOW.to, AT.stackTop);
  const pointed = memory.slice(...POINTED);
  for (const [from, to] of [...FROZEN, SPENT]) memory.fill(0, from, to);
  memory.set(pointed, POINTED[0]);
  for (const [at, size, isUsed] of chunksOf(words)) if (!isUsed) memory.fill(0, at + LINKS, at + size);
  for (const [size, block] of BLOCKS.entries())
    for (const { at } of arenasOf(words, engine.qjs_get_runtime_ptr(), size))
      for (let free = words.getUint16(at + ARENA.free, true); free !== NO_BLOCK; ) {
        const start = at + ARENA.first + free * block;
        memory.fill(0, start + BLOCK_HEAD, start + block);
        memory.fill(0, start + 4, start + BLOCK_HEAD);
        free = words.getUint16(start, true);
      }
}

/** What the allocator keeps in a free chunk: its size and its place in lists and trees. */
const LINKS = 32;

/** The chunks of the heap's first part: address, size, whether it is in use. */
function* chunksOf(words: DataView): Generator<readonly [number, number, boolean]> {
  for (let at = LOW.from + HEAD; at < LOW.to - FOOT; ) {
    const head = words.getUint32(at + 4, true);
    const size = head & ~7;
    if (size === 0) throw new Error("this engine's allocator has another layout");
    yield [at, size, (head & 2) !== 0];
    at += size;
  }
}

/** Bytes of zeros that are worth another segment. */
const GAP = 32;

function dataOf(memory: Uint8Array): Uint8Array {
  const segments: Uint8Array[] = [];
  for (let start = 0; start < memory.length; ) {
    if (memory[start] === 0) {
      start++;
      continue;
    }
    let end = start;
    for (let at = start; at < memory.length && at - end < GAP; at++) if (memory[at] !== 0) end = at + 1;
    segments.push(Uint8Array.of(0, 0x41, ...s32(start), 0x0b, ...u32(end - start)), memory.slice(start, end));
    start = end;
  }
  return concat([Uint8Array.from(u32(segments.length / 2)), ...segments]);
}

/** The module with the memory of a started engine as its data. `pages`: that it has at birth. */
export function started(module: Uint8Array, pages: number, bytecode: Uint8Array): Uint8Array {
  let engine = run(module, pages, bytecode, []);
  for (let tries = 0, known = measure(engine); tries < 8; tries++) {
    engine = run(module, pages, bytecode, known.plan);
    known = measure(engine);
    if (known.isOneEach) break;
  }
  wipe(engine);
  if (engine.memory.buffer.byteLength !== pages * PAGE) throw new Error("the started engine does not fit");
  const data = dataOf(new Uint8Array(engine.memory.buffer));
  return writeSections(readSections(module).map(({ id, body }) => ({ id, body: id === DATA ? data : body })));
}
