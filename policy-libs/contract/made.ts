// The contracts that `contract()` has made, known again by identity: what was checked once is not checked again, and
// a contract used in many others is one contract of the kernel and not many equal ones.
import type { AnyContract } from "./infer.ts";
import type { ContractData, HandleType } from "./types.ts";

/** A contract among those that it names. */
export interface Node {
  /** Checked, frozen, plain. */
  readonly data: ContractData;
  /** Where its handles lead. */
  readonly handles: ReadonlyMap<HandleType, Node>;
  /** The kernel's contract, made when it is first asked for. Set once, when it is known what the handles lead to. */
  contract: (() => AnyContract) | undefined;
}

/** What `data` came to when it was checked: counts for the bounds of what contains it. */
export interface Known {
  readonly node: Node;
  readonly nodes: number;
  readonly levels: number;
}

const byData = new WeakMap<object, Known>();
const byContract = new WeakMap<object, Known>();

/** What is known of a made contract, or of its data. Reads no property: the value may be of anybody. */
export function known(value: unknown): Known | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return byData.get(value) ?? byContract.get(value);
}

export function remember(entry: Known, contract: AnyContract): void {
  byData.set(entry.node.data, entry);
  byContract.set(contract, entry);
}

export const dataOf = (value: unknown): ContractData | undefined => known(value)?.node.data;
