// Security layers: guests in front of guests. A layer receives capabilities, and what its program gives back (its
// return value or default export, by name) is offered upwards under contracts. It has a domain, limits and a meter of
// its own; ending it revokes everything above.
//
//   const shy = await layer({ name: "shy", source, grant: { files }, offers: { files: FILES } });
//   await run({ source: program, grant: shy.grant });
import { type Answer, type CallContract, type Contract, cut, permissive, type Shape } from "../kernel/index.ts";
import { contractFrom, type Granted, type Meter } from "../policy-libs/index.ts";
import { ENGINE } from "../stdlib/abi.ts";
import { type Born, giveBirth, type Plan, planSandbox } from "./birth.ts";
import type { Grants } from "./capability.ts";
import { type Engine, now } from "./engine.ts";
import { CordonError } from "./errors.ts";
import { readLayerOptions, type SandboxOptions, type Source } from "./options.ts";
import type { ConsoleLine } from "./output.ts";
import { facadeOf, powerOf } from "./power.ts";
import { asError, endingText } from "./result.ts";
import { readSource } from "./source.ts";
import { decodeParcel, decodeValue, encodeValue } from "./values.ts";

/** A layer's program, what it is granted, and what it has to offer. */
export interface LayerOptions extends Omit<SandboxOptions, "trace"> {
  /** In errors, meters and audits. Default: "layer". */
  readonly name?: string | undefined;
  readonly source: Source;
  readonly kind?: "auto" | "script" | "module" | undefined;
  readonly inputs?: Readonly<Record<string, unknown>> | undefined;
  /** What the program has to give, by name, and under which contract each is offered: a contract, or data of one. */
  readonly offers: Readonly<Record<string, unknown>>;
}

