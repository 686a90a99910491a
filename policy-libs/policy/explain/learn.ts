// A small policy that allows what a log says was done, for a person to read before it is used.
//
// Invariants
//   L1  Every call of the log is allowed: it has been decided, under the text that is handed out.
//   L2  There is one rule for each call that was made, and everything else is refused: without any one of them some call
//       of the log is.
import { utf8Length } from "../characters.ts";
import { compile } from "../compile.ts";
import { isOwn } from "../event.ts";
import { MAX_FILE } from "../limits.ts";
import { load } from "../load.ts";
import { print } from "../print.ts";
import type { Datum, PolicyEvent } from "../resolved.ts";
import type { Cond, File, Policy, Rule, Test } from "../tree.ts";
import type { Argument, Operation, Vocabulary } from "../vocabulary.ts";
import { testsOf } from "./learned-tests.ts";
import type { LoggedTrace } from "./log-read.ts";
import { newMemory } from "./memory.ts";
import { passes } from "./scene.ts";
import { type ShapeOptions, shapeOf } from "./shapes.ts";

export interface LearnOptions extends Partial<ShapeOptions> {
  /** Of the policy. Default: "learned". */
  readonly name?: string | undefined;
  /** The log's calls as tests of the file. Default: true. */
  readonly tests?: boolean | undefined;
}

export interface Learned {
  readonly kind: "learned";
  readonly tree: File;
  readonly text: string;
  /** Calls of the log: each is allowed. */
  readonly calls: number;
}

/** There is nothing to learn from, or what was learned does not load. */
export interface NotLearned {
  readonly kind: "nothing";
  readonly message: string;
}

/** Different values that are looked at; more become something wider, or nothing. */
const MAX_EXACT = 5;

interface Seen {
  readonly op: Operation;
  readonly events: PolicyEvent[];
}

function callsIn(traces: readonly LoggedTrace[]): ReadonlyMap<Operation, Seen> {
  const seen = new Map<Operation, Seen>();
  for (const entry of traces.flatMap(({ entries }) => entries)) {
    if (entry.kind !== "past" || entry.event.kind !== "call" || entry.event.op.isInstruction) continue;
    const { op } = entry.event;
    const one = seen.get(op) ?? { op, events: [] };
    one.events.push(entry.event);
    seen.set(op, one);
  }
  return seen;
}

/** Of a URL the parts are asked for, and of data the length. */
function isAsked(argument: Argument, all: readonly Argument[]): boolean {
  const { source } = argument;
  if (source?.part === "url")
    return !all.some((other) => other.source?.part === "host" && isSamePlace(argument, other));
  return isOwn(argument) || source?.part !== "size";
}

const placeOf = ({ source }: Argument): string => JSON.stringify([source?.at, source?.fields]);
const isSamePlace = (a: Argument, b: Argument): boolean => placeOf(a) === placeOf(b);

function conditionOf({ op, events }: Seen, options: ShapeOptions): Cond | undefined {
  const conds = op.takes
    .filter((argument) => isAsked(argument, op.takes))
    .flatMap((argument) => {
      const values = events.map(({ data }) => data.get(argument.name));
      // A test of what is missing is unknown, and would refuse that call.
      if (values.includes(undefined)) return [];
      return shapeOf(argument, [...new Set(values as readonly Datum[])], options) ?? [];
    });
  return conds.length < 2 ? conds[0] : { kind: "and", of: conds };
}

const ruleOf = ({ op }: Seen, when: Cond | undefined): Rule => ({
  effect: { kind: "allow" },
  on: [{ event: "call", op: op.name }],
  when,
});

const policyOf = (name: string, rules: readonly Rule[]): Policy => ({
  ...{ kind: "policy", name, parameters: [], over: [{ event: "call", op: "*" }] },
  ...{ default: "deny", lets: [], labels: [], rules },
});

/** As many tests as a file has room for. */
function fileOf(policy: Policy, tests: readonly Test[]): File {
  const whole: File = { items: [policy, ...tests] };
  if (tests.length === 0 || utf8Length(print(whole), MAX_FILE) <= MAX_FILE) return whole;
  return fileOf(policy, tests.slice(0, Math.floor(tests.length / 2)));
}

type Checked = { readonly refused: ReadonlySet<Operation> } | { readonly message: string };

/** The calls of the log, decided under the text. */
function checked(text: string, seen: ReadonlyMap<Operation, Seen>, vocabulary: Vocabulary): Checked {
  const loaded = load(text, { file: "learned", vocabulary });
  if (loaded.kind === "wrong") return { message: loaded.diagnostics[0]?.message ?? "it does not load" };
  if (loaded.entry === undefined) return { message: "it has nothing to enforce" };
  const memory = newMemory(compile(loaded.entry));
  const refused = [...seen.values()].filter(({ events }) =>
    events.some((event) => !passes(memory.machine, memory.stateOf(event), event)),
  );
  return { refused: new Set(refused.map(({ op }) => op)) };
}

/** `roots` are paths as policies see them; `name` is one that a policy can have. */
export function learn(
  traces: readonly LoggedTrace[],
  vocabulary: Vocabulary,
  { name = "learned", roots = [], maxExact = MAX_EXACT, tests = true }: LearnOptions = {},
): Learned | NotLearned {
  const seen = callsIn(traces);
  if (seen.size === 0) return { kind: "nothing", message: "no call was made in this log" };
  const given = tests ? testsOf(traces, name) : [];
  const rules = [...seen.values()].map((one) => ruleOf(one, conditionOf(one, { roots, maxExact })));
  const tree = fileOf(policyOf(name, rules), given);
  const text = print(tree);
  const result = checked(text, seen, vocabulary);
  if ("message" in result) return { kind: "nothing", message: result.message };
  if (result.refused.size > 0) {
    const names = [...result.refused].map((op) => op.name).join(", ");
    return { kind: "nothing", message: `what was learned of ${names} does not allow what was done` };
  }
  const calls = [...seen.values()].reduce((sum, { events }) => sum + events.length, 0);
  return { kind: "learned", tree, text, calls };
}
