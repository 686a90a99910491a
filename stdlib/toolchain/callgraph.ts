// Who may call whom in a source module, and which functions lie on a cycle of calls.
import { OPCODES, type Reader, readByte, readU32 } from "../../kernel/index.ts";
import { readOpcode, skipImmediate } from "./instructions.ts";
import type { Code, Source } from "./source.ts";

const [CALL, CALL_INDIRECT] = [OPCODES.call.code, OPCODES.call_indirect.code];

/** A reader at the first instruction of a body. */
export function instructionsOf({ bytes, at, end }: Code): Reader {
  const reader = { bytes, at, end };
  for (let groups = readU32(reader); groups > 0; groups--) {
    readU32(reader);
    readByte(reader);
  }
  return reader;
}

const spell = (source: Source, type: number): string => JSON.stringify(source.module.types[type]);

/** Nodes: the guest functions in order, then one for each type by which functions are called indirectly. */
export type CallGraph = readonly (readonly number[])[];

interface Draft {
  readonly source: Source;
  readonly codeOf: Map<number, number>;
  readonly typeNodes: Map<string, number>;
  readonly edges: number[][];
}

function typeNode({ typeNodes, edges }: Draft, name: string): number {
  const known = typeNodes.get(name);
  if (known !== undefined) return known;
  typeNodes.set(name, edges.length);
  return edges.push([]) - 1;
}

function addCalls(draft: Draft, node: number, code: Code): void {
  const found = new Set<number>();
  for (const reader = instructionsOf(code); reader.at < reader.end; ) {
    const opcode = readOpcode(reader);
    const operand = { ...reader };
    if (opcode === CALL) found.add(draft.codeOf.get(readU32(operand)) ?? -1);
    if (opcode === CALL_INDIRECT) found.add(typeNode(draft, spell(draft.source, readU32(operand))));
    skipImmediate(reader, opcode);
  }
  found.delete(-1); // gates call nobody
  draft.edges[node] = [...found];
}

function addTable({ source, codeOf, typeNodes, edges }: Draft): void {
  for (const index of new Set(source.module.elements.flatMap(({ functions }) => functions))) {
    const target = codeOf.get(index);
    const node = typeNodes.get(JSON.stringify(source.signatures[index]));
    if (target !== undefined && node !== undefined) edges[node]?.push(target);
  }
}

export function callGraph(source: Source, firstGuest: number): CallGraph {
  const codeOf = new Map<number, number>();
  for (const [index, number] of source.renumbered.entries()) {
    if (number >= firstGuest) codeOf.set(index, number - firstGuest);
  }
  const draft: Draft = { source, codeOf, typeNodes: new Map(), edges: source.codes.map(() => []) };
  for (const [node, code] of source.codes.entries()) addCalls(draft, node, code);
  addTable(draft);
  return draft.edges;
}

/** Nodes in the order in which a depth-first search leaves them. No recursion: chains of calls may be long. */
function postorder(graph: CallGraph): number[] {
  const [order, seen] = [[] as number[], new Uint8Array(graph.length)];
  for (let root = 0; root < graph.length; root++) {
    const path = seen[root] === 1 ? [] : [{ node: root, next: 0 }];
    seen[root] = 1;
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const target = graph[top.node]?.[top.next++];
      if (target === undefined) order.push(path.pop()?.node ?? 0);
      else if (seen[target] === 0) path.push({ node: target, next: 0 });
      if (target !== undefined) seen[target] = 1;
    }
  }
  return order;
}

function reversed(graph: CallGraph): number[][] {
  const back: number[][] = graph.map(() => []);
  for (const [node, targets] of graph.entries()) for (const target of targets) back[target]?.push(node);
  return back;
}

/** For each node: does it lie on a cycle? (Kosaraju: one search forwards, one backwards.) */
export function onCycles(graph: CallGraph): boolean[] {
  const [back, component, size] = [reversed(graph), new Int32Array(graph.length).fill(-1), [] as number[]];
  for (const root of postorder(graph).reverse()) {
    const open = component[root] === -1 ? [root] : [];
    if (open.length > 0) component[root] = size.push(0) - 1;
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      (size[component[node] as number] as number)++;
      for (const caller of back[node] ?? []) {
        if (component[caller] !== -1) continue;
        component[caller] = component[node] as number;
        open.push(caller);
      }
    }
  }
  return graph.map((targets, node) => (size[component[node] as number] ?? 0) > 1 || targets.includes(node));
}
