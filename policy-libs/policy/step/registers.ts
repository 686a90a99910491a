// Registers: one for each past operator, shared when structurally equal, inner before outer.
//
// Invariants
//   R1  A register reads inner registers only through the conditions of its patterns, and inner ones have smaller
//       numbers. So updating in falling order lets every update read what was there before the event.
//   R2  A register that can be fed by what is unknown keeps both ends.
import type { Kleene } from "../kleene.ts";
import type { HistoryKind, Place, RArgument, RPattern } from "../resolved.ts";
import { SCOPES, type Scope } from "../tree.ts";
import type { Operation } from "../vocabulary.ts";
import type { Channels } from "./channels.ts";
import { addField, type Field, type FieldSpec, type Layout, newLayout } from "./layout.ts";
import type { Frame, Interval, Node, State } from "./types.ts";

/** A pattern, compiled. */
export interface Matcher {
  readonly kinds: readonly HistoryKind[];
  readonly ops: ReadonlySet<number>;
  readonly when: Node | undefined;
  readonly key: string;
  readonly at: Place;
}

/** Of few values, in one field. tables.ts makes rows of these. */
export interface FiniteRegister extends FieldSpec {
  /** What follows, when an event surely (T), possibly (U) or not (F) adds to it, or takes away. */
  readonly next: (value: number, plus: Kleene, minus: Kleene) => number;
  /** Of a counter: what a value says it has counted, at least and at most. */
  readonly ends?: (value: number) => readonly [lo: number, hi: number];
}

export interface Register {
  readonly index: number;
  readonly key: string;
  readonly scope: Scope;
  readonly at: Place;
  readonly plus: readonly Matcher[];
  readonly minus: readonly Matcher[];
  /** Slots that an update reads, besides those of the patterns. */
  readonly slots: readonly number[];
  /** Causes are kept by the value of this slot. */
  readonly causesBy: number | undefined;
  readonly finite: FiniteRegister | undefined;
  /** Of what is not finite: its first cell among the numbers, its place among the sets; -1: none. */
  readonly cell: number;
  readonly set: number;
  /** In place. True: something changed. */
  readonly update: (state: State, frame: Frame, plus: Kleene, minus: Kleene) => boolean;
}

/** An argument that some test reads. Its name may differ from operation to operation. */
export interface Slot {
  readonly name: string;
  readonly argument: RArgument;
}

export interface Builder {
  readonly registers: Register[];
  readonly byKey: Map<string, Register>;
  readonly layouts: Readonly<Record<Scope, Layout>>;
  readonly slots: Slot[];
  readonly slotOf: Map<string, number>;
  readonly channels: Channels;
  /** Terms of the past that rules ask for, by key. */
  readonly intervals: Map<string, Interval>;
  /** The largest number that each counter is compared with, plus one: known before anything is allocated. */
  readonly caps: ReadonlyMap<string, number> | undefined;
  readonly wanted: Map<string, number>;
  readonly matcher: (pattern: RPattern) => Matcher;
}

export function newBuilder(
  caps: ReadonlyMap<string, number> | undefined,
  matcher: (builder: Builder, pattern: RPattern) => Matcher,
): Builder {
  const layouts = Object.fromEntries(SCOPES.map((scope) => [scope, newLayout()])) as Record<Scope, Layout>;
  const builder: Builder = {
    registers: [],
    byKey: new Map(),
    layouts,
    slots: [],
    slotOf: new Map(),
    channels: new Map(),
    intervals: new Map(),
    caps,
    wanted: new Map(),
    matcher: (pattern) => matcher(builder, pattern),
  };
  return builder;
}

export const argumentName = (argument: RArgument, op: Operation): string => argument.of.get(op)?.name ?? argument.name;

export function slotOf(builder: Builder, argument: RArgument): number {
  const names = [...argument.of].map(([op, { name }]) => [op.id, name] as const).filter(([, n]) => n !== argument.name);
  const key = JSON.stringify([argument.name, names.sort(([a], [b]) => a - b)]);
  const known = builder.slotOf.get(key);
  if (known !== undefined) return known;
  const slot = builder.slots.push({ name: argument.name, argument }) - 1;
  builder.slotOf.set(key, slot);
  return slot;
}

/** The register with this key, or a new one. Its patterns have been compiled: theirs have smaller numbers (R1). */
export function share(builder: Builder, key: string, make: (index: number) => Register): Register {
  const known = builder.byKey.get(key);
  if (known !== undefined) return known;
  const made = make(builder.registers.length);
  builder.registers.push(made);
  builder.byKey.set(key, made);
  return made;
}

export const keyOf = (matchers: readonly Matcher[]): string =>
  matchers
    .map(({ key }) => key)
    .sort()
    .join(",");

/** Of a register that is finite. */
export function fieldOf({ finite, key }: Register): Field {
  if (finite === undefined) throw new Error(`${key} has no field`);
  return finite.field;
}

export const isCertain = (matchers: readonly Matcher[]): boolean =>
  matchers.every(({ when }) => when === undefined || when.isCertain);

export const readField = (words: Int32Array, { word, shift, mask }: Field): number =>
  ((words[word] as number) >>> shift) & mask;

export function writeField(words: Int32Array, { word, shift, mask }: Field, value: number): void {
  words[word] = ((words[word] as number) & ~(mask << shift)) | (value << shift);
}

export const widthOf = (most: number): number => Math.max(1, Math.ceil(Math.log2(most + 1)));

export type Common = Pick<Register, "index" | "key" | "scope" | "at" | "plus" | "minus">;

export function finiteRegister(
  layout: Layout,
  common: Common,
  width: number,
  rest: Omit<FiniteRegister, "field">,
): Register {
  const { scope } = common;
  const { next } = rest;
  const field = addField(layout, width, rest.isValid);
  const update: Register["update"] = (state, _frame, plus, minus) => {
    const { words } = state[scope];
    const old = readField(words, field);
    const now = next(old, plus, minus);
    if (now !== old) writeField(words, field, now);
    return now !== old;
  };
  return { ...common, slots: [], causesBy: undefined, finite: { ...rest, field }, cell: -1, set: -1, update };
}
