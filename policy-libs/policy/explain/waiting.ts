// How long until this very call is allowed, if nothing else happens.
//
// What a policy says of a call changes with time alone only where something leaves a window, or a delay is over: these
// moments follow from the times in the state, and each is tried.
import type { PolicyEvent } from "../resolved.ts";
import { condsOf, isPassed, rulesAbout, settledIn, windowsIn } from "./scene.ts";
import type { Scene } from "./types.ts";

/** Moments that are tried, the next ones first. */
const MOST = 4_096;

/** Numbers of the state: times are among them, and what is none does no harm. */
const numbersIn = ({ state }: Scene): readonly number[] =>
  Object.values(state).flatMap(({ numbers }) => [...numbers].filter((number) => number > 0 && number < Infinity));

/** When steps of a window begin, from now on until all that is in it has left. */
function stepsFrom(time: number, { within, steps }: { within: number; steps: number }): readonly number[] {
  const now = Math.floor((time * steps) / within);
  return Array.from({ length: steps + 2 }, (_, at) => Math.ceil(((now + at + 1) * within) / steps));
}

function momentsAfter(scene: Scene, event: PolicyEvent): readonly number[] {
  const windows = windowsIn(rulesAbout(scene.machine.joined, event).flatMap(condsOf));
  const times = windows.length === 0 ? [] : numbersIn(scene);
  const moments = windows.flatMap((window) =>
    window.steps > 0
      ? stepsFrom(event.time, window).flatMap((at) => [at, at + 1])
      : times.map((time) => time + window.within + 1),
  );
  const later = new Set(moments.filter((at) => at > event.time && Number.isSafeInteger(at)));
  return [...later].sort((a, b) => a - b).slice(0, MOST);
}

/** Undefined: none was found. 0: it is allowed now. */
export function waitIn(scene: Scene, event: PolicyEvent): number | undefined {
  const moments = [event.time, ...momentsAfter(scene, event)];
  for (const [at, time] of moments.entries()) {
    const settled = settledIn(scene, { ...event, time });
    if (isPassed(settled)) return time - event.time;
    const { wait, refusal } = settled.decision;
    const next = moments[at + 1];
    if (refusal !== undefined || wait === 0 || wait === Infinity) continue;
    const over = time + wait;
    if ((next === undefined || over < next) && isPassed(settledIn(scene, { ...event, time: over })))
      return over - event.time;
  }
  return undefined;
}
