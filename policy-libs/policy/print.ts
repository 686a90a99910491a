// A tree as text, in one way: what it prints parses to the same tree, and is formatted already. Lets stand before
// labels, labels before rules; integers have no units.
import { quoted } from "./characters.ts";
import { INDENT, lines, tokensOf } from "./layout.ts";
import {
  amountText,
  condText,
  givenText,
  listText,
  maybe,
  nameText,
  patternsText,
  patternText,
  termText,
  timeText,
  valueText,
} from "./print-cond.ts";
import type {
  Cond,
  Edit,
  Effect,
  File,
  Item,
  Label,
  Let,
  Parameter,
  Policy,
  Prove,
  Ref,
  Rule,
  Step,
  Term,
} from "./tree.ts";

/** `tree` is one that `parse`, `fromJson` or the builder made; of others the text may not parse. */
export const print = (tree: File): string => {
  let text = "";
  tree.items.forEach((item, i) => {
    const isApart = i > 0 && !(isShort(item) && isShort(tree.items[i - 1] as Item));
    text += `${isApart ? "\n" : ""}${printItem(item)}\n`;
  });
  return text;
};

export const printItem = (item: Item): string =>
  itemLines(item)
    .flatMap(([indent, statement]) => lines(tokensOf(statement), indent * INDENT, false))
    .join("\n");

/** One condition or term, as it would stand in a rule. */
export const printCond = (cond: Cond): string => condText(cond);
export const printTerm = (term: Term): string => termText(term);

const isShort = ({ kind }: Item): boolean => kind === "import" || kind === "set" || kind === "prove";

type Line = readonly [indent: number, statement: string];

const braced = (head: string, body: readonly string[]): Line[] => [
  [0, `${head} {`],
  ...body.map((statement): Line => [1, statement]),
  [0, "}"],
];

function itemLines(item: Item): Line[] {
  switch (item.kind) {
    case "import":
      return [[0, `import ${quoted(item.from)} as ${nameText(item.as)}${maybe("pinned", item.pinned, quoted)}`]];
    case "set":
      return [[0, `set ${nameText(item.name)} = ${listText(item.values)}`]];
    case "policy":
      return braced(headText(item), bodyTexts(item));
    case "bundle": {
      const members = item.members.map(({ join, of }) => `${join} of ${of.map(refText).join(", ")}`);
      return braced(`bundle ${nameText(item.name)}`, members);
    }
    case "test":
      return braced(`test ${quoted(item.name)} for ${refText(item.of)}`, item.steps.map(stepText));
    case "prove":
      return [[0, `prove ${refText(item.of)} ${claimText(item.claim)}`]];
  }
}

function headText({ name, parameters, over }: Policy): string {
  const takes = parameters.length === 0 ? "" : `(${parameters.map(parameterText).join(", ")})`;
  return `policy ${nameText(name)}${takes}${over.length === 0 ? "" : ` over ${patternsText(over)}`}`;
}

const parameterText = ({ name, type, value }: Parameter): string =>
  `${nameText(name)}: ${nameText(type)}${maybe("=", value, givenText)}`;

const bodyTexts = (policy: Policy): string[] => [
  `default ${policy.default}`,
  ...policy.lets.map(letText),
  ...policy.labels.map(labelText),
  ...policy.rules.map(ruleText),
];

function letText(given: Let): string {
  const head = `let ${nameText(given.name)} =`;
  if (given.kind === "cond") return `${head} ${condText(given.cond, "let")}`;
  if (given.kind === "term") return `${head} ${termText(given.term)}`;
  return `${head} values ${nameText(given.of)} on ${patternText(given.pattern)} max ${amountText(given.max)}`;
}

const labelText = ({ name, from, cleared }: Label): string =>
  `label ${nameText(name)} from ${patternsText(from)}${cleared.length === 0 ? "" : ` cleared by ${patternsText(cleared)}`}`;

export function ruleText({ effect, on, when, unless, because }: Rule): string {
  const clauses = `${maybe("when", when, condText)}${maybe("unless", unless, condText)}${maybe("because", because, quoted)}`;
  return `${effect.kind} ${patternsText(on)}${effectText(effect)}${clauses}`;
}

function effectText(effect: Effect): string {
  if (effect.kind === "ask") return maybe("of", effect.of, nameText);
  if (effect.kind === "suppress") return maybe("giving", effect.giving, valueText);
  if (effect.kind === "delay") return ` to ${amountText(effect.to)} per ${timeText(effect.per)}`;
  return effect.kind === "change" ? ` so ${effect.edits.map(editText).join(", ")}` : "";
}

function editText(edit: Edit): string {
  const argument = nameText(edit.argument);
  if (edit.kind === "at most") return `${argument} at most ${amountText(edit.most)}`;
  if (edit.kind === "first") return `${argument} first ${amountText(edit.length)}`;
  if (edit.kind === "masks") return `${argument} masks ${quoted(edit.mask)}`;
  return `${argument} becomes ${valueText(edit.value)}`;
}

function refText({ name, arguments: bindings }: Ref): string {
  if (bindings.length === 0) return nameText(name);
  return `${nameText(name)}(${bindings.map((one) => `${nameText(one.name)}: ${givenText(one.value)}`).join(", ")})`;
}

function stepText(step: Step): string {
  if (step.kind === "wait") return `wait ${timeText(step.time)}`;
  const event = step.event === "call" ? "" : `${step.event} `;
  const values = step.values.map(valueText).join(", ");
  return `${event}${step.op}(${values}) is ${step.is}${maybe("by", step.by, quoted)}`;
}

function claimText(claim: Prove["claim"]): string {
  if (claim.kind !== "never") return `${claim.kind} ${refText(claim.other)}`;
  return `never ${patternsText(claim.patterns)}${maybe("when", claim.when, condText)}`;
}
