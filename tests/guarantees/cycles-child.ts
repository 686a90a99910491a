// Births and ends of stub domains by the thousand, in a process of their own: some run, trap, park, grow, sleep or wake, forty
// of them side by side. Prints memory in use after the first fifth and after all. Arguments: confinement, count.
import { setImmediate as turn } from "node:timers/promises";
import type { Artifact, Domain, Kernel } from "../../kernel/index.ts";
import { type Confinement, segmentOf } from "../kit/confinement.ts";
import { probeSource } from "../kit/probe.ts";
import { loadSource, mustReturn, newKernel, PLENTY } from "../kit/world.ts";

const LIMITS = { pages: 2, inFlight: 1 };
const SIDE_BY_SIDE = 40;

function sleepAndWake(domain: Domain): void {
  const kept = domain.hibernate(
    (memory) => memory.slice(0, 64),
    () => undefined,
  );
  if (kept !== undefined) mustReturn(domain.wake([{ at: 0, bytes: kept }]));
}

/** What it does, by turns, and is ended in the midst of. */
const LIVES: readonly ((domain: Domain) => unknown)[] = [
  () => undefined,
  (domain) => domain.enter("poke", [9, 9]),
  (domain) => domain.enter("trap", []),
  (domain) => domain.enter("deep", [3]),
  (domain) => domain.enter("grow", [1]),
  sleepAndWake,
  (domain) =>
    void domain.hibernate(
      () => true,
      () => undefined,
    ),
];

async function cycle(kernel: Kernel, artifact: Artifact, index: number): Promise<void> {
  const domain = mustReturn(kernel.spawn(artifact, { limits: LIMITS }));
  domain.allow(PLENTY);
  const life = LIVES[index % LIVES.length]?.(domain);
  if (index % 2 === 0) await turn();
  domain.end();
  await life; // parked stacks end one in a turn
}

async function cycles(kernel: Kernel, artifact: Artifact, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += SIDE_BY_SIDE) {
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, (_, index) => cycle(kernel, artifact, at + index)));
  }
}

async function resident(): Promise<number> {
  for (let i = 0; i < 50; i++) await turn();
  for (let i = 0; i < 5; i++) {
    (globalThis as { gc?: () => void }).gc?.();
    await turn();
  }
  return process.memoryUsage().rss;
}

const [how = "frame", given = "1000"] = process.argv.slice(2);
const count = Number(given);
const kernel = newKernel({}, how as Confinement);
const artifact = loadSource(kernel, probeSource(1), how === "frame" ? { kind: "frame" } : segmentOf(2));
await cycles(kernel, artifact, 0, count / 5);
const before = await resident();
await cycles(kernel, artifact, count / 5, count);
process.stdout.write(JSON.stringify({ before, after: await resident() }));
