// One attack against one system in this process, and what the host saw of it. A success of the attack is a breach.
import { type Hosts, makeHosts } from "./hosts.ts";
import { watch } from "./realm.ts";
import { type Ending, LIMITS, type Limits, type System } from "./system.ts";
import type { HostView } from "./view.ts";

export interface Attack {
  readonly id: string;
  readonly file: string;
  readonly source: string;
  /** Own attacks may need more time than those of the catalogue. */
  readonly limits?: Limits;
}

export interface Report {
  readonly id: string;
  readonly ending: Ending;
  readonly ms: number;
  readonly peak: number;
  /** Why the attack has succeeded; empty when it has not. */
  readonly breaches: readonly string[];
}

/** A loaded machine is late by this much, and no system is so by design. */
const LATE = 1_000; // milliseconds
/** Buffers, compiled code, a pool's spare frames, the harness itself. */
const SPARE = 128; // MiB
const MAX_IN_FLIGHT = 100_000;
/** Looks at what should have ended. The collector and the compiler have threads: they end. */
const LOOKS = 20;

function escaped({ ending }: { ending: Ending }): string[] {
  if (ending.kind !== "returned" || typeof ending.value !== "string") return [];
  try {
    const verdict = JSON.parse(ending.value) as { escaped?: unknown; evidence?: unknown } | null;
    return verdict?.escaped === true ? [`escaped: ${verdict.evidence}`] : [];
  } catch {
    return [];
  }
}

async function afterwards(view: HostView): Promise<string[]> {
  view.collect();
  await new Promise((resolve) => setTimeout(resolve, 1));
  for (let look = 0; look < LOOKS; look++) if (await view.isIdle()) return [];
  return [`still working after its end, when looked at ${LOOKS} times`];
}

async function nextGuests(system: System): Promise<string[]> {
  const breaches: string[] = [];
  for (const [file, source] of Object.entries(system.next)) {
    const next = await system.run(source, file, {}, { wall: 10_000, memory: 64 });
    const works = next.kind === "returned" && next.value === "2,4,6";
    if (!works) breaches.push(`${file} fails afterwards: ${JSON.stringify(next)}`);
  }
  return breaches;
}

function ledgerBreaches({ ledger }: Hosts): string[] {
  const breaches = [...ledger.live].map((what) => `the host was handed ${what}`);
  if (ledger.late > 0) breaches.push(`${ledger.late} host calls after the end`);
  if (ledger.maxInFlight > MAX_IN_FLIGHT) breaches.push(`${ledger.maxInFlight} host calls in flight`);
  return breaches;
}

function resourceBreaches(ms: number, peak: number, limits: Limits): string[] {
  const breaches: string[] = [];
  if (ms > limits.wall + LATE) breaches.push(`time-out not honoured: ${Math.round(ms)} ms`);
  if (peak > limits.memory + SPARE) breaches.push(`memory not held: ${peak} MiB more`);
  return breaches;
}

export async function attempt(system: System, attack: Attack, view: HostView): Promise<Report> {
  const limits = attack.limits ?? LIMITS;
  const hosts = makeHosts(view);
  const [changed, memory] = [watch(hosts.grants), view.watchMemory()];
  view.unhandled();
  const start = performance.now();
  const ending = await system.run(attack.source, attack.file, hosts.grants, limits);
  const ms = performance.now() - start;
  hosts.ledger.ended = true;
  const peak = memory();
  const working = await afterwards(view);
  const breaches = [
    ...escaped({ ending }),
    ...resourceBreaches(ms, peak, limits),
    ...working,
    ...ledgerBreaches(hosts),
  ];
  if (view.unhandled() > 0) breaches.push("unhandled rejection in the host");
  breaches.push(...changed(), ...(await nextGuests(system)));
  return { id: attack.id, ending: trim(ending), ms: Math.round(ms), peak, breaches };
}

/** An ending as it can be sent to another process and printed. */
function trim(ending: Ending): Ending {
  if (ending.kind !== "returned") return ending;
  return {
    kind: "returned",
    value: typeof ending.value === "string" ? ending.value.slice(0, 2000) : typeof ending.value,
  };
}
