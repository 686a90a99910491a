// Questions about a transition system as scripts of SMT-LIB 2.
//
// Is there an invariant (constrained Horn clauses)? Is what was said to be one, one? Is there a run of so many events?
import { all, atMost, type Formula, no, type Sort, same, some, whole } from "./formula.ts";
import type { Inputs, Variable } from "./inputs.ts";
import type { Letter, System } from "./system.ts";

const INVARIANT = "Inv";

const sorts = (of: readonly Variable[]): string => of.map(({ sort }) => sort).join(" ");
const bound = (of: readonly Variable[]): string => of.map(({ name, sort }) => `(${name} ${sort})`).join(" ");
const apply = (name: string, to: readonly Formula[]): Formula => (to.length === 0 ? name : `(${name} ${to.join(" ")})`);
const names = (of: readonly Variable[]): readonly Formula[] => of.map(({ name }) => name);
const inputsOf = ({ byKey }: Inputs): readonly Variable[] => [...byKey.values()];
const forAll = (of: readonly Variable[], what: Formula): Formula =>
  of.length === 0 ? `(assert ${what})` : `(assert (forall (${bound(of)}) ${what}))`;

/** So that there is something to be an invariant of. */
const IDLE: Variable = { name: "idle", sort: "Int" };
const stateOf = ({ state }: System): readonly Variable[] => [...state, IDLE];
const startOf = ({ start }: System): readonly Formula[] => [...start, "0"];
const holds = (of: readonly Formula[]): Formula => apply(INVARIANT, of);
const happens = ({ guard, inputs }: Letter): Formula => all(...inputs.bounds, guard);

const HEAD = "(set-option :fp.spacer.global true)\n(set-logic HORN)";
const TAIL = "(check-sat)\n(get-model)";

/** "sat": there is something that holds at the start, stays so, and excludes what is asked for. */
export function invariantScript(system: System): string {
  const state = stateOf(system);
  const here = holds(names(state));
  const steps = system.letters.map((one) =>
    forAll([...state, ...inputsOf(one.inputs)], `(=> ${all(here, happens(one))} ${holds([...one.after, IDLE.name])})`),
  );
  const ends = system.goals.map((one) =>
    forAll([...state, ...inputsOf(one.inputs)], `(=> ${all(here, happens(one))} false)`),
  );
  const declared = `(declare-fun ${INVARIANT} (${sorts(state)}) Bool)`;
  return [HEAD, declared, `(assert ${holds(startOf(system))})`, ...steps, ...ends, TAIL].join("\n");
}

const renamed = (inputs: Inputs, prefix: string): readonly Variable[] =>
  inputsOf(inputs).map(({ name, sort }) => ({ name: `${prefix}${name}`, sort }));
const declare = (of: readonly Variable[]): readonly string[] =>
  of.map(({ name, sort }) => `(declare-const ${name} ${sort})`);
const define = (name: string, of: readonly Variable[], sort: Sort, what: Formula): string =>
  `(define-fun ${name} (${bound(of)}) ${sort} ${what})`;

/** "unsat": what was said to be an invariant is one. `definitions`: as the solver wrote them. */
export function checkScript(system: System, definitions: readonly string[]): string {
  const state = stateOf(system);
  const lines: string[] = [...definitions, ...declare(state)];
  const wrong: Formula[] = [no(holds(startOf(system)))];
  for (const [at, one] of [...system.letters, ...system.goals].entries()) {
    const own = renamed(one.inputs, `e${at}`);
    const all_ = [...state, ...inputsOf(one.inputs)];
    const isGoal = one.after.length === 0 && at >= system.letters.length;
    const broken = isGoal ? happens(one) : all(happens(one), no(holds([...one.after, IDLE.name])));
    lines.push(define(`Broken${at}`, all_, "Bool", broken), ...declare(own));
    wrong.push(all(holds(names(state)), apply(`Broken${at}`, names([...state, ...own]))));
  }
  return [...lines, `(assert ${some(...wrong)})`, "(check-sat)"].join("\n");
}

export const letterAt = (step: number): string => `l${step}`;
export const inputAt = (step: number, letter: number | "goal", { name }: Variable): string =>
  `i${step}q${letter}${name}`;
const stateAt = (step: number, { name }: Variable): string => `s${step}q${name}`;

/** The n-th letter happens: with every formula as a function of the state and its inputs. */
function definitions({ state }: System, name: string, { inputs, guard, after }: Letter): readonly string[] {
  const of = [...state, ...inputsOf(inputs)];
  const may = all(...inputs.bounds, ...inputs.narrow, guard);
  const next = after.map((what, at) => define(`${name}n${at}`, of, (state[at] as Variable).sort, what));
  return [define(`${name}g`, of, "Bool", may), ...next];
}

/** A result comes right after its call: one way of many, and enough of them. */
function answers({ letters }: System, step: number, of: Letter, at: number): Formula {
  if ((of.kind !== "result" && of.kind !== "failed") || of.inputs.lab.isHost(of.op)) return "true";
  if (step === 0) return "false";
  const calls = letters.flatMap((call, number): readonly Formula[] => {
    if (call.kind !== "call" || call.op !== of.op || call.relation !== of.relation) return [];
    return [all(same(letterAt(step - 1), whole(number)), sameInputs(call, step - 1, number, of, step, at))];
  });
  return some(...calls);
}

function sameInputs(call: Letter, before: number, number: number, of: Letter, step: number, at: number): Formula {
  const shared = [...of.inputs.shared].flatMap(([key, own]) => {
    const other = call.inputs.shared.get(key);
    return other === undefined ? [] : [same(inputAt(step, at < 0 ? "goal" : at, own), inputAt(before, number, other))];
  });
  return all(...shared);
}

/** A run of so many events, and then this goal. */
export function runScript(system: System, depth: number, goal: Letter): string {
  const { state, letters, start } = system;
  const lines = [
    ...letters.flatMap((one, at) => definitions(system, `F${at}`, one)),
    ...definitions(system, "G", goal),
  ];
  const at = (step: number) => state.map((one) => stateAt(step, one));
  for (let step = 0; step <= depth; step++)
    lines.push(...declare(state.map((one) => ({ ...one, name: stateAt(step, one) }))));
  for (let step = 0; step < depth; step++) lines.push(...stepLines(system, step, at));
  const inputs = inputsOf(goal.inputs).map((one) => ({ ...one, name: inputAt(depth, "goal", one) }));
  lines.push(...declare(inputs));
  const isStart = all(...at(0).map((name, place) => same(name, start[place] as Formula)));
  const isGoal = all(apply("Gg", [...at(depth), ...names(inputs)]), answers(system, depth, goal, -1));
  return [...lines, `(assert ${all(isStart, isGoal)})`, TAIL].join("\n");
}

function stepLines(system: System, step: number, at: (step: number) => readonly string[]): readonly string[] {
  const { letters, state } = system;
  const lines = [`(declare-const ${letterAt(step)} Int)`];
  const ways = letters.map((one, number) => {
    const inputs = inputsOf(one.inputs).map((each) => ({ ...each, name: inputAt(step, number, each) }));
    lines.push(...declare(inputs));
    const to = [...at(step), ...names(inputs)];
    const next = state.map((_, place) => same(at(step + 1)[place] as string, apply(`F${number}n${place}`, to)));
    const isIt = same(letterAt(step), whole(number));
    return all(isIt, apply(`F${number}g`, to), answers(system, step, one, number), ...next);
  });
  return [...lines, `(assert ${all(atMost("0", letterAt(step)), some(...ways))})`];
}
