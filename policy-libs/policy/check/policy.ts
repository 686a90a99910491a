// A policy with its parameters given: checked, and resolved.
import { quoted } from "../characters.ts";
import type { RCond, RPattern, RPolicy, RRule } from "../resolved.ts";
import type { Let, Pattern, Policy, Rule, Value } from "../tree.ts";
import type { Operation } from "../vocabulary.ts";
import { condOf } from "./conds.ts";
import { checkSubjects, effectOf } from "./effects.ts";
import { checkInstructions } from "./instructions.ts";
import { checkAliases, expand } from "./lets.ts";
import { operationsOf } from "./match.ts";
import { conditioned, labelOf, spokenOf, valuesOf } from "./patterns.ts";
import { type Bound, type Declared, type Here, newHere, type Scope } from "./scope.ts";
import { termOf } from "./terms.ts";
import type { Unit } from "./unit.ts";

/** By the parameters' names. Missing: the parameter's own value, if it has one. */
export type Given = ReadonlyMap<string, Value | readonly Value[]>;

/** A scope of sets and nothing else: claims are about policies, and have none of their names. */
export const newScope = (unit: Unit, declared: ReadonlyMap<string, Declared> = setsOf(unit)): Scope => ({
  unit,
  declared,
  labels: new Map(),
  cond: condOf,
  term: termOf,
  values: new Map(),
  carried: new Map(),
  expanded: { cond: new Map(), term: new Map() },
  expanding: [],
  used: new Set(),
});

const setsOf = ({ sets }: Unit): ReadonlyMap<string, Declared> =>
  new Map([...sets].map(([name, set]) => [name, { kind: "set", set }] as const));

/** Names of one policy: each once, and none that the file has. */
function declaredIn(unit: Unit, policy: Policy, given: Given): ReadonlyMap<string, Declared> {
  const all = new Map(setsOf(unit));
  const add = (name: string, at: Policy["at"], declared: Declared): void => {
    const earlier = all.get(name);
    if (earlier === undefined) all.set(name, declared);
    else unit.report("P101", unit.place(at), `"${name}" is a ${earlier.kind} already`, "Give it another name.");
  };
  for (const parameter of policy.parameters) {
    const bound: Bound = { parameter, value: given.get(parameter.name) ?? parameter.value };
    add(parameter.name, parameter.at, { kind: "parameter", bound });
  }
  for (const made of policy.lets) add(made.name, made.at, { kind: "let", let: made });
  return all;
}

function labelsIn(unit: Unit, { labels }: Policy): Scope["labels"] {
  const all = new Map<string, Policy["labels"][number]>();
  for (const label of labels) {
    const isNew = !all.has(label.name);
    if (isNew) all.set(label.name, label);
    else unit.report("P101", unit.place(label.at), `"${label.name}" is a label already`, "Give it another name.");
  }
  return all;
}

interface RulePattern {
  readonly pattern: RPattern;
  readonly here: Here;
}

/** The subject of a rule: as much of it as its policy is over. */
function subjectOf(scope: Scope, pattern: Pattern, over: ReadonlySet<Operation> | undefined): RulePattern | undefined {
  const { unit } = scope;
  const at = unit.place(pattern.at);
  const named = operationsOf(unit, pattern.op, at);
  if (named.length === 0) return undefined;
  const ops = over === undefined ? named : named.filter((operation) => over.has(operation));
  if (ops.length === 0) {
    unit.report("P119", at, `this policy is not over ${pattern.op}, so this does nothing`, `Add it after "over".`);
    return undefined;
  }
  return conditioned(scope, pattern, ops, newHere(spokenOf(ops, pattern.event)), at);
}

/** `when` and not `unless`. False: something in them is wrong. */
function conditionOf(scope: Scope, { when, unless }: Rule, here: Here): RCond | undefined | false {
  const first = when && condOf(scope, when, here);
  const second = unless && condOf(scope, unless, here);
  if ((when !== undefined && first === undefined) || (unless !== undefined && second === undefined)) return false;
  if (second === undefined) return first;
  const not: RCond = { kind: "not", of: second, at: second.at };
  return first === undefined ? not : { kind: "and", of: [first, not], at: first.at };
}

