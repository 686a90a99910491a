// A fault domain: birth, entries, parking, endings.
//
//   idle -> running <-> parked -> idle ... -> ended       parked -> resuming -> running       idle <-> asleep
//
// Invariants
//   M1  At most one stack of a domain is active or parked; an entry while one is, is refused `busy`. The engine would
//       let a parked instance be entered again.
//   M2  A parked stack is ended by resuming it with DIE, never dropped: a dropped promise frees nothing.
//   M3  Nothing of a domain runs after `ended`: gates and completions look at the state first. The frame goes back
//       only then.
//   M4  Fuel spent is exact whatever the slices: `left` + what is granted - what global 0 holds is conserved.
// Trust
//   Trusts memory.ts, schedule.ts, engine.ts. Trusted by gate.ts and kernel.ts.
import { type Capability, cut, newCapability, newClist, release } from "./clist.ts";
import type { CallContract } from "./contract.ts";
import * as engine from "./engine.ts";
import * as limits from "./limits.ts";
import { install, type Machine, type Values } from "./machine.ts";
import type { Frame, Frames, Program } from "./memory.ts";
import { type Account, adjust, available, DOMAINS, FUEL, frozenAt, IN_FLIGHT } from "./meter.ts";
import { type Ending, invariant, type Outcome } from "./outcome.ts";
import { moveOut, NOWHERE, refused } from "./residence.ts";
import type { Schedule } from "./schedule.ts";
import { DIE, YIELD } from "./trampolines.ts";
import type { Allowance, Answer, PaidOptions, Usage } from "./types.ts";

/**
 * What all domains of a kernel share. `nested`: domains on the host's stack now, that were entered from inside a gate of
 * another. `scratch`: copies of arguments, which a target reads before anything else can enter a gate.
 */
export type Core = { readonly schedule: Schedule; readonly frames: Frames } & {
  /** By id: domains of which the stack is about to go on. */
  readonly resuming: Map<number, Tenant>;
  parked: number;
  born: number;
  nested: number;
  scratch: Uint8Array;
};

/** A request that the domain has not answered: under which contract, and whom to tell. */
export type OpenRequest = { readonly call: CallContract | undefined; readonly resolve: (answer: Answer) => void };

/** An object of a domain that others hold: how often it was sent, and the capability under each contract. */
export type Offer = { times: number; readonly made: Capability[] };

type State = "idle" | "running" | "parked" | "resuming" | "asleep" | "ended";

/** A domain as the kernel sees it. Nothing outside the kernel holds one. */
export type Tenant = ReturnType<typeof newTenant>;

export function newTenant(core: Core, options: PaidOptions, program: Program) {
  const { limits: bounds, onCall, owner, account, image, reasons, monitor, isShared = false } = options;
  return {
    ...{ id: ++core.born, core, clist: newClist(), limits: bounds, onCall, owner, account, reasons, monitor },
    /** As what it begins, and where it lives. `saved`: its globals while the machine is another's. */
    ...{ program, image: image?.base ?? image, isShared, saved: [] as Values },
    ...{ frame: undefined as Frame | undefined, memory: NOWHERE as Uint8Array },
    ...{ fuel: { value: 0 }, depth: { value: 0 }, pages: { value: image?.pages ?? program.pages } },
    ...{ state: "idle" as State, ending: undefined as Ending | undefined, started: image !== undefined },
    /** Of a domain that is asleep: somebody wants it. */
    onNeeded: undefined as (() => void) | undefined,
    /** A reply or error value that waits for the gate `reply`. */
    waiting: undefined as Uint8Array | undefined,
    ...{ allowance: NO_ALLOWANCE, deadline: 0, fuelSpent: 0, calls: 0, bytes: 0 },
    /** Somebody has called an idle domain, which has not been entered since. `entered`: how often. */
    ...{ isCalledFirst: false, entered: 0 },
    /** Fuel that is neither spent nor granted; granted fuel is in global 0. */
    ...{ left: 0, granted: 0, sliceSize: limits.FIRST_SLICE, sliceStart: 0 },
    ...{ parkedFor: "slice" as "slice" | "message", wake: undefined as ((token: number) => void) | undefined },
    ...{ queued: false, inbox: [] as Uint8Array[], inboxBytes: 0, nextToken: 1 },
    since: undefined as number | undefined,
    requests: new Map<number, OpenRequest>(),
    /** Calls in flight, by token, with what tells their targets that nobody wants the result. */
    pending: new Map<number, () => void>(),
    /** What all that it offers and passes on dies with. */
    life: newCapability(LIFE, () => NOWHERE),
    /** Objects of this domain that others hold. */
    offers: new Map<number, Offer>(),
  };
}

