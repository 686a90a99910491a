// The kernel as its embedder sees it: load bytes, spawn domains.
//
// Invariants
//   L1  Only an artifact that this kernel has verified can be spawned: artifacts are known by identity.
//   L2  A domain holds nothing at birth but its memory and what `grant` gives it.
// Trust
//   Trusts its embedder to pass the feral powers it says it passes.
import type { Mode } from "./body.ts";
import { type Refusal, refuse } from "./bytes.ts";
import { forkedMessage, requestMessage } from "./cbor.ts";
import { type Capability, cut, derive, grant, lookUp, newCapability, retire } from "./clist.ts";
import type { CallContract, Contract } from "./contract.ts";
import { dataSectionAt, decode } from "./decode.ts";
import * as domain from "./domain.ts";
import * as engine from "./engine.ts";
import * as gate from "./gate.ts";
import { MAX_MODULE_BYTES } from "./limits.ts";
import type { Machine } from "./machine.ts";
import { newFrames, type Program, programOf } from "./memory.ts";
import { type Account, adjust, chargeAccount, DOMAINS, newAccount } from "./meter.ts";
import { handOver } from "./monitor.ts";
import type { Ending, Outcome } from "./outcome.ts";
import * as residence from "./residence.ts";
import { newSchedule } from "./schedule.ts";
import type { Allowance, Answer, Chunk, DomainOptions, FeralPowers, PaidOptions, Target, Visit } from "./types.ts";
import { attempt, RESERVED_EXPORTS, type Verified, verify } from "./verify.ts";

/**
 * Verified bytes, compiled. Belongs to the kernel that loaded it. `entries`: the functions that `enter` may name. `data`:
 * with which its memory begins.
 */
export type Artifact = Omit<Verified, "data"> & Readonly<{ entries: readonly string[]; data: readonly Chunk[] }>;

/** What may be granted: a capability, or what one is made of. */
export type Grantable =
  | Capability
  | { readonly contract: Contract; readonly target: Target; readonly account?: Account };

function refusal({ at, rule }: Refusal): Outcome<never> {
  const kind = rule === "malformed" ? "malformed" : /^[SO]/.test(rule) ? "invalid" : "unsafe";
  return { kind, at, rule };
}

function link(core: () => domain.Core, machine: Machine, memory: engine.EngineMemory): Record<string, unknown> {
  const self = () => machine.current as domain.Tenant;
  return {
    memory,
    slice: (fuel: number, depth: number) => domain.slice(self(), fuel, depth),
    yield: engine.suspendingImport(() => domain.park(self())),
    enter: (token: number) => domain.enterAgain(core(), machine, token),
    grow: (pages: number) => gate.grow(self(), pages),
    call: (h: number, m: number, at: number, n: number, capacity: number) => gate.call(self(), h, m, at, n, capacity),
    reply: (at: number, capacity: number) => gate.reply(self(), at, capacity),
    receive: (at: number, capacity: number, wait: number) => gate.receive(self(), at, capacity, wait),
    answer: (token: number, ok: number, at: number, n: number) => gate.answer(self(), token, ok, at, n),
  };
}

function birth(core: domain.Core, program: Program, options: PaidOptions): Outcome<Domain> {
  const { image, incarnation } = options;
  const tenant = domain.newTenant(core, options, program);
  const wrong = residence.moveIn(tenant, image?.base === undefined ? [] : image.chunks, image?.globals);
  if (wrong !== undefined) return wrong;
  if (incarnation !== undefined) domain.deliver(tenant, forkedMessage(incarnation));
  return { kind: "returned", value: facade(tenant) };
}

export type Domain = ReturnType<typeof facade>;

const toGive = (given: Grantable): Capability =>
  "state" in given ? derive(given) : newCapability(given.contract, given.target, undefined, given);

