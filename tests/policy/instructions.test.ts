// Rules about instructions, compiled into a guest, decide what the reference semantics decide.
import { fc, test as prop } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import type { Domain, Monitors } from "../../kernel/index.ts";
import { instructionsOf, instructionsOverEngine } from "../../policy-libs/policy/instructions.ts";
import { DENIED, withMirror } from "../../policy-libs/policy/mirror.ts";
import { vocabularyOf } from "../../policy-libs/policy/operations.ts";
import { decideByHistory } from "../../policy-libs/policy/reference.ts";
import type {
  Joined,
  Place,
  PolicyEvent,
  RArgument,
  RCond,
  REffect,
  RPattern,
  RPolicy,
  RRule,
  RTerm,
} from "../../policy-libs/policy/resolved.ts";
import type { Operation } from "../../policy-libs/policy/vocabulary.ts";
import { CALL } from "../../stdlib/abi.ts";
import { inFrame, monitored, program } from "../kit/monitored.ts";
import { mustReturn, newKernel, spawn } from "../kit/world.ts";

const { vocabulary } = vocabularyOf(new Map());
const opOf = (name: string): Operation => vocabulary.byName.get(`vm.${name}`) as Operation;
const OPS = ["divide", "call", "grow", "indirect"].map(opOf);
const at: Place = { file: "a.policy", line: 1, column: 1, span: { from: 0, to: 1 }, text: "the rule" };

const argumentOf = (ops: readonly Operation[]): RArgument => ({
  ...{ name: ops[0]?.takes[0]?.name ?? "", type: "int" },
  of: new Map(ops.flatMap((op) => op.takes.map((argument) => [op, argument] as const))),
});
const pattern = (ops: readonly Operation[], when?: RCond): RPattern => ({ kinds: ["call"], ops, when, at });
const number = (value: number): RTerm => ({ kind: "constant", value, at });
const count = (of: RPattern): RTerm => ({ kind: "count", pattern: of, per: "domain", at });

const rule = (index: number, effect: REffect, on: RPattern, when?: RCond): RRule => ({
  ...{ index, effect, on: [on], because: `rule ${index}`, at },
  ...(when === undefined ? {} : { when }),
});
const policy = (rules: readonly RRule[], more: Partial<RPolicy> = {}): RPolicy => ({
  ...{ kind: "policy", name: "p", party: "host", over: OPS, default: "abstain", rules, at },
  ...more,
});

// ---- what happens to a guest under a policy, by the reference semantics alone

interface World {
  readonly policy: Joined;
  readonly history: PolicyEvent[];
  pages: number;
}

class Ended extends Error {}

/** "goes on", or the result that stands in its place. Throws what ends the guest. */
function happen({ policy: judged, history }: World, name: string, value: number): number | "goes on" {
  const op = opOf(name);
  const data = new Map([[op.takes[0]?.name as string, value]]);
  const event: PolicyEvent = { kind: "call", op, data, time: 0, domain: 1, capability: 0, tenant: "" };
  const { refusal } = decideByHistory(judged, history, event);
  if (refusal === undefined) {
    history.push(event);
    return "goes on";
  }
  history.push({ ...event, kind: "refused" });
  if (refusal.effect === "suppress" && refusal.rule?.effect.kind === "suppress")
    return Number(refusal.rule.effect.giving);
  if (refusal.effect === "deny" && name === "grow") return -1;
  throw new Ended(refusal.rule?.because);
}

class Trap extends Error {}

function quotient(world: World, a: number, b: number): number {
  const found = happen(world, "divide", b);
  if (found !== "goes on") return found;
  if (b === 0) throw new Trap();
  return Math.trunc(a / b);
}

type Act = readonly ["divide" | "indirect" | "deep" | "grow", number, number];

/** What tests/kit/monitored.ts does when its export is called. */
function act(world: World, [name, a, b]: Act): number {
  happen(world, "call", 1);
  if (name === "divide") return quotient(world, a, b);
  if (name === "grow") {
    const found = happen(world, "grow", world.pages + a);
    if (found !== "goes on") return found;
    world.pages += a;
    return world.pages - a;
  }
  if (name === "indirect") {
    happen(world, "indirect", 0);
    happen(world, "call", 2);
    return quotient(world, a, b);
  }
  for (let depth = 2; depth <= a + 1; depth++) happen(world, "call", depth);
  return a;
}