const LIFE = { name: "life", form: "life", calls: [] };
const NO_ALLOWANCE: Allowance = { fuel: 0, calls: 0, bytes: 0, deadline: 0 };

export const usageOf = ({ fuelSpent: fuel, calls, bytes, pages }: Tenant): Usage => ({
  ...{ fuel, calls, bytes, memory: pages.value * limits.PAGE },
});

/** Nothing of it runs or is about to: parked for a message that has not come, or idle with nothing to do. */
export function isWaiting({ state, inbox, queued, parkedFor, requests, allowance }: Tenant): boolean {
  const standsStill = requests.size === 0 && (state !== "parked" || allowance.perAnswer !== undefined);
  const isAtRest = state === "idle" || state === "asleep" ? !queued : state === "parked" && parkedFor === "message";
  return state === "ended" || (isAtRest && (inbox.length === 0 || standsStill));
}

const exhausted = (resource: "fuel" | "depth" | "wall" | "memory"): Ending => ({ kind: "exhausted", resource });

/** Takes what global 0 says was spent since the last look out of the account. Nothing is granted then. */
function settleFuel(tenant: Tenant, fuelLeft = tenant.fuel.value): void {
  const spent = tenant.granted - fuelLeft;
  tenant.fuelSpent += spent;
  tenant.left -= spent - tenant.granted;
  adjust(tenant.account, FUEL, spent - tenant.granted);
  tenant.granted = tenant.fuel.value = 0;
}

function grantSlice(tenant: Tenant, now = tenant.core.schedule.now()): number {
  const slice = Math.min(tenant.sliceSize, tenant.left, Math.max(available(tenant.account, FUEL), 0));
  adjust(tenant.account, FUEL, slice);
  tenant.left -= slice;
  tenant.granted = slice;
  tenant.sliceStart = now;
  tenant.since ??= tenant.core.schedule.unpaid(now);
  if (tenant.isCalledFirst) renew(tenant);
  return slice;
}

/** Aims the next slice at SLICE_MS; at most doubling, since one look at the clock can be wrong. */
function adaptSlice(tenant: Tenant, spent: number, now: number): void {
  const elapsed = Math.max(now - tenant.sliceStart, 0.001);
  const aim = Math.min((spent / elapsed) * limits.SLICE_MS, tenant.sliceSize * 2);
  tenant.sliceSize = Math.trunc(Math.max(limits.MIN_SLICE, Math.min(aim, limits.MAX_SLICE)));
}

function limitMet({ left, account, deadline, allowance }: Tenant, depthLeft: number, now: number): Ending | undefined {
  if (depthLeft < 0) return exhausted("depth");
  if (left < 0 || available(account, FUEL) <= 0) return exhausted("fuel");
  if (now >= deadline) return exhausted("wall");
  return allowance.aborted?.() === true ? { kind: "aborted" } : undefined;
}

/** The import `slice`: the only place where a running guest meets its limits. */
export function slice(tenant: Tenant, fuelLeft: number, depthLeft: number): number {
  const spent = tenant.granted - fuelLeft;
  settleFuel(tenant, fuelLeft);
  const now = tenant.core.schedule.now();
  tenant.ending ??= limitMet(tenant, depthLeft, now);
  if (tenant.ending !== undefined) return DIE;
  adaptSlice(tenant, spent, now);
  const mayGoOn = tenant.core.schedule.mayRun(now) && frozenAt(tenant.account) === undefined;
  if (mayGoOn || !mayPark(tenant)) return grantSlice(tenant, now);
  tenant.parkedFor = "slice";
  return YIELD;
}

const mayPark = (tenant: Tenant): boolean => engine.canSuspend && tenant.core.parked < limits.MAX_PARKED;

