// A contract that stands for another: the same calls by their names, with the same arguments in the same places. What a
// call gives may have another form; tests of it are then unknown, and restrict.
//
// Trust
//   Whoever says that one contract stands for another vouches for it: a policy about the one judges the other's calls.
import type { Contract } from "../../kernel/index.ts";

const behind = new WeakMap<Contract, Contract>();

/** Says that policies that speak of `of` mean the calls of `view` as well. */
export function standFor<C extends Contract>(view: C, of: Contract): C {
  behind.set(view, of);
  return view;
}

export const stoodFor = (contract: Contract): Contract => behind.get(contract) ?? contract;
