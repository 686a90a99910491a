// Conditions, terms, patterns and values as text. Blanks and breaks are layout.ts's business.
import { quoted } from "./characters.ts";
import { type Around, isParenthesised } from "./depth.ts";
import type { Cond, Name, Pattern, Tail, Term, Value } from "./tree.ts";
import { RESERVED, TIMES } from "./words.ts";

/** Beside a dot no word is reserved. */
export const nameText = (name: string): string => (RESERVED.has(name) ? `\`${name}\`` : name);

/** In the largest unit that gives an integer. */
export function timeText(milliseconds: number): string {
  const [unit, size] = [...TIMES].find(([, each]) => milliseconds % each === 0 && milliseconds >= each) ?? ["ms", 1];
  return `${milliseconds / size}${unit}`;
}

export const amountText = (amount: number | Name): string =>
  typeof amount === "number" ? String(amount) : nameText(amount.name);

export const valueText = (value: Value): string => (value.kind === "text" ? quoted(value.value) : String(value.value));

export const listText = (values: readonly Value[]): string => `[${values.map(valueText).join(", ")}]`;

export const givenText = (given: Value | readonly Value[]): string =>
  "kind" in given ? valueText(given) : listText(given);

export function patternText({ event, op, when }: Pattern): string {
  const kind = event === "call" ? "" : `${event} `;
  return `${kind}${op}${when === undefined ? "" : `(${condText(when, "pattern")})`}`;
}

export const patternsText = (patterns: readonly Pattern[]): string => patterns.map(patternText).join(", ");

/** `before` and what there is, or nothing. */
export const maybe = <T>(before: string, given: T | undefined, print: (given: T) => string): string =>
  given === undefined ? "" : ` ${before} ${print(given)}`;

function tailText({ by, per, within, steps }: Tail): string {
  const key = maybe("by", by, ({ name, max }) => `${nameText(name)} max ${amountText(max)}`);
  return `${key}${maybe("per", per, String)}${maybe("within", within, timeText)}${maybe("in", steps, (n) => `${n} steps`)}`;
}

export function termText(term: Term): string {
  switch (term.kind) {
    case "value":
      return valueText(term.value);
    case "name":
      return nameText(term.name);
    case "length":
      return `length(${nameText(term.of)})`;
    case "count":
      return `count ${patternText(term.pattern)}${tailText(term)}`;
    case "sum":
      return `sum ${nameText(term.of)} on ${patternText(term.pattern)}${tailText(term)}`;
    case "level":
      return `level ${patternText(term.plus)} minus ${patternText(term.minus)}${maybe("max", term.max, amountText)}`;
    case "add":
      return term.terms.map(termText).join(" + ");
  }
}

export function condText(cond: Cond, around: Around = "rule"): string {
  const text = plainText(cond);
  return isParenthesised(cond.kind, around) ? `(${text})` : text;
}

function plainText(cond: Cond): string {
  switch (cond.kind) {
    case "or":
    case "and":
      return cond.of.map((part) => condText(part, cond.kind)).join(` ${cond.kind} `);
    case "not":
      return `not ${condText(cond.of, "not")}`;
    case "name":
      return nameText(cond.name);
    case "once":
      return `once ${patternText(cond.pattern)}${maybe("with no", cond.since, (since) => `${patternText(since)} since`)}${maybe("within", cond.within, timeText)}`;
    case "never":
      return `never ${patternText(cond.pattern)}`;
    case "previous":
      return `previous ${patternText(cond.pattern)} among ${patternsText(cond.among)}`;
    case "carries":
      return `carries ${nameText(cond.label)}`;
    case "compare":
      return `${termText(cond.left)} ${cond.is} ${termText(cond.right)}`;
    case "in":
      return `${termText(cond.term)} in ${typeof cond.list === "string" ? nameText(cond.list) : membersText(cond.list)}`;
    case "text":
      return `${termText(cond.term)} ${cond.test} ${typeof cond.text === "string" ? quoted(cond.text) : nameText(cond.text.name)}`;
  }
}

/** One address block stands alone: it is a list itself. */
const membersText = (list: readonly Value[]): string =>
  list.length === 1 && list[0]?.kind === "cidr" ? valueText(list[0]) : listText(list);
