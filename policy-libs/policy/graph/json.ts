// A picture for programs. Names from files are values here, never keys.
import type { PolicyEvent } from "../resolved.ts";
import type { Graph } from "./types.ts";

const exampleOf = (witness: PolicyEvent | undefined): object =>
  witness === undefined ? {} : { example: [...witness.data].map(([name, value]) => ({ name, value })) };

/** States are numbered from 1, as in the other forms; 1 is the start. */
export function toJson({ name, nodes, edges, isComplete, isStateful }: Graph): object {
  return {
    ...{ policy: name, start: 1, isComplete, isStateful },
    states: nodes.map(({ id, holds, refuses }) => ({
      state: id + 1,
      holds,
      refuses: refuses.map(({ witness, ...rest }) => ({ ...rest, ...exampleOf(witness) })),
    })),
    edges: edges.map(({ from, to, events }) => ({
      from: from + 1,
      to: to + 1,
      events: events.map(({ witness, ...rest }) => ({ ...rest, ...exampleOf(witness) })),
    })),
  };
}
