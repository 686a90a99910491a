// Which class a value belongs to: the one of whose witness the same tests hold.
import { inBlocks, testText } from "../predicates.ts";
import type { Datum } from "../resolved.ts";
import type { Asked } from "./atoms.ts";
import type { ArgumentClass } from "./classes.ts";

/** What every test says of a value, as one text. */
function answers(asked: Asked, value: Datum): string {
  const texts = [...asked.texts.values()].map((atom) => {
    if (typeof value !== "string") return false;
    return atom.kind === "is" ? atom.values.includes(value) : testText(atom.test, value, atom.text);
  });
  const values = [...asked.values].map((one) => one === value);
  const blocks = [...asked.blocks.values()].map((block) => (typeof value === "string" ? inBlocks(value, [block]) : 0));
  const lengths = [...asked.lengths].map((cut) => (typeof value === "string" ? value.length <= cut : false));
  const family = blocks.length > 0 && String(value).includes(":");
  return [...texts, ...values, ...blocks, ...lengths, family].map(Number).join("");
}

/** The place of the class of a value, or of a missing one; -1: it has none. */
export function classify(
  classes: readonly ArgumentClass[],
  asked: Asked | undefined,
  value: Datum | undefined,
): number {
  if (value === undefined) return classes.findIndex(({ witness }) => witness === undefined);
  const sought = asked === undefined ? "" : answers(asked, value);
  return classes.findIndex(({ witness, range, more }) => {
    if (witness === undefined) return false;
    if (range !== undefined) return typeof value === "number" && range.least <= value && value <= range.most;
    if (asked === undefined) return true;
    if (typeof value !== "string") return more(2).includes(value);
    return answers(asked, witness) === sought;
  });
}