/** Gate `receive` announces that its trampoline will park. False: it may not. */
export function announceWait(tenant: Tenant): boolean {
  if (tenant.ending !== undefined || !mayPark(tenant)) return false;
  settleFuel(tenant);
  tenant.parkedFor = "message";
  return true;
}

/** The import `yield`: parks the stack that called it. */
export function park(tenant: Tenant): Promise<number> {
  invariant(tenant.state === "running", "M1");
  tenant.state = "parked";
  tenant.core.parked++;
  tenant.core.schedule.stop(tenant);
  return new Promise((resolve) => {
    tenant.wake = resolve;
    if (tenant.parkedFor === "slice") queueResume(tenant);
    else if (tenant.inbox.length > 0) resume(tenant);
  });
}

/** Does something once, later, unless something is to be done already. */
function once(tenant: Tenant, later: (task: () => void, account: Account) => void, task: () => void): void {
  if (tenant.queued) return;
  tenant.queued = true;
  const go = (): void => {
    tenant.queued = false;
    task();
    pump(tenant); // it may have been woken since by another message, and what came after that waits for this
  };
  later(go, tenant.account);
}

const queueResume = (tenant: Tenant): void => once(tenant, tenant.core.schedule.queue, () => resume(tenant));

function resume(tenant: Tenant): void {
  if (tenant.state !== "parked" || waitsForThaw(tenant, () => resume(tenant))) return;
  tenant.state = "resuming";
  tenant.core.parked--;
  tenant.core.resuming.set(tenant.id, tenant);
  tenant.wake?.(tenant.id);
}

/** A domain under a frozen account stands still until it thaws. Its end does not wait. */
function waitsForThaw(tenant: Tenant, go: () => void): boolean {
  const frozen = tenant.ending === undefined ? frozenAt(tenant.account) : undefined;
  frozen?.waiting.add(() => tenant.core.schedule.queue(go, tenant.account));
  return frozen !== undefined;
}

/** The import `enter`: the first thing that runs on a resumed stack. A token of another machine or tenancy dies. */
export function enterAgain({ resuming }: Core, machine: Machine, token: number): number {
  const tenant = resuming.get(token);
  resuming.delete(token);
  if (tenant?.state !== "resuming" || tenant.frame?.machine !== machine) return DIE;
  install(machine, tenant);
  tenant.state = "running";
  return tenant.ending === undefined ? grantSlice(tenant) : DIE;
}

/** Charges work of the host to the guest that is running. */
export function chargeFuel(tenant: Tenant, amount: number): void {
  tenant.fuel.value = Math.max(tenant.fuel.value - amount, -limits.MAX_CHARGE);
}

/** Ends a domain, whatever it is doing. Never fails; the second ending is ignored. */
export function end(tenant: Tenant, ending: Ending): void {
  if (tenant.ending !== undefined) return;
  tenant.ending = ending;
  if (tenant.state === "idle" || tenant.state === "asleep") return finalize(tenant);
  if (tenant.state === "running") return chargeToDeath(tenant);
  // Its stack ends in a turn of its own; whoever holds what it offered must not wait for that.
  if (tenant.state === "parked") cut(tenant.life);
  if (tenant.state === "parked") tenant.core.schedule.queueFirst(() => resume(tenant));
}

/** Called inside a gate: the guest dies at its next charge. */
function chargeToDeath(tenant: Tenant): void {
  settleFuel(tenant);
  tenant.granted = -1;
  tenant.left += 1;
  adjust(tenant.account, FUEL, -1);
  tenant.fuel.value = -1;
}

function finalize(tenant: Tenant): void {
  tenant.state = "ended";
  if (tenant.frame !== undefined) moveOut(tenant);
  tenant.inbox.length = 0;
  adjust(tenant.account, DOMAINS, -1);
  adjust(tenant.account, IN_FLIGHT, -tenant.pending.size);
  letGo(tenant);
  const open = [...tenant.requests.values()];
  tenant.requests.clear();
  for (const { resolve } of open) resolve({ kind: "ended", ending: tenant.ending ?? { kind: "aborted" } });
}

/** What it offered is revoked, what it held is released, what it waits for is dropped. */
function letGo(tenant: Tenant): void {
  const dropped = [...tenant.pending.values()];
  tenant.pending.clear();
  for (const drop of dropped) drop();
  cut(tenant.life);
  for (const slot of tenant.clist.slots) if (slot.capability !== undefined) release(slot.capability, true);
  tenant.clist.slots.length = tenant.clist.free.length = 0;
}

