// Who waits for which cell of shared bytes. A line for each cell that somebody waits for, and none for the others.
import { checkAlive } from "../abort.ts";
import type { Signal } from "../call.ts";
import type { Time } from "../clock/time.ts";
import { type Line, newLine } from "../line.ts";
import { refuse } from "../refusal.ts";

/** As Atomics.wait answers (ECMA-262 25.4.16). */
export type Changed = "ok" | "not-equal" | "timed-out";

export interface Watch {
  wait(at: number, timeout: number | undefined, guest: Signal): Promise<Changed>;
  wake(at: number, count: number): number;
}

export function newWatch(time: Time, most: number): Watch {
  const lines = new Map<number, Line<undefined, Changed>>();
  let waiting = 0;

  function lineAt(at: number): Line<undefined, Changed> {
    const line = lines.get(at) ?? newLine<undefined, Changed>(most);
    lines.set(at, line);
    return line;
  }
  /** One fewer waits here. A line that stands empty is not kept: a guest may wait for any cell. */
  function left(at: number): void {
    waiting--;
    if (lines.get(at)?.size === 0) lines.delete(at);
  }
  return {
    async wait(at, timeout, guest) {
      checkAlive(guest);
      if (timeout !== undefined && !(typeof timeout === "number" && timeout >= 0))
        refuse("E_VALUE", "a timeout of 0 milliseconds or more");
      if (waiting >= most) refuse("E_BUSY", "too many calls wait already");
      if (timeout === 0) return "timed-out";
      let cancel = (): void => undefined;
      const ticket = lineAt(at).enter(undefined, guest, () => {
        cancel();
        left(at);
      });
      waiting++;
      if (timeout !== undefined) cancel = time.after(timeout, () => ticket.settle("timed-out"));
      return await ticket.done;
    },
    wake(at, count) {
      const line = lines.get(at);
      let woken = 0;
      while (woken < count && line?.serve("ok") === true) woken++;
      return woken;
    },
  };
}
