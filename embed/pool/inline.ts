// A place on this thread: the kernel's own scheduler shares it among the sandboxes, by the meters of their tenants.
import { type Box, disposeBox, newBox } from "../box.ts";
import { forkBox, putToSleep } from "../copy.ts";
import type { Engine } from "../engine.ts";
import { endingText } from "../result.ts";
import { enqueue } from "../sandbox.ts";
import { stateOf } from "./domain-state.ts";
import type { Making, Place } from "./place.ts";

function endOf({ domain, isDisposed }: Box): string | undefined {
  const ending = domain.ending();
  if (isDisposed) return "it was disposed";
  return ending === undefined ? undefined : endingText(ending);
}

const makingOf = (box: Box): Making => ({
  made: Promise.resolve(),
  perform: (job, onOver) => enqueue(box, job, onOver),
  // Its own plan again: it has the tenant's limits.
  fork: async ({ plan, options }, wait) => makingOf(await forkBox(box, { ...options, limits: plan.limits, wait })),
  save: async (options) => (await import("../saved.ts")).saveBox(box, options),
  sleep: (wait) => putToSleep(box, { wait }),
  ended: () => endOf(box),
  state: () => stateOf(box),
  account: box.account.account,
  dispose: () => disposeBox(box),
});

export const inlinePlace = (engine: () => Promise<Engine>): Place => ({
  make: async (plan) => makingOf(await newBox(engine, plan)),
  hold: () => undefined,
});
