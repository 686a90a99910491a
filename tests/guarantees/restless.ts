// A host under which slices end anywhere and whoever waits comes next in any order.
import type { FeralPowers, RunQueue } from "../../kernel/index.ts";
import { fakePowers } from "../kit/world.ts";

/** The same seed, the same numbers. */
export function dice(seed: number): (below: number) => number {
  let state = seed | 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 8) % below;
  };
}

/** Who waits comes next in any order. */
function anyOrder(roll: (below: number) => number): RunQueue {
  const tasks: (() => void)[] = [];
  return {
    size: () => tasks.length,
    push: (task) => void tasks.push(task),
    take() {
      const at = roll(Math.max(tasks.length, 1));
      const task = tasks[at];
      const last = tasks.pop();
      if (last !== undefined && task !== last) tasks[at] = last;
      return task;
    },
  };
}

/** A clock that jumps, so that slices end anywhere, and a queue of any order. */
export const restless = (seed: number): Partial<FeralPowers> => {
  const roll = dice(seed);
  return { ...fakePowers(() => (roll(8) === 0 ? 2 : 0)), runQueue: anyOrder(roll) };
};