/** Host stack overflow is the backstop of the backstop: the depth limit is meant to come first. */
function endingOf({ reasons, depth }: Tenant, thrown: unknown): Ending {
  const why = reasons[-1 - depth.value];
  if (engine.isTrap(thrown) && why !== undefined) return { kind: "refused", by: "policy", why };
  if (engine.isTrap(thrown)) return { kind: "trap", reason: (thrown as Error).message };
  if (thrown instanceof RangeError) return exhausted("depth");
  throw thrown;
}

/** Runs one export on a stack of its own until it returns, traps or is ended. `cordon_init` runs before the first. */
export async function enter(tenant: Tenant, name: string, args: Values): Promise<Outcome<unknown>> {
  const { state, started, frame } = tenant;
  if (tenant.ending !== undefined) return tenant.ending;
  if (state !== "idle") return refused("kernel", state === "asleep" ? "asleep" : "busy");
  const entry = frame?.machine.entries.get(name);
  tenant.started = true;
  if (!started && frame?.machine.entries.has(INIT)) return start(tenant, name, args);
  if (entry === undefined) return { kind: "unlinkable", name };
  let hasLeft = false;
  try {
    const running = begin(tenant, entry, args);
    hasLeft = name === TURN && hasReturned(tenant) && leave(tenant);
    const value = await running;
    if (!hasLeft) leave(tenant);
    return tenant.ending ?? { kind: "returned", value };
  } catch (thrown) {
    const ending = !hasLeft && neverBegan(tenant, thrown) ? undefined : endingOf(tenant, thrown);
    if (!hasLeft) leave(tenant, ending);
    else if (ending !== undefined) end(tenant, ending);
    return tenant.ending ?? { kind: "unlinkable", name };
  }
}

async function start(tenant: Tenant, name: string, args: Values): Promise<Outcome<unknown>> {
  const begun = await enter(tenant, INIT, []);
  return name === INIT || begun.kind !== "returned" ? begun : enter(tenant, name, args);
}

const OWN_DEPTH = engine.canSuspend ? limits.DEPTH_OWN_STACK : limits.DEPTH_SHARED_STACK;

/** Until here nothing is awaited: the guest runs now, on a stack of its own, until it returns or parks. */
function begin(tenant: Tenant, entry: (...args: Values) => Promise<unknown>, args: Values): Promise<unknown> {
  const { machine } = tenant.frame as Frame;
  const outer = machine.current as Tenant | undefined;
  install(machine, tenant);
  tenant.state = "running";
  tenant.depth.value = OWN_DEPTH;
  tenant.fuel.value = grantSlice(tenant);
  tenant.entered++;
  tenant.core.nested++;
  try {
    return entry(...args);
  } finally {
    tenant.core.nested--;
    tenant.core.schedule.stop(tenant);
    // It called a gate, and goes on when the host returns.
    if (outer?.state === "running") install(machine, outer);
  }
}

const hasReturned = ({ state, depth }: Tenant): boolean => state === "running" && depth.value === OWN_DEPTH;

/** The arguments do not fit the type of the export, which a guest chooses: no instruction ran, ENTER charged nothing. */
const neverBegan = ({ fuel, granted }: Tenant, thrown: unknown): boolean =>
  thrown instanceof TypeError && fuel.value === granted;

/**
 * The stack has ended. Seen before its promise says so, where all depth was given back: LEAVE is the last instruction of
 * every function (V4), so whoever calls next finds the domain idle.
 */
function leave(tenant: Tenant, ending?: Ending): true {
  settleFuel(tenant);
  tenant.core.schedule.stop(tenant);
  tenant.state = "idle";
  tenant.ending ??= ending ?? (tenant.left < 0 ? exhausted("fuel") : undefined);
  if (tenant.ending !== undefined) finalize(tenant);
  return true;
}

/** A domain that serves goes on as long as it answers. Not while it runs into a limit already. */
export function renew(tenant: Tenant): void {
  const { perAnswer, fuel } = tenant.allowance;
  tenant.isCalledFirst = false;
  if (perAnswer === undefined || tenant.left < 0) return;
  tenant.left = fuel;
  tenant.deadline = tenant.sliceStart + perAnswer;
}

