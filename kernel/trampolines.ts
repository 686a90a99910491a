// Trampolines: the only functions of an artifact that may call an import or use a bulk memory instruction.
//
// The kernel generates them, the toolchain places them, the verifier demands them byte for byte.
//
// Invariants
//   TR1  A guest leaves its code through a trampoline or not at all.
//   TR2  After every suspension the trampoline calls `enter` before any guest instruction runs. No host code runs
//       between a settled promise and the resumed guest, so nothing else could reinstall the guest's state.
//   TR3  A negative answer of `slice` (but YIELD) or `enter` ends the guest: `unreachable`, which no guest can catch.
//   TR4  In a segment a bulk operation reaches the domain's pages and nothing else: base and pages are read behind the
//        last call before it, so they are of the domain that runs.
// Trust
//   Trusted by verify.ts and domain.ts. Relies on domain.ts to keep `base + 65,536 * pages` inside the segment.
import { u32 } from "./bytes.ts";
import { bulkAmount, bulkPiece, charge, constant, GATE_COST, GLOBAL } from "./fuel.ts";
import type { Code, Inline } from "./inline.ts";

export const I32 = 0x7f;

/** The module name of every import of an artifact, and the first word of every reserved export. */
export const CORDON = "cordon";

/**
 * Imported functions, in order, with the number of their parameters; all are i32, and so is the result. The kernel's own
 * three: slice (fuel, depth) -> new fuel, or YIELD, or less: die; yield () suspends -> token; enter (token) -> new fuel,
 * or less than 0: die. Then the gates.
 */
const PARAMETERS = { slice: 2, yield: 0, enter: 1, grow: 1, call: 5, reply: 2, receive: 3, answer: 4 } as const;
type ImportName = keyof typeof PARAMETERS;
export const IMPORTS = Object.entries(PARAMETERS).map(([name, params]) => ({ name, params }));

/** Imports that a source module may name: everything after the kernel's own three. */
export const FIRST_GATE = 3;

export type Trampoline = ReturnType<typeof trampoline>;

/** What `slice` answers when the guest is to be parked, and when it is to end. */
export const [YIELD, DIE] = [-1, -2] as const;
/** What `receive` answers to its own trampoline: nothing has come, park. Never seen by guest code. */
export const PARK = -0x8000_0000;

/** The first trampoline, which guests do not call. */
export const REFUEL_INDEX = IMPORTS.length;
const local = (index: number): number[] => [0x20, index];
const setLocal = (index: number): number[] => [0x21, index];
const call = (name: ImportName): number[] => [0x10, ...u32(IMPORTS.findIndex((row) => row.name === name))];
const when = (condition: number[], code: number[]): number[] => [...condition, 0x04, 0x40, ...code, 0x0b];

/** Installs the fuel in local `index`, or ends the guest. */
const install = (index: number): number[] =>
  [when([...local(index), ...constant(0), 0x48], [0x00]), local(index), [0x24, GLOBAL.fuel]].flat();

const refuelCode = (): number[] => [
  ...[0x23, GLOBAL.fuel, 0x23, GLOBAL.depth, ...call("slice"), ...setLocal(0)],
  ...when([...local(0), ...constant(YIELD), 0x46], [...call("yield"), ...call("enter"), ...setLocal(0)]),
  ...install(0),
];

const gateCharge = charge(REFUEL_INDEX, constant(GATE_COST));
const pass = (params: number): number[] => Array.from({ length: params }, (_, index) => local(index)).flat();

const gateCode = (name: ImportName, params: number, checks: Code = []): number[] =>
  [gateCharge, checks, pass(params), call(name)].flat();

// local 3: the answer; local 4: the fuel after a resumption.
const isParked = [...local(3), ...constant(PARK), 0x46];
const receiveCode = (): number[] => [
  ...gateCharge,
  ...[0x03, 0x40, ...pass(3), ...call("receive"), ...setLocal(3)],
  ...when(isParked, [...call("yield"), ...call("enter"), ...setLocal(4), ...install(4), 0x0c, 1]),
  ...[0x0b, ...local(3)],
];

