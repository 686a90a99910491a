// A sandbox is born: a domain from the engine's image, with its grants, configured.
import {
  type Account,
  type CallRecord,
  type Capability,
  DEPTH_SHARED_STACK,
  type Domain,
  type Grantable,
  type Image,
  IN_FLIGHT,
  MEMORY,
  type Monitor,
  newAccount,
  newCapability,
  PAGE,
} from "../kernel/index.ts";
import { type Meter, meterUnder, type PolicySource, UNJUDGED } from "../policy-libs/index.ts";
import { ENGINE } from "../stdlib/abi.ts";
import { type Audit, readAudits } from "./audit-options.ts";
import { type CallEntry, type Prepared, prepareGrants } from "./capability.ts";
import type { ChildSandbox } from "./child.ts";
import { contractsOf } from "./child-grants.ts";
import { type Clock, realClock, startOf, type VirtualOptions, virtualClock } from "./clock.ts";
import { type Confinement, type Engine, later, now } from "./engine.ts";
import { CordonError } from "./errors.ts";
import { allLimits, type Limits } from "./limits.ts";
import { type Load, moduleLoader } from "./modules.ts";
import { once } from "./once.ts";
import { readSandboxOptions, type SandboxOptions } from "./options.ts";
import { newOutput, type Output } from "./output.ts";
import type { Policed } from "./policy.ts";
import type { PolicyPast } from "./policy-saved.ts";
import { type RandomBytes, realRandom, seededRandom } from "./randomness.ts";
import { asError, endingText } from "./result.ts";
import { SEGMENT } from "./segments.ts";
import { type SystemParts, systemGrants } from "./system.ts";
import { type Meter as CallCounter, newMeter } from "./target.ts";
import { untilRest } from "./until-rest.ts";
import { decodeValue, encodeValue } from "./values.ts";
import { newWatchers } from "./watchers.ts";

/** Counts calls of grants against `most`, and ends the domain beyond. */
export interface CallMeter extends CallCounter {
  used: number;
  most: number;
  readonly above: CallMeter | undefined;
}

/** Of what a sandbox is a copy. */
export interface Origin {
  readonly image: Image;
  /** Tells copies of one original apart: the guest hears it first, and forgets what it must not share. */
  readonly incarnation: number;
  /** Generations of the original's handles, of which those beyond the grants mean nothing in the copy. */
  readonly handles: readonly number[];
  /** As the original was granted them, where that is known before. */
  readonly grants?: readonly Original[];
  /** What its policy remembers of the original: as it was then, or as the bytes of a snapshot. */
  readonly policy?: PolicyPast | Uint8Array | undefined;
}

/** `form`: of its contract. */
export interface Original {
  readonly name: string;
  readonly form: string;
  /** What a policy knows it by. */
  readonly power: Capability | undefined;
}

/** What a sandbox is made of, checked before anything is made. */
export interface Plan {
  /** What the embedder said, checked. */
  readonly options: SandboxOptions;
  readonly origin?: Origin;
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
  /** Its own, and that of what it makes. */
  readonly confinement: Confinement | undefined;
  /** The policy that it, and what it makes, is under. */
  readonly policed: Policed | undefined;
  /** With what its memory began: that is free, what differs is its own. */
  readonly base: Image;
  /** What it was granted, in order. */
  readonly originals: readonly Original[];
}

type Shared = "limits" | "clock" | "meter" | "virtual" | "timeZoneOffset" | "confinement" | "policed";

/** A domain, as those know it that it makes. */
export interface Maker extends Pick<Born, Shared> {
  /** Who pays for them on this thread. */
  readonly account: Meter | undefined;
  /** Makes one where it lives itself, if that is elsewhere. Rejects with CordonError. */
  readonly makeChild?: (plan: Plan) => Promise<ChildSandbox>;
}

const makers = new WeakMap<Account, Maker>();

export const noteMaker = (account: Account, maker: Maker): void => void makers.set(account, maker);

/** The domain that pays by this account, or by one below which it is. */
export function payerOf(account: Account | undefined): Maker | undefined {
  for (let at = account; at !== undefined; at = at.parent) {
    const maker = makers.get(at);
    if (maker !== undefined) return maker;
  }
  return undefined;
}