function told(world: World, one: Act): unknown {
  try {
    return { kind: "returned", value: act(world, one) };
  } catch (thrown) {
    if (thrown instanceof Ended) return { kind: "refused", by: "policy", why: thrown.message };
    if (thrown instanceof Trap) return { kind: "trap" };
    throw thrown;
  }
}

// ---- the same guest, with checks

const kernel = newKernel();

function open(monitors: Monitors | undefined): Domain {
  const mode = inFrame(monitors ?? { registers: 0, reasons: [], on: {} });
  return spawn(kernel, mustReturn(kernel.load(program(mode), mode)));
}

async function perform(domain: Domain, [name, a, b]: Act): Promise<unknown> {
  if (name === "divide") return trapped(await domain.enter("i32.div_u", [a, b]));
  if (name === "indirect") return trapped(await domain.enter("indirect", [a, b, 0]));
  return domain.enter(name, [a]);
}

const trapped = (outcome: { readonly kind: string }): unknown => (outcome.kind === "trap" ? { kind: "trap" } : outcome);

async function expectSame(judged: Joined, acts: readonly Act[]): Promise<void> {
  const { monitors, diagnostics } = instructionsOf(judged);
  expect(diagnostics).toEqual([]);
  const domain = open(monitors);
  const world: World = { policy: judged, history: [], pages: 1 };
  for (const one of acts) {
    const expected = told(world, one);
    expect(await perform(domain, one)).toEqual(expected);
    if ((expected as { kind: string }).kind !== "returned") break;
  }
  domain.end();
}

// ---- random policies

const is = fc.constantFrom("==", "!=", "<", "<=", ">", ">=" as const);
const small = fc.nat(5);

const condOf = (ops: readonly Operation[], depth: number): fc.Arbitrary<RCond> => {
  // Each instruction has an argument of a name of its own: a condition on several has none.
  const isOne = ops.length === 1;
  const own: fc.Arbitrary<RTerm> = isOne
    ? fc.constant({ kind: "argument", argument: argumentOf(ops), at })
    : small.map(number);
  const constant: fc.Arbitrary<RTerm> = small.map(number);
  const pasts = depth > 0 ? [anyPattern(depth - 1).map(count)] : [];
  const narrow = fc.oneof(constant, ...pasts);
  const added: fc.Arbitrary<RTerm> = fc.tuple(narrow, narrow).map((terms) => ({ kind: "add", terms, at }));
  const term = fc.oneof(own, constant, added, ...pasts);
  const compare: fc.Arbitrary<RCond> = fc
    .record({ kind: fc.constant("compare" as const), is, left: term, right: term })
    .map((cond) => ({ ...cond, at }) as RCond);
  const oneOf: fc.Arbitrary<RCond> = !isOne
    ? compare
    : fc.array(small, { maxLength: 3 }).map((values) => ({ kind: "oneOf", argument: argumentOf(ops), values, at }));
  if (depth === 0)
    return fc.oneof(
      compare,
      oneOf,
      fc.boolean().map((value): RCond => ({ kind: "constant", value, at })),
    );
  const inner = condOf(ops, depth - 1);
  return fc.oneof(
    compare,
    anyPattern(depth - 1).map((of): RCond => ({ kind: "once", pattern: of, at })),
    inner.map((of): RCond => ({ kind: "not", of, at })),
    fc.array(inner, { minLength: 1, maxLength: 2 }).map((of): RCond => ({ kind: "and", of, at })),
    fc.array(inner, { minLength: 1, maxLength: 2 }).map((of): RCond => ({ kind: "or", of, at })),
  );
};

const anyOps = fc.subarray([...OPS], { minLength: 1 });
const anyPattern = (depth: number): fc.Arbitrary<RPattern> =>
  anyOps.chain((ops) => fc.option(condOf(ops, depth), { nil: undefined }).map((when) => pattern(ops, when)));

const restrict: fc.Arbitrary<REffect> = fc.constantFrom({ kind: "deny" }, { kind: "halt" });
const suppress: fc.Arbitrary<REffect> = fc.constantFrom(0, 1, 7).map((giving) => ({ kind: "suppress", giving }));
const anyRule = fc.nat(2).chain((ways): fc.Arbitrary<Omit<RRule, "index">> => {
  const values = ["divide", "grow"].map(opOf);
  const [effect, from] = ways === 0 ? [suppress, fc.subarray(values, { minLength: 1 })] : [restrict, anyOps];
  return fc
    .tuple(effect, from)
    .chain(([what, ops]) =>
      fc
        .tuple(fc.option(condOf(ops, 1), { nil: undefined }), fc.option(condOf(ops, 2), { nil: undefined }))
        .map(([inner, when]) => ({ effect: what, on: [pattern(ops, inner)], when, because: undefined, at })),
    );
});
const anyPolicy = fc
  .tuple(fc.array(anyRule, { maxLength: 4 }), anyOps, fc.constantFrom("abstain" as const, "deny" as const))
  .map(([rules, over, by]) =>
    policy(
      rules.map((one, index) => ({ ...one, index, because: `rule ${index} of ${over.length}` })),
      { over, default: by },
    ),
  );
