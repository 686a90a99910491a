// What contracts, layers and revocation cost. Contracts and layers by what they add: each sample is the difference of
// two that were taken one right after the other.
import { createSandbox, layer, type Sandbox } from "../../../embed/node/index.ts";
import { type Capability, cut, derive, newCapability } from "../../../kernel/index.ts";
import {
  arg,
  boolean,
  capability,
  contract,
  type Granted,
  integer,
  permissive,
  record,
  string,
} from "../../../policy-libs/index.ts";
import { guest, HOST } from "../guests.ts";
import { checkedFirst, type Entrant, entryOf, notMeasured, paired, perOperation, reason, timed } from "../pairs.ts";
import type { Entry, Group, Line } from "../types.ts";

const WIDE = { fuel: 1e15, wall: 600_000, calls: 1e9, bytes: 1e12 };
const THING = record({ id: integer({ min: 0 }), name: string({ max: 40 }), on: boolean() });
const NUMBER = integer({ min: 0 });

const CALLS = contract({
  name: "host",
  allows: "three calls",
  never: "keeps anything",
  calls: {
    record: { takes: [arg("thing", THING)], gives: THING, refuses: [], about: "the same", mode: "sync" },
    add: { takes: [arg("a", NUMBER), arg("b", NUMBER)], gives: NUMBER, refuses: [], about: "the sum", mode: "sync" },
    later: { takes: [arg("a", NUMBER), arg("b", NUMBER)], gives: NUMBER, refuses: [], about: "the sum" },
  },
});

const later = async (a: number, b: number): Promise<number> => a + b;
const bare = { record: HOST.record, add: HOST.add, later };
const host = (): Granted => capability(CALLS, { record: (thing) => thing, add: HOST.add, later });

const NO_OP = `return { host: {
  record: (thing) => host.record(thing), add: (a, b) => host.add(a, b), later: (a, b) => host.later(a, b) } };`;

/** A sandbox above so many layers. */
async function boxAbove(grant: object, layers: number): Promise<Sandbox> {
  let granted = grant;
  for (let i = 0; i < layers; i++) {
    const options = { name: `no-op ${i}`, source: NO_OP, offers: { host: CALLS }, limits: WIDE };
    granted = (await layer({ ...options, grant: granted as { readonly host: Granted } })).grant;
  }
  const box = await createSandbox({ grant: granted as { readonly host: Granted }, limits: WIDE });
  await evaluate(box, `${guest("capabilities")}\nundefined;`);
  return box;
}

async function evaluate(box: Sandbox, source: string): Promise<unknown> {
  const result = await box.run(source);
  if (result.status === "returned") return result.value;
  throw new Error(result.status === "threw" ? result.error.message : result.status);
}

const RIGHT: Readonly<Record<string, number>> = { records: 21, adds: 14, awaits: 14 };

function caller(who: string, box: Sandbox, call: string): Entrant {
  const entrant = perOperation(who, (n) => evaluate(box, `${call}(${n})`), 10, 40_000);
  return checkedFirst(entrant, async () => {
    const found = await evaluate(box, `${call}(7)`);
    if (found !== RIGHT[call]) throw new Error(`${call}(7) gave ${found}, not ${RIGHT[call]}`);
  });
}

/** What the second costs beyond the first, in microseconds a call. */
function added(without: Entrant, beyond: Entrant): Entrant {
  return { who: "cordon", sample: async () => (-(await without.sample()) + (await beyond.sample())) * 1_000 };
}

interface Figure {
  readonly id: string;
  readonly what: string;
  readonly call: string;
  readonly without: () => Promise<Sandbox>;
  readonly beyond: () => Promise<Sandbox>;
}

const above = (layers: number) => () => boxAbove({ host: host() }, layers);

const FIGURES: readonly Figure[] = [
  {
    ...{ id: "capabilities.check", what: "check of a small record both ways", call: "records" },
    ...{ without: () => boxAbove({ host: bare }, 0), beyond: above(0) },
  },
  { id: "capabilities.layer", what: "one no-op layer", call: "adds", without: above(0), beyond: above(1) },
  { id: "capabilities.layers", what: "ten no-op layers", call: "adds", without: above(0), beyond: above(10) },
  { id: "capabilities.awaited", what: "one no-op layer, awaited", call: "awaits", without: above(0), beyond: above(1) },
  {
    ...{ id: "capabilities.awaited.layers", what: "ten no-op layers, awaited", call: "awaits" },
    ...{ without: above(0), beyond: above(10) },
  },
];

async function entriesOf({ call, without, beyond }: Figure): Promise<Entry[]> {
  const [base, more] = [caller("without", await without(), call), caller("with", await beyond(), call)];
  const inMicroseconds = { who: "the call without it", sample: async () => (await base.sample()) * 1_000 };
  return paired([added(base, more), inMicroseconds]);
}

const DERIVED = 10_000;

/** Half of them from the one itself, half of them each from the one before. */
function family(): Capability {
  const root = newCapability(permissive("root", ["call"]), () => new Uint8Array(1));
  for (let i = 0; i < DERIVED / 2; i++) derive(root);
  for (let i = 0, last = root; i < DERIVED / 2; i++) last = derive(last);
  return root;
}

async function revoking(): Promise<Entry> {
  const samples: number[] = [];
  for (let round = 0; round < 30; round++) {
    const root = family();
    samples.push(await timed(() => cut(root)));
  }
  return entryOf("cordon", samples.slice(10));
}

async function measure(_field: unknown, emit: (line: Line) => void): Promise<void> {
  for (const figure of FIGURES) {
    const { id, what } = figure;
    const entries = await entriesOf(figure).catch((thrown) => [notMeasured("cordon", reason(thrown))]);
    emit({ id, what: `${what}, added to a call`, unit: "us", entries });
  }
  const what = `revoking a capability with ${DERIVED.toLocaleString("en-US")} derived ones`;
  emit({ id: "capabilities.revoke", what, unit: "ms", entries: [await revoking()] });
}

export const capabilities: Group = { name: "capabilities", what: "contracts, layers, revocation", measure };