const sum = (a: number[], b: number[]): number[] => [...a, ...b, 0x6a];
const difference = (a: number[], b: number[]): number[] => [...a, ...b, 0x6b];

/** How a memory is confined (`Mode` in body.ts). */
type Kind = "frame" | "segment";

/** A loop over pieces of at most BULK_PIECE bytes: charge, then `move`, until local 2 is used up. Local 3: the piece. */
const inPieces = (move: number[]): number[] => [
  ...[0x03, 0x40, ...local(2), ...bulkPiece, ...local(2), ...bulkPiece, 0x49, 0x1b, ...setLocal(3)],
  ...charge(REFUEL_INDEX, bulkAmount(3)),
  ...move,
  ...[...difference(local(2), local(3)), 0x22, 2, 0x0d, 0, 0x0b],
];

const advance = (index: number): number[] => [...sum(local(index), local(3)), ...setLocal(index)];
const tail = (index: number): number[] => difference(sum(local(index), local(2)), local(3));

/**
 * Where a piece begins. In a segment first what the host does in a frame: it traps unless the piece lies in the domain's
 * pages. In 64 bits, where no sum wraps.
 */
const piece = (kind: Kind, at: number[]): number[] => {
  if (kind === "frame") return at;
  const end = [...at, 0xad, ...local(3), 0xad, 0x7c];
  const isOutside = [...end, 0x23, GLOBAL.pages, 0xad, 0x42, 16, 0x86, 0x56];
  return [...when(isOutside, [0x00]), ...sum(at, [0x23, GLOBAL.base])];
};

// Pieces go upwards where the target lies below the source, else downwards: overlapping spans move as one would.
const copyCode = (kind: Kind): number[] => {
  const copy = (place: (index: number) => number[]): number[] =>
    [piece(kind, place(0)), piece(kind, place(1)), local(3), [0xfc, 0x0a, 0, 0]].flat();
  const [upwards, downwards] = [[...copy(local), ...advance(0), ...advance(1)], copy(tail)];
  return inPieces([...local(0), ...local(1), 0x4d, 0x04, 0x40, ...upwards, 0x05, ...downwards, 0x0b]);
};

const fillCode = (kind: Kind): number[] =>
  inPieces([...piece(kind, local(0)), ...local(1), ...local(3), 0xfc, 0x0b, 0, ...advance(0)]);

const trampoline = (name: string, params: number, results: number, locals: number, code: number[]) => ({
  ...{ name, params, results },
  /** The whole body: locals, code, `end`. */
  body: Uint8Array.from([...(locals > 0 ? [1, ...u32(locals), I32] : [0]), ...code, 0x0b]),
  /** May guest code call it, take its address, export it? */
  nameable: name !== "refuel",
});

/** In the order in which an artifact defines them, with the checks of its monitors. */
export const trampolines = (kind: Kind, { grow, gate }: Pick<Inline, "grow" | "gate">): readonly Trampoline[] => [
  trampoline("refuel", 0, 0, 1, refuelCode()),
  trampoline("size", 0, 1, 0, [0x23, GLOBAL.pages]),
  trampoline("grow", 1, 1, 0, gateCode("grow", 1, grow)),
  trampoline("copy", 3, 0, 1, copyCode(kind)),
  trampoline("fill", 3, 0, 1, fillCode(kind)),
  trampoline("call", 5, 1, 0, gateCode("call", 5, gate)),
  trampoline("reply", 2, 1, 0, gateCode("reply", 2)),
  trampoline("receive", 3, 1, 2, receiveCode()),
  trampoline("answer", 4, 1, 0, gateCode("answer", 4)),
];
/** ... of a frame, where nothing is monitored. */
export const TRAMPOLINES = trampolines("frame", { grow: [], gate: [] });

/** Function indices of an artifact. */
export const FIRST_GUEST = REFUEL_INDEX + TRAMPOLINES.length;
export const trampolineIndex = (name: string): number =>
  REFUEL_INDEX + TRAMPOLINES.findIndex((row) => row.name === name);

/** May guest code call this function, put it into the table, or export it? */
export const nameable = (index: number): boolean =>
  index >= FIRST_GUEST || (TRAMPOLINES[index - REFUEL_INDEX]?.nameable ?? false);
