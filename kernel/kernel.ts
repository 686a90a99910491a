// The kernel as its embedder sees it: load bytes, spawn domains.
//
// Invariants
//   L1  Only an artifact that this kernel has verified can be spawned: artifacts are known by identity.
//   L2  A domain holds nothing at birth but its memory and what `grant` gives it.
// Trust
//   Trusts its embedder to pass the feral powers it says it passes.
import type { BodySummary, Mode } from "./body.ts";
import { type Refusal, refuse } from "./bytes.ts";
import { requestMessage } from "./cbor.ts";
import { type Capability, cut, derive, grant, lookUp, newCapability, newClist } from "./clist.ts";
import type { CallContract, Contract } from "./contract.ts";
import { checkShape } from "./contract.ts";
import { decode } from "./decode.ts";
import * as domain from "./domain.ts";
import * as engine from "./engine.ts";
import * as gate from "./gate.ts";
import { FIRST_SLICE, MAX_MODULE_BYTES, MAX_PAGES, PAGE } from "./limits.ts";
import { newFramePool } from "./memory.ts";
import { type Account, adjust, chargeAccount, DOMAINS, MEMORY, newAccount } from "./meter.ts";
import type { Ending, Outcome } from "./outcome.ts";
import { NONE_FOUND, take } from "./passing.ts";
import { newSchedule } from "./schedule.ts";
import type { Shape } from "./shape.ts";
import type { Allowance, Answer, CallRecord, DomainLimits, FeralPowers, Image, Target, Usage } from "./types.ts";
import { attempt, RESERVED_EXPORTS, verify } from "./verify.ts";

/** Verified bytes, compiled. Belongs to the kernel that loaded it. */
export interface Artifact extends BodySummary {
  readonly initialPages: number;
  /** Names of the functions that `enter` may name. */
  readonly entries: readonly string[];
}

export interface DomainOptions {
  readonly limits: DomainLimits;
  readonly image?: Image;
  readonly onCall?: (record: CallRecord) => void;
  /** Told to targets. */
  readonly owner?: unknown;
  /** Who pays for what the domain uses. Default: an account of its own, without limits. */
  readonly account?: Account;
}

/** What may be granted: a capability, or what one is made of. */
export type Grantable =
  | Capability
  | { readonly contract: Contract; readonly target: Target; readonly account?: Account };

/** Capabilities in a request and in its answer. Without `takes` and `gives` there are none. */
export interface Passing {
  readonly takes?: Shape;
  readonly capabilities?: readonly Capability[];
  /** The answer's contract: a wrong one ends the domain. */
  readonly gives?: CallContract;
}

export interface Domain {
  readonly id: number;
  /** Gives a capability; the number is the guest's handle. Undefined when the c-list is full. */
  grant(given: Grantable): number | undefined;
  /** Revokes what was granted under this handle, and all that was derived from it. */
  revoke(handle: number): void;
  /** Sets what the next run may use, and counts from zero. */
  allow(allowance: Allowance): void;
  /** Calls the domain with one CBOR value. */
  request(method: number, value: Uint8Array, passing?: Passing): Promise<Answer>;
  /** Calls an exported function of numbers. */
  enter(name: string, args: readonly (number | bigint)[]): Promise<Outcome<unknown>>;
  /** Ends the domain. Cannot fail, may be called twice. */
  end(ending?: Ending): void;
  usage(): Usage;
  /** A copy of the memory of an idle domain, to begin others with. Undefined while anything runs or is parked. */
  image(): Image | undefined;
  /** Nothing of it runs or is about to, until a message comes. */
  isWaiting(): boolean;
  /** Undefined while the domain lives. */
  ending(): Ending | undefined;
}

export interface Kernel {
  readonly canSuspend: boolean;
  load(bytes: Uint8Array, mode?: Mode): Outcome<Artifact>;
  spawn(artifact: Artifact, options: DomainOptions): Outcome<Domain>;
}

const NO_ALLOWANCE: Allowance = { fuel: 0, calls: 0, bytes: 0, deadline: 0 };

