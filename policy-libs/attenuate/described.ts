// What a contract says beyond what the kernel checks by it: its data, and the contracts that its handles lead to.
import type { Contract, Shape } from "../../kernel/index.ts";
import type { CallData, ContractData } from "../contract/index.ts";

export const dataOf = (contract: Contract): ContractData | undefined =>
  (contract as { readonly data?: ContractData }).data;

/** What `contract()` was told of a call; undefined of contracts of plain functions. */
export function callData(contract: Contract, call: string): CallData | undefined {
  const calls = dataOf(contract)?.calls;
  return calls !== undefined && Object.hasOwn(calls, call) ? calls[call] : undefined;
}

function handlesIn(shape: Shape): readonly Contract[] {
  switch (shape.kind) {
    case "handle":
      return [shape.contract()];
    case "list":
      return handlesIn(shape.each);
    case "union":
      return shape.of.flatMap(handlesIn);
    case "tuple":
      return [...shape.of, ...(shape.rest === undefined ? [] : [shape.rest])].flatMap(handlesIn);
    case "record":
      return shape.fields.flatMap((field) => handlesIn(field.shape));
    default:
      return [];
  }
}

/** A contract and all that its handles lead to, by their forms. */
export function contractsFrom(root: Contract): ReadonlyMap<string, Contract> {
  const found = new Map([[root.form, root]]);
  // A Map is walked to what is added meanwhile.
  for (const contract of found.values()) {
    const shapes = contract.calls.flatMap(({ takes, gives }) => [takes, gives]);
    for (const next of shapes.flatMap(handlesIn)) if (!found.has(next.form)) found.set(next.form, next);
  }
  return found;
}
