// What stands on a picture: edges, refusals and states in a few words.
import type { HistoryKind } from "../resolved.ts";
import { type Dependence, type Graph, type GraphEdge, type GraphNode, type GraphRefusal, MAX_NODES } from "./types.ts";

const EFFECTS = { deny: "refuses", suppress: "suppresses", halt: "stops the program at" } as const;
const MANNERS = {
  asked: "if the answer is yes",
  delayed: "perhaps after a wait",
  changed: "perhaps changed",
  "by the host": "by the host",
} as const;

export const nameOf = (kind: HistoryKind, call: string): string => (kind === "call" ? call : `${kind} ${call}`);

const dependsText = (depends: readonly Dependence[]): readonly string[] =>
  depends.length === 0 ? [] : [`depends on ${depends.join(" and ")}`];

const inBrackets = (notes: readonly string[]): string => (notes.length === 0 ? "" : ` (${notes.join("; ")})`);

/** Calls that go alike are one line: "net.send, net.connect (depends on arguments)". */
export function edgeLines({ events }: GraphEdge): readonly string[] {
  const notesOf = ({ manners, depends }: (typeof events)[number]): string =>
    inBrackets([...manners.map((manner) => MANNERS[manner]), ...dependsText(depends)]);
  return [...Map.groupBy(events, notesOf)].map(
    ([notes, alike]) => `${alike.map(({ kind, call }) => nameOf(kind, call)).join(", ")}${notes}`,
  );
}

export function refusalLines({ refuses }: GraphNode): readonly string[] {
  const restOf = ({ why, depends }: GraphRefusal): string => `: ${why}${inBrackets(dependsText(depends))}`;
  const groups = Map.groupBy(refuses, (one) => JSON.stringify([EFFECTS[one.effect], restOf(one)]));
  return [...groups].map(([key, alike]) => {
    const [verb, rest] = JSON.parse(key) as [string, string];
    return `${verb} ${alike.map(({ kind, call }) => nameOf(kind, call)).join(", ")}${rest}`;
  });
}

export const stateText = ({ id, holds }: GraphNode): string =>
  id === 0 ? ["start", ...holds].join(": ") : holds.join(" and ");

/** What has to be said of a picture besides what is on it. */
export function notesOf({ isComplete, isStateful }: Graph): readonly string[] {
  const more = `there are more than ${MAX_NODES} states; those beyond, and what leads to them, are left out`;
  const one =
    "nothing that it remembers has few values: it has one state, whatever arguments, amounts and times do in it";
  return [...(isComplete ? [] : [more]), ...(isStateful ? [] : [one])];
}

export const titleOf = ({ name, nodes, isComplete }: Graph): string =>
  `${name}: ${isComplete ? "" : "more than "}${nodes.length} ${nodes.length === 1 ? "state" : "states"}`;

/** At spaces; what has none is cut. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const space = rest.lastIndexOf(" ", width);
    const cut = space > width / 3 ? space : width;
    lines.push(rest.slice(0, cut));
    rest = rest.slice(cut).trimStart();
  }
  return [...lines, rest];
}
