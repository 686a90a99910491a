// Where a domain lives: moving in and out, sleeping without memory, and what of its memory can be kept.
//
// Invariants
//   RE1  A domain moves out only when it has no stack: idle, ended or about to sleep.
//   RE2  What sleeps keeps its globals, capabilities and pending calls here; only memory is given away, and what comes
//        back is no more trusted than the guest that wrote it.
//   RE3  A domain pays for its pages from moving in to moving out, and at no other time.
// Trust
//   Trusts memory.ts and machine.ts. Trusted by domain.ts, gate.ts and kernel.ts.
import type { Tenant } from "./domain.ts";
import { GLOBAL } from "./fuel.ts";
import { PAGE } from "./limits.ts";
import { install, type Register, register, type Values, valuesOf } from "./machine.ts";
import { type Frame, fill, wholeOf, write } from "./memory.ts";
import { adjust, chargeAccount, MEMORY } from "./meter.ts";
import type { Outcome } from "./outcome.ts";
import type { Chunk, Visit } from "./types.ts";

/** Why a domain cannot be where it wants to be. */
type Wrong = Outcome<never> | undefined;
/** The memory of a domain that has none. */
export const NOWHERE = new Uint8Array(0);
export const NO_MEMORY: Outcome<never> = { kind: "exhausted", resource: "memory" };
export const refused = (by: string, why: string): Outcome<never> => ({ kind: "refused", by, why });
const OUTSIDE = refused("kernel", "an image outside its memory, or of other globals");

type Registers = [fuel: Register, depth: Register, pages: Register];

/**
 * Into a frame with its image, beyond which it has `chunks`, and `globals` if they are its first. Not undefined: it is
 * still outside.
 */
export function moveIn(tenant: Tenant, chunks: readonly Chunk[], globals?: Readonly<Values>): Wrong {
  const { core, account, program, image, isShared, pages } = tenant;
  if (!chargeAccount(account, MEMORY, pages.value * PAGE)) return NO_MEMORY;
  let wrong: Wrong = NO_MEMORY; // or address space, where the host has none for one more
  try {
    wrong = settle(tenant, core.frames.take(program, image, isShared), chunks, globals);
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
  } finally {
    if (wrong !== undefined) moveOut(tenant);
  }
  return wrong;
}

function settle(tenant: Tenant, frame: Frame, chunks: readonly Chunk[], globals?: Readonly<Values>): Wrong {
  const { program, image, pages } = tenant;
  const { machine, base } = frame;
  tenant.frame = frame;
  if (tenant.saved.length === 0) tenant.saved = [...machine.initial];
  const { saved } = tenant;
  [saved[GLOBAL.pages], saved[GLOBAL.base]] = [pages.value, base];
  const isFilled = image !== undefined && frame.image === image;
  if (!isFilled && !fill(frame, image)) return OUTSIDE;
  if (!extend(tenant, pages.value)) return NO_MEMORY;
  if (!write(wholeOf(frame), chunks) || !setOwn(saved, program.reserved, globals)) return OUTSIDE;
  if (!machine.isShared) install(machine, tenant);
  [tenant.fuel, tenant.depth, tenant.pages] = [0, 1, 2].map((index) => register(machine, tenant, index)) as Registers;
  look(tenant);
  return undefined;
}

/** Globals of its own with which a copy begins. False if they are of another number or of other types. */
function setOwn(saved: Values, reserved: number, values: Readonly<Values> = saved.slice(reserved)): boolean {
  const own = saved.slice(reserved);
  const fits = own.length === values.length && own.every((value, i) => typeof value === typeof values[i]);
  if (fits) saved.splice(reserved, own.length, ...values);
  return fits;
}

/** Keeps the values, and gives the frame back. */
export function moveOut(tenant: Tenant): void {
  const { core, account, frame, fuel, depth, pages } = tenant;
  adjust(account, MEMORY, -pages.value * PAGE);
  if (frame === undefined) return;
  tenant.saved = valuesOf(frame.machine, tenant);
  [tenant.fuel, tenant.depth, tenant.pages] = [fuel, depth, pages].map(({ value }) => ({ value })) as Registers;
  if (frame.machine.current === tenant) frame.machine.current = undefined;
  tenant.frame = undefined;
  tenant.memory = NOWHERE;
  core.frames.release(frame);
}

/** Sees the memory as large as it is now. */
export function look(tenant: Tenant): void {
  const { frame, pages } = tenant;
  if (frame !== undefined) tenant.memory = new Uint8Array(frame.memory.buffer, frame.base, pages.value * PAGE);
}

/** Makes room for `pages`, all zero. False where the host has none. */
export function extend({ frame, pages: { value } }: Tenant, pages: number): boolean {
  if (frame?.arena !== undefined) wholeOf(frame).fill(0, value * PAGE, pages * PAGE);
  if (frame === undefined || frame.arena !== undefined) return frame !== undefined;
  try {
    const more = pages - frame.memory.buffer.byteLength / PAGE;
    return more === 0 || frame.memory.grow(more) >= 0;
  } catch {
    return false;
  }
}

/** Writes a register of the artifact's monitors, a global of 64 bits. */
export function setRegister(tenant: Tenant, index: number, value: bigint): void {
  if (tenant.frame === undefined) tenant.saved[index] = value;
  else (register(tenant.frame.machine, tenant, index) as { value: number | bigint }).value = value;
}

/** Shows an idle domain's memory, all that it can write to, and its own globals. Undefined while anything is going on. */
export function read<T>(tenant: Tenant, visit: Visit<T>): T | undefined {
  const { state, frame, program } = tenant;
  if (state !== "idle" || frame === undefined) return undefined;
  return visit(wholeOf(frame), valuesOf(frame.machine, tenant).slice(program.reserved));
}

/** Frees the memory of an idle domain, after a last look at it, until `wake`. Undefined while anything is going on. */
export function hibernate<T>(tenant: Tenant, visit: Visit<T>, onNeeded: () => void): T | undefined {
  const { memory, entered } = tenant;
  const isBusy = (): boolean => tenant.state !== "idle" || tenant.queued || tenant.requests.size > 0;
  const kept = isBusy() ? undefined : read(tenant, visit);
  // The visit may have done anything, and then has seen what is no more.
  if (kept === undefined || isBusy() || tenant.memory !== memory || tenant.entered !== entered) return undefined;
  fallAsleep(tenant);
  tenant.onNeeded = onNeeded;
  return kept;
}

function fallAsleep(tenant: Tenant): void {
  moveOut(tenant);
  tenant.state = "asleep";
}

/**
 * With what its memory has beyond its image: chunks, or who writes it into the memory. Not undefined: it sleeps on, for want
 * of memory or because a chunk lies outside.
 */
export function wake(tenant: Tenant, had: readonly Chunk[] | Visit<void>): Wrong {
  const chunks = typeof had === "function" ? [] : had;
  const wrong = tenant.state === "asleep" ? moveIn(tenant, chunks) : refused("kernel", "not asleep");
  if (wrong === undefined) tenant.state = "idle";
  if (wrong === undefined && typeof had === "function") remember(tenant, had);
  return wrong;
}

/** Half of a memory is none: it sleeps on if whoever writes it throws. */
function remember(tenant: Tenant, visit: Visit<void>): void {
  try {
    read(tenant, visit);
  } catch (thrown) {
    if (tenant.state === "idle") fallAsleep(tenant);
    throw thrown;
  }
}
