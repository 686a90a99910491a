// Makes contracts: data, checked, becomes what the kernel checks calls by and what people read.
import { type Checked, check } from "./check.ts";
import { type CallText, describe } from "./describe.ts";
import { contractError, show } from "./error.ts";
import { formOf, type Graph, graphOf, type Part } from "./form.ts";
import type { AnyContract, ContractOf } from "./infer.ts";
import { known, type Node, remember } from "./made.ts";
import type { Count } from "./reader.ts";
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
  const node: Node = { data, handles, contract: undefined };
  const scope = [...around, node];
  const types = Object.values(data.calls).flatMap(({ takes, gives }) => [...takes.map(({ of }) => of), gives]);
  for (const handle of types.flatMap(handlesIn)) {
    const { of } = handle;
    const target = typeof of === "string" ? scope.findLast(({ data: { name } }) => name === of) : known(of)?.node;
    handles.set(handle, target ?? nodeOf(of as ContractData, scope));
  }
  return node;
}

function make(graph: Graph, part: Part, { nodes, levels }: Count): AnyContract {
  const { node } = part;
  const { name, allows, never } = node.data;
  const { calls, declarations } = describe(graph, part);
  const described = part.calls.map((call, at) => Object.freeze({ ...call, ...(calls[at] as CallText) }));
  const all = { name, form: formOf(graph, part), allows, never, declarations, data: node.data };
  const made = Object.freeze({ ...all, calls: Object.freeze(described) });
  remember({ node, nodes, levels }, made);
  return made;
}

const once = <T>(make: () => T): (() => T) => {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
};

function makeAll({ data, count }: Checked): AnyContract {
  const root = nodeOf(data, []);
  const graph = graphOf(root);
  const different = graph.parts.length;
  if (different > MOST_CONTRACTS) {
    throw contractError(show(data.name), "", `${different} different contracts in one`, `at most ${MOST_CONTRACTS}`);
  }
  // Later, and most of them never: somebody's contract of many could keep the thread busy with what nobody reads.
  for (const part of graph.parts) part.node.contract ??= once(() => make(graph, part, count));
  for (const { node } of graph.all) node.contract ??= graph.of(node).node.contract;
  return (root.contract as () => AnyContract)();
}

/**
 * Makes a contract of data that anybody may have written: it is checked, copied and frozen. Throws an Error with code
 * E_CONTRACT that says where the data is wrong and what would be right.
 */
export const contractFrom = (alleged: unknown): AnyContract =>
  known(alleged)?.node.contract?.() ?? makeAll(check(alleged));

/** The same for data of one's own, of which TypeScript infers the types of the functions. */
export const contract = <const D extends ContractData>(data: D): ContractOf<D> => contractFrom(data) as ContractOf<D>;
