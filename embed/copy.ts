// Copies of sandboxes: forks, templates, snapshots, and sleep.
//
// Invariants
//   CP1  A copy is taken only when nothing of the original runs or waits to run. Whoever asks for one waits in the
//        original's queue, and then until the guest rests, at most as long as it says.
//   CP2  A copy's authority is what its embedder grants it, under the original's names and contracts: nothing comes out
//        of the original's memory. What the original got later by calls means nothing in the copy.
//   CP3  No two copies have the same random numbers before them: the guest hears of its incarnation before anything else.
import { type Origin, type Plan, planSandbox } from "./birth.ts";
import { type Box, newBox } from "./box.ts";
import { later, now } from "./engine.ts";
import { CordonError } from "./errors.ts";
import { contentOf, takeImage } from "./image.ts";
import { checkKeys, readWait, type SandboxOptions } from "./options.ts";
import { newOutput } from "./output.ts";
import type { PolicyPast } from "./policy-saved.ts";
import { seededRandom } from "./randomness.ts";
import { endingText } from "./result.ts";
import { difference } from "./snapshot/granules.ts";

/** What may be said of a copy: what is not said is as the original has it. */
export interface ForkOptions
  extends Omit<SandboxOptions, "modules" | "virtual" | "timeZoneOffset" | "policy" | "confinement"> {
  /** How long to wait until the original rests, in ms. Default: 1,000. */
  readonly wait?: number | undefined;
}

const FORK_KEYS = ["grant", "limits", "profile", "console", "meter", "trace", "audit", "wait"] as const;
const DEFAULT_WAIT = 1_000; // ms
const MOST_WAITING = 64;

/** In its turn, once the sandbox rests. Throws CordonError E_BUSY or E_DISPOSED. */
export function atRest<T>(box: Box, wait: number | undefined, take: () => T | undefined): Promise<T> {
  if (box.queued > MOST_WAITING) throw new CordonError("E_BUSY", `${MOST_WAITING} runs wait already`);
  const deadline = now() + (wait ?? DEFAULT_WAIT);
  box.queued++;
  const turn = box.tail.then(() => untilTaken(box, deadline, take));
  const leave = (): void => {
    box.queued--;
  };
  box.tail = turn.then(leave, leave);
  return turn;
}

async function untilTaken<T>(box: Box, deadline: number, take: () => T | undefined): Promise<T> {
  for (;;) {
    const ending = box.domain.ending();
    if (box.isDisposed || ending !== undefined) {
      const why = ending === undefined || box.isDisposed ? "was disposed" : `has ended (${endingText(ending)})`;
      throw new CordonError("E_DISPOSED", `the sandbox ${why}: make a new one`);
    }
    const taken = box.run === undefined ? take() : undefined;
    if (taken !== undefined) return taken;
    if (now() >= deadline) throw new CordonError("E_BUSY", "the sandbox does not rest: something of it still goes on");
    await new Promise<void>((resolve) => later(resolve));
  }
}

/** What the policy of its own remembers of it. What is under its maker's policy shares that one's memory. */
export function policyPastOf({ plan, policed, originals }: Box): PolicyPast | undefined {
  if (policed === undefined || plan.policy === policed) return undefined;
  const granted = originals.flatMap(({ name, power }) => (power === undefined ? [] : [[name, power] as const]));
  return { remembered: policed.remember(granted), start: policed.start };
}

/** What its copies begin with. `isWhole`: not a difference from another image, so that many copies can begin there at once. */
function originOf(box: Box, isWhole: boolean): Origin | undefined {
  rouse(box);
  const { domain, engine, base, originals } = box;
  const image = takeImage(domain, engine.artifact, isWhole ? undefined : base);
  if (image === undefined) return undefined;
  const policy = policyPastOf(box);
  return { image, incarnation: ++box.copies, handles: domain.handles(), grants: originals, policy };
}

const NOTHING = Object.freeze({});

/** What was said. What is undefined was not, and the original's holds. */
function saidIn(given: object): ForkOptions {
  const { wait: _wait, ...options } = checkKeys<ForkOptions>(given, FORK_KEYS, "fork");
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** What was checked for the original is not checked again; what it said stays its own. */
function planAgain(plan: Plan, given: object): Plan {
  const options = given === NOTHING ? NOTHING : saidIn(given);
  if (Object.keys(options).length === 0) return { ...plan, output: newOutput(plan.options.console) };
  const { name, above, serves, policy } = plan;
  const made = planSandbox({ ...plan.options, ...options });
  return { ...made, name, above, policy, ...(serves === undefined ? {} : { serves }) };
}

/** The original's plan, for a copy. Virtual time goes on from where it is, with random numbers of its own. */
export function planCopy({ plan, clock, virtual }: Box, origin: Origin, given: object = NOTHING): Plan {
  const copied = { ...planAgain(plan, given), origin };
  if (virtual === undefined) return copied;
  const [start, seed] = [clock.now(), `${virtual.seed ?? 0}#${origin.incarnation}`];
  return { ...copied, virtual: { start, seed }, start, random: seededRandom(seed) };
}

/** An independent copy of a sandbox. */
export async function forkBox(box: Box, options: ForkOptions): Promise<Box> {
  const wait = readWait(options);
  const origin = await atRest(box, wait, () => originOf(box, false));
  return newBox(async () => box.engine, planCopy(box, origin, options));
}

/** What a template's copies are made of. The sandbox is not needed any more. */
export const templateOrigin = (box: Box): Promise<Origin> => atRest(box, undefined, () => originOf(box, true));

/** Frees the memory of a sandbox until somebody calls it. False: something of it goes on. */
export function putToSleep(box: Box): boolean {
  if (box.kept !== undefined) return true;
  const { domain, engine, base } = box;
  const content = contentOf(engine.artifact, base);
  const kept = domain.hibernate(
    (memory) => difference(content, memory),
    () => rouse(box),
  );
  box.kept = kept;
  return kept !== undefined;
}

/** Ends its sleep, if it sleeps. Without memory for it the sandbox ends. */
export function rouse(box: Box): void {
  const { kept, domain } = box;
  if (kept === undefined) return;
  box.kept = undefined;
  const woken = domain.wake(kept);
  if (woken.kind !== "returned") domain.end({ kind: "exhausted", resource: "memory" });
}
