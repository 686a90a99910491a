// Pictures of policies: they show the states that policies have, and nothing that the machine would not do.
import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, test as example, expect } from "vitest";
import { compile, type Machine, type State } from "../../policy-libs/policy/compile.ts";
import { type Graph, graphOf, MAX_NODES, toJson, toSvg, toText } from "../../policy-libs/policy/graph/index.ts";
import { escaped } from "../../policy-libs/policy/graph/svg.ts";
import { load } from "../../policy-libs/policy/load.ts";
import type { Decision, PolicyEvent, RPolicy } from "../../policy-libs/policy/resolved.ts";
import { settle } from "../../policy-libs/policy/settle.ts";
import { fieldOf, readField, writeField } from "../../policy-libs/policy/step/registers.ts";
import type { Operation } from "../../policy-libs/policy/vocabulary.ts";
import { anyPast } from "../kit/policies.ts";
import * as r from "../kit/resolved.ts";
import { isPossible } from "../kit/traces.ts";
import { EXAMPLES, VOCABULARY } from "./examples.ts";

const numRuns = process.env["CORDON_DEEP"] === "1" ? 5_000 : 120;
const timeout = 600_000;

function policyNamed(name: string, text = EXAMPLES): RPolicy {
  const loaded = load(text, { file: "t.policy", vocabulary: VOCABULARY });
  if (loaded.kind !== "loaded") throw new Error(loaded.diagnostics.map(({ message }) => message).join("\n"));
  const made = loaded.policies.get(name)?.instantiate(new Map());
  if (made?.kind !== "instance") throw new Error(name);
  return made.policy;
}

const edgesOf = ({ edges }: Graph): readonly (readonly [from: number, calls: string, to: number])[] =>
  edges.map(({ from, to, events }) => [from, events.map(({ call }) => call).join(), to]);

describe("the picture of a lecture's policy", () => {
  example("`no send after read` has two states, and refuses in the second", () => {
    const graph = graphOf(policyNamed("no_send_after_read"));
    expect(graph.nodes.map(({ holds }) => holds)).toEqual([[], ["once files.read"]]);
    expect(edgesOf(graph)).toEqual([
      [0, "net.send", 0],
      [0, "files.read", 1],
      [1, "files.read", 1],
    ]);
    expect(graph.nodes.map(({ refuses }) => refuses.map(({ call, why }) => [call, why]))).toEqual([
      [],
      [["net.send", "this program has read a file"]],
    ]);
    expect(graph.edges.flatMap(({ events }) => events.flatMap(({ depends }) => depends))).toEqual([]);
  });

  example("`three windows` counts from none to three, up and down", () => {
    const graph = graphOf(policyNamed("few_windows"));
    expect(graph.nodes.map(({ holds }) => holds.join().replace(/.*== /, ""))).toEqual(["", "1", "2", "3"]);
    expect(edgesOf(graph)).toEqual([
      [0, "window.open", 1],
      [0, "window.close", 0],
      [1, "window.open", 2],
      [1, "window.close", 0],
      [2, "window.open", 3],
      [2, "window.close", 1],
      [3, "window.close", 2],
    ]);
    expect(graph.nodes.map(({ refuses }) => refuses.length)).toEqual([0, 0, 0, 1]);
  });

  example("`division by zero` remembers nothing: one state, which says that its argument decides", () => {
    const graph = graphOf(policyNamed("safe_division"));
    expect([graph.nodes.length, graph.isStateful]).toEqual([1, false]);
    expect(graph.edges[0]?.events[0]?.depends).toEqual(["arguments"]);
    expect(toText(graph)).toContain("nothing that it remembers has few values");
  });

  example("a confirmation is used up by what comes next, and comes from the host", () => {
    const graph = graphOf(policyNamed("plugin"));
    expect(graph.nodes).toHaveLength(2);
    const [confirm] = graph.edges.filter(({ from, to }) => from === 0 && to === 1);
    expect(confirm?.events).toMatchObject([{ call: "user.confirm", manners: ["by the host"] }]);
  });

  example("a result leads on only where its call can have been performed", () => {
    const text = `policy p over net.send, vault.get {
      default abstain
      deny vault.get
      deny net.send when once result vault.get or once result files.read
    }`;
    const graph = graphOf(policyNamed("p", text));
    expect(graph.edges.flatMap(({ events }) => events.map(({ kind, call }) => `${kind} ${call}`))).not.toContain(
      "result vault.get",
    );
    expect(graph.nodes).toHaveLength(2);
  });

  example("what depends on time says so", () => {
    const text = "policy p over net.send { default abstain deny net.send when once files.read within 5m }";
    const graph = graphOf(policyNamed("p", text));
    expect(graph.nodes[0]?.refuses[0]?.depends).toEqual(["time"]);
  });

  /** As many rules, each of which depends on another time. */
  const timed = (name: string, byDefault: string, from: number, effects: readonly string[]) => {
    const rules = effects.map((effect, at) => `${effect} when once files.read within ${from + at}m`);
    return policyNamed(name, `policy ${name} over net.send { default ${byDefault}\n${rules.join("\n")} }`);
  };
  const mannersIn = ({ edges }: Graph) =>
    edges
      .flatMap(({ events }) => events.flatMap(({ call, manners }) => (call === "net.send" ? [manners.join()] : [])))
      .toSorted();
  const whysIn = ({ nodes }: Graph) => new Set(nodes.flatMap(({ refuses }) => refuses.map(({ why }) => why)));

  example("every manner and every reason is there, of however many rules that depend on time", () => {
    const obliging = ["ask net.send", "delay net.send to 1 per 1s", "change net.send so size at most 5"];
    const refusing = ["deny net.send", "deny net.send", "halt net.send", "suppress net.send"];
    const graph = graphOf(timed("p", "allow", 1, [...obliging, ...refusing]));
    expect(mannersIn(graph)).toEqual([
      ...["", "asked", "asked,changed", "asked,delayed", "asked,delayed,changed"],
      ...["changed", "delayed", "delayed,changed"],
    ]);
    expect(whysIn(graph).size).toBe(refusing.length + 1);
  });

  example("of several policies any may be the one that grants, however many rules depend on time", () => {
    const [asking, plain] = [
      timed("asking", "deny", 1, ["allow net.send", "ask net.send", "deny net.send"]),
      timed("plain", "deny", 4, ["allow net.send", "deny net.send", "halt net.send"]),
    ];
    expect(mannersIn(graphOf(r.anyOf(asking, plain)))).toEqual(["", "asked"]);
  });
});

