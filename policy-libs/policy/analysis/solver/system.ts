// Policies as a transition system over whole numbers: a state for what is remembered, a letter for each kind of event.
//
// Invariants
//   S1  Every history of the policy in force is a run of the system, and every event that is asked for is one here.
//       Not the other way round: what a run says is tried on the reference semantics.
import type { HistoryKind, Joined } from "../../resolved.ts";
import type { Operation } from "../../vocabulary.ts";
import type { Lab } from "../lab.ts";
import type { Inquiry } from "../refine.ts";
import { keyOf, type Register } from "../registers.ts";
import { unitsOf } from "../units.ts";
import { isTouched } from "../update.ts";
import { isShared, type Relation } from "../world.ts";
import { asked, isChanging, performed } from "./decide.ts";
import { all, below, type Formula, no, some, sum, TRUE, type Value } from "./formula.ts";
import { type Goal, goalAt, type Target, targetsOf } from "./goal.ts";
import { type Inputs, newInputs, type Variable } from "./inputs.ts";
import type { Here } from "./judge.ts";
import { after, emptyOf, isModelled, partsOf, readOf, type Values, valueIn, variablesOf, windowOf } from "./memory.ts";

export interface Letter {
  readonly op: Operation;
  readonly kind: HistoryKind;
  readonly relation: Relation;
  readonly isApproved: boolean | undefined;
  readonly inputs: Inputs;
  /** It happens only in these states. */
  readonly guard: Formula;
  /** The state after it, variable by variable. */
  readonly after: readonly Formula[];
}

export interface System {
  readonly lab: Lab;
  readonly state: readonly Variable[];
  readonly start: readonly Formula[];
  readonly letters: readonly Letter[];
  readonly goals: readonly Letter[];
  /** Of all that is looked back at. */
  readonly window: number;
}

interface Plan {
  readonly lab: Lab;
  readonly inForce: Joined;
  readonly hasCompany: boolean;
  readonly goal: Goal;
  readonly registers: readonly Register[];
  readonly relations: readonly Relation[];
  /** Calls whose outcome matters, as seen from whom: how many are open. */
  readonly open: ReadonlyMap<string, Variable>;
}

type Event = Pick<Letter, "op" | "kind" | "relation">;

const openKey = ({ op, relation }: Pick<Event, "op" | "relation">): string => `${op.id} ${relation}`;
const openOf = ({ open }: Plan, event: Event): string | undefined => open.get(openKey(event))?.name;

const stateOf = ({ lab, registers }: Plan): Values =>
  new Map(registers.map((register) => [register, valueIn(lab.vague, register)]));

/** `values`: what is remembered just before. */
function hereOf(inputs: Inputs, { op, kind, relation }: Event, values: Values, isLate = false): Here {
  const read = (register: Register): Value =>
    readOf({ inputs, relation, isLate }, register, values.get(register) ?? emptyOf(register));
  return { inputs, op, kind, read, phase: isLate ? "late" : "first" };
}

/** What it has to be for such an event to happen. */
function possible(plan: Plan, inputs: Inputs, event: Event): Formula {
  const { lab, inForce, hasCompany } = plan;
  const { kind, op } = event;
  if (lab.isHost(op) && kind !== "refused") return TRUE;
  const open = openOf(plan, event);
  const isOpen = open === undefined ? TRUE : below("0", open);
  const call = hereOf(inputs, { ...event, kind: "call" }, stateOf(plan));
  switch (kind) {
    case "call":
      return performed(inForce, call);
    case "approved":
      return all(performed(inForce, call), hasCompany ? TRUE : asked(inForce, call));
    case "refused":
      return hasCompany ? TRUE : some(no(performed(inForce, call)), asked(inForce, call));
    case "failed":
      return isOpen;
    case "result":
      return all(isOpen, performed(inForce, hereOf(inputs, event, stateOf(plan))));
  }
}

/** Of what is remembered, after the event. Time goes by for what has a window, whether the event touches it or not. */
function valuesAfter(plan: Plan, here: Here, event: Event, values: Values, isLate: boolean): Values {
  const { inputs, kind } = here;
  const reading = { inputs, relation: event.relation, isLate };
  const next = plan.registers.map((register) => {
    const value = values.get(register) ?? emptyOf(register);
    const isAged = isShared(event, register) && keyOf(register) === undefined;
    const kept = isAged ? readOf(reading, register, value) : value;
    return [register, isTouched({ ...event, kind }, register) ? after(here, register, kept) : kept] as const;
  });
  return new Map(next);
}

function updated(plan: Plan, inputs: Inputs, event: Event, isApproved: boolean): Values {
  const state = stateOf(plan);
  if (!isApproved) return valuesAfter(plan, hereOf(inputs, event, state), event, state, false);
  const approved: Event = { ...event, kind: "approved" };
  const middle = valuesAfter(plan, hereOf(inputs, approved, state), approved, state, false);
  return valuesAfter(plan, hereOf(inputs, event, middle, true), event, middle, true);
}

