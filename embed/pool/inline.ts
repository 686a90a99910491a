// A place on this thread: the kernel's own scheduler shares it among the sandboxes, by the meters of their tenants.
import { type Box, disposeBox, newBox } from "../box.ts";
import type { Engine } from "../engine.ts";
import { endingText } from "../result.ts";
import { enqueue } from "../sandbox.ts";
import { stateOf } from "./domain-state.ts";
import type { Place } from "./place.ts";

function endOf({ domain, isDisposed }: Box): string | undefined {
  const ending = domain.ending();
  if (isDisposed) return "it was disposed";
  return ending === undefined ? undefined : endingText(ending);
}

export const inlinePlace = (engine: () => Promise<Engine>): Place => ({
  async make(plan) {
    const box = await newBox(engine, plan);
    return {
      made: Promise.resolve(),
      perform: (job, onOver) => enqueue(box, job, onOver),
      ended: () => endOf(box),
      state: () => stateOf(box),
      account: box.account.account,
      dispose: () => disposeBox(box),
    };
  },
  hold: () => undefined,
});