describe("a picture with too many states", () => {
  const counting = (most: number) =>
    graphOf(
      policyNamed("p", `policy p over net.send { default abstain deny net.send when count net.send >= ${most} }`),
    );

  example("is whole at the limit, and says one beyond it that it is not", () => {
    const [whole, cut] = [counting(MAX_NODES - 1), counting(MAX_NODES)];
    expect([whole.nodes.length, whole.isComplete]).toEqual([MAX_NODES, true]);
    expect([cut.nodes.length, cut.isComplete]).toEqual([MAX_NODES, false]);
    expect(toText(cut)).toContain("there are more than 64 states");
    expect(toText(whole)).not.toContain("more than");
  });
});

const valuesOf = ({ registers }: Machine, state: State): string =>
  registers
    .filter(({ finite, scope }) => finite !== undefined && scope === "domain")
    .map((register) => readField(state.domain.words, fieldOf(register)))
    .join();

interface Walk {
  readonly graph: Graph;
  readonly machine: Machine;
  readonly state: State;
}

const nodeOf = ({ graph, machine, state }: Walk): number =>
  graph.nodes.findIndex(({ values }) => [...values.values()].join() === valuesOf(machine, state));

function commit(walk: Walk, events: readonly PolicyEvent[]): void {
  const from = nodeOf(walk);
  for (const event of events) walk.machine.commit(walk.state, event);
  const to = nodeOf(walk);
  const { kind, op } = events.at(-1) as PolicyEvent;
  if (!walk.machine.names(op, kind)) return expect(to).toBe(from);
  const edge = walk.graph.edges.find((one) => one.from === from && one.to === to);
  expect(edge?.events ?? [], `${from} to ${to}`).toContainEqual(expect.objectContaining({ kind, call: op.name }));
}

const whyOf = ({ refusal }: Decision): object => ({
  effect: refusal?.effect,
  why: refusal?.rule === undefined ? "nothing allows this" : (refusal.rule.because ?? refusal.rule.at.text),
});

/** What the picture says of every event of an operation is not otherwise for this one. */
function expectNoneSure(walk: Walk, { kind, op }: PolicyEvent, isRefused: boolean): void {
  const at = nodeOf(walk);
  const performing = walk.graph.edges.filter(({ from }) => from === at).flatMap(({ events }) => events);
  const others = isRefused ? performing : (walk.graph.nodes[at]?.refuses ?? []);
  const sure = others.filter((one) => one.kind === kind && one.call === op.name && one.depends.length === 0);
  expect(sure, `${at} ${isRefused}`).toEqual([]);
}

