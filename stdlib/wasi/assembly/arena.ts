// The shim's own memory: an arena that always lies behind the program's last page.
//
// Allocators of programs take for granted that memory grows in one piece and that nobody else grows it (AssemblyScript,
// Go, older wasi-libc). So the linker sends the program's `memory.size` and `memory.grow` here: the program sees its
// own pages only, and when it grows, the arena moves up. Everything in the arena is therefore named by its offset;
// addresses are good for one call of the shim, in which the program cannot grow.
//
//   program's pages | reserve, all zero | arena: tables | blocks | scratch
//
// The reserve makes moving cheap: it is as large as the arena, so a program that grows page by page moves the arena
// once per that many pages.

import { NOMEM } from "./errno";

/** The maximum of the program's memory, in pages. The linker sets it. */
export let memory_maximum: i32 = 65536;

/** Bytes for descriptors and files, see tables.ts. */
export const TABLES: u32 = 12288;

let arena: u32 = 0; // address; 0: not made yet
let arenaEnd: u32 = 0; // offset behind its last byte
let programPages: u32 = 0;
let scratchAt: u32 = 0; // offset
/** Everything from here to the arena's end was never written: it is zero. An offset. */
let touched: u32 = 0;

// @ts-ignore: decorator
@inline
export function addressOf(offset: u32): u32 {
  return arena + offset;
}

/** The address at which requests are written and replies read. */
// @ts-ignore: decorator
@inline
export function scratch(): u32 {
  return arena + scratchAt;
}

/** Bytes from there to the arena's end. */
// @ts-ignore: decorator
@inline
export function room(): u32 {
  return arenaEnd - scratchAt;
}

// @ts-ignore: decorator
@inline
export function isOpen(): bool {
  return arena != 0;
}

export function openArena(): bool {
  const pages = memory.size();
  if (memory.grow(1) < 0) return false;
  programPages = pages;
  arena = u32(pages) << 16;
  arenaEnd = 65536;
  scratchAt = touched = TABLES;
  return true;
}

/** Notes that the first `size` bytes of the scratch are written, by us or by a gate. */
export function touch(size: u32): void {
  const end = scratchAt + size;
  if (end > touched) touched = end;
}

/** Makes the scratch at least `size` bytes long. The arena does not move. */
export function ensure(size: u32): bool {
  if (size > room()) {
    const missing = size - room();
    const pages = (missing >>> 16) + 1;
    if (missing > 0x40000000 || memory.grow(pages) < 0) return false;
    arenaEnd += pages << 16;
  }
  touch(size);
  return true;
}

/** Makes a block of the first `size` bytes of the scratch, which then begins behind it. Returns the block's offset. */
export function keepScratch(size: u32): u32 {
  const block = scratchAt;
  scratchAt += size;
  if (scratchAt > touched) touched = scratchAt;
  return block;
}

/** Closes the gap that a block leaves. Offsets above it are then lower by `size`; tables.ts sees to them. */
export function dropBlock(block: u32, size: u32): void {
  const next = block + size;
  memory.copy(arena + block, arena + next, scratchAt - next);
  scratchAt -= size;
}

function moveUp(bytes: u32): void {
  memory.copy(arena + bytes, arena, touched);
  memory.fill(arena, 0, min(touched, bytes));
  arena += bytes;
}

/** What the program's `memory.size` becomes. */
export function memory_size(): i32 {
  return arena == 0 ? memory.size() : programPages;
}

/** What the program's `memory.grow` becomes. */
export function memory_grow(pages: u32): i32 {
  const old = u32(memory_size());
  if (pages > 65536 || old + pages > u32(memory_maximum)) return -1;
  if (arena == 0) return memory.grow(pages);
  const reserve = (arena >>> 16) - old;
  if (pages > reserve && !moveFor(pages - reserve)) return -1;
  programPages = old + pages;
  return old;
}

function moveFor(pages: u32): bool {
  const wished = pages + (arenaEnd >>> 16);
  if (memory.grow(wished) >= 0) moveUp(wished << 16);
  else if (memory.grow(pages) >= 0) moveUp(pages << 16);
  else return false;
  return true;
}

/** NOMEM unless the arena is there or can be made. */
export function begin(): i32 {
  return arena != 0 || openArena() ? 0 : NOMEM;
}
