// A kernel with a real or a pretended clock, and the shortest ways from a source module to a domain that runs.
import {
  type Allowance,
  type Artifact,
  createKernel,
  type Domain,
  type DomainLimits,
  type FeralPowers,
  type Kernel,
  type Mode,
  type Outcome,
} from "../../kernel/index.ts";
import { fairQueue } from "../../policy-libs/meter/fair.ts";
import { instrument } from "../../stdlib/toolchain/index.ts";
import type { Bytes } from "./assemble.ts";
import { CONFINEMENT, type Confinement, modeFor, modeOf } from "./confinement.ts";

declare const setImmediate: ((task: () => void) => unknown) | undefined;
const decoder = new TextDecoder();

/** A macrotask, wherever this runs. */
export const later = (task: () => void): void => {
  if (typeof setImmediate === "function") setImmediate(task);
  else setTimeout(task, 0);
};

type Powers = Omit<FeralPowers, "runQueue">;
export const realPowers: Powers = { utf8: (bytes) => decoder.decode(bytes), now: () => performance.now(), later };

/** A clock that goes on by `step` milliseconds whenever somebody looks, and macrotasks that come at once or not. */
export function fakePowers(step: () => number): Powers {
  let time = 0;
  return {
    ...realPowers,
    now: () => {
      time += step();
      return time;
    },
  };
}

/** Modes other than the default, of artifacts made here. */
const modes = new WeakMap<Uint8Array, Mode>();

/** A kernel of which the domains live as CONFINEMENT says, where the test does not say how. */
export function newKernel(powers: Partial<FeralPowers> = {}, confinement: Confinement = CONFINEMENT): Kernel {
  const kernel = createKernel({ ...realPowers, runQueue: fairQueue(), ...powers });
  return {
    ...kernel,
    load: (bytes, mode = modes.get(bytes) ?? modeOf(0, confinement)) => kernel.load(bytes, mode),
    spawn: (artifact, options) => kernel.spawn(artifact, { isShared: confinement === "arena", ...options }),
  };
}

/** More than any test needs, but an end: nothing in a test may run for ever. */
export const PLENTY: Allowance = { fuel: 1e9, calls: 1e6, bytes: 1e9, deadline: Number.POSITIVE_INFINITY };
export const LIMITS: DomainLimits = { pages: 256, inFlight: 1000 };

export function mustReturn<T>(outcome: Outcome<T>): T {
  if (outcome.kind !== "returned") throw new Error(`did not return: ${JSON.stringify(outcome)}`);
  return outcome.value;
}

/** Instruments a source module; throws what the toolchain complains of. */
export function artifactBytes(source: Uint8Array, mode = modeFor(source)): Bytes {
  const made = instrument(source, { mode });
  if (made.kind === "refused") throw new Error(`the toolchain refused at ${made.at}: ${made.why}`);
  modes.set(made.bytes, mode);
  return made.bytes as Bytes;
}

export const loadSource = (kernel: Kernel, source: Uint8Array, mode?: Mode): Artifact =>
  mustReturn(kernel.load(artifactBytes(source, mode)));

export interface SpawnOptions {
  readonly limits?: Partial<DomainLimits>;
  readonly allowance?: Partial<Allowance>;
}

/** A domain with plenty of everything, or what is said otherwise. */
export function spawn(kernel: Kernel, artifact: Artifact, { limits, allowance }: SpawnOptions = {}): Domain {
  const domain = mustReturn(kernel.spawn(artifact, { limits: { ...LIMITS, ...limits } }));
  domain.allow({ ...PLENTY, ...allowance });
  return domain;
}

export const spawnSource = (kernel: Kernel, source: Uint8Array, options?: SpawnOptions): Domain =>
  spawn(kernel, loadSource(kernel, source), options);

/** A copy of the pages of an idle domain. */
export const memoryOf = (domain: Domain): Bytes | undefined =>
  domain.read((memory) => new Uint8Array(memory.subarray(0, domain.usage().memory)));