/** What the machine says of one event, and does after it, is on the picture. */
function follow(walk: Walk, event: PolicyEvent, performed: Set<Operation>): void {
  const { kind, op } = event;
  const { graph, machine, state } = walk;
  if (op.group === "user") {
    const isRemembered = kind === "call" && machine.planOf(kind, op).updates.length > 0;
    return isRemembered ? commit(walk, [event]) : undefined;
  }
  if (kind === "failed") return performed.has(op) ? commit(walk, [event]) : undefined;
  if (kind === "result" ? !performed.has(op) || !machine.names(op, "result") : kind !== "call") return;
  const { decision, event: done } = settle((one) => machine.decide(state, one), event);
  expectNoneSure(walk, event, decision.refusal !== undefined);
  if (decision.refusal !== undefined) {
    const { refuses } = graph.nodes[nodeOf(walk)] as Graph["nodes"][number];
    expect(refuses).toContainEqual(expect.objectContaining({ kind, call: op.name, ...whyOf(decision) }));
    if (kind === "call") commit(walk, [{ ...event, kind: "refused" }]);
    return;
  }
  const isAsked = decision.obligations.some(({ rule }) => rule.effect.kind === "ask");
  if (kind === "call") performed.add(op);
  commit(walk, kind === "call" && isAsked ? [{ ...done, kind: "approved" }, done] : [done]);
}

function stateAt(machine: Machine, values: ReadonlyMap<number, number>): State {
  const state = machine.start();
  for (const [index, value] of values) {
    const register = machine.registers.find((one) => one.index === index);
    if (register !== undefined) writeField(state.domain.words, fieldOf(register), value);
  }
  return state;
}

/** The machine refuses it as the picture says. */
function expectRefusals(graph: Graph, machine: Machine): number {
  const all = graph.nodes.flatMap(({ values, refuses }) => refuses.map((refusal) => ({ values, ...refusal })));
  const told = all.filter(({ witness }) => witness !== undefined);
  for (const { values, witness, effect } of told)
    expect(machine.decide(stateAt(machine, values), witness as PolicyEvent).refusal?.effect).toBe(effect);
  return told.length;
}

/** The machine performs it, and comes to where the edge leads. */
function expectEdges({ nodes, edges }: Graph, machine: Machine): number {
  const all = edges.flatMap(({ from, to, events }) => events.map((event) => ({ from, to, ...event })));
  const told = all.filter(({ witness }) => witness !== undefined);
  for (const { from, to, witness, kind, manners } of told) {
    const state = stateAt(machine, (nodes[from] as Graph["nodes"][number]).values);
    const event = witness as PolicyEvent;
    const isDecided = (kind === "call" || kind === "result") && !manners.includes("by the host");
    expect(event.kind).toBe(kind);
    if (isDecided) expect(machine.decide(state, event).refusal).toBeUndefined();
    if (manners.includes("asked")) machine.commit(state, { ...event, kind: "approved" });
    machine.commit(state, event);
    expect(valuesOf(machine, state)).toBe([...(nodes[to] as Graph["nodes"][number]).values.values()].join());
  }
  return told.length;
}

/** Now and then many rules: then many depend on more than the picture knows. */
const anyCrowd = (length: number) => fc.constantFrom(4, 4, 9).chain((rules) => anyPast({ length, depth: 2, rules }));

const counted = { pictures: 0, left: 0, witnesses: 0, states: 0 };

describe("the picture of any policy", () => {
  test.prop([anyCrowd(20)], { numRuns })(
    "has an edge for whatever the machine performs, and a refusal for whatever it refuses",
    ({ policy, history }) => {
      const graph = graphOf(policy);
      if (!graph.isComplete) {
        counted.left++;
        return;
      }
      counted.pictures++;
      counted.states += graph.nodes.length;
      const machine = compile(policy);
      const walk = { graph, machine, state: machine.start() };
      const performed = new Set<Operation>();
      for (const event of history.filter(isPossible)) follow(walk, event, performed);
    },
    timeout,
  );

  test.prop([anyCrowd(1)], { numRuns })(
    "agrees with the machine on the witness of every edge and of every refusal",
    ({ policy }) => {
      const [graph, machine] = [graphOf(policy), compile(policy)];
      counted.witnesses += expectRefusals(graph, machine) + expectEdges(graph, machine);
    },
    timeout,
  );

  example("was tried on many policies, with states of many kinds", () => {
    expect(counted.pictures).toBeGreaterThan(numRuns / 2);
    expect(counted.states).toBeGreaterThan(1.5 * counted.pictures);
    expect(counted.witnesses).toBeGreaterThan(numRuns);
  });
});

