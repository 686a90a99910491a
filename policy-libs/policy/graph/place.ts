// Boxes and curves in pixels, from layers. Text is monospaced, so its width is known without a browser.
import { layersOf } from "./layout.ts";
import type { Graph, GraphEdge, GraphNode } from "./types.ts";
import { edgeLines, refusalLines, stateText, wrapped } from "./words.ts";

export const LINE = 16;
export const PAD = 10;
const CHARACTER = 7.3; // pixels; of 12 px monospace, and a little more
const BOX_COLUMNS = 46;
const LABEL_COLUMNS = 34;
const GAP = 48;
const MARGIN = 24;

export interface Line {
  readonly text: string;
  readonly role: "state" | "stays" | "refuses";
}
export interface Box {
  readonly node: GraphNode;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly lines: readonly Line[];
}
export interface Curve {
  readonly edge: GraphEdge;
  readonly path: string;
  readonly label: readonly string[];
  /** Of the label's first line. */
  readonly x: number;
  readonly y: number;
  readonly anchor: "middle" | "start";
}
export interface Placed {
  readonly boxes: readonly Box[];
  readonly curves: readonly Curve[];
  readonly left: number;
  readonly width: number;
  readonly height: number;
}

export const widthOf = (texts: readonly string[]): number =>
  Math.ceil(Math.max(...texts.map((text) => [...text].length), 6) * CHARACTER);

function linesOf({ edges }: Graph, node: GraphNode): readonly Line[] {
  const lined = (role: Line["role"], texts: readonly string[]): Line[] =>
    texts.flatMap((text) => wrapped(text, BOX_COLUMNS).map((one) => ({ text: one, role })));
  const stays = edges.filter(({ from, to }) => from === node.id && to === node.id).flatMap(edgeLines);
  return [
    ...lined("state", [`${node.id + 1} ${stateText(node)}`]),
    ...lined(
      "stays",
      stays.map((text) => `stays: ${text}`),
    ),
    ...lined("refuses", refusalLines(node)),
  ];
}

const labelOf = (edge: GraphEdge): readonly string[] => edgeLines(edge).flatMap((line) => wrapped(line, LABEL_COLUMNS));

type Sized = Omit<Box, "x" | "y">;

/** The gap below a layer has room for the labels of all edges that lead down, one below the other. */
function boxesOf(graph: Graph, down: (from: number) => readonly GraphEdge[]): ReadonlyMap<number, Box> {
  const sized = graph.nodes.map((node): Sized => {
    const lines = linesOf(graph, node);
    return {
      node,
      lines,
      width: widthOf(lines.map(({ text }) => text)) + 2 * PAD,
      height: lines.length * LINE + 2 * PAD,
    };
  });
  const layers = layersOf(graph).map((layer) => layer.map((id) => sized[id] as Sized));
  const widthOfLayer = (layer: readonly Sized[]): number => layer.reduce((sum, { width }) => sum + width + GAP, -GAP);
  const widest = Math.max(...layers.map(widthOfLayer));
  const boxes = new Map<number, Box>();
  let y = MARGIN + LINE;
  for (const layer of layers) {
    let x = MARGIN + (widest - widthOfLayer(layer)) / 2;
    for (const one of layer) {
      boxes.set(one.node.id, { ...one, x, y });
      x += one.width + GAP;
    }
    const labels = layer.flatMap(({ node }) => down(node.id)).map((edge) => labelOf(edge).length * LINE + 6);
    y += Math.max(...layer.map(({ height }) => height)) + GAP + labels.reduce((sum, height) => sum + height, 0);
  }
  return boxes;
}

