// The kernel as its embedder sees it: load bytes, spawn domains.
//
// Invariants
//   L1  Only an artifact that this kernel has verified can be spawned: artifacts are known by identity.
//   L2  A domain holds nothing at birth but its memory and what `grant` gives it.
// Trust
//   Trusts its embedder to pass the feral powers it says it passes.
import type { Mode } from "./body.ts";
import { type Refusal, refuse } from "./bytes.ts";
import { requestMessage } from "./cbor.ts";
import { type Capability, cut, derive, grant, lookUp, newCapability } from "./clist.ts";
import type { CallContract, Contract } from "./contract.ts";
import { decode } from "./decode.ts";
import * as domain from "./domain.ts";
import * as engine from "./engine.ts";
import * as gate from "./gate.ts";
import { MAX_MODULE_BYTES, MAX_PAGES, PAGE } from "./limits.ts";
import { newFramePool } from "./memory.ts";
import { type Account, adjust, chargeAccount, DOMAINS, MEMORY, newAccount } from "./meter.ts";
import { handOver } from "./monitor.ts";
import type { Ending, Outcome } from "./outcome.ts";
import { newSchedule } from "./schedule.ts";
import type { Allowance, Answer, DomainOptions, FeralPowers, Image, PaidOptions, Target } from "./types.ts";
import { attempt, RESERVED_EXPORTS, type Verified, verify } from "./verify.ts";

/** Verified bytes, compiled. Belongs to the kernel that loaded it. `entries`: the functions that `enter` may name. */
export type Artifact = Verified & { readonly entries: readonly string[] };

/** What may be granted: a capability, or what one is made of. */
export type Grantable =
  | Capability
  | { readonly contract: Contract; readonly target: Target; readonly account?: Account };

function refusal({ at, rule }: Refusal): Outcome<never> {
  const kind = rule === "malformed" ? "malformed" : /^[SO]/.test(rule) ? "invalid" : "unsafe";
  return { kind, at, rule };
}

const imports = (self: () => domain.Tenant, memory: engine.EngineMemory): Record<string, unknown> => ({
  memory,
  slice: (fuel: number, depth: number) => domain.slice(self(), fuel, depth),
  yield: engine.suspendingImport(() => domain.park(self())),
  enter: (token: number) => domain.enterAgain(self(), token),
  grow: (pages: number) => gate.grow(self(), pages),
  call: (h: number, m: number, at: number, n: number, capacity: number) => gate.call(self(), h, m, at, n, capacity),
  reply: (at: number, capacity: number) => gate.reply(self(), at, capacity),
  receive: (at: number, capacity: number, wait: number) => gate.receive(self(), at, capacity, wait),
  answer: (token: number, ok: number, at: number, n: number) => gate.answer(self(), token, ok, at, n),
});

/** False if the image does not lie in its own pages. */
function applyImage(memory: Uint8Array, image: Image): boolean {
  const fits = image.chunks.every(({ at, bytes }) => at >= 0 && at + bytes.length <= memory.length);
  if (fits) for (const { at, bytes } of image.chunks) memory.set(bytes, at);
  return fits;
}

function birth(core: domain.Core, module: engine.EngineModule, options: PaidOptions, pages: number): Outcome<Domain> {
  const frame = core.frames.take(pages);
  let tenant: domain.Tenant | undefined;
  // No gate is called before the instance exists: there is no start function.
  const self = () => tenant as domain.Tenant;
  const instance = engine.instantiate(module, imports(self, frame.memory));
  tenant = domain.newTenant(core, options, frame, instance);
  tenant.pages.value = pages;
  if (options.image === undefined || applyImage(tenant.memory, options.image))
    return { kind: "returned", value: facade(tenant) };
  core.frames.release(frame);
  return { kind: "refused", by: "kernel", why: "an image outside its memory" };
}

export type Domain = ReturnType<typeof facade>;

const toGive = (given: Grantable): Capability =>
  "state" in given ? derive(given) : newCapability(given.contract, given.target, [], given);

const facade = (tenant: domain.Tenant) => ({
  id: tenant.id,
  /** Gives a capability, under this name to policies; the number is the guest's handle. Undefined when the c-list is full. */
  grant: (given: Grantable, name?: string) => grant(tenant.clist, handOver(tenant.monitor, toGive(given), name)),
  /** Revokes what was granted under this handle, and all that was derived from it. */
  revoke: (handle: number) => cut(lookUp(tenant.clist, handle)),
  /** Writes 32 bits into a register of the artifact's monitors, which are to test more than its own instructions. */
  setRegister: (register: number, value: number) =>
    void Object.assign(tenant.global(RESERVED_EXPORTS.length + register), { value: BigInt(value >>> 0) }),
  /** Sets what the next run may use, and counts from zero. */
  allow: (allowance: Allowance) => domain.allow(tenant, allowance),
  /** Calls the domain with one CBOR value. Under a contract a wrong answer ends it, and handles may be in a right one. */
  request: (method: number, value: Uint8Array, call?: CallContract): Promise<Answer> =>
    new Promise(
      (resolve) => void domain.ask(tenant, { call, resolve }, (token) => requestMessage(token, method, value)),
    ),
  /** Calls an exported function of numbers. */
  enter: (name: string, args: readonly (number | bigint)[]) => domain.enter(tenant, name, args),
  /** Ends the domain. Cannot fail, may be called twice. */
  end: (ending: Ending = { kind: "aborted" }) => domain.end(tenant, ending),
  usage: () => domain.usageOf(tenant),
  /** A copy of the memory of an idle domain, to begin others with. Undefined while anything runs or is parked. */
  image: (): Image | undefined =>
    tenant.state === "idle"
      ? { pages: tenant.pages.value, chunks: [{ at: 0, bytes: tenant.memory.slice() }] }
      : undefined,
  /** Nothing of it runs or is about to, until a message comes. */
  isWaiting: () => domain.isWaiting(tenant),
  /** Undefined while the domain lives. */
  ending: () => tenant.ending,
});

const NO_MEMORY: Outcome<never> = { kind: "exhausted", resource: "memory" };

/** The host may have no memory or address space for one more. */
function tryBirth(born: () => Outcome<Domain>): Outcome<Domain> {
  try {
    return born();
  } catch (thrown) {
    if (thrown instanceof RangeError) return NO_MEMORY;
    throw thrown;
  }
}

export type Kernel = ReturnType<typeof createKernel>;

/** Makes a kernel of the given powers. Independent of every other kernel. */
export function createKernel(feral: FeralPowers) {
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
    const account = options.account ?? (newAccount() as Account);
    const fits = pages >= artifact.initialPages && pages <= Math.min(options.limits.pages, MAX_PAGES);
    if (!chargeAccount(account, DOMAINS, 1)) return { kind: "refused", by: "account", why: "no more domains" };
    const isPaid = fits && chargeAccount(account, MEMORY, pages * PAGE);
    const paid = { ...options, account, reasons: artifact.reasons };
    const born = isPaid ? tryBirth(() => birth(core, module, paid, pages)) : NO_MEMORY;
    if (born.kind === "returned") return born;
    adjust(account, DOMAINS, -1);
    if (isPaid) adjust(account, MEMORY, -pages * PAGE);
    return born;
  }

  return { canSuspend: engine.canSuspend, load, spawn };
}
