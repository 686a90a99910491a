// From a solver's model to the steps of a trace. Whether it is one, the reference semantics says.
import type { Argument } from "../../vocabulary.ts";
import type { Table } from "../lab.ts";
import type { Data, Step } from "../node.ts";
import type { Value } from "../world.ts";
import type { Expression } from "./expression.ts";
import { isNumeric, missingKey } from "./inputs.ts";
import { WAIT } from "./memory.ts";
import { inputAt, letterAt } from "./scripts.ts";
import type { Letter, System } from "./system.ts";

export type Model = ReadonlyMap<string, Expression>;

/** Of "(define-fun NAME () SORT VALUE)"; whatever else there is, is left out. */
export function modelOf(expressions: readonly Expression[]): Model {
  const pairs = expressions.flatMap((one): readonly (readonly [string, Expression])[] => {
    if (typeof one === "string" || one.length !== 5 || one[0] !== "define-fun") return [];
    return typeof one[1] === "string" && one[4] !== undefined ? [[one[1], one[4]]] : [];
  });
  return new Map(pairs);
}

const isTrue = (model: Model, name: string): boolean => model.get(name) === "true";

/** 0 of what it does not say, and of what is none that an argument can be. */
function numberOf(model: Model, name: string): number {
  const text = model.get(name);
  const value = typeof text === "string" && /^\d{1,16}$/.test(text) ? Number(text) : 0;
  return Number.isSafeInteger(value) ? value : 0;
}

interface Place {
  readonly step: number;
  readonly letter: number | "goal";
}

function valueAt(model: Model, { inputs }: Letter, { step, letter }: Place, argument: Argument): Value {
  const { classes } = inputs.lab.tables.get(argument) as Table;
  const variable = inputs.arguments.get(argument);
  const missing = inputs.byKey.get(missingKey(inputs, argument));
  if (missing !== undefined && isTrue(model, inputAt(step, letter, missing))) return undefined;
  if (variable === undefined) return classes[0]?.witness;
  const value = numberOf(model, inputAt(step, letter, variable));
  return isNumeric(argument) ? value : classes[value]?.witness;
}

function stepAt(system: System, model: Model, one: Letter, place: Place): Step {
  const { op, kind, relation, isApproved, inputs } = one;
  const isResult = kind === "result";
  const data: Data = new Map(
    [...op.takes, ...(isResult ? op.gives : [])].map((argument) => [argument, valueAt(model, one, place, argument)]),
  );
  const taken: Data = new Map([...data].filter(([argument]) => op.takes.includes(argument)));
  const wait = inputs.byKey.get(WAIT);
  const isLater = wait !== undefined && place.step > 0 && isTrue(model, inputAt(place.step, place.letter, wait));
  const ages = isLater ? [{ event: place.step, after: place.step - 1, least: 2 * system.window + 1 }] : [];
  const isOfHost = system.lab.isHost(op);
  return { kind, op, relation, isOfHost, isAttempt: false, isApproved, data, open: taken, reads: [], ages };
}

const isOutcome = ({ kind, isOfHost }: Step): boolean => !isOfHost && (kind === "result" || kind === "failed");

/** What a call and its outcome have in common is as the one that looks at it says. */
function withCall(steps: readonly Step[], outcome: Step, { inputs }: Letter): readonly Step[] {
  const call = steps.at(-1);
  if (!isOutcome(outcome) || call === undefined || call.op !== outcome.op) return [...steps, outcome];
  const looks = (argument: Argument): boolean => inputs.arguments.has(argument);
  const taken: Data = new Map([...call.data].map(([one, value]) => [one, looks(one) ? outcome.data.get(one) : value]));
  const data: Data = new Map([...outcome.data, ...taken]);
  return [...steps.slice(0, -1), { ...call, data: taken, open: taken }, { ...outcome, data, open: taken }];
}

/** Can such a call be made at all? The reference semantics does not ask. */
const isPossible = ({ lab }: System, { data }: Step): boolean =>
  [...data].every(([argument, value]) => {
    const { classes } = lab.tables.get(argument) as Table;
    if (typeof value !== "number" || !isNumeric(argument)) return classes.some(({ witness }) => witness === value);
    return classes.some(({ range }) => range !== undefined && range.least <= value && value <= range.most);
  });

/** Undefined: the model is none of such a run. */
export function stepsOf(system: System, model: Model, depth: number, goal: Letter): readonly Step[] | undefined {
  let steps: readonly Step[] = [];
  for (let step = 0; step < depth; step++) {
    const letter = numberOf(model, letterAt(step));
    const one = system.letters[letter];
    if (one === undefined) return undefined;
    steps = withCall(steps, stepAt(system, model, one, { step, letter }), one);
  }
  const all = withCall(steps, stepAt(system, model, goal, { step: depth, letter: "goal" }), goal);
  return all.every((step) => isPossible(system, step)) ? all : undefined;
}
