// Makes contracts: data, checked, becomes what the kernel checks calls by and what people read.

import type { CallContract, Contract } from "../../kernel/index.ts";
import type { DescribedCall } from "../described.ts";
import { type Checked, check } from "./check.ts";
import { describe } from "./describe.ts";
import { contractError, show } from "./error.ts";
import { formOf, type Graph, graphOf, type Part } from "./form.ts";
import type { AnyContract, ContractOf } from "./infer.ts";
import { known, type Node, remember } from "./made.ts";
import type { ContractData, HandleType, Type } from "./types.ts";

/** Different contracts in one: each has a form, which tells of all that it leads to. */
export const MOST_CONTRACTS = 64;

function handlesIn(type: Type): readonly HandleType[] {
  switch (type.type) {
    case "handle":
      return [type];
    case "list":
    case "option":
      return handlesIn(type.of);
    case "union":
      return type.of.flatMap(handlesIn);
    case "record":
      return Object.values(type.fields).flatMap(handlesIn);
    default:
      return [];
  }
}

/** `around`: the contracts around this one, the outermost first. */
function nodeOf(data: ContractData, around: readonly Node[]): Node {
  const handles = new Map<HandleType, Node>();
  const node: Node = { data, handles, made: undefined };
  const scope = [...around, node];
  const types = Object.values(data.calls).flatMap(({ takes, gives }) => [...takes.map(({ of }) => of), gives]);
  for (const handle of types.flatMap(handlesIn)) {
    const { of } = handle;
    const target = typeof of === "string" ? scope.findLast(({ data: { name } }) => name === of) : known(of)?.node;
    handles.set(handle, target ?? nodeOf(of as ContractData, scope));
  }
  return node;
}

/** The kernel's contract, with the rest of a DescribedContract and the data. */
interface Made extends Contract, Pick<ContractOf<ContractData>, "allows" | "never" | "declarations" | "data"> {
  readonly calls: readonly (CallContract & Pick<DescribedCall, "params" | "returns" | "about">)[];
}

function make(graph: Graph, part: Part): Made {
  const { name, allows, never } = part.node.data;
  const { calls, declarations } = describe(graph, part);
  const described = part.calls.map((call) => Object.freeze({ ...call, ...calls.get(call.name) }));
  const made = { name, form: formOf(graph, part), allows, never, declarations, data: part.node.data };
  return Object.freeze({ ...made, calls: Object.freeze(described) }) as Made;
}

function makeAll({ data, count: { nodes, levels } }: Checked): Contract {
  const root = nodeOf(data, []);
  const graph = graphOf(root);
  const count = graph.parts.length;
  if (count > MOST_CONTRACTS) {
    throw contractError(show(data.name), "", `${count} different contracts in one`, `at most ${MOST_CONTRACTS}`);
  }
  for (const part of graph.parts) {
    if (part.node.made !== undefined) continue;
    part.node.made = make(graph, part);
    remember({ node: part.node, nodes, levels }, part.node.made);
  }
  for (const { node } of graph.all) node.made ??= graph.of(node).node.made;
  return root.made as Contract;
}

/**
 * Makes a contract of data that anybody may have written: it is checked, copied and frozen. Throws an Error with code
 * E_CONTRACT that says where the data is wrong and what would be right.
 */
export const contractFrom = (alleged: unknown): AnyContract =>
  (known(alleged)?.node.made ?? makeAll(check(alleged))) as Contract as never;

/** The same for data of one's own, of which TypeScript infers the types of the functions. */
export const contract = <const D extends ContractData>(data: D): ContractOf<D> => contractFrom(data) as ContractOf<D>;
