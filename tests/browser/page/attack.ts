// The harness of tests/attacks in a browser: the same attacks, hosts and oracle, seen with a browser's eyes.

import { generated } from "../../attacks/generated.ts";
import { type Attack, attempt, type Report } from "../../attacks/harness/attempt.ts";
import { cordonSystem } from "../../attacks/harness/cordon-system.ts";
import type { System } from "../../attacks/harness/system.ts";
import type { HostView } from "../../attacks/harness/view.ts";
import type { Api } from "./api.ts";

const channel = new MessageChannel();
const turning: (() => void)[] = [];
channel.port1.onmessage = () => turning.shift()?.();
const turn = (): Promise<void> =>
  new Promise((resolve) => {
    turning.push(resolve);
    channel.port2.postMessage(undefined);
  });

const WINDOW = 10; // milliseconds

/** Turns of the event loop in a moment: few of them, if something else uses it. */
async function turns(): Promise<number> {
  const end = performance.now() + WINDOW;
  let count = 0;
  for (; performance.now() < end; count++) await turn();
  return count;
}

let rejected = 0;
globalThis.addEventListener("unhandledrejection", (event) => {
  rejected++;
  event.preventDefault();
});

/** As a console shows it: a few levels deep, a few properties wide. */
function inspect(value: unknown, depth = 2): string {
  if (typeof value !== "object" || value === null) return String(value);
  const keys = depth === 0 ? [] : Object.keys(value).slice(0, 100);
  return `{ ${keys.map((key) => `${key}: ${inspect(Reflect.get(value, key), depth - 1)}`).join(", ")} }`;
}

const restful: number[] = [];
async function isIdle(): Promise<boolean> {
  const now = await turns();
  return now > Math.max(...restful) / 4;
}

/** Nothing in a browser tells what is a proxy (its traps would be seen), or how much memory its process has. */
const view: HostView = {
  ...{ isProxy: () => false, inspect, turn, isIdle, watchMemory: () => () => 0, collect: () => undefined },
  unhandled: () => {
    const count = rejected;
    rejected = 0;
    return count;
  },
};

const made = new Map(generated.map(({ id, source }) => [id, source]));

/** Plants the canary, and loads what a first guest would wait for: its deadline is short. */
async function begin({ next, run }: System): Promise<void> {
  Object.defineProperty(globalThis, "__HOST_CANARY__", { value: "HOST-canary" });
  for (const [file, source] of Object.entries(next)) await run(source, file, {}, { wall: 20_000, memory: 64 });
  for (let i = 0; i < 5; i++) restful.push(await turns());
}

/** A source that is made is made here: it may be large, or no text that could be sent. */
export async function attack({ run }: Api["cordon"], given: Attack): Promise<Report> {
  const system = cordonSystem(run);
  if (restful.length === 0) await begin(system);
  return attempt(system, { ...given, source: made.get(given.id) ?? given.source }, view);
}
