// The shortest continuation after which this very call is allowed: breadth first over states of the machine, along events
// that can happen under the policy.
//
// Invariants
//   C1  What is found happened in the machine, event by event, and after it the call was decided and allowed.
//   C2  Nothing is said to be impossible because the search ended: that is for never.ts.
import type { Machine, State } from "../compile.ts";
import { eventArguments } from "../event.ts";
import type { Datum, HistoryKind, PolicyEvent } from "../resolved.ts";
import { alphabetOf, type Letter } from "./alphabet.ts";
import { callOf } from "./causes.ts";
import { isPassed, settledIn } from "./scene.ts";
import type { Next, Scene } from "./types.ts";

/** Events that are tried: some tens of milliseconds. */
const MOST_TRIES = 4_000;

interface Node {
  readonly state: State;
  readonly time: number;
  readonly before: Node | undefined;
  readonly events: readonly Next[];
}

type Who = Pick<PolicyEvent, "domain" | "capability" | "tenant">;

interface Search {
  readonly machine: Machine;
  readonly who: Who;
  readonly letters: readonly Letter[];
}

const nextOf = (event: PolicyEvent, by: Next["by"], after: number): Next => ({ ...callOf(event), by, after });

function eventOf({ who }: Search, { op, data }: Letter, kind: HistoryKind, time: number): PolicyEvent {
  return { kind, op, data, time, ...who };
}

/** A copy in which these events have happened. */
function after({ machine }: Search, node: Node, events: readonly PolicyEvent[], shown: readonly Next[]): Node {
  const state = machine.copy(node.state);
  for (const event of events) machine.commit(state, event);
  return { state, time: (events.at(-1) as PolicyEvent).time, before: node, events: shown };
}

/** What a call brought about is followed by each of its results that somebody looks at. */
function withResults(search: Search, letter: Letter, node: Node, call: PolicyEvent): readonly Node[] {
  const { machine } = search;
  const nodes: Node[] = [];
  if (machine.names(letter.op, "result")) {
    const { takes } = eventArguments(letter.op, "result");
    for (const given of letter.results) {
      const passed = takes.flatMap((argument, at): [string, Datum][] => {
        const datum = call.data.get(letter.op.takes[at]?.name ?? "");
        return datum === undefined ? [] : [argument.name, ...(argument.also ?? [])].map((name) => [name, datum]);
      });
      const result: PolicyEvent = { ...call, kind: "result", data: new Map([...passed, ...given]) };
      const settled = settledIn({ machine, state: node.state }, result);
      if (settled.decision.refusal !== undefined) continue;
      const made = after(search, node, [result], [...node.events, nextOf(result, "host", 0)]);
      nodes.push({ ...made, before: node.before });
    }
  }
  if (machine.names(letter.op, "failed")) {
    const failed: PolicyEvent = { ...call, kind: "failed" };
    const made = after(search, node, [failed], [...node.events, nextOf(failed, "host", 0)]);
    nodes.push({ ...made, before: node.before });
  }
  return nodes;
}

function performed(search: Search, node: Node, letter: Letter): readonly Node[] {
  const { machine } = search;
  const proposed = eventOf(search, letter, "call", node.time);
  if (letter.isOfHost) {
    const made = after(search, node, [proposed], [nextOf(proposed, "host", 0)]);
    return [made, ...withResults(search, letter, made, proposed)];
  }
  let settled = settledIn({ machine, state: node.state }, proposed);
  const { refusal, wait, obligations } = settled.decision;
  if (refusal !== undefined || wait === Infinity) {
    if (!machine.names(letter.op, "refused")) return [];
    const refused: PolicyEvent = { ...proposed, kind: "refused" };
    return [after(search, node, [refused], [nextOf(refused, "guest", 0)])];
  }
  const isAsked = obligations.some(({ rule }) => rule.effect.kind === "ask");
  if (wait > 0) settled = settledIn({ machine, state: node.state }, { ...proposed, time: node.time + wait });
  if (settled.decision.refusal !== undefined || settled.decision.wait > 0) return [];
  const call: PolicyEvent = { ...settled.event, kind: "call" };
  const approved: PolicyEvent = { ...call, kind: "approved" };
  const events = isAsked ? [approved, call] : [call];
  const shown = isAsked
    ? [nextOf(approved, "approver", wait), nextOf(call, "guest", 0)]
    : [nextOf(call, "guest", wait)];
  const made = after(search, node, events, shown);
  return [made, ...withResults(search, letter, made, call)];
}

function eventsTo(node: Node): readonly Next[] {
  const events: Next[] = [];
  for (let at: Node | undefined = node; at !== undefined; at = at.before) events.unshift(...at.events);
  return events;
}

/** What can follow, one event each; ends when too much was tried. */
function* successors(search: Search, level: readonly Node[], budget: { left: number }): Generator<Node> {
  for (const node of level) {
    for (const letter of search.letters) {
      if (budget.left-- <= 0) return;
      yield* performed(search, node, letter);
    }
  }
}

/** Undefined: none was found. */
export function continuation({ machine, state }: Scene, event: PolicyEvent): readonly Next[] | undefined {
  const { domain, capability, tenant, time } = event;
  const letters = alphabetOf(machine.joined, event);
  const search: Search = { machine, who: { domain, capability, tenant }, letters };
  const keyOf = (node: Node): string => `${node.time} ${machine.serialise(node.state).join()}`;
  const budget = { left: MOST_TRIES };
  let level: readonly Node[] = [{ state, time, before: undefined, events: [] }];
  const seen = new Set<string>(level.map(keyOf));
  while (level.length > 0 && budget.left > 0) {
    const next: Node[] = [];
    for (const made of successors(search, level, budget)) {
      const key = keyOf(made);
      if (seen.has(key)) continue;
      if (isPassed(settledIn({ machine, state: made.state }, { ...event, time: made.time }))) return eventsTo(made);
      seen.add(key);
      next.push(made);
    }
    level = next;
  }
  return undefined;
}
