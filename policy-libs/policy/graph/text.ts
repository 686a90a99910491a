// A picture for terminals: the states one below the other, and where each leads.
import type { Graph, GraphNode } from "./types.ts";
import { edgeLines, notesOf, refusalLines, stateText, titleOf, wrapped } from "./words.ts";

const WIDTH = 80; // columns
const INDENT = 5;

/** The first line begins with `head`, the others below its text. */
function hung(head: string, text: string, under = head.length): readonly string[] {
  const lines = wrapped(text, WIDTH - under);
  return lines.map((line, at) => `${at === 0 ? head : " ".repeat(under)}${line}`);
}

function nodeLines({ edges }: Graph, node: GraphNode): readonly string[] {
  const own = edges.filter(({ from }) => from === node.id);
  const [stays, leads] = [own.filter(({ to }) => to === node.id), own.filter(({ to }) => to !== node.id)];
  const indent = " ".repeat(INDENT);
  const arrow = (to: number): string => `${indent}--> ${`[${to + 1}]`.padEnd(5)}`;
  return [
    ...hung(`${node.id === 0 ? "> " : "  "}${`[${node.id + 1}]`.padEnd(4)} `, stateText(node)),
    ...leads.flatMap((edge) => edgeLines(edge).flatMap((line) => hung(arrow(edge.to), line))),
    ...stays.flatMap((edge) => edgeLines(edge).flatMap((line) => hung(`${indent}stays    `, line))),
    ...refusalLines(node).flatMap((line) => hung(indent, line, INDENT + "refuses ".length)),
  ];
}

/** Lines of at most 80 columns, with a line break at the end. Control characters are the caller's to escape. */
export function toText(graph: Graph): string {
  const lines = [
    ...wrapped(titleOf(graph), WIDTH),
    ...notesOf(graph).flatMap((note) => wrapped(note, WIDTH)),
    ...graph.nodes.flatMap((node) => ["", ...nodeLines(graph, node)]),
  ];
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}
