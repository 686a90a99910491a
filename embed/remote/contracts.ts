// Contracts as data, for the other side of a channel. Contracts lead to each other, so that what crosses is a graph: a
// list of contracts, the first the one that is meant, in which handles say numbers.
//
// Only embedders send contracts: what a worker has to offer is under a contract that the embedder's own asks for.
import type { CallContract, Contract, Shape } from "../../kernel/index.ts";

type Plain = Readonly<Record<string, unknown>>;
export type ContractGraph = readonly Plain[];

type NumberOf = (contract: Contract) => number;

function shapeData(shape: Shape, numberOf: NumberOf): Plain {
  const inner = (of: readonly Shape[]): Plain[] => of.map((each) => shapeData(each, numberOf));
  switch (shape.kind) {
    case "handle":
      return { kind: "handle", to: numberOf(shape.contract()) };
    case "list":
      return { ...shape, each: shapeData(shape.each, numberOf) };
    case "union":
      return { kind: "union", of: inner(shape.of) };
    case "record": {
      const fields = shape.fields.map((field) => ({ ...field, shape: shapeData(field.shape, numberOf) }));
      return { kind: "record", fields };
    }
    case "tuple": {
      const { rest } = shape;
      const last = rest === undefined ? {} : { rest: shapeData(rest, numberOf) };
      return { kind: "tuple", of: inner(shape.of), least: shape.least, ...last };
    }
    default:
      return { ...shape };
  }
}

const callData = ({ name, takes, gives, refuses, mode, isPlain }: CallContract, numberOf: NumberOf): Plain => ({
  ...{ name, refuses, mode, isPlain: isPlain === true },
  ...{ takes: shapeData(takes, numberOf), gives: shapeData(gives, numberOf) },
});

/** A contract with all that it leads to. */
export function graphOfContract(root: Contract): ContractGraph {
  const numbers = new Map([[root.form, 0]]);
  const found = [root];
  const numberOf: NumberOf = (contract) => {
    const known = numbers.get(contract.form);
    if (known !== undefined) return known;
    numbers.set(contract.form, found.length);
    return found.push(contract) - 1;
  };
  const graph: Plain[] = [];
  for (const { name, form, calls } of found)
    graph.push({ name, form, calls: calls.map((call) => callData(call, numberOf)) });
  return graph;
}

interface HandleData {
  readonly kind: "handle";
  readonly to: number;
}

function shapeFrom(data: Shape | HandleData, contracts: readonly Contract[]): Shape {
  const inner = (of: readonly Shape[]): Shape[] => of.map((each) => shapeFrom(each, contracts));
  switch (data.kind) {
    case "handle":
      return { kind: "handle", contract: () => contracts[(data as HandleData).to] as Contract };
    case "list":
      return { ...data, each: shapeFrom(data.each, contracts) };
    case "union":
      return { kind: "union", of: inner(data.of) };
    case "record":
      return {
        kind: "record",
        fields: data.fields.map((field) => ({ ...field, shape: shapeFrom(field.shape, contracts) })),
      };
    case "tuple": {
      const last = data.rest === undefined ? {} : { rest: shapeFrom(data.rest, contracts) };
      return { kind: "tuple", of: inner(data.of), least: data.least, ...last };
    }
    default:
      return data;
  }
}

/** The contract that a graph was made of, for the kernel. */
export function contractFromGraph(graph: ContractGraph): Contract {
  const contracts: Contract[] = [];
  for (const { name, form, calls } of graph as unknown as readonly Contract[]) {
    const made = calls.map((call) => ({
      ...call,
      takes: shapeFrom(call.takes, contracts),
      gives: shapeFrom(call.gives, contracts),
    }));
    contracts.push({ name, form, calls: made });
  }
  return contracts[0] as Contract;
}
