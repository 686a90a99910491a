// Do two capabilities keep one contract? Their guests must not be able to tell which one answers.
import type { Granted } from "../capability.ts";

export const isSameForm = (a: Granted, b: Granted): boolean => a.contract.form === b.contract.form;

/** Throws a TypeError if they do not. */
export function checkSameForm(a: Granted, b: Granted): void {
  if (isSameForm(a, b)) return;
  throw new TypeError(`${a.contract.name} and ${b.contract.name} do not have the same contract`);
}
