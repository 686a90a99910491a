// A sandbox is born: a domain from the engine's image, with its grants, configured.
import {
  type Account,
  type CallRecord,
  DEPTH_SHARED_STACK,
  type Domain,
  IN_FLIGHT,
  MEMORY,
  type Monitor,
  newAccount,
  PAGE,
} from "../kernel/index.ts";
import { type Meter, meterUnder, type PolicySource, UNJUDGED } from "../policy-libs/index.ts";
import { ENGINE } from "../stdlib/abi.ts";
import { type Audit, readAudits } from "./audit-options.ts";
import { type CallEntry, type Prepared, prepareGrants } from "./capability.ts";
import { contractsOf } from "./child-grants.ts";
import { type Clock, realClock, startOf, type VirtualOptions, virtualClock } from "./clock.ts";
import { type Engine, later, now } from "./engine.ts";
import { CordonError } from "./errors.ts";
import { allLimits, type Limits } from "./limits.ts";
import { type Load, moduleLoader } from "./modules.ts";
import { readSandboxOptions, type SandboxOptions } from "./options.ts";
import { newOutput, type Output } from "./output.ts";
import type { Policed } from "./policy.ts";
import { type RandomBytes, realRandom, seededRandom } from "./randomness.ts";
import { asError, endingText } from "./result.ts";
import { systemGrants } from "./system.ts";
import { type Meter as CallCounter, newMeter } from "./target.ts";
import { decodeValue, encodeValue } from "./values.ts";
import { newWatchers } from "./watchers.ts";

/** Counts calls of grants against `most`, and ends the domain beyond. */
export interface CallMeter extends CallCounter {
  used: number;
  most: number;
  readonly above: CallMeter | undefined;
}

/** What a sandbox is made of, checked before anything is made. */
export interface Plan {
  /** In meters and audits. */
  readonly name: string;
  readonly limits: Limits;
  readonly grants: readonly Prepared[];
  /** Its own, or what it is under as part of its parent. */
  readonly policy: PolicySource | Policed | undefined;
  readonly load: Load | undefined;
  readonly output: Output;
  readonly virtual: VirtualOptions | undefined;
  readonly start: number;
  readonly random: RandomBytes;
  readonly timeZoneOffset: number;
  readonly trace: ((record: CallRecord) => void) | undefined;
  readonly audits: readonly Audit[];
  readonly paying: Meter | undefined;
  /** It answers calls of others: it is parked between them. */
  readonly serves?: boolean;
  /** Of the domain that made this one: calls count there too. */
  readonly above: CallMeter | undefined;
}

export interface Born {
  readonly domain: Domain;
  readonly limits: Limits;
  readonly output: Output;
  readonly clock: Clock;
  readonly meter: CallMeter;
  /** What it uses, of all its runs, and what the domains do that it made. */
  readonly account: Meter;
  readonly virtual: VirtualOptions | undefined;
  readonly timeZoneOffset: number;
  /** The policy that it, and what it makes, is under. */
  readonly policed: Policed | undefined;
}

const bornBy = new WeakMap<Account, Born>();

/** The domain that pays by this account, or by one below which it is. */
export function payerOf(account: Account | undefined): Born | undefined {
  for (let at = account; at !== undefined; at = at.parent) {
    const born = bornBy.get(at);
    if (born !== undefined) return born;
  }
  return undefined;
}

export function planSandbox(given: SandboxOptions): Plan {
  const options = readSandboxOptions(given);
  const virtual = options.virtual === true ? {} : options.virtual || undefined;
  return {
    name: "sandbox",
    limits: allLimits(options.profile, options.limits),
    grants: prepareGrants(options.grant),
    policy: options.policy,
    load: moduleLoader(options.modules),
    output: newOutput(options.console),
    virtual,
    start: virtual === undefined ? 0 : startOf(virtual),
    random: virtual === undefined ? realRandom : seededRandom(virtual.seed),
    timeZoneOffset: options.timeZoneOffset ?? 0,
    trace: options.trace,
    audits: readAudits(options.audit),
    paying: options.meter,
    above: undefined,
  };
}

const MIB = 2 ** 20;

function spawn(
  { kernel, artifact, image }: Engine,
  limits: Limits,
  onCall: ((record: CallRecord) => void) | undefined,
  owner: CallMeter,
  { account }: Meter,
  monitor: Monitor | undefined,
): Domain {
  const pages = Math.floor(limits.memory / PAGE);
  if (pages < image.pages) {
    const least = ((image.pages * PAGE) / MIB).toFixed(2);
    throw new CordonError("E_LIMIT", `limits.memory is ${limits.memory}: the engine itself needs ${least} MiB`);
  }
  const watch = onCall === undefined ? {} : { onCall };
  const spawned = kernel.spawn(artifact, {
    ...{ limits: { pages, inFlight: limits.inFlight }, image, owner, account, monitor },
    ...watch,
  });
  if (spawned.kind === "returned") return spawned.value;
  if (spawned.kind === "refused") throw new CordonError("E_LIMIT", `the meter allows no sandbox: ${spawned.why}`);
  const why = spawned.kind === "exhausted" ? "the host or the meter has no memory for another sandbox" : spawned.kind;
  throw new CordonError("E_ENGINE", `no sandbox could be made: ${why}`);
}

interface GrantEntry {
  readonly handle: number;
  readonly calls: Readonly<Record<string, CallEntry>>;
}

