// Which parts of a rule's condition mattered for its answer, with their values: in a false `and` the false parts, in a
// true `or` the true ones.
//
// Invariants
//   W1  What is left out could have had any other value, the kept parts being as they are, and the rule would have
//       answered the same.
import type { Machine, State, Condition as Valued } from "../compile.ts";
import { F, type Kleene, T, U } from "../kleene.ts";
import type { PolicyEvent, RCond, RRule } from "../resolved.ts";
import { type Condition, type Remembered, TRUTHS } from "./types.ts";

/** A condition with its value, its parts beside it. */
interface Judged {
  readonly kind: RCond["kind"];
  readonly valued: Valued;
  readonly cond: RCond;
  readonly of: readonly Judged[];
}

/** A leaf: what reads registers and arguments itself. */
export interface Leaf {
  readonly cond: RCond;
  readonly condition: Condition;
}

function partsOf(cond: RCond): readonly RCond[] {
  if (cond.kind === "and" || cond.kind === "or") return cond.of;
  return cond.kind === "not" ? [cond.of] : [];
}

/** The compiled condition has the parts of the resolved one, in their order. */
function judged(cond: RCond, valued: Valued): Judged {
  const parts = partsOf(cond);
  const of = valued.of.map((part, at) => judged(parts[at] as RCond, part));
  return { kind: cond.kind, valued, cond, of };
}

const joinedValue = (parts: readonly Judged[], end: Kleene, other: Kleene): Kleene => {
  if (parts.some(({ valued }) => valued.value === end)) return end;
  return parts.some(({ valued }) => valued.value === U) ? U : other;
};

/** `side`: T where the whole had to be true to answer so. Unknown is on both sides. */
function mattering(kind: "and" | "or", value: Kleene, side: Kleene, of: readonly Judged[]): readonly Judged[] {
  const end = kind === "and" ? F : T;
  if (value === end) return of.filter(({ valued }) => valued.value === end);
  if (value !== U) return of;
  // Unknown: either it had to be so, or one more had to be; what is surely at the end is not here.
  return side === end ? of.filter((part) => part.valued.value === U) : of;
}

const DUAL: readonly Kleene[] = [T, F, U];

function kept(machine: Machine, { kind, valued, cond, of }: Judged, side: Kleene, leaves: Leaf[]): Condition {
  const parts = kind === "and" || kind === "or" ? mattering(kind, valued.value, side, of) : kind === "not" ? of : [];
  const inner = kind === "not" ? (DUAL[side] as Kleene) : side;
  const condition: Condition = {
    text: valued.text,
    at: valued.at,
    value: TRUTHS[valued.value],
    reads: valued.registers.map((register) => readOf(machine, register)),
    of: parts.map((part) => kept(machine, part, inner, leaves)),
  };
  if (parts.length === 0) leaves.push({ cond, condition });
  return condition;
}

function readOf({ registers }: Machine, register: number): Remembered {
  const { scope, at } = registers[register] as Machine["registers"][number];
  return { register, scope, at };
}

const isAbout = (event: PolicyEvent, { kinds, ops }: RRule["on"][number]): boolean =>
  kinds.includes(event.kind) && ops.includes(event.op);

export interface Mattering {
  readonly conditions: readonly Condition[];
  readonly leaves: readonly Leaf[];
}

/** Of a rule that does not speak of the event: nothing. `side`: T for a rule that matched, F for one that did not. */
export function whatMattered(
  machine: Machine,
  state: State,
  event: PolicyEvent,
  rule: RRule,
  side: typeof T | typeof F,
): Mattering {
  const explained = machine.conditionsOf(state, event, rule);
  const patterns = rule.on.filter((pattern) => isAbout(event, pattern));
  if (explained === undefined || patterns.length === 0) return { conditions: [], leaves: [] };
  const conds = [...patterns.map(({ when }) => when), rule.when].filter((cond) => cond !== undefined);
  const all = explained.of.map((valued, at) => judged(conds[at] as RCond, valued));
  const ofRule = rule.when === undefined ? [] : all.slice(-1);
  const ofPatterns = all.slice(0, all.length - ofRule.length);
  const isFree = ofPatterns.length < patterns.length; // one pattern asks for nothing
  const match = isFree ? T : joinedValue(ofPatterns, T, F);
  const groups = [...(isFree ? [] : [{ value: match, parts: mattering("or", match, side, ofPatterns) }])];
  if (ofRule[0] !== undefined) groups.push({ value: ofRule[0].valued.value, parts: ofRule });
  const whole = groups.some(({ value }) => value === F) ? F : groups.some(({ value }) => value === U) ? U : T;
  const chosen = groups.filter(({ value }) => whole === T || (whole === U && side === T) || value === whole);
  const leaves: Leaf[] = [];
  const conditions = chosen.flatMap(({ parts }) => parts.map((part) => kept(machine, part, side, leaves)));
  return { conditions, leaves };
}