/** Of calls in flight there is one more, or one less. */
function openAfter({ open }: Plan, event: Event): readonly Formula[] {
  const change = event.kind === "call" ? "1" : "(- 1)";
  const isOf = (key: string): boolean =>
    key === openKey(event) && event.kind !== "refused" && event.kind !== "approved";
  return [...open].map(([key, { name }]) => (isOf(key) ? sum(name, change) : name));
}

const isWatched = ({ registers, lab }: Plan, { op, kind, relation }: Event): boolean =>
  kind === "call" && !lab.isHost(op) && registers.some((one) => isTouched({ op, kind: "approved", relation }, one));

/** Somebody was asked about it, or nobody. */
function approval(plan: Plan, inputs: Inputs, event: Event, isApproved: boolean | undefined): Formula {
  if (isApproved === undefined) return TRUE;
  const here = hereOf(inputs, event, stateOf(plan));
  const isAsked = asked(plan.inForce, here);
  if (!isApproved) return no(isAsked);
  const isFree = plan.hasCompany || (isChanging(plan.inForce, here) && isAsked !== "false");
  return isFree ? TRUE : isAsked;
}

function letterOf(plan: Plan, event: Event, isApproved: boolean | undefined): Letter {
  const inputs = newInputs(plan.lab);
  const guard = all(possible(plan, inputs, event), approval(plan, inputs, event, isApproved));
  const values = updated(plan, inputs, event, isApproved === true);
  const parts = plan.registers.flatMap((one) => partsOf(plan.lab.vague, one, values.get(one) ?? emptyOf(one)));
  return { ...event, isApproved, inputs, guard, after: [...parts, ...openAfter(plan, event)] };
}

function goalOf(plan: Plan, { op, kind }: Target): Letter {
  const inputs = newInputs(plan.lab);
  const event: Event = { op, kind, relation: "same" };
  const here = hereOf(inputs, event, stateOf(plan));
  const guard = all(possible(plan, inputs, event), goalAt(plan.goal, plan.inForce, here));
  return { ...event, isApproved: kind === "approved" ? true : undefined, inputs, guard, after: [] };
}

const KINDS: readonly HistoryKind[] = ["call", "refused", "result", "failed"];
const isOutcome = (kind: HistoryKind): boolean => kind === "result" || kind === "failed";

function lettersOf(plan: Plan, operations: readonly Operation[]): readonly Letter[] {
  const events = operations.flatMap((op) =>
    plan.relations.flatMap((relation) => KINDS.map((kind): Event => ({ op, kind, relation }))),
  );
  const matters = (event: Event): boolean =>
    openOf(plan, event) !== undefined && event.kind !== "refused"
      ? true
      : isWatched(plan, event) || plan.registers.some((one) => isTouched(event, one));
  return events
    .filter(matters)
    .flatMap((event) =>
      (isWatched(plan, event) ? [false, true] : [undefined]).map((one) => letterOf(plan, event, one)),
    );
}

function openCalls(
  { lab }: Pick<Plan, "lab">,
  registers: readonly Register[],
  targets: readonly Target[],
  relations: readonly Relation[],
) {
  const patterns = registers.flatMap((one) => one.patterns).filter(({ kinds }) => kinds.some(isOutcome));
  const ops = new Set([
    ...patterns.flatMap(({ ops }) => ops),
    ...targets.flatMap(({ op, kind }) => (isOutcome(kind) ? [op] : [])),
  ]);
  const guests = [...ops].filter((op) => !lab.isHost(op));
  const keys = guests.flatMap((op) => relations.map((relation) => openKey({ op, relation })));
  return new Map(keys.map((key, at) => [key, { name: `o${at}`, sort: "Int" } as const]));
}

export interface Task {
  readonly lab: Lab;
  readonly inquiry: Inquiry;
  readonly goal: Goal;
  readonly relations: readonly Relation[];
}

/** A choice between policies is not modelled. */
const isChoosing = (joined: Joined): boolean => unitsOf(joined).some(({ kind }) => kind !== "policy");

/** Undefined: it is not modelled, or too little of it is. */
export function systemOf({ lab, inquiry, goal, relations }: Task): System | undefined {
  const { inForce, joined, operations, hasCompany = false, past } = inquiry;
  if (past !== undefined || joined.some(isChoosing) || !lab.isComplete) return undefined;
  const registers = lab.registers.all.filter(isModelled);
  const guests = operations.filter((op) => !lab.isHost(op));
  const targets = targetsOf(goal, guests);
  const open = openCalls({ lab }, registers, targets, relations);
  const plan: Plan = { lab, inForce, hasCompany, goal, registers, relations, open };
  const starts = registers.flatMap((one) => partsOf(lab.vague, one, emptyOf(one)));
  return {
    lab,
    state: [...registers.flatMap((one) => variablesOf(lab.vague, one)), ...open.values()],
    start: [...starts, ...[...open].map(() => "0")],
    letters: lettersOf(plan, operations),
    goals: targets.map((target) => goalOf(plan, target)),
    window: Math.max(0, ...registers.map((one) => windowOf(one) ?? 0)),
  };
}