const anyJoined: fc.Arbitrary<Joined> = fc.oneof(
  anyPolicy,
  fc.array(anyPolicy, { minLength: 1, maxLength: 3 }).map((of): Joined => ({ kind: "all", name: "b", of })),
  fc.array(anyPolicy, { minLength: 1, maxLength: 2 }).map((of): Joined => ({ kind: "any", name: "b", of })),
);
const anyAct: fc.Arbitrary<Act> = fc.oneof(
  fc.tuple(fc.constantFrom("divide" as const, "indirect" as const), fc.nat(9), fc.nat(4)),
  fc.tuple(fc.constantFrom("deep" as const, "grow" as const), fc.nat(4), fc.constant(0)),
);

describe("rules about instructions", () => {
  prop.prop([anyJoined, fc.array(anyAct, { minLength: 1, maxLength: 10 })], { numRuns: 600 })(
    "inlined equals outlined: a guest with checks is treated as the reference semantics say, event by event",
    expectSame,
  );

  test("only check for division by zero when dividing: no register, no code elsewhere", async () => {
    const divide = [opOf("divide")];
    const zero: RCond = {
      kind: "compare",
      is: "==",
      left: { kind: "argument", argument: argumentOf(divide), at },
      right: number(0),
      at,
    };
    const { monitors } = instructionsOf(policy([rule(0, { kind: "deny" }, pattern(divide), zero)]));
    expect(monitors?.registers).toBe(0);
    expect(Object.keys(monitors?.on ?? {})).toEqual(["divide"]);
    expect(await open(monitors).enter("i64.rem_s", [1n, 0n])).toEqual({ kind: "refused", by: "policy", why: "rule 0" });
    expect(await open(monitors).enter("i64.rem_s", [7n, 4n])).toEqual({ kind: "returned", value: 3n });
  });

  test("a policy that names no instruction inserts nothing", () => {
    expect(instructionsOf(policy([]))).toEqual({ monitors: undefined, endings: [], diagnostics: [] });
  });

  test("the ending of a guest leads to the rule", () => {
    const rules = [
      rule(0, { kind: "deny" }, pattern([opOf("call")])),
      rule(1, { kind: "halt" }, pattern([opOf("call")])),
    ];
    const { endings, monitors } = instructionsOf(policy(rules));
    expect(endings.map(({ op, rule: { index } }) => [op, index])).toEqual([
      ["vm.call", 1],
      ["vm.call", 0],
    ]);
    expect(monitors?.reasons).toEqual(["rule 1", "rule 0"]);
  });
});

const files: Operation = {
  id: 9,
  name: "files.read",
  group: "files",
  call: "read",
  takes: [],
  gives: [],
  isInstruction: false,
};
const call = opOf("call");
const divide = opOf("divide");
const onCall = pattern([call]);
const ask = (effect: REffect, when?: RCond): RPolicy => policy([rule(0, effect, onCall, when)]);
const comparing = (left: RTerm): RCond => ({ kind: "compare", is: ">", left, right: number(1), at });

