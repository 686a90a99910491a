// A Cordon: `run` and `createSandbox` over one engine. Entries make one of their host's powers.
import type { GrantedOf } from "../policy-libs/index.ts";
import type { Grants } from "./capability.ts";
import type { DOMAIN } from "./domain-contract.ts";
import { type DomainsOptions, newDomains } from "./domains.ts";
import { type CordonPowers, type Engine, newEngine } from "./engine.ts";
import { type Layer, type LayerOptions, newLayer } from "./layer.ts";
import { type RunOptions, type SandboxOptions, type Source, splitOptions } from "./options.ts";
import type { PoolOptions } from "./pool/options.ts";
import type { Pool } from "./pool/pool.ts";
import type { RepyResult } from "./repy.ts";
import type { RepyOptions } from "./repy-options.ts";
import { newRepyParts } from "./repy-parts.ts";
import type { Result } from "./result.ts";
import { newSandbox, runAlone, runInBox, type Sandbox, sandboxOf } from "./sandbox.ts";
import { newStack, type Stack, type StackedLayer } from "./stack.ts";
import { type CreateOptions, newTemplate, type Template, type TemplateRequest } from "./template.ts";

/** One run: a source, what it is granted, and how it is run. */
export interface RunRequest extends SandboxOptions, Omit<RunOptions, "limits"> {
  /** JavaScript, as text or as UTF-8. */
  readonly source: Source;
}

/** What runs guests: all of it over one engine. */
export interface Cordon {
  /** Runs a source in a sandbox of its own, which ends with it. */
  run<T = unknown>(request: RunRequest): Promise<Result<T>>;
  createSandbox(options?: CreateOptions): Promise<Sandbox>;
  /** Runs a source once; sandboxes that begin in its state cost microseconds. */
  createTemplate(request?: TemplateRequest): Promise<Template>;
  /** Starts a guest that stands in front of others: what it offers is granted above it. */
  layer(options: LayerOptions): Promise<Layer>;
  /** Layers one upon the other, the first at the bottom, over `base`. */
  stack(base: Grants, layers: readonly StackedLayer[]): Promise<Stack>;
  /** What a guest needs to host guests of its own: they count as parts of it. */
  domains(options?: DomainsOptions): GrantedOf<typeof DOMAIN>;
  /** Runs a program of RepyV2 under a restrictions file, to its end. */
  runRepy(options: RepyOptions): Promise<RepyResult>;
  /** Makes workers, and tenants that share them. */
  createPool(options?: PoolOptions): Promise<Pool>;
  /** Loads the engine, so that the first run need not wait for it. */
  warmUp(): Promise<void>;
}

async function runOnce(engine: () => Promise<Engine>, request: RunRequest): Promise<Result> {
  const [source, sandboxOptions, runOptions] = splitOptions(request);
  return runAlone(engine, source, sandboxOptions, runOptions);
}

/** `powers` say where the engine's bytes come from. Each Cordon has a kernel of its own. */
export function createCordon(powers: CordonPowers): Cordon {
  const engine = newEngine(powers);
  const parts = newRepyParts(powers);
  const cordon: Cordon = Object.freeze({
    run: (request: RunRequest) => runOnce(engine, request),
    createSandbox: (options: CreateOptions = {}) => newSandbox(engine, options),
    createTemplate: (request: TemplateRequest = {}) =>
      newTemplate(engine, request, { open: sandboxOf, runIn: runInBox }),
    layer: (options: LayerOptions) => newLayer(engine, options),
    stack: (base: Grants, layers: readonly StackedLayer[]) => newStack(engine, base, layers),
    domains: (options: DomainsOptions = {}) => newDomains(engine, options),
    // Loaded when it is asked for: a hello must not wait for it.
    runRepy: async (options: RepyOptions) => (await import("./repy.ts")).runRepy(cordon, await parts(), options),
    createPool: async (options: PoolOptions = {}) => {
      const { newPool } = await import("./pool/pool.ts");
      return newPool(engine, await powers.hiring?.(), options);
    },
    warmUp: async () => void (await engine()),
  }) as Cordon;
  return cordon;
}