export function planSandbox(given: SandboxOptions): Plan {
  const options = readSandboxOptions(given);
  const virtual = options.virtual === true ? {} : options.virtual || undefined;
  return {
    options,
    name: "sandbox",
    limits: confinedLimits(options),
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

/** A segment has a size, whatever else the sandbox and those that it makes may have together: nobody is to ask for more. */
function confinedLimits({ profile, limits, confinement = "frame" }: SandboxOptions): Limits {
  const all = allLimits(profile, limits);
  if (confinement === "frame" || limits?.memory === undefined || all.memory <= SEGMENT) return all;
  throw new CordonError("E_LIMIT", `limits.memory is ${all.memory}: a ${confinement} has ${SEGMENT / MIB} MiB at most`);
}

function spawn(
  { kernel, artifact, image: fresh, isShared }: Engine,
  { limits, origin }: Plan,
  onCall: ((record: CallRecord) => void) | undefined,
  owner: CallMeter,
  { account }: Meter,
  monitor: Monitor | undefined,
): Domain {
  const pages = Math.floor(limits.memory / PAGE);
  const image = origin?.image ?? fresh;
  if (pages < image.pages) {
    const least = ((image.pages * PAGE) / MIB).toFixed(2);
    throw new CordonError(
      "E_LIMIT",
      `limits.memory is ${limits.memory}: ${origin === undefined ? "the engine itself" : "the copy"} needs ${least} MiB`,
    );
  }
  const copied = origin === undefined ? {} : { incarnation: origin.incarnation };
  const watch = onCall === undefined ? copied : { ...copied, onCall };
  const spawned = kernel.spawn(artifact, {
    ...{ limits: { pages, inFlight: limits.inFlight }, image, owner, account, monitor },
    ...{ isShared, ...watch },
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
  await untilRest(domain); // else, where a slice has ended meanwhile, the first run would pay for the rest of it
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
const language = once(() => import("./policy.ts"));
const reading = once(() => import("./policy-saved.ts"));

/** Of a copy that begins elsewhere only what its policy remembers is of interest. */
export type PolicedPlan = Omit<Plan, "origin"> & { readonly origin?: Pick<Origin, "policy"> | undefined };

function unpoliced({ grants, origin }: PolicedPlan) {
  if (origin?.policy === undefined) return { policed: undefined, grants };
  throw new CordonError("E_POLICY", "the snapshot was made under a policy: pass the same one, or leave out its key");
}

export async function underPolicy(plan: PolicedPlan, domain: () => Pick<Domain, "end">) {
  const { policy, grants, virtual, start, audits, origin } = plan;
  const saved = origin?.policy;
  if (policy === undefined) return unpoliced(plan);
  const { patientGrants, police, policingOf } = await language();
  if ("monitor" in policy) return { policed: policy, grants: patientGrants(policy.policing, grants) };
  const policing = policingOf(policy, contractsOf(grants), "engine", audits.length > 0);
  const isRead = saved instanceof Uint8Array;
  const past = isRead ? await (await reading()).readPast(policing, saved) : saved;
  const policed = police(policing, domain, virtual && (past?.start ?? start), { remembered: past?.remembered, isRead });
  return { policed, grants: patientGrants(policed.policing, grants) };
}

/** As policies know it: a capability that is there before the domain has it. */
const powerOf = (given: Grantable): Capability =>
  "state" in given ? given : newCapability(given.contract, given.target, undefined, given);

/** A copy remembers its grants by their handles: they have to be the original's, in its order. Throws CordonError E_GRANT. */
export function checkOriginals(grants: readonly Original[], given: readonly Original[]): void {
  const names = (rows: readonly Original[]): string => rows.map(({ name }) => name).join(", ");
  const other = grants.find(({ name, form }, i) => given[i]?.name !== name || given[i]?.form !== form);
  if (other === undefined && grants.length === given.length) return;
  const what = other === undefined ? "more than the original has" : `${other.name} is missing, or of another contract`;
  throw new CordonError("E_GRANT", `the copy's grants are not the original's: ${what} (it has ${names(grants)})`);
}

/** A copy has the list of its original, where it has the same: there may be very many copies. */
function shared(origin: Origin | undefined, own: readonly Original[]): readonly Original[] {
  const theirs = origin?.grants ?? own;
  return own.some(({ power }, i) => power !== theirs[i]?.power) ? own : theirs;
}

/** Gives a domain the engine's own capabilities and its grants: in an order on which copies rely. */
function grantAll({ domain, meter, policed, names }: Unborn, plan: Plan, parts: SystemParts, grants: Plan["grants"]) {
  const originals: Original[] = [];
  const isPartOfOriginal = policed !== undefined && policed === plan.policy;
  const give = (name: string, capability: Grantable, isSystem = false): number => {
    const power = policed === undefined || isSystem ? undefined : powerOf(capability);
    const before = isPartOfOriginal ? plan.origin?.grants?.[originals.length]?.power : undefined;
    if (power !== undefined) policed?.adopt(power, name, before);
    originals.push({ name: isSystem ? `system.${name}` : name, form: capability.contract.form, power });
    const handle = domain.grant(power ?? capability, isSystem ? UNJUDGED : name);
    if (handle === undefined) throw new CordonError("E_GRANT", `grant.${name}: too many capabilities`);
    names?.set(handle, isSystem ? null : name);
    return handle;
  };
  const system: Record<string, GrantEntry> = {};
  for (const { name, contract, target, calls } of systemGrants(parts))
    system[name] = { handle: give(name, { contract, target, account: UNBILLED }, true), calls };
  const given: Record<string, GrantEntry> = {};
  for (const { name, calls, capability } of grants) given[name] = { handle: give(name, capability(meter)), calls };
  return { originals, given, system };
}

/** A domain of which not all is there yet. */
interface Unborn {
  readonly domain: Domain;
  readonly meter: CallMeter;
  readonly policed: Policed | undefined;
  /** Of handles; null: the engine's own. */
  readonly names: Map<number, string | null> | undefined;
}

function configureFor(
  { kernel, room }: Engine,
  plan: Plan,
  domain: Domain,
  made: ReturnType<typeof grantAll>,
): Promise<void> {
  const { timeZoneOffset, limits, serves } = plan;
  const stack = kernel.canSuspend ? {} : { stack: SHARED_STACK };
  const serving = serves === true ? { serves } : {};
  const memory = Math.min(limits.memory, room);
  return configure(domain, made.given, made.system, { timeZoneOffset, memory, ...stack, ...serving });
}

async function bear(engine: Engine, plan: Plan, account: Meter): Promise<Born> {
  const isWatched = plan.trace !== undefined || plan.audits.length > 0;
  const names = isWatched ? new Map<number, string | null>() : undefined;
  const watchers = newWatchers(plan, (handle) => names?.get(handle));
  const [meter, loading] = [newCallMeter(() => domain, plan.above), newMeter()];
  const { policed, grants } = await underPolicy(plan, () => domain);
  const domain: Domain = spawn(engine, plan, watchers.onCall, meter, account, policed?.monitor);
  try {
    meter.watching = watchers.begin(domain, plan.grants);
    const isQuiet = (): boolean => domain.isWaiting() && meter.inFlight + loading.inFlight === 0;
    const clock = plan.virtual === undefined ? realClock() : virtualClock(plan.start, isQuiet, later);
    policed?.join(meter, { clock, isBusy: () => meter.inFlight > 0 });
    const { random, output, load, origin, limits, virtual, timeZoneOffset } = plan;
    const unborn = { domain, meter, policed, names };
    const made = grantAll(unborn, plan, { clock, random, output, load, loading }, grants);
    if (origin === undefined) await configureFor(engine, plan, domain, made);
    else {
      domain.retire(origin.handles);
      checkOriginals(origin.grants ?? made.originals, made.originals);
    }
    const base = origin === undefined ? engine.image : (origin.image.base ?? origin.image);
    const originals = shared(origin, made.originals);
    const { confinement } = plan.options;
    const how = { limits, virtual, timeZoneOffset, confinement };
    const born = { domain, output, clock, meter, account, policed, base, originals, ...how };
    noteMaker(account.account, born);
    return born;
  } catch (error) {
    domain.end();
    throw error;
  }
}