const facade = (tenant: domain.Tenant) => ({
  id: tenant.id,
  /** Gives a capability, under this name to policies; the number is the guest's handle. Undefined when the c-list is full. */
  grant: (given: Grantable, name?: string) => grant(tenant.clist, handOver(tenant.monitor, toGive(given), name)),
  /** Revokes what was granted under this handle, and all that was derived from it. */
  revoke: (handle: number) => cut(lookUp(tenant.clist, handle)),
  /** Writes 32 bits into a register of the artifact's monitors, which are to test more than its own instructions. */
  setRegister: (register: number, value: number) =>
    residence.setRegister(tenant, RESERVED_EXPORTS.length + register, BigInt(value >>> 0)),
  /** Sets what the next run may use, and counts from zero. */
  allow: (allowance: Allowance) => domain.allow(tenant, allowance),
  /** Calls the domain with one CBOR value. Under a contract a wrong answer ends it, and handles may be in a right one. */
  request: (method: number, value: Uint8Array, call?: CallContract): Promise<Answer> =>
    new Promise(
      (resolve) => void domain.ask(tenant, { call, resolve }, (token) => requestMessage(token, method, value)),
    ),
  /** Calls an exported function of numbers. */
  enter: (name: string, args: readonly (number | bigint)[]) => domain.enter(tenant, name, [...args]),
  /** Ends the domain. Cannot fail, may be called twice. */
  end: (ending: Ending = { kind: "aborted" }) => domain.end(tenant, ending),
  usage: () => domain.usageOf(tenant),
  /** Shows memory and globals of an idle domain, to begin others with. Undefined while anything runs, is parked or asleep. */
  read: <T>(visit: Visit<T>): T | undefined => residence.read(tenant, visit),
  /**
   * Puts an idle domain to sleep after a last look: its memory is free. `onNeeded` is called when somebody calls it.
   * Undefined while anything goes on.
   */
  hibernate: <T>(visit: Visit<T>, onNeeded: () => void): T | undefined => residence.hibernate(tenant, visit, onNeeded),
  /** `had`: in memory, beyond the image with which it began or its base: chunks, or who writes it there. */
  wake(had: readonly Chunk[] | Visit<void>): Outcome<undefined> {
    const wrong = residence.wake(tenant, had);
    if (wrong === undefined) domain.pump(tenant);
    return wrong ?? { kind: "returned", value: undefined };
  },
  /** Generations of its handles, for `retire`. */
  handles: () => tenant.clist.slots.map(({ generation }) => generation),
  /** Of a copy, after its grants: handles that the original had, and that mean nothing here. */
  retire: (generations: readonly number[]) => retire(tenant.clist, generations),
  /** Nothing of it runs or is about to, until a message comes. */
  isWaiting: () => domain.isWaiting(tenant),
  /** Undefined while the domain lives. */
  ending: () => tenant.ending,
});

export type Kernel = ReturnType<typeof createKernel>;

/** Makes a kernel of the given powers. Independent of every other kernel. */
export function createKernel(feral: FeralPowers) {
  const programs = new WeakMap<Artifact, Program>();
  const frames = newFrames((machine, memory) => link(() => core, machine, memory));
  const core: domain.Core = {
    ...{ schedule: newSchedule(feral), frames, resuming: new Map(), parked: 0, born: 0 },
    ...{ nested: 0, scratch: new Uint8Array(65_536) },
  };

  function load(given: Uint8Array, mode: Mode = { kind: "frame" }): Outcome<Artifact> {
    if (given.length > MAX_MODULE_BYTES) return refusal({ at: 0, rule: "S-bytes" });
    const bytes = new Uint8Array(given); // not slice: a Buffer's is a view, and a subclass's is its own
    const judged = attempt(() => {
      // Before the engine looks: 6 MB of calls of a type with 1,000 parameters take its validation 16 s.
      const module = decode(bytes, feral.utf8);
      const compiled = engine.compile(bytes.subarray(0, dataSectionAt(bytes, module))) ?? refuse("malformed", 0);
      return { module, compiled, summary: verify(bytes, module, mode) };
    });
    if ("rule" in judged) return refusal(judged);
    const { module, compiled, summary } = judged.value;
    const entries = module.exports.filter(({ kind }) => kind === 0).map(({ name }) => name);
    const program = programOf(bytes, compiled, summary, mode);
    const artifact: Artifact = Object.freeze({ ...summary, entries, data: program.data });
    programs.set(artifact, program);
    return { kind: "returned", value: artifact };
  }

  function spawn(artifact: Artifact, options: DomainOptions): Outcome<Domain> {
    const program = programs.get(artifact);
    if (program === undefined) return residence.refused("kernel", "not an artifact of this kernel");
    const { image, account = newAccount() as Account } = options;
    const limits = { ...options.limits, pages: Math.min(Math.trunc(options.limits.pages), program.most) };
    const sizes = [program.pages, image?.base?.pages ?? program.pages, image?.pages ?? program.pages, limits.pages];
    const fits = sizes.every((size, i) => Number.isInteger(size) && size >= (sizes[i - 1] ?? 0));
    if (!chargeAccount(account, DOMAINS, 1)) return residence.refused("account", "no more domains");
    const paid = { ...options, limits, account, reasons: artifact.reasons };
    const born = fits ? birth(core, program, paid) : residence.NO_MEMORY;
    if (born.kind !== "returned") adjust(account, DOMAINS, -1);
    return born;
  }

  return { canSuspend: engine.canSuspend, load, spawn };
}