/** What is no number is nothing: a limit with which nothing compares must not be no limit. */
// biome-ignore lint/complexity/useMathMinMax: Math.max(NaN, 0) is NaN, with which nothing compares
const orNothing = (limit: number): number => (limit >= 0 ? limit : 0);

/** Sets what the next run may use. */
export function allow(tenant: Tenant, allowance: Allowance): void {
  invariant(tenant.granted === 0 || tenant.state !== "idle", "M4");
  const { fuel, calls, bytes, deadline } = allowance;
  const most = { fuel: Math.trunc(orNothing(fuel)), calls: orNothing(calls), bytes: orNothing(bytes) };
  tenant.allowance = { ...allowance, ...most };
  tenant.deadline = orNothing(deadline);
  tenant.left = tenant.allowance.fuel;
  tenant.fuelSpent = tenant.calls = tenant.bytes = 0;
}

/** Puts a message into the inbox and sees to it that the guest comes to read it. */
export function deliver(tenant: Tenant, message: Uint8Array): void {
  if (tenant.ending !== undefined) return;
  tenant.inbox.push(message);
  tenant.inboxBytes += message.length;
  if (tenant.inboxBytes > limits.MAX_INBOX_BYTES) return end(tenant, exhausted("memory"));
  pump(tenant);
}

function wakeSoon(tenant: Tenant): void {
  if (tenant.core.schedule.mayEnter(tenant.account)) resume(tenant);
  else queueResume(tenant);
}

/** Enters a guest that has messages and whose answer somebody waits for. Between runs a domain stands still. */
export function pump(tenant: Tenant): void {
  if (tenant.state === "asleep" && tenant.requests.size > 0) tenant.onNeeded?.();
  // One that serves stands still between its callers, as one that was entered does: nobody's time is running.
  const wakes = tenant.allowance.perAnswer === undefined || tenant.requests.size > 0;
  if (wakes && tenant.parkedFor === "message" && tenant.state === "parked" && tenant.inbox.length > 0) wakeSoon(tenant);
  if (tenant.state !== "idle" || tenant.queued || tenant.inbox.length === 0 || tenant.requests.size === 0) return;
  const { schedule, nested } = tenant.core;
  if (frozenAt(tenant.account) !== undefined || !schedule.mayEnter(tenant.account)) return pumpLater(tenant);
  // A domain that is entered from a gate of another needs a stack of its own.
  if (nested < (engine.canSuspend ? limits.MAX_NESTED : 1)) void turn(tenant);
  else pumpSoon(tenant);
}

/** As soon as the host's stack is empty. */
const soon = (task: () => void): void => void Promise.resolve().then(task);
const pumpSoon = (tenant: Tenant): void => once(tenant, soon, () => pump(tenant));

const pumpLater = (tenant: Tenant): void =>
  once(tenant, tenant.core.schedule.queue, () => {
    if (waitsForThaw(tenant, () => pumpLater(tenant))) return;
    if (tenant.state === "idle" && tenant.requests.size > 0) void turn(tenant);
  });

/** A guest's own loop, and what it returns when it has work that needs no message. What runs before all else. */
const [TURN, MORE, INIT] = ["cordon_turn", 2, "cordon_init"] as const;

async function turn(tenant: Tenant): Promise<void> {
  const outcome = await enter(tenant, TURN, []);
  if (outcome.kind === "returned" && outcome.value === MORE) pumpLater(tenant);
  else if (outcome.kind === "unlinkable") end(tenant, { kind: "trap", reason: `it has no ${TURN}` });
  else pump(tenant);
}

/**
 * Calls the domain: the message goes into its inbox, the answer comes by the gate `answer` or with its end, perhaps
 * before this returns. Returns what forgets the request.
 */
export function ask(tenant: Tenant, request: OpenRequest, message: (token: number) => Uint8Array): () => void {
  if (tenant.ending !== undefined) {
    request.resolve({ kind: "ended", ending: tenant.ending });
    return () => undefined;
  }
  const token = tenant.nextToken++ % limits.TOKENS;
  tenant.isCalledFirst ||= tenant.requests.size === 0;
  tenant.requests.set(token, request);
  deliver(tenant, message(token));
  return () => void tenant.requests.delete(token);
}
