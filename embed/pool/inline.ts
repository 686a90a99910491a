// A place on this thread: the kernel's own scheduler shares it among the sandboxes.
import { disposeBox, newBox } from "../box.ts";
import type { Engine } from "../engine.ts";
import { endingText } from "../result.ts";
import { enqueue } from "../sandbox.ts";
import type { Place } from "./place.ts";

export const inlinePlace = (engine: () => Promise<Engine>): Place => ({
  async make(plan) {
    const box = await newBox(engine, plan);
    return {
      made: Promise.resolve(),
      perform: (job, onOver) => enqueue(box, job, onOver),
      ended() {
        const ending = box.domain.ending();
        if (box.isDisposed) return "it was disposed";
        return ending === undefined ? undefined : endingText(ending);
      },
      dispose: () => disposeBox(box),
    };
  },
  hold: () => undefined,
});
