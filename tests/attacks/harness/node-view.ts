// The harness under Node.
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { inspect, types } from "node:util";
import { runInThisContext } from "node:vm";
import { watchMemory } from "./memory.ts";
import type { HostView } from "./view.ts";

const WINDOW = 50; // milliseconds
const IDLE_WORK = 30_000; // microseconds of processor time in a window

async function isIdle(): Promise<boolean> {
  const before = process.cpuUsage();
  await sleep(WINDOW);
  const { user, system } = process.cpuUsage(before);
  return user + system < IDLE_WORK;
}

let rejected = 0;
process.on("unhandledRejection", () => rejected++);

function unhandled(): number {
  const count = rejected;
  rejected = 0;
  return count;
}

export const nodeView: HostView = {
  isProxy: types.isProxy,
  inspect: (value) => inspect(value),
  turn: () => turn(),
  watchMemory: () => watchMemory(),
  isIdle,
  collect: () => (globalThis as { gc?: () => void }).gc?.(),
  unhandled,
};

/** What no guest may read. */
export function plantCanaries(): void {
  Object.defineProperty(globalThis, "__HOST_CANARY__", { value: "HOST-canary" });
  runInThisContext('const __HOST_LEXICAL_CANARY__ = "HOST-lexical";');
}
