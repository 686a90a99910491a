// How large the engine's arenas are. The engine takes small objects from arenas of one size of block each; with 31 sizes
// and 4 KiB for each arena, most of a fresh engine's memory would be blocks that nobody uses. So the build gives each
// size one arena of what it needs (start.build.ts), and those that follow begin small and double.

const SIZES: i32 = 31;
/** Bytes that the next arena of each size has for its blocks, and behind them whether that is settled: see below. */
const ROOMS: i32 = memory.data(32 * 4, 16) as i32, SETTLED = ROOMS + 31 * 4;
const FIRST: i32 = 1008, MOST: i32 = 4072; // bytes; the engine itself takes the second for all of them

/** For the build: where it tells the room of the arenas that are made until it calls `arenas_done`. */
export function arena_rooms(): i32 {
  fill(MOST);
  store<i32>(SETTLED, 1);
  return ROOMS;
}

export function arenas_done(): void {
  fill(FIRST);
  store<i32>(SETTLED, 0);
}

function fill(room: i32): void {
  for (let i = 0; i < SIZES; i++) store<i32>(ROOMS + i * 4, room);
}

/** The engine asks when it makes an arena. */
export function arena_room(_runtime: i32, size: i32): i32 {
  const at = ROOMS + size * 4;
  const room = load<i32>(at);
  if (load<i32>(SETTLED) == 0) store<i32>(at, min(room * 2, MOST));
  return room;
}
