// What policies cost: a call of plain WebAssembly through the gate, with and without a monitor of sixteen states; one
// decision among a hundred rules over data; loading a file of a thousand rules; comparing two policies of thirty rules.
import { type Monitor, newAccount } from "../../../kernel/index.ts";
import {
  arg,
  capability,
  compile,
  contract,
  type Granted,
  integer,
  load,
  nothing,
  type PolicyEvent,
  permissive,
  string,
  vocabularyOf,
} from "../../../policy-libs/index.ts";
import { narrower } from "../../../policy-libs/policy/analysis/index.ts";
import { wat } from "../../kit/wat.ts";
import { LIMITS, loadSource, mustReturn, newKernel, PLENTY } from "../../kit/world.ts";
import { checkedFirst, type Entrant, paired, perOperation } from "../pairs.ts";
import type { Group, Line } from "../types.ts";

const CALL = `(func $call (param i32 i32 i32 i32 i32) (result i32))`;
const looping = (from: string): Uint8Array<ArrayBuffer> =>
  wat(`(module (import ${from} ${CALL}) (memory (export "memory") 1)
    (func (export "loop") (param $n i32) (result i32) (local $r i32)
      (loop $again
        (local.set $r (call $call (i32.const 0) (i32.const 0) (i32.const 64) (i32.const 0) (i32.const 8)))
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $r)))`);

const NOTHING = Uint8Array.of(0xf7);
const SIXTEEN: Monitor = {
  ...{ state: Int32Array.of(0), table: Int16Array.from({ length: 16 }, (_, at) => (at * 7 + 1) % 16), states: 16 },
  eventsOf: () => Int32Array.of(0),
  refuse: () => NOTHING,
  judge: () => NOTHING,
  onChange: undefined,
};

/** A call of a host function that does nothing, in nanoseconds. */
function gate(who: string, monitor: Monitor | undefined): Entrant {
  const kernel = newKernel();
  const artifact = loadSource(kernel, looping('"cordon" "call"'));
  const account = newAccount(newAccount());
  const domain = mustReturn(kernel.spawn(artifact, { limits: LIMITS, ...(account && { account }), monitor }));
  domain.grant({ contract: permissive("host", ["nothing"]), target: () => NOTHING });
  const run = async (n: number): Promise<unknown> => {
    domain.allow({ ...PLENTY, fuel: 1e15, calls: 1e12, bytes: 1e15 });
    return mustReturn(await domain.enter("loop", [n]));
  };
  const entrant = perOperation(who, run, 10);
  const checked = checkedFirst(entrant, async () => {
    if ((await run(3)) !== 1) throw new Error("the call gave something");
  });
  return { who, sample: async () => (await checked.sample()) * 1e6 };
}

/** The host engine's own: an import of five numbers, on the caller's stack and on one that can be suspended. */
function bare(who: string, isSuspendable: boolean): Entrant {
  const module = new WebAssembly.Module(looping('"host" "call"'));
  const { loop } = new WebAssembly.Instance(module, { host: { call: () => 1 } }).exports as { loop: () => unknown };
  const { promising } = WebAssembly as unknown as { promising: (f: unknown) => (n: number) => unknown };
  const entrant = perOperation(who, isSuspendable ? promising(loop) : loop, 10);
  return { who, sample: async () => (await entrant.sample()) * 1e6 };
}

const NET = contract({
  name: "net",
  allows: "sending",
  never: "anything else",
  calls: {
    send: {
      takes: [arg("host", string({ is: "host" })), arg("port", integer({ min: 0 })), arg("size", integer({ min: 0 }))],
      gives: nothing(),
      refuses: [],
      about: "sends",
    },
  },
});
const net: Granted = capability(NET, { send: () => undefined });
const { vocabulary } = vocabularyOf(new Map([["net", net.contract]]));

/** Rules of all kinds over the arguments of one call. */
const rule = (at: number): string =>
  [
    `deny net.send when host == "host${at}.example" because "host ${at}"`,
    `deny net.send when host ends with ".zone${at}.example" and port > ${at}`,
    `deny net.send when size > ${1_000_000 + at} and count net.send >= ${1_000_000 + at}`,
    `deny net.send when host like "*.part${at}.**" or port in [${at + 10_000}, ${at + 20_000}]`,
  ][at % 4] as string;

const fileOf = (rules: number, name = "rules"): string =>
  `policy ${name} over net.send {\n  default allow\n${Array.from({ length: rules }, (_, at) => `  ${rule(at)}`).join("\n")}\n}\n`;

function loaded(text: string) {
  const found = load(text, { file: "bench.policy", vocabulary });
  if (found.kind === "wrong" || found.entry === undefined) throw new Error("the policy does not load");
  return found.entry;
}

const event = (host: string): PolicyEvent => ({
  ...{ kind: "call", op: vocabulary.operations[0] as PolicyEvent["op"], time: 0 },
  data: new Map<string, string | number>([
    ["host", host],
    ["port", 443],
    ["size", 100],
  ]),
  ...{ domain: 0, capability: 0, tenant: "" },
});

function deciding(rules: number): Entrant {
  const machine = compile(loaded(fileOf(rules)));
  const state = machine.start();
  const events = ["a.example", "www.zone3.example.org", "deep.part7.example.net"].map(event);
  const work = (n: number): void => {
    for (let i = 0; i < n; i++) machine.decide(state, events[i % events.length] as PolicyEvent);
  };
  const entrant = perOperation("cordon", work, 10);
  return { who: "cordon", sample: async () => (await entrant.sample()) * 1e6 };
}

const loading = (rules: number): Entrant =>
  perOperation(
    "cordon",
    (n) => {
      for (let i = 0; i < n; i++) compile(loaded(fileOf(rules)));
    },
    50,
    20,
  );

/** Thirty rules of all kinds, of which one is missing on the other side: found, with the trace that shows it. */
function comparing(): Entrant {
  const whole = loaded(fileOf(30));
  const less = loaded(fileOf(29));
  const entrant = perOperation(
    "cordon",
    (n) => {
      for (let i = 0; i < n; i++) narrower(less, whole);
    },
    50,
    20,
  );
  return checkedFirst(entrant, async () => {
    const [no, yes] = [narrower(less, whole), narrower(whole, less)];
    if (no.verdict !== "refuted" || yes.verdict !== "proved") throw new Error(`${no.verdict}, ${yes.verdict}`);
  });
}

async function measure(_field: unknown, emit: (line: Line) => void): Promise<void> {
  const add = async (id: string, what: string, unit: Line["unit"], entrants: readonly Entrant[]): Promise<void> =>
    emit({ id, what, unit, entries: await paired(entrants) });
  await add("policies.gate", "a call without values under a monitor of 16 states", "ns", [
    gate("cordon", SIXTEEN),
    gate("without the monitor", undefined),
    bare("a bare import", false),
    bare("a bare import on a stack of its own", true),
  ]);
  await add("policies.decision", "a decision among 100 rules over data", "ns", [deciding(100)]);
  await add("policies.load", "loading and compiling a file of 1,000 rules", "ms", [loading(1_000)]);
  await add("policies.narrower", "comparing two policies of 30 rules, with the trace that tells them apart", "ms", [
    comparing(),
  ]);
}

export const policies: Group = { name: "policies", what: "the monitor at the gate, decisions, loading", measure };
