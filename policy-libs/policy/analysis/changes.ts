// Whether an event is changed. Edits of all rules that apply act together: what one rule's `becomes` alters, another
// rule's `at most` may put back.
//
// Invariants
//   C1  An event is changed here, for some choices, exactly if the edits of the rules that apply to it change it.
import { edit as edited } from "../edits.ts";
import { eventArguments } from "../event.ts";
import { F, T } from "../kleene.ts";
import type { Datum, Joined, PolicyEvent, REdit, RPolicy, RRule } from "../resolved.ts";
import type { Argument, Operation } from "../vocabulary.ts";
import { decideWhole } from "./decide.ts";
import { applies } from "./judge.ts";
import type { Unary } from "./unary.ts";
import { type Kind, rulesFor, unitsOf } from "./units.ts";
import { guessKleene, judgeUnary, type Test, type World } from "./world.ts";

interface Changing {
  readonly policy: RPolicy;
  readonly rule: RRule;
}

const editsOf = ({ effect }: RRule): readonly REdit[] => (effect.kind === "change" ? effect.edits : []);

const argumentOf = ({ op }: Kind, { argument }: REdit): Argument | undefined => argument.of.get(op);

const withEdits = (rule: RRule, edits: readonly REdit[]): RRule => ({ ...rule, effect: { kind: "change", edits } });

/** Only the edits of one argument. */
const about = (event: Kind, argument: Argument, { policy, rule }: Changing): Changing => ({
  policy,
  rule: withEdits(
    rule,
    editsOf(rule).filter((edit) => argumentOf(event, edit) === argument),
  ),
});

function eventWith(
  op: Operation,
  kind: PolicyEvent["kind"],
  argument: Argument,
  datum: Datum | undefined,
): PolicyEvent {
  const { byName } = eventArguments(op, kind === "result" ? "result" : "call");
  const names = [argument.name, ...[...byName].flatMap(([name, one]) => (one === argument ? [name] : []))];
  const data = new Map(datum === undefined ? [] : names.map((name) => [name, datum] as const));
  return { kind, op, data, time: 0, domain: 0, capability: 0, tenant: "" };
}

/** One test for one set of edits: what classes answer is kept with it. */
function mergedTest({ lab, op, kind }: World, argument: Argument, changing: readonly Changing[]): Unary {
  const key = changing.flatMap(({ rule }) => editsOf(rule)).map((edit) => numberOf(lab.edits, edit));
  const name = `${op.id} ${kind} ${key.join()}`;
  const known = lab.merged.get(name);
  if (known !== undefined) return known;
  const decision = { granted: true, refusal: undefined, obligations: changing, wait: 0 };
  const alters = (datum: Datum | undefined): boolean =>
    edited(decision, eventWith(op, kind, argument, datum)).by !== undefined;
  const test: Unary = { kind: "merged", alters };
  lab.merged.set(name, test);
  return test;
}

function numberOf(numbers: Map<REdit, number>, edit: REdit): number {
  const known = numbers.get(edit) ?? numbers.size;
  numbers.set(edit, known);
  return known;
}

/** Texts that masks change are not told apart: it may be either. */
function isMasked(world: World, argument: Argument, edits: readonly REdit[]): boolean {
  for (const { at } of edits) world.doubts.add(`${at.text}: texts that a mask changes are not told apart`);
  const key = edits.map((edit) => numberOf(world.lab.edits, edit));
  return guessKleene(world, `masks ${argument.name} ${key.join()}`, false) === T;
}

function isAltered(world: World, argument: Argument, changing: readonly Changing[]): boolean {
  const own = changing.map((one) => about(world, argument, one)).filter(({ rule }) => editsOf(rule).length > 0);
  const edits = own.flatMap(({ rule }) => editsOf(rule));
  const masks = edits.filter(({ kind }) => kind === "masks");
  // What a `becomes` gives is masked as well.
  if (masks.length > 0 && edits.some(({ kind }) => kind === "becomes")) return isMasked(world, argument, edits);
  const plain = own.map(({ policy, rule }) => ({ policy, rule: withEdits(rule, editsOf(rule).filter(isPlain)) }));
  const { argument: named } = edits[0] as REdit;
  if (judgeUnary(world, named, mergedTest(world, argument, plain)) === T) return true;
  return masks.length > 0 && isMasked(world, argument, masks);
}
const isPlain = ({ kind }: REdit): boolean => kind !== "masks";

/** Changed by these together. */
export function isChangedBy(world: World, changing: readonly Changing[]): boolean {
  const edits = changing.flatMap(({ rule }) => editsOf(rule));
  const arguments_ = new Set(edits.flatMap((edit) => argumentOf(world, edit) ?? []));
  return [...arguments_].some((argument) => isAltered(world, argument, changing));
}

const isChange = ({ rule }: Changing): boolean => rule.effect.kind === "change";

const changingIn = (policy: RPolicy, event: Kind): readonly Changing[] =>
  policy.over.includes(event.op)
    ? rulesFor(policy, event)
        .map((rule) => ({ policy, rule }))
        .filter(isChange)
    : [];

/** No `becomes` meets another edit: then an event is changed exactly if some one rule changes it. */
function isApart(event: Kind, changing: readonly Changing[]): boolean {
  const edits = changing.flatMap(({ rule }) => editsOf(rule));
  const isAlone = (one: REdit): boolean =>
    edits.every((other) => other === one || argumentOf(event, other) !== argumentOf(event, one));
  return edits.every((one) => one.kind !== "becomes" || isAlone(one));
}

/** Tests of which some one holds exactly if the event is changed. */
export function changes(joined: Joined, event: Kind): readonly Test[] {
  const units = unitsOf(joined);
  const plain = units.flatMap((unit) => (unit.kind === "policy" ? changingIn(unit, event) : []));
  const choosing = units.filter((unit) => unit.kind !== "policy");
  if (choosing.length === 0 && isApart(event, plain)) {
    return plain.map(
      (one): Test =>
        (world) =>
          isChangedBy(world, [one]) && applies(world, one.rule) !== F,
    );
  }
  const isChanged: Test = (world) => {
    const applying = plain.filter(({ rule }) => applies(world, rule) !== F);
    const chosen = choosing.flatMap((unit) => decideWhole(world, unit).obligations).filter(isChange);
    return isChangedBy(world, [...applying, ...chosen]);
  };
  return [isChanged];
}