/** Bytes of the engine's stack where guests share their caller's: its own check must come before the kernel's limit. */
const SHARED_STACK = (DEPTH_SHARED_STACK * 9) / 10;

const SETUP = { fuel: 1e10, calls: 1e6, bytes: 1e9 } as const;
const SETUP_MS = 60_000;

async function configure(domain: Domain, grants: object, system: object, options: object): Promise<void> {
  domain.allow({ ...SETUP, deadline: now() + SETUP_MS });
  const asked = encodeValue({ grants, system, options });
  // Not only when it runs: under a frozen meter it does not.
  const timer = setTimeout(() => domain.end({ kind: "exhausted", resource: "wall" }), SETUP_MS + 1);
  const answer = await domain.request(ENGINE.CONFIGURE, asked);
  clearTimeout(timer);
  if (answer.kind === "answered" && answer.ok) return;
  const why = answer.kind === "ended" ? endingText(answer.ending) : asError(decodeValue(answer.bytes)).message;
  domain.end();
  // What configuring takes is fixed: only a meter can have too little for it, or stand still for so long.
  if (answer.kind === "ended" && answer.ending.kind === "exhausted")
    throw new CordonError("E_LIMIT", `the meter allows no sandbox: ${why}`);
  throw new CordonError("E_ENGINE", `the engine could not be configured: ${why}`);
}

export function newCallMeter(domain: () => Pick<Domain, "end">, above: CallMeter | undefined): CallMeter {
  const meter: CallMeter = {
    ...{ used: 0, most: 0, inFlight: 0, watching: undefined, above },
    take() {
      let at: CallMeter | undefined = meter;
      while (at !== undefined && at.used < at.most) at = at.above;
      if (at !== undefined) {
        domain().end({ kind: "exhausted", resource: "calls" });
        return false;
      }
      for (at = meter; at !== undefined; at = at.above) at.used++;
      return true;
    },
  };
  return meter;
}

/** Calls of the engine itself are no calls of the guest: no meter of the embedder counts them. */
const UNBILLED = newAccount() as Account;

/** What the domain may have, the domains that it makes included. */
function bound({ account }: Meter, { memory, inFlight }: Limits): void {
  account.limit[MEMORY] = memory;
  account.limit[IN_FLIGHT] = inFlight;
}

/** What could not be made is in no bill: a tenant may try as often as it likes. */
export async function giveBirth(engine: Engine, plan: Plan): Promise<Born> {
  const account = meterUnder(plan.paying, plan.name);
  bound(account, plan.limits);
  try {
    return await bear(engine, plan, account);
  } catch (error) {
    account.remove();
    throw error;
  }
}

/** The language is loaded for those who use it. */
export async function underPolicy({ policy, grants, virtual, start, audits }: Plan, domain: () => Pick<Domain, "end">) {
  if (policy === undefined) return { policed: undefined, grants };
  const { patientGrants, police, policingOf } = await import("./policy.ts");
  if ("monitor" in policy) return { policed: policy, grants: patientGrants(policy.policing, grants) };
  const policing = policingOf(policy, contractsOf(grants), "engine", audits.length > 0);
  const policed = police(policing, domain, virtual && start);
  return { policed, grants: patientGrants(policed.policing, grants) };
}

async function bear(engine: Engine, plan: Plan, account: Meter): Promise<Born> {
  const names = new Map<number, string | null>();
  const watchers = newWatchers(plan, (handle) => names.get(handle));
  const [meter, loading] = [newCallMeter(() => domain, plan.above), newMeter()];
  const { policed, grants } = await underPolicy(plan, () => domain);
  const domain: Domain = spawn(engine, plan.limits, watchers.onCall, meter, account, policed?.monitor);
  meter.watching = watchers.begin(domain, plan.grants);
  const isQuiet = (): boolean => domain.isWaiting() && meter.inFlight + loading.inFlight === 0;
  const clock = plan.virtual === undefined ? realClock() : virtualClock(plan.start, isQuiet, later);
  policed?.join(meter, { clock, isBusy: () => meter.inFlight > 0 });
  const { random, output, load } = plan;
  const give = (name: string, capability: Parameters<Domain["grant"]>[0], isSystem = false): number => {
    const handle = domain.grant(capability, isSystem ? UNJUDGED : name);
    if (handle === undefined) throw new CordonError("E_GRANT", `grant.${name}: too many capabilities`);
    return handle;
  };
  const system: Record<string, GrantEntry> = {};
  for (const { name, contract, target, calls } of systemGrants({ clock, random, output, load, loading })) {
    const handle = give(name, { contract, target, account: UNBILLED }, true);
    names.set(handle, null);
    system[name] = { handle, calls };
  }
  const given: Record<string, GrantEntry> = {};
  for (const { name, calls, capability } of grants) {
    const handle = give(name, capability(meter));
    names.set(handle, name);
    given[name] = { handle, calls };
  }
  const { timeZoneOffset, limits } = plan;
  const stack = engine.kernel.canSuspend ? {} : { stack: SHARED_STACK };
  const serves = plan.serves === true ? { serves: true } : {};
  await configure(domain, given, system, { timeZoneOffset, memory: limits.memory, ...stack, ...serves });
  const { virtual } = plan;
  const born = { domain, limits: plan.limits, output, clock, meter, account, virtual, timeZoneOffset, policed };
  bornBy.set(account.account, born);
  return born;
}
