// From policies to a machine that decides: bounded state, no history.
//
// Invariants
//   M1  decide(commit*(start, H), e) is what the reference semantics says of e after H, on every prefix.
//   M2  `decide` changes nothing. `commit` changes registers that name the event, and no others.
//   M3  No state exceeds `bits`.
// Trust
//   Trusts step/. Trusted by the enforcement; tables.ts makes the kernel's tables of it.
import { F, type Kleene } from "./kleene.ts";
import type { Datum, Decision, HistoryKind, Joined, PolicyEvent, RRule } from "./resolved.ts";
import { causesOf, note } from "./step/causes.ts";
import { decideBy } from "./step/decide.ts";
import { type Condition, explainRule } from "./step/explain.ts";
import { startPart } from "./step/layout.ts";
import { makePlan, type Plan } from "./step/plan.ts";
import { restore, restoreParts } from "./step/read.ts";
import { type Builder, newBuilder, type Register } from "./step/registers.ts";
import { type Compiled, type CompiledRule, compileJoined, matcherOf } from "./step/rules.ts";
import { bitsOf, byScope, copyPart } from "./step/state.ts";
import type { Frame, Part, State } from "./step/types.ts";
import { serialise, serialiseParts } from "./step/write.ts";
import type { Scope } from "./tree.ts";
import type { Operation } from "./vocabulary.ts";

export type { Condition } from "./step/explain.ts";
export type { Part, State } from "./step/types.ts";

export interface CompileOptions {
  /** Registers keep the numbers of the events that changed them. */
  readonly tracing?: boolean;
}

export interface Machine {
  readonly joined: Joined;
  readonly registers: readonly Register[];
  /** Parts of all scopes, none shared. `words`: cells of the domain's part that the kernel shares. */
  start(words?: Int32Array): State;
  /** One part; the caller keeps those of capabilities, tenants and the host beside a domain's. */
  startPart(scope: Scope, words?: Int32Array): Part;
  copy(state: State): State;
  copyPart(part: Part): Part;
  decide(state: State, event: PolicyEvent): Decision;
  /** In place. `number`: of the event, for causes. */
  commit(state: State, event: PolicyEvent, number?: number): void;
  /** The most that a part of each scope ever needs. */
  readonly bits: Readonly<Record<Scope, number>>;
  /** Words of a part, for cells that are shared. */
  readonly words: Readonly<Record<Scope, number>>;
  /** Bits of the domain's first word, which is the state of the kernel's automaton: see automaton.ts. */
  readonly automatonBits: number;
  /** Whether such an event is decided or remembered at all; without a kind: any event of the operation. */
  names(op: Operation, kind?: HistoryKind): boolean;
  serialise(state: State): Uint8Array;
  /** Undefined: the bytes are no state of this machine. */
  restore(bytes: Uint8Array): State | undefined;
  /** The same of single parts: `restoreParts` is to be told of which scopes they are, in their order. */
  serialiseParts(parts: readonly (readonly [Scope, Part])[]): Uint8Array;
  restoreParts(bytes: Uint8Array, scopes: readonly Scope[]): readonly Part[] | undefined;
  /** Numbers of the events that made a register what it is; of a register of values: that made this value's. */
  causes(state: State, register: number, value?: Datum): readonly number[];
  /** The conditions of a rule, judged for an event. */
  conditionsOf(state: State, event: PolicyEvent, rule: RRule): Condition | undefined;
  /** What tables.ts is made from. */
  planOf(kind: HistoryKind, op: Operation): Plan;
}

const KINDS: readonly HistoryKind[] = ["call", "refused", "result", "failed", "approved"];

/** Twice: what counters are compared with is known only when all has been seen. */
function build(joined: Joined): { readonly builder: Builder; readonly compiled: Compiled } {
  const first = newBuilder(undefined, matcherOf);
  const tried = compileJoined(first, joined);
  if (first.wanted.size === 0) return { builder: first, compiled: tried };
  const builder = newBuilder(first.wanted, matcherOf);
  return { builder, compiled: compileJoined(builder, joined) };
}

const rulesOf = (compiled: Compiled): readonly CompiledRule[] =>
  compiled.kind === "policy" ? compiled.rules : compiled.of.flatMap(rulesOf);

function newPlans(builder: Builder, compiled: Compiled): Machine["planOf"] {
  const plans: (Plan | undefined)[] = [];
  return (kind, op) => {
    const at = op.id * KINDS.length + KINDS.indexOf(kind);
    const known = plans[at];
    if (known !== undefined) return known;
    const made = makePlan(builder, compiled, kind, op);
    plans[at] = made;
    return made;
  };
}

function read({ slots }: Frame, { reads }: Plan, { data }: PolicyEvent): void {
  for (const { slot, name } of reads) slots[slot] = data.get(name);
}

function commitBy({ updates }: Plan, state: State, frame: Frame, number: number | undefined): void {
  for (const { register, plus, minus } of updates) {
    const [p, q]: [Kleene, Kleene] = [plus?.(state, frame) ?? F, minus?.(state, frame) ?? F];
    if (p === F && q === F) continue;
    const isChanged = register.update(state, frame, p, q);
    if (isChanged && number !== undefined) note(state[register.scope], register, frame, number);
  }
}

export function compile(joined: Joined, { tracing = false }: CompileOptions = {}): Machine {
  const { builder, compiled } = build(joined);
  const { layouts, registers } = builder;
  const planOf = newPlans(builder, compiled);
  const rules = new Map(rulesOf(compiled).map((rule) => [rule.rule, rule] as const));
  const key = registers.map((register) => register.key).join("\n");
  const form = { layouts, key, tracing };
  // One frame for all events: nothing in here calls back.
  const frame: Frame = { slots: builder.slots.map(() => undefined), time: 0, stamp: 0 };
  const see = (event: PolicyEvent): Plan => {
    const plan = planOf(event.kind, event.op);
    read(frame, plan, event);
    frame.time = event.time;
    frame.stamp += 1;
    return plan;
  };
  const start: Machine["startPart"] = (scope, words) => startPart(layouts[scope], tracing, words);
  return {
    joined,
    registers,
    start: (words) => byScope((scope) => start(scope, scope === "domain" ? words : undefined)),
    startPart: start,
    copy: (state) => byScope((scope) => copyPart(state[scope])),
    copyPart,
    decide: (state, event) => decideBy(see(event).planned, event, state, frame),
    commit: (state, event, number) => commitBy(see(event), state, frame, number),
    bits: byScope((scope) => bitsOf(layouts[scope])),
    words: byScope((scope) => layouts[scope].fill.length),
    automatonBits: layouts.domain.fill[0] ?? 0,
    names: (op, kind) => (kind === undefined ? KINDS : [kind]).some((one) => planOf(one, op).isNamed),
    serialise: (state) => serialise(state, key),
    restore: (bytes) => restore(bytes, form),
    serialiseParts: (parts) => serialiseParts(parts, key),
    restoreParts: (bytes, scopes) => restoreParts(bytes, scopes, form),
    causes: (state, register, value) => causesOf(state, registers[register] as Register, value),
    conditionsOf: (state, event, rule) => {
      const found = rules.get(rule);
      see(event);
      return found && explainRule(found, event, state, frame);
    },
    planOf,
  };
}
