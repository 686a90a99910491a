// The sequences that the instrumenter inserted into an artifact, found by what they look like.
import { type Mode, TRAMPOLINES } from "../../kernel/index.ts";
import type { Bytes } from "../kit/assemble.ts";
import { decodeModule, disassemble, type Seen } from "../kit/disassemble.ts";

export type Kind = "enter" | "charge" | "leave" | "settle" | "confine" | "base";

/** An inserted sequence: instructions [from, to) of a body. */
export interface Inserted {
  readonly kind: Kind;
  readonly body: number;
  readonly from: number;
  readonly to: number;
  readonly seen: readonly Seen[];
}

export const LENGTH = { enter: 16, charge: 10, leave: 4, settle: 6, confine: 4, base: 2 } as const;

export const at = ({ seen }: Pick<Inserted, "seen">, index: number): Seen => {
  const found = seen[index];
  if (found === undefined) throw new Error("no such instruction");
  return found;
};

const CANONICAL = ["430000c07f", "44000000000000f87f"];
const isCanonical = (bytes: Bytes, one: Seen | undefined): boolean =>
  CANONICAL.includes(Buffer.from(bytes.subarray(one?.at, one?.end)).toString("hex"));

/** All six: a guest writes `local.tee, f64.const, ..., select` itself. */
const isSettle = (bytes: Bytes, seen: readonly Seen[], i: number): boolean =>
  seen[i]?.name === "local.tee" &&
  isCanonical(bytes, seen[i + 1]) &&
  [2, 3].every((k) => seen[i + k]?.name === "local.get" && seen[i + k]?.first === seen[i]?.first) &&
  /^f..\.eq$/.test(seen[i + 4]?.name ?? "") &&
  seen[i + 5]?.name === "select";

const isConfine = (seen: readonly Seen[], i: number, mode: Mode): boolean =>
  mode.kind === "segment" &&
  seen[i]?.name === "i32.const" &&
  seen[i]?.first === mode.mask &&
  seen[i + 1]?.name === "i32.and" &&
  seen[i + 2]?.name === "local.get" &&
  seen[i + 3]?.name === "i32.add";

/** Everything that was inserted into one guest body. */
export function insertedIn(bytes: Bytes, body: number, mode: Mode): Inserted[] {
  const place = decodeModule(bytes).bodies[body] as { at: number; end: number };
  const seen = disassemble(bytes, place);
  const make = (kind: Kind, from: number): Inserted => ({ kind, body, from, to: from + LENGTH[kind], seen });
  const found = [make("enter", 0), make("leave", seen.length - 5)];
  if (mode.kind === "segment") found.push(make("base", LENGTH.enter));
  seen.forEach(({ name }, index) => {
    if (name === "loop") found.push(make("charge", index + 1));
    if (isSettle(bytes, seen, index)) found.push(make("settle", index));
    if (isConfine(seen, index, mode)) found.push(make("confine", index));
  });
  return found;
}

export const guestBodies = (bytes: Bytes): number[] =>
  decodeModule(bytes).bodies.flatMap((_, index) => (index >= TRAMPOLINES.length ? [index] : []));

export const allInserted = (bytes: Bytes, mode: Mode): Inserted[] =>
  guestBodies(bytes).flatMap((body) => insertedIn(bytes, body, mode));
