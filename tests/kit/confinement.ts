// How the domains of a test are confined. Every guarantee holds in all three ways, so suites run in all three, by the
// projects of vitest.config.ts: `npx vitest run --project arena tests/guarantees` is one of them.
//
// What is different by design, and all of it: an access that lies outside memory traps in a frame, for the host's guard
// pages confine it; in a segment it comes to lie elsewhere inside, or in what is behind the guest's pages and is its own
// (DESIGN 6). Bulk operations trap in all three. Code that confines has its length, so fewer accesses find room in one
// function; a segment has a size, which for a sandbox is 4 MiB. Tests of any of that ask `isFrame`.
import { GUARD, type Mode, PAGE } from "../../kernel/index.ts";
import { decodeModule } from "./disassemble.ts";

/** "segment": one memory for many, an instance for each. "arena": an instance for all of a memory. */
export type Confinement = "frame" | "segment" | "arena";

type Host = { readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> } };
const { env = {} } = (globalThis as Host).process ?? {};

function read(given = "frame"): Confinement {
  if (given === "frame" || given === "segment" || given === "arena") return given;
  throw new Error(`CORDON_CONFINEMENT is ${given}: frame, segment and arena are known`);
}

export const CONFINEMENT: Confinement = read(env["CORDON_CONFINEMENT"]);
export const isFrame: boolean = CONFINEMENT === "frame";

/** Rooms of segments, in pages. Small ones: the kernel looks at all of a segment when its tenant ends. */
const ROOMS = [16, 256, 2_048];

export const segmentOf = (pages: number): Extract<Mode, { kind: "segment" }> => ({
  ...{ kind: "segment", mask: pages * PAGE - 1, guard: GUARD },
});

/** The mode of a program that begins with so many pages, and may need as many again. */
export const modeOf = (pages = 0, how: Confinement = CONFINEMENT): Mode =>
  how === "frame" ? { kind: "frame" } : segmentOf(ROOMS.find((room) => 2 * pages <= room) ?? pages);

/** ... of this one, which may be no module at all. */
export function modeFor(source: Uint8Array): Mode {
  try {
    return modeOf(decodeModule(source).memories[0]?.min);
  } catch {
    return modeOf();
  }
}

/** How often a property is tried: all of it in frames, a fourth in the others, ten times as often when CORDON_DEEP=1. */
export const runs = (count: number): { readonly numRuns: number } => ({
  numRuns: Math.ceil(count * (env["CORDON_DEEP"] === "1" ? 10 : isFrame ? 1 : 0.25)),
});