function ruleOf(scope: Scope, rule: Rule, index: number, over: ReadonlySet<Operation> | undefined): RRule | undefined {
  const at = scope.unit.place(rule.at);
  const isRight = checkSubjects(scope, rule);
  const subjects = rule.on.map((pattern) => subjectOf(scope, pattern, over));
  const known = subjects.filter((subject) => subject !== undefined);
  if (known.length === 0) return undefined;
  const on = known.map(({ pattern }) => pattern);
  const here = newHere(known.flatMap(({ here: { events } }) => events));
  const effect = effectOf(scope, rule.effect, on, here, at);
  const when = conditionOf(scope, rule, here);
  const isWhole = isRight && known.length === subjects.length && effect !== undefined && when !== false;
  return isWhole ? { index, effect, on, when, because: rule.because, at } : undefined;
}

/** What nobody names is checked too, with any argument of what the policy is over. */
function checkUnused(scope: Scope, { lets, labels }: Policy, over: readonly Operation[]): void {
  const { place } = scope.unit;
  const here = newHere(spokenOf(over, "call"), { isAny: true });
  checkAliases(
    scope,
    lets.filter((made) => !scope.used.has(made)),
  );
  for (const made of lets) {
    if (scope.used.has(made) || (made.kind === "term" && made.term.kind === "name")) continue;
    const at = place(made.at);
    if (made.kind === "values") valuesOf(scope, made, at);
    else expand<unknown>(scope, made, made.kind, here, at, () => checkLet(scope, made, here));
  }
  for (const label of labels) if (!scope.used.has(label)) labelOf(scope, label, place(label.at));
}

const checkLet = (scope: Scope, made: Exclude<Let, { kind: "values" }>, here: Here): unknown =>
  made.kind === "cond" ? condOf(scope, made.cond, here) : termOf(scope, made.term, here);

/** Of `over`; without one all that the rules name. */
function overOf(unit: Unit, policy: Policy, rules: readonly (RRule | undefined)[]): readonly Operation[] {
  const named = policy.over.flatMap(({ op, at }) => operationsOf(unit, op, unit.place(at)));
  const spoken = policy.over.length > 0 ? named : rules.flatMap((rule) => rule?.on.flatMap(({ ops }) => ops) ?? []);
  return [...new Set(spoken)].sort((a, b) => a.id - b.id);
}

const show = (value: Value | readonly Value[]): string => {
  if (!("kind" in value)) return `[${value.map(show).join(", ")}]`;
  return value.kind === "text" ? quoted(value.value) : `${value.value}`;
};

/** "few_windows(n: 5)" */
export function instanceName({ name, parameters }: Policy, given: Given): string {
  const values = parameters.flatMap((parameter) => {
    const value = given.get(parameter.name);
    return value === undefined ? [] : [`${parameter.name}: ${show(value)}`];
  });
  return values.length === 0 ? name : `${name}(${values.join(", ")})`;
}

/** Resolved, or undefined where a diagnostic says why. Parameters without a value are checked by their types alone. */
export function resolvePolicy(unit: Unit, policy: Policy, given: Given): RPolicy | undefined {
  const scope: Scope = { ...newScope(unit, declaredIn(unit, policy, given)), labels: labelsIn(unit, policy) };
  const spoken = new Set(overOf(unit, policy, []));
  const over = spoken.size === 0 ? undefined : spoken;
  const rules = policy.rules.map((rule, index) => ruleOf(scope, rule, index, over));
  const all = overOf(unit, policy, rules);
  checkUnused(scope, policy, all);
  if (rules.includes(undefined)) return undefined;
  const resolved: RPolicy = {
    kind: "policy",
    name: instanceName(policy, given),
    party: unit.party,
    over: all,
    default: policy.default,
    rules: rules as readonly RRule[],
    at: unit.place(policy.at),
  };
  checkInstructions(unit.report, resolved);
  return Object.freeze(resolved);
}
