// Do two capabilities keep one contract? Their guests must not be able to tell which one answers.
import type { Contract } from "../../kernel/index.ts";
import type { Granted } from "../capability.ts";

/** What the kernel checks of a contract, without its documents. */
const formOf = ({ calls }: Contract): string =>
  JSON.stringify(calls.map(({ name, takes, gives, refuses }) => [name, takes, gives, refuses]));

const isSame = (a: Contract, b: Contract): boolean => a === b || (a.name === b.name && formOf(a) === formOf(b));

/** Throws a TypeError if they do not. */
export function checkSameForm(a: Granted, b: Granted): void {
  if (isSame(a.contract, b.contract)) return;
  throw new TypeError(`${a.contract.name} and ${b.contract.name} do not have the same contract`);
}
