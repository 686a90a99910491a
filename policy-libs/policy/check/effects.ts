// What rules do (T6, T7).

import { didYouMean } from "../diagnostic.ts";
import { MASKS } from "../mask.ts";
import type { Datum, Place, RArgument, REdit, REffect, RPattern } from "../resolved.ts";
import type { Edit, Effect, EventKind, Rule, Value } from "../tree.ts";
import type { Argument, ArgumentType, Operation } from "../vocabulary.ts";
import { intOf } from "./constants.ts";
import { datumOf, isTextual, TYPE_OF, wordOf } from "./literal.ts";
import { argumentOf } from "./names.ts";
import type { Here, Scope } from "./scope.ts";
import { ofArgument } from "./terms.ts";

const NEEDS: Readonly<Record<Exclude<Edit["kind"], "becomes">, readonly ArgumentType[]>> = {
  "at most": ["int"],
  first: ["text", "bytes"],
  masks: ["text"],
};

const isPart = ({ source }: Argument): boolean => source?.part !== undefined && source.part !== "url";

function checkEdit(scope: Scope, edit: Edit, argument: RArgument, at: Place): boolean {
  const { report } = scope.unit;
  if ([...argument.of.values()].some(isPart)) {
    report("P114", at, `"${argument.name}" is a part of another argument`, "Change that one.");
    return false;
  }
  if (edit.kind === "becomes") return true;
  const types = NEEDS[edit.kind];
  if (!types.includes(argument.type)) {
    const needs = types.map(wordOf).join(" or ");
    report("P114", at, `"${edit.kind}" needs ${needs}, and "${argument.name}" is ${wordOf(argument.type)}`);
    return false;
  }
  if (edit.kind !== "masks" || MASKS.includes(edit.mask)) return true;
  report("P114", at, `unknown mask "${edit.mask}"`, didYouMean(edit.mask, MASKS) || `There are ${MASKS.join(", ")}.`);
  return false;
}

function editOf(scope: Scope, edit: Edit, here: Here): REdit | undefined {
  const at = scope.unit.place(edit.at);
  const argument = argumentOf(scope, here, edit.argument, at);
  if (argument === undefined || !checkEdit(scope, edit, argument, at)) return undefined;
  switch (edit.kind) {
    case "at most": {
      const most = intOf(scope, edit.most, here);
      return most === undefined ? undefined : { kind: edit.kind, most, argument, at };
    }
    case "first": {
      const length = intOf(scope, edit.length, here);
      return length === undefined ? undefined : { kind: edit.kind, length, argument, at };
    }
    case "masks":
      return { kind: edit.kind, mask: edit.mask, argument, at };
    case "becomes": {
      const place = edit.value.at === undefined ? at : scope.unit.place(edit.value.at);
      const value = datumOf(scope.unit.report, ofArgument(argument, at), edit.value, place);
      return value === undefined ? undefined : { kind: edit.kind, value, argument, at };
    }
  }
}

const isSimple = (type: ArgumentType): boolean => type === "bool" || type === "int" || isTextual(type);

/** What a call gives in place of a result must be one: its contract is checked. */
function checkGiving(scope: Scope, { name, gives }: Operation, giving: Value | undefined, at: Place): void {
  const [value] = gives.filter((argument) => !isPart(argument));
  const { report } = scope.unit;
  if (value === undefined || (giving === undefined && value.optional)) return;
  if (value.name !== "value" || !isSimple(value.type)) {
    report("P108", at, `what ${name} gives cannot be written here, so it cannot be suppressed`, "Deny it.");
  } else if (giving === undefined) {
    report("P108", at, `${name} gives ${wordOf(value.type)}`, 'Say which: "suppress … giving VALUE".');
  } else datumOf(report, value, giving, at);
}

function givingOf(scope: Scope, giving: Value | undefined, on: readonly RPattern[], at: Place): Datum | undefined {
  const place = giving?.at === undefined ? at : scope.unit.place(giving.at);
  for (const operation of new Set(on.flatMap(({ ops }) => ops))) {
    if (!operation.isInstruction) checkGiving(scope, operation, giving, place);
  }
  if (giving?.kind === "cidr") scope.unit.report("P108", place, `${wordOf(TYPE_OF.cidr)} block, which nothing gives`);
  return giving?.value;
}

/** Undefined: something in it is wrong. */
export function effectOf(
  scope: Scope,
  effect: Effect,
  on: readonly RPattern[],
  here: Here,
  at: Place,
): REffect | undefined {
  switch (effect.kind) {
    case "allow":
    case "deny":
    case "halt":
      return { kind: effect.kind };
    case "ask":
      return { kind: "ask", of: effect.of };
    case "suppress":
      return { kind: "suppress", giving: givingOf(scope, effect.giving, on, at) };
    case "delay": {
      const to = intOf(scope, effect.to, here, { least: 1 });
      return to === undefined ? undefined : { kind: "delay", to, per: effect.per };
    }
    case "change": {
      const edits = effect.edits.map((edit) => editOf(scope, edit, here));
      return edits.includes(undefined) ? undefined : { kind: "change", edits: edits as readonly REdit[] };
    }
  }
}

const ONLY_CALLS: ReadonlySet<Effect["kind"]> = new Set(["allow", "ask", "delay"]);

function problemOf(kind: Effect["kind"], event: EventKind): string | undefined {
  if (event === "call") return undefined;
  if (event !== "result") return `what has happened ("${event}") cannot be the subject of a rule`;
  return ONLY_CALLS.has(kind) ? `a result is not for "${kind}": the call has happened` : undefined;
}

/** T7. */
export function checkSubjects({ unit }: Scope, { effect: { kind }, on }: Rule): boolean {
  let isRight = true;
  for (const { event, op, at } of on) {
    const problem = problemOf(kind, event);
    if (problem !== undefined) {
      unit.report("P116", unit.place(at), problem, `Write "${kind} ${op}".`);
      isRight = false;
    } else if (kind === "deny" && event === "result") {
      const message = "this withholds the result; the call itself has happened";
      unit.report("P117", unit.place(at), message, `To keep it from happening, write "deny ${op}".`);
    }
  }
  return isRight;
}
