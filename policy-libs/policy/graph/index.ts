// Pictures of policies.
export { graphOf } from "./explore.ts";
export { toJson } from "./json.ts";
export { toSvg } from "./svg.ts";
export { toText } from "./text.ts";
export { type Graph, type GraphEdge, type GraphEvent, type GraphNode, type GraphRefusal, MAX_NODES } from "./types.ts";
export { notesOf } from "./words.ts";
