// Decisions as formulas: the twin, in formulas, of must.ts one folder up.
//
// Invariants
//   D1  An event is performed exactly if some values of the inputs say so. Edits other than a plain `at most` or
//       `becomes` of an integer may change it or not.
import type { Joined, REdit, RPolicy, RRule } from "../../resolved.ts";
import type { Argument } from "../../vocabulary.ts";
import { policiesOf } from "../atoms.ts";
import type { Obliging } from "../must.ts";
import { isRefusing, rulesFor } from "../units.ts";
import { all, atMost, FALSE, type Formula, no, same, some, whole } from "./formula.ts";
import { argumentValue, freely, missing } from "./inputs.ts";
import { applies, type Here } from "./judge.ts";

const isTrue = (here: Here, rule: RRule): Formula => applies(here, rule).yes;
/** What restricts does so where it is unknown as well. */
const holds = (here: Here, rule: RRule): Formula => no(applies(here, rule).no);

const policiesOver = (joined: Joined, { op }: Here): readonly RPolicy[] =>
  policiesOf(joined).filter(({ over }) => over.includes(op));

const rulesOver = (joined: Joined, here: Here): readonly RRule[] =>
  policiesOver(joined, here).flatMap((policy) => rulesFor(policy, here));

function grants(joined: Joined, here: Here): Formula {
  if (here.kind !== "call" || here.op.isInstruction) return "true";
  const closed = policiesOver(joined, here).filter((policy) => policy.default === "deny");
  const allowing = (policy: RPolicy) => rulesFor(policy, here).filter(({ effect }) => effect.kind === "allow");
  return all(...closed.map((policy) => some(...allowing(policy).map((rule) => isTrue(here, rule)))));
}

const editsOf = ({ effect }: RRule): readonly REdit[] => (effect.kind === "change" ? effect.edits : []);

/** Such an edit of that argument always does the same; what it does beside others depends on which of them apply. */
function freeEdit({ inputs, phase }: Here, argument: Argument, { at: _at, ...edit }: REdit, isAlone: boolean): Formula {
  const place = [...inputs.lab.tables.keys()].indexOf(argument);
  const { argument: _argument, ...what } = edit;
  const key = isAlone ? JSON.stringify(what) : `beside others ${inputs.byKey.size}`;
  return freely(inputs, `${phase} edit of ${place} ${key}`);
}

const isPlain = ({ type, source }: Argument): boolean => type === "int" && source?.part === undefined;

/** `isAlone`: no edit of another kind is of that argument. */
function alters(here: Here, edit: REdit, isAlone: boolean): Formula {
  const { inputs, op } = here;
  const argument = edit.argument.of.get(op);
  if (argument === undefined) return FALSE;
  if (!isAlone || !isPlain(argument)) return freeEdit(here, argument, edit, isAlone);
  const value = argumentValue(inputs, argument);
  const isMissing = missing(inputs, argument);
  if (edit.kind === "at most") return some(isMissing, no(atMost(value, whole(edit.most))));
  const isNumber = edit.kind === "becomes" && typeof edit.value === "number";
  return isNumber
    ? some(isMissing, no(same(value, whole(Number(edit.value)))))
    : freeEdit(here, argument, edit, isAlone);
}

function changed(joined: Joined, here: Here): Formula {
  const rules = rulesOver(joined, here);
  const edits = rules.flatMap(editsOf);
  const argumentOf = ({ argument }: REdit) => argument.of.get(here.op);
  const isApart = (one: REdit, other: REdit): boolean =>
    other === one || argumentOf(other) !== argumentOf(one) || (one.kind === "at most" && other.kind === "at most");
  const isAlone = (one: REdit): boolean => edits.every((other) => isApart(one, other));
  return some(
    ...rules.map((rule) =>
      all(holds(here, rule), some(...editsOf(rule).map((edit) => alters(here, edit, isAlone(edit))))),
    ),
  );
}

/** As it stands: granted by each that grants, refused by none, and not changed. */
export function performed(joined: Joined, here: Here): Formula {
  const refusing = rulesOver(joined, here).filter(isRefusing);
  const refused = refusing.map((rule) => no(holds(here, rule)));
  return all(...refused, grants(joined, here), no(changed(joined, here)));
}

export interface Laid {
  readonly effect: Obliging;
  readonly isLaid: Formula;
}

/** Questions and delays that are laid upon the event. */
export const laid = (joined: Joined, here: Here): readonly Laid[] =>
  rulesOver(joined, here).flatMap((rule) => {
    const { effect } = rule;
    return effect.kind === "ask" || effect.kind === "delay" ? [{ effect, isLaid: holds(here, rule) }] : [];
  });

export const asked = (joined: Joined, here: Here): Formula =>
  some(...laid(joined, here).map(({ effect, isLaid }) => (effect.kind === "ask" ? isLaid : FALSE)));

export const isChanging = (joined: Joined, here: Here): boolean =>
  rulesOver(joined, here).some(({ effect }) => effect.kind === "change");