/** A guest that stands in front of others. */
export interface Layer {
  readonly name: string;
  /** What it offers, to be granted above. */
  readonly grant: Readonly<Record<string, Granted>>;
  readonly meter: Meter;
  /** Undefined while it serves, else how it ended. */
  ended(): string | undefined;
  console(): readonly ConsoleLine[];
  /** Ends it: everything above answers E_REVOKED from now on. Cannot fail, may be called twice. */
  dispose(): void;
  [Symbol.dispose](): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The kernel counts system calls too. */
const SYSTEM_CALLS = 1e12;

const handleTo = (contract: Contract): Shape => ({ kind: "handle", contract: () => contract });

const textOf = (name: string): Uint8Array => encodeValue(name).slice();

/** What the answer to RUN must be: { value: { name: handle, ... } }. */
function answerOf(contracts: ReadonlyMap<string, Contract>): CallContract {
  const fields = [...contracts].map(([name, contract]) => ({
    ...{ key: textOf(name), shape: handleTo(contract), optional: false },
  }));
  const value: Shape = { kind: "record", fields };
  const gives: Shape = { kind: "record", fields: [{ key: textOf("value"), shape: value, optional: false }] };
  return { ...(permissive("layer", ["run"]).calls[0] as CallContract), gives };
}

function contractsOf(offers: unknown): Map<string, Contract> {
  if (typeof offers !== "object" || offers === null || Object.keys(offers).length === 0)
    throw new CordonError("E_OPTION", "a layer needs offers: { name: contract }");
  return new Map(Object.entries(offers).map(([name, given]) => [name, contractFrom(given)]));
}

/** From now on fuel and time are of each answer; calls and bytes are its callers' to pay. */
const serve = ({ domain, limits: { fuel, wall } }: Born): void =>
  domain.allow({ fuel, bytes: Infinity, calls: SYSTEM_CALLS, deadline: Infinity, perAnswer: wall });

async function start(born: Born, message: Uint8Array, gives: CallContract): Promise<Answer> {
  const { domain, limits, output, clock, meter } = born;
  output.start(limits.output);
  clock.resume();
  meter.most = Infinity;
  const { fuel, bytes, wall } = limits;
  domain.allow({ fuel, bytes, calls: SYSTEM_CALLS, deadline: now() + wall });
  const timer = setTimeout(() => domain.end({ kind: "exhausted", resource: "wall" }), wall + 1);
  const answer = await domain.request(ENGINE.RUN, message, gives);
  clearTimeout(timer);
  return answer;
}

function refuse(name: string, why: string): never {
  throw new CordonError("E_LAYER", `layer ${name}: ${why}`);
}

function grantsOf(name: string, answer: Answer, contracts: ReadonlyMap<string, Contract>): Record<string, Granted> {
  if (answer.kind === "ended") {
    const { ending } = answer;
    const why = ending.kind === "refused" && ending.by === "contract" ? MISMATCH(contracts) : endingText(ending);
    return refuse(name, why);
  }
  if (!answer.ok) return refuse(name, `its program threw: ${asError(decodeValue(answer.bytes)).message}`);
  const { bytes, capabilities } = answer;
  const { value } = decodeParcel(bytes, bytes.length, capabilities, facadeOf) as { value: Record<string, Granted> };
  return { ...value };
}

const MISMATCH = (contracts: ReadonlyMap<string, Contract>): string =>
  `its program must give an object with ${[...contracts.keys()].join(", ")} and nothing else: each an object with the calls of its contract, or what was granted under that contract`;

function facade(name: string, born: Born, grants: Record<string, Granted>): Layer {
  const { domain, account, output, clock, meter } = born;
  const dispose = (): void => {
    domain.end();
    // What it only passed on is not its own, and would outlive it.
    for (const granted of Object.values(grants)) cut(powerOf(granted));
    clock.rest();
    account.remove();
    meter.watching?.end();
  };
  return Object.freeze({
    ...{ name, grant: Object.freeze(grants), meter: account, dispose },
    ended: () => {
      const ending = domain.ending();
      return ending === undefined ? undefined : endingText(ending);
    },
    console: () => output.lines(),
    [Symbol.dispose]: dispose,
    [Symbol.asyncDispose]: async () => dispose(),
  });
}

async function begin(
  engine: Engine,
  plan: Plan,
  message: Uint8Array,
  contracts: Map<string, Contract>,
): Promise<Layer> {
  const born = await giveBirth(engine, plan);
  const answer = await start(born, message, answerOf(contracts));
  try {
    const grants = grantsOf(plan.name, answer, contracts);
    serve(born);
    return facade(plan.name, born, grants);
  } catch (error) {
    born.domain.end();
    born.account.remove();
    throw error;
  }
}

/** Starts a layer. Rejects with CordonError E_LAYER when its program does not give what it has to. */
export async function newLayer(engine: () => Promise<Engine>, given: LayerOptions): Promise<Layer> {
  const { source, kind = "auto", inputs, offers, name = "layer", ...rest } = readLayerOptions(given);
  const plan = { ...planSandbox(rest), name, serves: true };
  const contracts = contractsOf(offers);
  const text = readSource(source, plan.limits.source);
  if (typeof text !== "string") return refuse(name, text.status === "refused" ? text.why : text.status);
  const extra = inputs === undefined ? {} : { inputs };
  const message = encodeValue({ source: text, name: `${name}.js`, kind, offers: true, ...extra }, "").slice();
  return begin(await engine(), plan, message, contracts);
}

/** Grants under layers, the first at the bottom. What a layer does not offer passes by it, unless it `drops` it. */
export interface StackedLayer extends Omit<LayerOptions, "grant"> {
  readonly drops?: readonly string[] | undefined;
}

/** Layers that stand one upon the other, and what the top one leaves to be granted. */
export interface Stack {
  readonly grant: Grants;
  readonly layers: readonly Layer[];
  /** Ends all of them, the top first. */
  dispose(): void;
  [Symbol.dispose](): void;
}

export async function newStack(
  engine: () => Promise<Engine>,
  base: Grants,
  layers: readonly StackedLayer[],
): Promise<Stack> {
  const made: Layer[] = [];
  const dispose = (): void => {
    for (const one of made.toReversed()) one.dispose();
  };
  let grant: Grants = base;
  try {
    for (const { drops = [], ...options } of layers) {
      const one = await newLayer(engine, { ...options, grant });
      made.push(one);
      const kept = Object.entries({ ...grant, ...one.grant }).filter(([key]) => !drops.includes(key));
      grant = Object.fromEntries(kept);
    }
  } catch (error) {
    dispose();
    throw error;
  }
  return Object.freeze({ grant, layers: made, dispose, [Symbol.dispose]: dispose });
}
