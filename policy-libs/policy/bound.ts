// How much a policy remembers, as the language's document says it: an estimate by the text alone, with one register for
// each past operator, shared where two are equal. What really remembers is compiled, and no larger.
import { MAX_INT } from "./limits.ts";
import type { Joined, RCond, RLabel, RPattern, RPolicy, RTerm, RValues } from "./resolved.ts";
import type { Scope } from "./tree.ts";

/** Bits of a time: milliseconds since the start, saturating. */
const TIME = 32;
/** Bits of a value that is remembered: a reference to its text. */
const VALUE = 64;
const LEVEL = 16;
/** The kernel keeps the times of a count this far. */
const MOST_TIMES = 64;

/** A register: what it remembers, told apart by its key. */
interface Walk {
  readonly bits: Map<Scope, Map<string, number>>;
}

const counter = (most: number): number => Math.ceil(Math.log2(Math.min(most, MAX_INT) + 2));

function add({ bits }: Walk, scope: Scope, key: string, size: number): void {
  const registers = bits.get(scope) ?? new Map<string, number>();
  bits.set(scope, registers);
  // The same count may be compared with several numbers: the largest decides.
  registers.set(key, Math.max(registers.get(key) ?? 0, size));
}

/** Resolved conditions do not change, and a policy is counted by itself and in what joins it. */
const keys = new WeakMap<object, string>();

/** What tells two conditions apart: all but where they stand. */
function keyOf(node: object): string {
  const known = keys.get(node);
  if (known !== undefined) return known;
  const key = JSON.stringify(node, (name, value) => {
    if (name === "at") return undefined;
    if (name === "ops") return value.map(({ id }: { readonly id: number }) => id);
    if (name === "argument") return value.name;
    return typeof value === "bigint" ? `${value}` : value;
  });
  keys.set(node, key);
  return key;
}

/** An argument whose value may be none: it can be left out, or be written so that it is none of its type. */
const isUnsureArgument = ({ argument: { type, of } }: Extract<RCond | RTerm, { argument: unknown }>): boolean =>
  (type !== "bool" && type !== "text" && type !== "bytes") || [...of.values()].some(({ optional }) => optional);

/** Can it be unknown, so that both ends are kept? */
function isUnsure(cond: RCond): boolean {
  switch (cond.kind) {
    case "constant":
      return false;
    case "or":
    case "and":
      return cond.of.some(isUnsure);
    case "not":
      return isUnsure(cond.of);
    case "compare":
      return [cond.left, cond.right].some(isUnsureTerm);
    case "remembered":
      return true;
    case "once":
    case "previous":
    case "carries":
      return patternsOf(cond).some(isUnsurePattern);
    default:
      return isUnsureArgument(cond);
  }
}

function patternsOf(cond: Extract<RCond, { kind: "once" | "previous" | "carries" }>): readonly RPattern[] {
  if (cond.kind === "carries") return [...cond.label.from, ...cond.label.cleared];
  if (cond.kind === "previous") return [cond.pattern, ...cond.among];
  return cond.since === undefined ? [cond.pattern] : [cond.pattern, cond.since];
}

function isUnsureTerm(term: RTerm): boolean {
  if (term.kind === "constant") return false;
  if (term.kind === "argument" || term.kind === "length") return isUnsureArgument(term);
  return term.kind === "add" ? term.terms.some(isUnsureTerm) : true;
}

const isUnsurePattern = ({ when }: RPattern): boolean => when !== undefined && isUnsure(when);

const ends = (patterns: readonly RPattern[]): number => (patterns.some(isUnsurePattern) ? 2 : 1);

function visitPatterns(walk: Walk, patterns: readonly RPattern[]): void {
  for (const { when } of patterns) if (when !== undefined) visitCond(walk, when);
}

function remember(walk: Walk, scope: Scope, key: unknown, patterns: readonly RPattern[], size: number): void {
  visitPatterns(walk, patterns);
  add(walk, scope, JSON.stringify(key), size * ends(patterns));
}

type Tally = Extract<RTerm, { kind: "count" | "sum" }>;

function tallyBits({ kind, within, steps }: Tally, most: number): number {
  if (within === undefined) return counter(most);
  if (steps !== undefined) return (steps + 1) * counter(MAX_INT) + TIME;
  return kind === "count" ? Math.min(Math.max(most, 1), MOST_TIMES + 1) * TIME : 0;
}

function visitTally(walk: Walk, term: Tally, most: number): void {
  const { by, per, pattern } = term;
  const one = tallyBits(term, most);
  const size = by === undefined ? one : by.max * (VALUE + one) + 1;
  remember(walk, per, keyOf(term), [pattern], size);
}

/** `most`: the largest number that it is compared with. */
function visitTerm(walk: Walk, term: RTerm, most: number): void {
  if (term.kind === "add") for (const each of term.terms) visitTerm(walk, each, most);
  if (term.kind === "count" || term.kind === "sum") visitTally(walk, term, most);
  if (term.kind === "level") remember(walk, "domain", keyOf(term), [term.plus, term.minus], LEVEL);
}

const numberIn = (term: RTerm): number =>
  term.kind === "constant" && typeof term.value === "number" ? term.value : MAX_INT;

function visitValues(walk: Walk, { argument, pattern, max }: RValues): void {
  remember(walk, "domain", ["values", argument.name, max, keyOf(pattern)], [pattern], max * VALUE + 1);
}

function visitLabel(walk: Walk, { from, cleared }: RLabel): void {
  remember(walk, "domain", ["label", keyOf(from), keyOf(cleared)], [...from, ...cleared], 1);
}

function visitCond(walk: Walk, cond: RCond): void {
  if (cond.kind === "or" || cond.kind === "and") for (const part of cond.of) visitCond(walk, part);
  else if (cond.kind === "not") visitCond(walk, cond.of);
  else if (cond.kind === "compare") {
    visitTerm(walk, cond.left, numberIn(cond.right));
    visitTerm(walk, cond.right, numberIn(cond.left));
  } else if (cond.kind === "once") {
    remember(walk, "domain", keyOf(cond), patternsOf(cond), cond.within === undefined ? 1 : TIME);
  } else if (cond.kind === "previous") remember(walk, "domain", keyOf(cond), patternsOf(cond), 1);
  else if (cond.kind === "remembered") visitValues(walk, cond.values);
  else if (cond.kind === "carries") visitLabel(walk, cond.label);
}

function visitPolicy(walk: Walk, { rules, name, party }: RPolicy): void {
  for (const { on, when, effect, index } of rules) {
    visitPatterns(walk, on);
    if (when !== undefined) visitCond(walk, when);
    if (effect.kind === "delay") add(walk, "domain", JSON.stringify(["delay", party, name, index]), TIME);
  }
}

function visitJoined(walk: Walk, joined: Joined): void {
  if (joined.kind === "policy") visitPolicy(walk, joined);
  else for (const each of joined.of) visitJoined(walk, each);
}

/** Bits of state, by whose state it is. */
export function boundOf(joined: Joined): ReadonlyMap<Scope, number> {
  const walk: Walk = { bits: new Map() };
  visitJoined(walk, joined);
  const total = (registers: ReadonlyMap<string, number>) =>
    [...registers.values()].reduce((sum, bits) => sum + bits, 0);
  return new Map([...walk.bits].map(([scope, registers]) => [scope, total(registers)]));
}
