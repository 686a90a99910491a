// Where states stand: layers by how many events lead there, and in each layer an order in which few edges cross.
import type { Graph } from "./types.ts";

/** Passes over all layers, down and up again. More of them change next to nothing. */
const SWEEPS = 4;

/** Nodes of each layer, from left to right. No edge leads down more than one layer. */
export function layersOf({ nodes, edges }: Graph): readonly (readonly number[])[] {
  const depth = new Map([[0, 0]]);
  const queue = [0];
  for (const at of queue) {
    for (const { to } of edges.filter(({ from }) => from === at)) {
      if (depth.has(to)) continue;
      depth.set(to, (depth.get(at) as number) + 1);
      queue.push(to);
    }
  }
  const layers = Map.groupBy(nodes, ({ id }) => depth.get(id) ?? 0);
  return ordered(
    [...layers].sort(([a], [b]) => a - b).map(([, layer]) => layer.map(({ id }) => id)),
    edges,
  );
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;

/** Each node goes to the middle of those that it is joined with in the layer beside. */
function ordered(layers: readonly number[][], edges: Graph["edges"]): readonly (readonly number[])[] {
  const sorted = layers.map((layer) => [...layer]);
  const beside = (id: number): readonly number[] =>
    edges.flatMap(({ from, to }) => (from === id ? [to] : to === id ? [from] : []));
  const arrange = (at: number, by: readonly number[] | undefined): void => {
    const layer = sorted[at];
    if (layer === undefined || by === undefined) return;
    const places = new Map(
      layer.map((id, own) => {
        const found = beside(id)
          .map((other) => by.indexOf(other))
          .filter((place) => place >= 0);
        return [id, found.length === 0 ? own : mean(found)] as const;
      }),
    );
    layer.sort((a, b) => (places.get(a) as number) - (places.get(b) as number));
  };
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let at = 1; at < sorted.length; at++) arrange(at, sorted[at - 1]);
    for (let at = sorted.length - 2; at >= 0; at--) arrange(at, sorted[at + 1]);
  }
  return sorted;
}