function refusal({ at, rule }: Refusal): Outcome<never> {
  const kind = rule === "malformed" ? "malformed" : /^[SO]/.test(rule) ? "invalid" : "unsafe";
  return { kind, at, rule };
}

function imports(self: () => domain.Tenant, memory: engine.EngineMemory): Record<string, unknown> {
  return {
    memory,
    slice: (fuel: number, depth: number) => domain.slice(self(), fuel, depth),
    yield: engine.suspendingImport(() => domain.park(self())),
    enter: (token: number) => domain.enterAgain(self(), token),
    grow: (pages: number) => gate.grow(self(), pages),
    call: (h: number, m: number, at: number, n: number, capacity: number) => gate.call(self(), h, m, at, n, capacity),
    reply: (at: number, capacity: number) => gate.reply(self(), at, capacity),
    receive: (at: number, capacity: number, wait: number) => gate.receive(self(), at, capacity, wait),
    answer: (token: number, ok: number, at: number, n: number) => gate.answer(self(), token, ok, at, n),
  };
}

/** False if the image does not lie in its own pages. */
function applyImage(memory: Uint8Array, image: Image): boolean {
  const fits = image.chunks.every(({ at, bytes }) => at >= 0 && at + bytes.length <= memory.length);
  if (fits) for (const { at, bytes } of image.chunks) memory.set(bytes, at);
  return fits;
}

function newTenant(
  core: domain.Core,
  options: DomainOptions,
  account: Account,
  frame: domain.Tenant["frame"],
  instance: engine.EngineInstance,
): domain.Tenant {
  const [fuel, depth, pages] = RESERVED_EXPORTS.map((name) => instance.exports[name] as engine.EngineGlobal);
  const entries = Object.entries(instance.exports).filter(([, value]) => typeof value === "function");
  return {
    ...{ id: ++core.born, core, clist: newClist(), limits: options.limits, onCall: options.onCall, frame },
    ...{ account, offers: new Map(), owner: options.owner },
    ...{ fuel: fuel as engine.EngineGlobal, depth: depth as engine.EngineGlobal, pages: pages as engine.EngineGlobal },
    exports: new Map(entries.map(([name, f]) => [name, engine.promising(f as engine.EngineFunction)])),
    ...{ state: "idle", ending: undefined, started: options.image !== undefined, waiting: undefined },
    ...{
      memory: new Uint8Array(frame.memory.buffer),
      allowance: NO_ALLOWANCE,
      deadline: 0,
      isCalledFirst: false,
      left: 0,
      granted: 0,
    },
    ...{ sliceSize: FIRST_SLICE, sliceStart: 0, fuelSpent: 0, calls: 0, bytes: 0 },
    ...{ parkedFor: "slice", wake: undefined, queued: false, inbox: [], inboxBytes: 0, nextToken: 1 },
    ...{ requests: new Map(), pending: new Map() },
  };
}

function birth(
  core: domain.Core,
  module: engine.EngineModule,
  options: DomainOptions,
  account: Account,
  pages: number,
): Outcome<Domain> {
  const frame = core.frames.take(pages);
  let tenant: domain.Tenant | undefined;
  const self = (): domain.Tenant => tenant as domain.Tenant; // no gate is called before the instance exists: no start function
  const instance = engine.instantiate(module, imports(self, frame.memory));
  tenant = newTenant(core, options, account, frame, instance);
  tenant.pages.value = pages;
  if (options.image === undefined || applyImage(tenant.memory, options.image)) {
    return { kind: "returned", value: facade(tenant) };
  }
  core.frames.release(frame);
  return { kind: "refused", by: "kernel", why: "an image outside its memory" };
}

const imageOf = (tenant: domain.Tenant): Image | undefined =>
  tenant.state === "idle"
    ? { pages: tenant.pages.value, chunks: [{ at: 0, bytes: tenant.memory.slice() }] }
    : undefined;

const toCapability = (given: Grantable): Capability =>
  "state" in given ? derive(given) : newCapability(given.contract, given.target, [], given.account);

function revoke(tenant: domain.Tenant, handle: number): void {
  const capability = lookUp(tenant.clist, handle);
  if (capability !== undefined) cut(capability);
}

