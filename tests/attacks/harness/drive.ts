// Runs attacks in child processes: a process that hangs or dies is a breach of its attack, not the end of the test.
import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Attack, Report } from "./attempt.ts";

const CHILD = join(import.meta.dirname, "child.ts");
const FLAGS = ["--expose-gc", "--no-warnings", "--max-old-space-size=700"];

export interface Driver {
  readonly system: "node-vm" | "cordon" | "cordon-typescript";
  /** Attacks per process; 1 where an attack is expected to succeed and would spoil the next. */
  readonly perProcess: number;
  /** Milliseconds after which an attack that has not been reported has hung its process. */
  readonly patience: number;
}

async function start(system: string): Promise<ChildProcess> {
  const child = fork(CHILD, [system], { execArgv: FLAGS, stdio: ["ignore", "ignore", "pipe", "ipc"] });
  await once(child, "message");
  return child;
}

function broken(attack: Attack, breach: string): Report {
  return { id: attack.id, ending: { kind: "stopped", why: breach }, ms: 0, peak: 0, breaches: [breach] };
}

/** One attack's report, by the child itself or by what becomes of the child. */
async function judge(child: ChildProcess, attack: Attack, patience: number): Promise<Report> {
  const { promise, resolve } = Promise.withResolvers<Report>();
  const died = (code: number | null, signal: string | null): void =>
    resolve(broken(attack, `process died: ${code ?? signal}`));
  const answered = (report: unknown): void => resolve(report as Report);
  const timer = setTimeout(() => resolve(broken(attack, "process hangs")), patience);
  child.once("message", answered).once("exit", died).send(attack);
  const report = await promise;
  clearTimeout(timer);
  child.off("message", answered).off("exit", died);
  return report;
}

const isSpoilt = (report: Report): boolean => /^process /.test(report.breaches[0] ?? "");

/** A child that has nothing left to do ends by itself: no timer, thread or promise of a guest holds it. */
async function leave(child: ChildProcess): Promise<string | undefined> {
  if (child.exitCode !== null || child.signalCode !== null) return undefined;
  const exit = once(child, "exit");
  child.disconnect();
  const timer = setTimeout(() => child.kill("SIGKILL"), 5_000);
  const [, signal] = await exit;
  clearTimeout(timer);
  return signal === "SIGKILL" ? "the process does not end" : undefined;
}

async function runBatch(driver: Driver, batch: readonly Attack[]): Promise<Report[]> {
  let child = await start(driver.system);
  const reports: Report[] = [];
  for (const attack of batch) {
    reports.push(await judge(child, attack, driver.patience));
    if (!isSpoilt(reports.at(-1)!)) continue;
    child.kill("SIGKILL");
    child = await start(driver.system);
  }
  const stays = await leave(child);
  return stays === undefined ? reports : reports.map((each) => ({ ...each, breaches: [...each.breaches, stays] }));
}

/** Two at a time: the machine that this must run on has two cores. */
export async function drive(driver: Driver, attacks: readonly Attack[]): Promise<Map<string, Report>> {
  const batches: Attack[][] = [];
  for (let at = 0; at < attacks.length; at += driver.perProcess)
    batches.push(attacks.slice(at, at + driver.perProcess));
  const reports: Report[] = [];
  const worker = async (): Promise<void> => {
    for (let batch = batches.shift(); batch; batch = batches.shift()) reports.push(...(await runBatch(driver, batch)));
  };
  await Promise.all([worker(), worker()]);
  return new Map(reports.map((report) => [report.id, report]));
}