const bezier = (a: number, b: number, c: number, d: number, t: number): number =>
  (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t ** 2 * c + t ** 3 * d;

/** Where a curve that falls is at a height. */
function across(x1: number, x2: number, y1: number, y2: number, y: number): number {
  const middle = (y1 + y2) / 2;
  let [low, high] = [0, 1];
  for (let i = 0; i < 20; i++) {
    const t = (low + high) / 2;
    if (bezier(y1, middle, middle, y2, t) < y) low = t;
    else high = t;
  }
  return bezier(x1, x1, x2, x2, low);
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** Out of the bottom of one box into the top of another. `slot`: how far below the layer its label is. */
function falling(edge: GraphEdge, from: Box, to: Box, floor: number, slot: number): Curve {
  const [x1, x2] = [from.x + from.width / 2, to.x + to.width / 2];
  const [y1, y2] = [from.y + from.height, to.y];
  const middle = (y1 + y2) / 2;
  const y = floor + GAP / 3 + slot;
  const path = `M${round(x1)} ${round(y1)}C${round(x1)} ${round(middle)} ${round(x2)} ${round(middle)} ${round(x2)} ${round(y2)}`;
  return {
    edge,
    path,
    label: labelOf(edge),
    x: round(across(x1, x2, y1, y2, y)),
    y: round(y + LINE),
    anchor: "middle",
  };
}

/** Out of the right side and back into one, by a lane of its own beside all boxes. */
function returning(edge: GraphEdge, from: Box, to: Box, lane: number): Curve {
  const [x1, x2] = [from.x + from.width, to.x + to.width];
  const [y1, y2] = [from.y + from.height * 0.6, to.y + to.height * 0.4];
  const path = `M${round(x1)} ${round(y1)}C${round(lane)} ${round(y1)} ${round(lane)} ${round(y1)} ${round(lane)} ${round((y1 + y2) / 2)}S${round(lane)} ${round(y2)} ${round(x2)} ${round(y2)}`;
  return { edge, path, label: labelOf(edge), x: round(lane + 8), y: round((y1 + y2) / 2), anchor: "start" };
}

export function placed(graph: Graph): Placed {
  const layers = layersOf(graph);
  const layerOf = new Map(layers.flatMap((layer, at) => layer.map((id) => [id, at] as const)));
  const isDown = ({ from, to }: GraphEdge): boolean => (layerOf.get(to) as number) > (layerOf.get(from) as number);
  const boxes = boxesOf(graph, (id) => graph.edges.filter((edge) => edge.from === id && isDown(edge)));
  const all = [...boxes.values()];
  let lane = Math.max(...all.map(({ x, width }) => x + width)) + GAP;
  const slots = layers.map(() => 0);
  const floors = layers.map((layer) =>
    Math.max(...layer.map((id) => (boxes.get(id) as Box).y + (boxes.get(id) as Box).height)),
  );
  const curves = graph.edges
    .filter(({ from, to }) => from !== to)
    .map((edge): Curve => {
      const [from, to] = [boxes.get(edge.from) as Box, boxes.get(edge.to) as Box];
      const layer = layerOf.get(edge.from) as number;
      if (isDown(edge)) {
        const slot = slots[layer] as number;
        slots[layer] = slot + labelOf(edge).length * LINE + 6;
        return falling(edge, from, to, floors[layer] as number, slot);
      }
      const own = lane;
      lane += widthOf(labelOf(edge)) + GAP / 2;
      return returning(edge, from, to, own);
    });
  const halves = curves.map(({ x, label, anchor }) => [x, widthOf(label), anchor] as const);
  const left = Math.min(0, ...halves.map(([x, width, anchor]) => (anchor === "middle" ? x - width / 2 - MARGIN : x)));
  const right = Math.max(
    ...all.map(({ x, width }) => x + width),
    ...halves.map(([x, width, anchor]) => (anchor === "middle" ? x + width / 2 : x + width)),
  );
  const bottom = Math.max(...all.map(({ y, height }) => y + height));
  return {
    boxes: all,
    curves,
    left: Math.floor(left),
    width: Math.ceil(right + MARGIN - left),
    height: Math.ceil(bottom + MARGIN),
  };
}