function request(tenant: domain.Tenant, method: number, value: Uint8Array, passing: Passing = {}): Promise<Answer> {
  const { takes, capabilities = [], gives } = passing;
  const bytes = takes === undefined ? value : value.slice();
  const checked = takes === undefined ? { found: NONE_FOUND } : checkShape(takes, bytes);
  if (
    "why" in checked ||
    !take(
      tenant,
      bytes,
      checked.found,
      capabilities.map((given) => derive(given)),
    )
  )
    return Promise.resolve({
      kind: "ended",
      ending: { kind: "refused", by: "kernel", why: "capabilities do not fit" },
    });
  return new Promise((resolve) => {
    domain.ask(tenant, { call: gives, resolve }, (token) => requestMessage(token, method, bytes));
  });
}

const facade = (tenant: domain.Tenant): Domain => ({
  id: tenant.id,
  grant: (given) => grant(tenant.clist, toCapability(given)),
  revoke: (handle) => revoke(tenant, handle),
  allow: (allowance) => domain.allow(tenant, allowance),
  request: (method, value, passing) => request(tenant, method, value, passing),
  enter: (name, args) => domain.enter(tenant, name, args),
  end: (ending = { kind: "aborted" }) => domain.end(tenant, ending),
  usage: () => domain.usageOf(tenant),
  image: () => imageOf(tenant),
  isWaiting: () => domain.isWaiting(tenant),
  ending: () => tenant.ending,
});

/** Makes a kernel of the given powers. Independent of every other kernel. */
export function createKernel(feral: FeralPowers): Kernel {
  const modules = new WeakMap<Artifact, engine.EngineModule>();
  const core: domain.Core = {
    ...{ schedule: newSchedule(feral), frames: newFramePool(), parked: 0, born: 0 },
    ...{ nested: 0, scratch: new Uint8Array(65_536) },
  };

  function load(given: Uint8Array, mode: Mode = { kind: "frame" }): Outcome<Artifact> {
    if (given.length > MAX_MODULE_BYTES) return refusal({ at: 0, rule: "S-bytes" });
    const bytes = new Uint8Array(given); // not slice: a Buffer's is a view, and a subclass's is its own
    const judged = attempt(() => {
      // Before the engine looks: 6 MB of calls of a type with 1,000 parameters take its validation 16 s.
      const module = decode(bytes, feral.utf8);
      const compiled = engine.compile(bytes) ?? refuse("malformed", 0);
      return { module, compiled, summary: verify(bytes, module, mode) };
    });
    if ("rule" in judged) return refusal(judged);
    const { module, compiled, summary } = judged.value;
    const entries = module.exports.filter(({ kind }) => kind === 0).map(({ name }) => name);
    const artifact: Artifact = Object.freeze({ ...summary, entries });
    modules.set(artifact, compiled);
    return { kind: "returned", value: artifact };
  }

  function spawn(artifact: Artifact, options: DomainOptions): Outcome<Domain> {
    const module = modules.get(artifact);
    const pages = options.image?.pages ?? artifact.initialPages;
    if (module === undefined) return { kind: "refused", by: "kernel", why: "not an artifact of this kernel" };
    if (!(pages >= artifact.initialPages && pages <= Math.min(options.limits.pages, MAX_PAGES))) {
      return { kind: "exhausted", resource: "memory" };
    }
    const account = options.account ?? (newAccount() as Account);
    if (!chargeAccount(account, DOMAINS, 1)) return { kind: "refused", by: "account", why: "no more domains" };
    if (!chargeAccount(account, MEMORY, pages * PAGE)) {
      adjust(account, DOMAINS, -1);
      return { kind: "exhausted", resource: "memory" };
    }
    try {
      return birth(core, module, options, account, pages);
    } catch (thrown) {
      adjust(account, DOMAINS, -1);
      adjust(account, MEMORY, -pages * PAGE);
      // The host has no memory or address space for one more.
      if (thrown instanceof RangeError) return { kind: "exhausted", resource: "memory" };
      throw thrown;
    }
  }

  return { canSuspend: engine.canSuspend, load, spawn };
}
