// A picture as SVG: one file that needs no other, readable on light and dark ground, and read aloud.
//
// Invariants
//   V1  Whatever names and reasons are, it is well-formed XML without scripts: text goes through `escaped`, and all else
//       is numbers and words of this file.
import { type Box, type Curve, LINE, type Line, PAD, type Placed, placed } from "./place.ts";
import type { Graph } from "./types.ts";
import { edgeLines, notesOf, refusalLines, stateText, titleOf } from "./words.ts";

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&quot;"],
  ["'", "&#39;"],
]);

/** What is no character of XML becomes a replacement character, and so does what turns the direction of text. */
export const escaped = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu, "\ufffd")
    .replace(/[&<>"']/g, (one) => ENTITIES.get(one) as string);

const STYLE = `
  .graph { --ink: #1b1f24; --ground: #ffffff; --box: #f3f5f8; --edge: #57606a; --no: #b3261e; --start: #0b57d0; }
  @media (prefers-color-scheme: dark) {
    .graph { --ink: #e6e9ee; --ground: #15181d; --box: #22272f; --edge: #9aa4b2; --no: #ff8a80; --start: #8ab4f8; }
  }
  .graph .ground { fill: var(--ground); }
  .graph .box { fill: var(--box); stroke: var(--edge); }
  .graph .first { stroke: var(--start); stroke-width: 2.5; }
  .graph .edge { fill: none; stroke: var(--edge); stroke-width: 1.4; }
  .graph .head { fill: var(--edge); }
  .graph text { fill: var(--ink); font: 12px ui-monospace, Menlo, Consolas, monospace; white-space: pre; }
  .graph text.label { paint-order: stroke; stroke: var(--ground); stroke-width: 5px; stroke-linejoin: round; }
  .graph text.state { font-weight: bold; }
  .graph text.refuses { fill: var(--no); }
`;

function boxSvg({ node, x, y, width, height, lines }: Box): string {
  const rect = `<rect class="box${node.id === 0 ? " first" : ""}" x="${x}" y="${y}" width="${width}" height="${height}" rx="8"/>`;
  const arrow =
    node.id === 0 ? `<path class="edge" marker-end="url(#head)" d="M${x + width / 2} ${y - 2 * LINE}V${y}"/>` : "";
  const text = ({ text, role }: Line, at: number): string =>
    `<text class="${role}" x="${x + PAD}" y="${y + PAD + (at + 0.75) * LINE}">${escaped(text)}</text>`;
  return `<g>${arrow}${rect}${lines.map(text).join("")}</g>`;
}

const curveSvg = ({ path }: Curve): string => `<path class="edge" marker-end="url(#head)" d="${path}"/>`;

const labelSvg = ({ label, x, y, anchor }: Curve): string =>
  label
    .map(
      (text, at) => `<text class="label" text-anchor="${anchor}" x="${x}" y="${y + at * LINE}">${escaped(text)}</text>`,
    )
    .join("");

/** The whole picture in sentences. */
function described(graph: Graph): string {
  const states = graph.nodes.map((node) => {
    const own = graph.edges.filter(({ from }) => from === node.id);
    const leads = own.map((edge) => {
      const where = edge.to === node.id ? "stays here" : `leads to state ${edge.to + 1}`;
      return `${edgeLines(edge).join(", ")} ${where}.`;
    });
    const refuses = refusalLines(node).map((line) => `It ${line}.`);
    return [`State ${node.id + 1}, ${stateText(node)}.`, ...leads, ...refuses].join(" ");
  });
  return [...notesOf(graph).map((note) => `${note}.`), ...states].join("\n");
}

function sheet(graph: Graph, { boxes, curves, left, width, height }: Placed): string {
  const notes = notesOf(graph).map(
    (note, at) => `<text x="${left + PAD}" y="${height + at * LINE}">${escaped(note)}</text>`,
  );
  const tall = height + notes.length * LINE;
  const wide = Math.max(width, ...notesOf(graph).map((note) => note.length * 7.3 + 2 * PAD));
  return `<svg xmlns="http://www.w3.org/2000/svg" class="graph" role="img" aria-labelledby="graph-title graph-desc" viewBox="${left} 0 ${wide} ${tall}" width="${wide}" height="${tall}">
<title id="graph-title">${escaped(titleOf(graph))}</title>
<desc id="graph-desc">${described(graph).split("\n").map(escaped).join("\n")}</desc>
<style>${STYLE}</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path class="head" d="M0 0L8 4L0 8z"/></marker></defs>
<rect class="ground" x="${left}" y="0" width="${wide}" height="${tall}"/>
${[...curves.map(curveSvg), ...boxes.map(boxSvg), ...curves.map(labelSvg), ...notes].join("\n")}
</svg>
`;
}

export const toSvg = (graph: Graph): string => sheet(graph, placed(graph));
