// The canonical text of contracts: two contracts are the same when their forms are equal.
//
// A contract may name itself, those around it, and the same one many times, in data or by reference. So contracts are
// nodes of a graph; nodes that nothing tells apart are one class (as states of an automaton are when it is minimised),
// and a form lists the classes that can be reached, in the order in which a walk meets them first.

import type { CallContract, Contract, Shape } from "../../kernel/index.ts";
import { hex } from "./cbor.ts";
import { lowerCall } from "./lower.ts";
import type { Node } from "./made.ts";

/** One contract in the kernel's form, with its text but for the contracts that its handles lead to. */
export interface Part {
  readonly node: Node;
  readonly calls: readonly CallContract[];
  readonly text: string;
  /** Where handles lead, in the order of the text. */
  readonly targets: readonly Node[];
}

type Meet = (contract: () => Contract) => number;

function shapeText(shape: Shape, meet: Meet): unknown {
  switch (shape.kind) {
    case "any":
    case "date":
      return shape.kind;
    case "exact":
      return [shape.kind, ...shape.of.map(hex)];
    case "number":
    case "integer":
    case "text":
    case "bytes":
      return [shape.kind, `${shape.least}`, `${shape.most}`];
    case "list":
      return [shape.kind, `${shape.least}`, `${shape.most}`, shapeText(shape.each, meet)];
    case "record": {
      const fields = shape.fields.map((field) => ({ ...field, name: hex(field.key) }));
      fields.sort((a, b) => (a.name < b.name ? -1 : 1));
      return [shape.kind, ...fields.map(({ name, optional, shape: of }) => [name, optional, shapeText(of, meet)])];
    }
    case "union":
      return [shape.kind, ...shape.of.map((member) => shapeText(member, meet))];
    case "tuple": {
      const rest = shape.rest === undefined ? null : shapeText(shape.rest, meet);
      return [shape.kind, shape.of.map((member) => shapeText(member, meet)), shape.least, rest];
    }
    case "handle":
      return [shape.kind, meet(shape.contract)];
  }
}

const callText = ({ name, takes, gives, refuses, mode }: CallContract, meet: Meet): unknown => [
  name,
  shapeText(takes, meet),
  shapeText(gives, meet),
  refuses === "any" ? refuses : refuses.map(hex),
  mode,
];

function partOf(node: Node): Part {
  const leads = new Map<() => Contract, Node>();
  const calls = Object.entries(node.data.calls).map(([name, call]) =>
    lowerCall(name, call, (handle) => {
      const target = node.handles.get(handle) as Node;
      const contract = () => (target.contract as () => Contract)();
      leads.set(contract, target);
      return contract;
    }),
  );
  const targets: Node[] = [];
  const meet: Meet = (contract) => targets.push(leads.get(contract) as Node) - 1;
  const text = JSON.stringify([node.data.name, calls.map((call) => callText(call, meet))]);
  return { node, calls: Object.freeze(calls), text, targets };
}

/** The contracts that can be reached from one, which is the first. */
function reach(root: Node): Part[] {
  const parts = new Map<Node, Part | undefined>([[root, undefined]]);
  // A Map's walk also meets what is added on the way.
  for (const node of parts.keys()) {
    const part = partOf(node);
    parts.set(node, part);
    for (const target of part.targets) if (!parts.has(target)) parts.set(target, undefined);
  }
  return [...parts.values()] as Part[];
}

type Classes = ReadonlyMap<Node, number>;

function classify(parts: readonly Part[], textOf: (part: Part) => string): { classes: Classes; count: number } {
  const numbers = new Map<string, number>();
  const classes = new Map<Node, number>();
  for (const part of parts) {
    const text = textOf(part);
    const number = numbers.get(text) ?? numbers.size;
    numbers.set(text, number);
    classes.set(part.node, number);
  }
  return { classes, count: numbers.size };
}

/** Tells contracts apart by their texts, then by what they lead to, until nothing more is told apart. */
function minimise(parts: readonly Part[]): Classes {
  let now = classify(parts, ({ text }) => text);
  for (let before = 0; before !== now.count; ) {
    before = now.count;
    const { classes } = now;
    now = classify(parts, ({ node, targets }) => [node, ...targets].map((each) => classes.get(each)).join());
  }
  return now.classes;
}

/** The classes of a graph, one part for each. */
export interface Graph {
  readonly parts: readonly Part[];
  /** The part that stands for a node's class. */
  readonly of: (node: Node) => Part;
  readonly all: readonly Part[];
}

export function graphOf(root: Node): Graph {
  const all = reach(root);
  const classes = minimise(all);
  const chosen = new Map<number, Part>();
  for (const part of all) {
    const number = classes.get(part.node) as number;
    const current = chosen.get(number);
    // One that was made already stands for all that are like it; but the root has its own documents.
    const isBetter = part.node.contract !== undefined && current?.node.contract === undefined && current?.node !== root;
    if (current === undefined || isBetter) chosen.set(number, part);
  }
  return { all, parts: [...chosen.values()], of: (node) => chosen.get(classes.get(node) as number) as Part };
}

/** The classes that can be reached from one, in the order of a walk. */
export function walk(graph: Graph, root: Part): Part[] {
  const met = new Set([root]);
  for (const { targets } of met) for (const target of targets) met.add(graph.of(target));
  return [...met];
}

export function formOf(graph: Graph, root: Part): string {
  const parts = walk(graph, root);
  const numbers = new Map(parts.map((part, number) => [part, number]));
  const texts = parts.map(({ text, targets }) => {
    const leads = targets.map((target) => numbers.get(graph.of(target)));
    return `[${text},${JSON.stringify(leads)}]`;
  });
  return `[${texts.join()}]`;
}
