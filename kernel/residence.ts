// Where a domain lives: moving in and out, sleeping without memory, and what of its memory can be kept.
//
// Invariants
//   RE1  A domain moves out only when it has no stack: idle, ended or about to sleep.
//   RE2  What sleeps keeps its globals, capabilities and pending calls here; only memory is given away, and what comes
//        back is no more trusted than the guest that wrote it.
// Trust
//   Trusts memory.ts and machine.ts. Trusted by domain.ts, gate.ts and kernel.ts.
import type { Tenant } from "./domain.ts";
import { GLOBAL } from "./fuel.ts";
import { PAGE } from "./limits.ts";
import { install, type Register, register, type Values, valuesOf } from "./machine.ts";
import { wholeOf, write } from "./memory.ts";
import { adjust, chargeAccount, MEMORY } from "./meter.ts";
import type { Outcome } from "./outcome.ts";
import type { Chunk, Visit } from "./types.ts";

export const NO_MEMORY: Outcome<never> = { kind: "exhausted", resource: "memory" };
const refused = (why: string): Outcome<never> => ({ kind: "refused", by: "kernel", why });
export const OUTSIDE = refused("an image outside its memory, or of other globals");

type Registers = [fuel: Register, depth: Register, pages: Register];

/** Into a frame with its image, beyond which it has `chunks` and `pages`. Not undefined: it is still outside. */
export function moveIn(tenant: Tenant, pages: number, chunks: readonly Chunk[]): Outcome<never> | undefined {
  const { core, program, image, isShared } = tenant;
  const frame = core.frames.take(program, image, isShared);
  if (frame === undefined) return OUTSIDE;
  const { machine, base } = frame;
  if (tenant.saved.length === 0) tenant.saved = [...machine.initial];
  [tenant.saved[GLOBAL.pages], tenant.saved[GLOBAL.base]] = [pages, base];
  tenant.frame = frame;
  const wrong = !extend(tenant, pages) ? NO_MEMORY : write(wholeOf(frame), chunks) ? undefined : OUTSIDE;
  if (wrong !== undefined) moveOut(tenant);
  if (wrong !== undefined) return wrong;
  if (!machine.isShared) install(machine, tenant);
  [tenant.fuel, tenant.depth, tenant.pages] = [0, 1, 2].map((index) => register(machine, tenant, index)) as Registers;
  look(tenant);
  return undefined;
}

/** Keeps the values, and gives the frame back. */
export function moveOut(tenant: Tenant): void {
  const { core, frame, fuel, depth, pages } = tenant;
  if (frame === undefined) return;
  tenant.saved = valuesOf(frame.machine, tenant);
  [tenant.fuel, tenant.depth, tenant.pages] = [fuel, depth, pages].map(({ value }) => ({ value })) as Registers;
  if (frame.machine.current === tenant) frame.machine.current = undefined;
  tenant.frame = undefined;
  tenant.memory = new Uint8Array(0);
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
    return frame.memory.grow(pages - frame.memory.buffer.byteLength / PAGE) >= 0;
  } catch {
    return false;
  }
}

/** Writes a global: a register of the artifact's monitors, or one of the guest's own. */
export function setGlobal(tenant: Tenant, index: number, value: number | bigint): void {
  if (tenant.frame === undefined) tenant.saved[index] = value;
  else (register(tenant.frame.machine, tenant, index) as { value: number | bigint }).value = value;
}

/** Globals of its own with which a copy begins. False if they are of another number or of other types. */
export function setGlobals(tenant: Tenant, values: Readonly<Values>): boolean {
  const { saved, program } = tenant;
  const own = saved.slice(program.reserved);
  const fits = own.length === values.length && own.every((value, i) => typeof value === typeof values[i]);
  if (fits) for (const [i, value] of values.entries()) setGlobal(tenant, program.reserved + i, value);
  return fits;
}

/** Shows an idle domain's memory, all that it can write to, and its own globals. Undefined while anything is going on. */
export function read<T>(tenant: Tenant, visit: Visit<T>): T | undefined {
  const { state, frame, program } = tenant;
  if (state !== "idle" || frame === undefined) return undefined;
  return visit(wholeOf(frame), valuesOf(frame.machine, tenant).slice(program.reserved));
}

/** Frees the memory of an idle domain, after a last look at it, until `wake`. Undefined while anything is going on. */
export function hibernate<T>(tenant: Tenant, visit: Visit<T>, onNeeded: () => void): T | undefined {
  const { queued, requests, account, pages } = tenant;
  const kept = queued || requests.size > 0 ? undefined : read(tenant, visit);
  if (kept === undefined || tenant.state !== "idle") return undefined;
  moveOut(tenant);
  adjust(account, MEMORY, -pages.value * PAGE);
  tenant.state = "asleep";
  tenant.onNeeded = onNeeded;
  return kept;
}

/** With what its memory has beyond its image. Not undefined: it sleeps on, for want of memory or because that lies outside. */
export function wake(tenant: Tenant, chunks: readonly Chunk[]): Outcome<never> | undefined {
  const { state, account, pages } = tenant;
  if (state !== "asleep") return refused("not asleep");
  if (!chargeAccount(account, MEMORY, pages.value * PAGE)) return NO_MEMORY;
  const wrong = moveIn(tenant, pages.value, chunks);
  if (wrong !== undefined) adjust(account, MEMORY, -pages.value * PAGE);
  else tenant.state = "idle";
  return wrong;
}
