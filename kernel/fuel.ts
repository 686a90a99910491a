// Fuel and depth: what work costs, and the exact instruction sequences that charge for it.
//
// Invariants
//   F1  Every loop iteration and every call charges at least 1 before any guest instruction of it runs.
//   F2  A charge is at most MAX_WEIGHT, so that fuel cannot wrap between two looks at it.
//   F3  Fuel and depth are examined together: the sign of (fuel | depth) is negative when either is.
// Trust
//   Trusted by verify.ts, which accepts these sequences and no others; the toolchain inserts them.
import { i32, u32 } from "./bytes.ts";
import { BULK_PIECE } from "./limits.ts";

/** Reserved globals, the first of every artifact, all mutable i32. Guest code can name none of them. */
export const GLOBAL = { fuel: 0, depth: 1, pages: 2, base: 3 } as const;
export const RESERVED_GLOBALS = 4;

/**
 * Fuel of a region of `instructions` instructions. The cap at 16 keeps a unit of fuel comparable between programs, since
 * an interpreter's loop is one region of which an iteration runs little: full weights made a unit mean 342 times more
 * here than there, a 1,024th beyond the cap 4 times for an engine with inlined functions, a 2,048th 3.1 times.
 */
export const weight = (instructions: number): number => Math.min(instructions, 16 + (instructions >>> 11)) || 1;

/**
 * Bytes of host stack of one activation, or more. An operand may take two places: where it is spilled, and where it is
 * passed to the callee. The test that the host's own stack check never comes first: tests/guarantees/g4-termination.
 */
export const frameCost = (locals: number, operands: number): number => 96 + 8 * locals + 16 * operands;

/** Fuel per byte of a bulk operation is 1 / 2^BULK_SHIFT. */
export const BULK_SHIFT = 3;
/** Fuel of one gate call, and of a page that the guest had not touched before. */
export const GATE_COST = 1_000;
export const PAGE_COST = 500;

const get = (global: number): number[] => [0x23, global];
const set = (global: number): number[] => [0x24, global];
const spend = (global: number, amount: number[]): number[] => [...get(global), ...amount, 0x6b, ...set(global)];
export const constant = (value: number): number[] => [0x41, ...i32(value)];
const refuelIfNegative = (refuel: number): number[] => [...constant(0), 0x48, 0x04, 0x40, 0x10, ...u32(refuel), 0x0b];

/** `fuel -= amount; if (fuel < 0) refuel()`, where `amount` is code that pushes an i32. */
export const charge = (refuel: number, amount: number[]): number[] =>
  [spend(GLOBAL.fuel, amount), get(GLOBAL.fuel), refuelIfNegative(refuel)].flat();

/** The charge at a loop's head. */
export const loopCharge = (refuel: number, cost: number): number[] => charge(refuel, constant(cost));

/** ENTER: what every guest function begins with. */
export const enter = (refuel: number, cost: number, frame: number): number[] => {
  const spent = [...spend(GLOBAL.fuel, constant(cost)), ...spend(GLOBAL.depth, constant(frame))];
  return [...spent, ...get(GLOBAL.fuel), ...get(GLOBAL.depth), 0x72, ...refuelIfNegative(refuel)];
};

/** LEAVE: what every guest function ends with, before its last `end`. */
export const leave = (frame: number): number[] => [get(GLOBAL.depth), constant(frame), 0x6a, set(GLOBAL.depth)].flat();

/** Segment mode caches the base in the function's last local, right after ENTER. */
export const cacheBase = (local: number): number[] => [...get(GLOBAL.base), 0x21, ...u32(local)];

/** Segment mode: what makes the address on top of the stack one of the domain's own. */
export const confine = (mask: number, base: number): number[] => [...constant(mask), 0x71, 0x20, ...u32(base), 0x6a];

const NAN_32 = [0x43, 0, 0, 0xc0, 0x7f];
const NAN_64 = [0x44, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f];

function settling(type: "f32" | "f64", local: number): readonly number[] {
  const index = u32(local);
  const [nan, equal] = type === "f32" ? [NAN_32, 0x5b] : [NAN_64, 0x61];
  return [0x22, ...index, ...nan, 0x20, ...index, 0x20, ...index, equal, 0x1b];
}

const SETTLES: (readonly number[])[] = [];

/**
 * Makes the NaN on top of the stack the canonical one and leaves other numbers alone, by way of `local`.
 * V8 gives the same addition of two NaNs other bits after it has optimised the function.
 */
export function settle(type: "f32" | "f64", local: number): readonly number[] {
  const place = local * 2 + Number(type === "f64");
  SETTLES[place] ??= Object.freeze(settling(type, local)); // the verifier and the untrusted toolchain share it
  return SETTLES[place];
}

/** Code that pushes the fuel of a bulk operation of as many bytes as `piece` (a local) holds: never 0. */
export const bulkAmount = (piece: number): number[] =>
  [0x20, piece, constant(BULK_SHIFT), 0x76, constant(1), 0x6a].flat();
export const bulkPiece = constant(BULK_PIECE);
