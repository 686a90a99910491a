// Security layers: guests in front of guests. A layer receives capabilities, and what its program gives back (its
// return value or default export, by name) is offered upwards under contracts. It has a domain, limits and a meter of
// its own; ending it revokes everything above.
//
//   const shy = await layer({ name: "shy", source, grant: { files }, offers: { files: FILES } });
//   await run({ source: program, grant: shy.grant });
//
// With `offers: "declared"` the program says under which contracts: it gives { contracts, objects }, both by name.

import { type Contract, cut } from "../kernel/index.ts";
import { contractFrom, type Granted, type Meter } from "../policy-libs/index.ts";
import { type Born, giveBirth, type Plan, planSandbox } from "./birth.ts";
import { ASYNC_DISPOSE, DISPOSE } from "./disposal.ts";
import { confined, type Engine } from "./engine.ts";
import { CordonError } from "./errors.ts";
import { offered, refuse, SYSTEM_CALLS, start } from "./layer-start.ts";
import { readLayerOptions, type SandboxOptions, type Source } from "./options.ts";
import type { ConsoleLine } from "./output.ts";
import { powerOf } from "./power.ts";
import { endingText } from "./result.ts";
import { isAborted, onAbort } from "./signal.ts";
import { readSource } from "./source.ts";
import { encodeValue } from "./values.ts";

/** A layer's program, what it is granted, and what it has to offer. */
export interface LayerOptions extends Omit<SandboxOptions, "trace"> {
  /** In errors, meters and audits. Default: "layer". */
  readonly name?: string | undefined;
  readonly source: Source;
  readonly kind?: "auto" | "script" | "module" | undefined;
  readonly inputs?: Readonly<Record<string, unknown>> | undefined;
  /**
   * What the program has to give, by name, and under which contract each is offered: a contract, or data of one.
   * "declared": it chooses names and contracts itself, and gives { contracts: { name: data }, objects: { name: object } }.
   */
  readonly offers: Readonly<Record<string, unknown>> | "declared";
  /** Ends it when it fires, also while it starts. */
  readonly signal?: AbortSignal | undefined;
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

function contractsOf(offers: unknown): Map<string, Contract> {
  if (typeof offers !== "object" || offers === null || Object.keys(offers).length === 0)
    throw new CordonError("E_OPTION", 'a layer needs offers: { name: contract }, or "declared"');
  return new Map(Object.entries(offers).map(([name, given]) => [name, contractFrom(given)]));
}

/** From now on fuel and time are of each answer; calls and bytes are its callers' to pay. */
const serve = ({ domain, limits: { fuel, wall } }: Born): void =>
  domain.allow({ fuel, bytes: Infinity, calls: SYSTEM_CALLS, deadline: Infinity, perAnswer: wall });

function facade(name: string, born: Born, grants: Record<string, Granted>, release: () => void): Layer {
  const { domain, account, output, clock, meter } = born;
  const dispose = (): void => {
    release();
    domain.end();
    // What it passed on as it came is not its own, and would outlive it.
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
    [DISPOSE]: dispose,
    [ASYNC_DISPOSE]: async () => dispose(),
  });
}

async function begin(
  engine: Engine,
  plan: Plan,
  message: Uint8Array,
  contracts: Map<string, Contract> | undefined,
  signal: AbortSignal | undefined,
): Promise<Layer> {
  const born = await giveBirth(engine, plan);
  const end = (): void => born.domain.end({ kind: "aborted" });
  const release = onAbort(signal, end);
  if (isAborted(signal)) end();
  try {
    const grants = await start(born, (ask) => offered(born, plan.name, message, contracts, ask));
    serve(born);
    return facade(plan.name, born, grants, release);
  } catch (error) {
    release();
    born.domain.end();
    born.account.remove();
    throw error;
  }
}

/** Starts a layer. Rejects with CordonError E_LAYER when its program does not give what it has to. */
export async function newLayer(engine: () => Promise<Engine>, given: LayerOptions): Promise<Layer> {
  const { source, kind = "auto", inputs, offers, signal, name = "layer", ...rest } = readLayerOptions(given);
  const plan = { ...planSandbox(rest), name, serves: true };
  const contracts = offers === "declared" ? undefined : contractsOf(offers);
  const text = readSource(source, plan.limits.source);
  if (typeof text !== "string") return refuse(name, text.status === "refused" ? text.why : text.status);
  const extra = inputs === undefined ? {} : { inputs };
  const asked = {
    source: text,
    name: `${name}.js`,
    kind,
    offers: contracts === undefined ? "declared" : true,
    ...extra,
  };
  return begin(await confined(await engine(), plan), plan, encodeValue(asked, "").slice(), contracts, signal);
}