/** Elements are closed in order, attributes are quoted, and text has no loose marks. Throws where it is not so. */
function checkXml(xml: string): readonly string[] {
  const open: string[] = [];
  const texts: string[] = [];
  const piece = /<(\/?)([a-zA-Z]+)((?:\s+[a-zA-Z:-]+="[^"<&]*")*)\s*(\/?)>|([^<]+)|</gu;
  for (const [whole, close, name, , self, text] of xml.matchAll(piece)) {
    if (text !== undefined) {
      expect(text.replaceAll(/&(?:amp|lt|gt|quot|#39);/g, "")).not.toMatch(/&/);
      texts.push(text);
    } else if (name === undefined) throw new Error(`a loose < after ${texts.at(-1)}, ${whole}`);
    else if (close === "/") expect(open.pop()).toBe(name);
    else if (self !== "/") open.push(name);
  }
  expect(open).toEqual([]);
  return texts;
}

describe("a picture as SVG", () => {
  const hostile = `</text><script>alert("1 & 2")</script>]]>\u0000\u202e\ud800'`;
  const send = r.operation(`net.<b>&"'`, 0, []);
  const nasty = graphOf(
    r.policyOf(hostile, "abstain", [send], [r.rule("deny", [r.pattern([send])], undefined, hostile)]),
  );

  example("is well-formed, whatever names and reasons are", () => {
    const svg = toSvg(nasty);
    const texts = checkXml(svg);
    expect(svg).not.toMatch(/<script|[\0\u202e\ud800]/u);
    expect(texts.some((text) => text.includes("&lt;/text&gt;&lt;script&gt;"))).toBe(true);
  });

  example("of every example is well-formed, says what it is, and has each state as a box", () => {
    for (const name of ["no_send_after_read", "few_windows", "secrets_stay", "injection_guard", "plugin"]) {
      const graph = graphOf(policyNamed(name));
      const svg = toSvg(graph);
      expect(checkXml(svg).some((text) => text.startsWith(`${name}: `))).toBe(true);
      expect(svg.match(/<rect class="box/g)).toHaveLength(graph.nodes.length);
      expect(svg).toMatch(/<title id="graph-title">.*<\/title>\n<desc id="graph-desc">State 1, start\./);
      expect(svg).toContain("prefers-color-scheme: dark");
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    }
  });

  test.prop([anyPast({ length: 1 })], { numRuns: 100 })("of any policy is well-formed", ({ policy }) => {
    checkXml(toSvg(graphOf(policy)));
  });

  example("keeps plain text as it is", () => {
    expect(escaped("net.send, 1 < 2")).toBe("net.send, 1 &lt; 2");
  });
});

describe("a picture for terminals", () => {
  example("of `no send after read`", () => {
    expect(toText(graphOf(policyNamed("no_send_after_read")))).toBe(`no_send_after_read: 2 states

> [1]  start
     --> [2]  files.read
     stays    net.send

  [2]  once files.read
     stays    files.read
     refuses net.send: this program has read a file
`);
  });

  example("of `three windows`", () => {
    expect(toText(graphOf(policyNamed("few_windows")))).toBe(`few_windows: 4 states

> [1]  start
     --> [2]  window.open
     stays    window.close

  [2]  level window.open minus window.close == 1
     --> [3]  window.open
     --> [1]  window.close

  [3]  level window.open minus window.close == 2
     --> [4]  window.open
     --> [2]  window.close

  [4]  level window.open minus window.close == 3
     --> [3]  window.close
     refuses window.open: too many windows
`);
  });

  test.prop([anyPast({ length: 1 })], { numRuns: 100 })("is never wider than 80 columns", ({ policy }) => {
    for (const line of toText(graphOf(policy)).split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });
});

example("a picture as JSON numbers states from 1, and has an example of each sure edge", () => {
  const json = JSON.parse(JSON.stringify(toJson(graphOf(policyNamed("no_send_after_read")))));
  expect(json).toMatchObject({
    ...{ policy: "no_send_after_read", start: 1, isComplete: true, isStateful: true },
    states: [
      { state: 1, holds: [], refuses: [] },
      { state: 2, holds: ["once files.read"], refuses: [{ call: "net.send", effect: "deny", depends: [] }] },
    ],
  });
  expect(json.edges.map(({ from, to }: { from: number; to: number }) => [from, to])).toEqual([
    [1, 1],
    [1, 2],
    [2, 2],
  ]);
});
