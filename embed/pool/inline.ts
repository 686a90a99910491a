// A place on this thread: the kernel's own scheduler shares it among the sandboxes, and this among the tenants.
import { type Box, disposeBox, newBox } from "../box.ts";
import type { Engine } from "../engine.ts";
import { endingText } from "../result.ts";
import { enqueue } from "../sandbox.ts";
import { newFairness } from "./fair.ts";
import type { Place } from "./place.ts";

function endOf({ domain, isDisposed }: Box): string | undefined {
  const ending = domain.ending();
  if (isDisposed) return "it was disposed";
  return ending === undefined ? undefined : endingText(ending);
}

export function inlinePlace(engine: () => Promise<Engine>): Place {
  const fairness = newFairness();
  return {
    async make(plan, sharing) {
      const { paying, name } = plan;
      const party = paying && fairness.party(sharing, () => paying.child({ name: sharing.name }));
      const box = await newBox(engine, { ...plan, name, paying: party?.meter });
      return {
        made: Promise.resolve(),
        perform(job, onOver) {
          const leave = party && fairness.enter(party, box.domain);
          return enqueue(box, job, () => {
            leave?.();
            onOver();
          });
        },
        ended: () => endOf(box),
        dispose: () => disposeBox(box),
      };
    },
    hold: () => undefined,
  };
}