/** What no check can decide, each with a word of what is said of it. */
const IMPOSSIBLE: Readonly<Record<string, readonly [RPolicy, RegExp]>> = {
  "an effect for calls of capabilities": [ask({ kind: "ask", of: undefined }), /not for "ask"/],
  "a result in place of a call": [ask({ kind: "suppress", giving: 1 }), /gives nothing/],
  "a text as a result": [policy([rule(0, { kind: "suppress", giving: "x" }, pattern([divide]))]), /integer/],
  "no result": [policy([rule(0, { kind: "suppress", giving: undefined }, pattern([divide]))]), /integer/],
  "a result beyond 31 bits": [policy([rule(0, { kind: "suppress", giving: 2 ** 31 }, pattern([divide]))]), /integer/],
  "the past of calls": [
    ask({ kind: "deny" }, { kind: "once", pattern: pattern([files]), at }),
    /files\.read is no instr/,
  ],
  "what was refused": [
    ask({ kind: "deny" }, { kind: "once", pattern: { ...onCall, kinds: ["refused"] }, at }),
    /performed/,
  ],
  "a result of an instruction": [policy([rule(0, { kind: "deny" }, { ...onCall, kinds: ["result"] })]), /no result/],
  time: [ask({ kind: "deny" }, { kind: "once", pattern: onCall, within: 1000, at }), /decided by/],
  since: [ask({ kind: "deny" }, { kind: "once", pattern: onCall, since: onCall, at }), /decided by/],
  "counts of a window": [
    ask({ kind: "deny" }, comparing({ kind: "count", pattern: onCall, per: "domain", within: 9, at })),
    /over all/,
  ],
  "counts of a tenant": [
    ask({ kind: "deny" }, comparing({ kind: "count", pattern: onCall, per: "tenant", at })),
    /for a domain/,
  ],
  levels: [ask({ kind: "deny" }, comparing({ kind: "level", plus: onCall, minus: onCall, max: 9, at })), /decided by/],
  labels: [
    ask({ kind: "deny" }, { kind: "carries", label: { name: "l", from: [], cleared: [], at }, at }),
    /decided by/,
  ],
  "a sum with a divisor": [
    policy([
      rule(
        0,
        { kind: "deny" },
        pattern([divide]),
        comparing({ kind: "add", terms: [{ kind: "argument", argument: argumentOf([divide]), at }, number(1)], at }),
      ),
    ]),
    /no bound/,
  ],
  "more than fits": [
    ask({ kind: "deny" }, { kind: "or", of: Array.from({ length: 400 }, (_, i) => comparing(number(i))), at }),
    /steps/,
  ],
  "more counters than a domain may have": [
    ask(
      { kind: "deny" },
      {
        kind: "or",
        of: Array.from(
          { length: 2100 },
          (_, i): RCond => ({ kind: "once", pattern: pattern([call], comparing(number(i))), at }),
        ),
        at,
      },
    ),
    /counters|steps/,
  ],
};

describe("rules that no check can decide", () => {
  test.each(Object.keys(IMPOSSIBLE))("%s: a diagnostic, and no checks", (name) => {
    const [judged, what] = IMPOSSIBLE[name] as readonly [RPolicy, RegExp];
    const { monitors, diagnostics } = instructionsOf(judged);
    expect(monitors).toBeUndefined();
    expect(diagnostics.map(({ message }) => message).join("\n")).toMatch(what);
    for (const { file, code } of diagnostics)
      expect([file, code]).toEqual(["a.policy", expect.stringMatching(/^P(118|406)$/)]);
  });

  test("a choice between policies that allow an instruction by default: there is no one of them that decides", () => {
    const member = ask({ kind: "deny" });
    const both: Joined = {
      kind: "any",
      name: "b",
      of: [
        { ...member, default: "allow" },
        { ...member, default: "allow" },
      ],
    };
    expect(instructionsOf(both).diagnostics[0]?.message).toMatch(/by default/);
    const one: Joined = { kind: "any", name: "b", of: [{ ...policy([]), default: "allow" }, member] };
    expect(instructionsOf(one)).toMatchObject({ monitors: undefined, diagnostics: [] });
  });

  test("over an engine every rule about instructions is refused, and no other", () => {
    const other = rule(1, { kind: "deny" }, pattern([files]));
    const [first, ...more] = instructionsOverEngine(policy([rule(0, { kind: "deny" }, onCall), other]));
    expect(more).toEqual([]);
    expect(first).toMatchObject({ code: "P118", severity: "error", message: expect.stringMatching(/engine/) });
  });
});

describe("the mirror of the gate", () => {
  test("answers with the code of the ABI", () => {
    expect(DENIED).toBe(CALL.DENIED);
  });

  test("its words stand behind the registers of the instructions, and never on the depth", () => {
    const row = { handle: 1, method: 2, words: [{ word: 0, mask: 1, value: 1 }] };
    expect(withMirror(undefined, 2, [row])).toMatchObject({ first: 1, monitors: { registers: 3 } });
    const mirrored = withMirror(monitored({ call: [] }, 5), 2, [row]);
    expect(mirrored).toMatchObject({ first: 5, monitors: { registers: 7 } });
    expect(Object.keys(mirrored.monitors.on)).toEqual(["call", "gate"]);
  });
});
