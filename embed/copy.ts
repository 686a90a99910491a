// Copies of sandboxes: forks, templates, snapshots, and sleep.
//
// Invariants
//   CP1  A copy is taken only when nothing of the original runs or waits to run. Whoever asks for one waits in the
//        original's queue, and then until the guest rests, at most as long as it says.
//   CP2  A copy's authority is what its embedder grants it, under the original's names and contracts: nothing comes out
//        of the original's memory. What the original got later by calls means nothing in the copy.
//   CP3  No two copies have the same random numbers before them: the guest hears of its incarnation before anything else.
import { type Origin, type Plan, planSandbox } from "./birth.ts";
import { type Box, mayRest, newBox } from "./box.ts";
import { later, now } from "./engine.ts";
import { CordonError } from "./errors.ts";
import { whileAwake } from "./hibernation/use.ts";
import { takeImage } from "./image.ts";
import { checkKeys, readWait, type SandboxOptions, type WaitOptions } from "./options.ts";
import { newOutput } from "./output.ts";
import type { PolicyPast } from "./policy-saved.ts";
import { seededRandom } from "./randomness.ts";
import { endingText } from "./result.ts";

/** What may be said of a copy: what is not said is as the original has it. */
export interface ForkOptions
  extends Omit<SandboxOptions, "modules" | "virtual" | "timeZoneOffset" | "policy" | "confinement"> {
  /** How long to wait until the original rests, in ms. Default: 1,000. */
  readonly wait?: number | undefined;
}

const FORK_KEYS = [
  ...(["grant", "limits", "profile", "console", "meter", "trace", "audit"] as const),
  ...(["residency", "idle", "id"] as const),
];
export const DEFAULT_WAIT = 1_000; // ms
/** What host timers can: longer is about a month, and as good as for ever. */
const LONGEST = 2 ** 31 - 1; // ms
/** To look once more when the time is over. */
const GRACE = 2; // ms
const MOST_WAITING = 64;

const busy = (why: string): CordonError => new CordonError("E_BUSY", why);
const GOES_ON = "the sandbox does not rest: something of it still goes on. Wait for it, or pass a longer `wait`";

/** In its turn, until the deadline. Throws CordonError E_BUSY. */
function inTurn<T>(box: Box, wait: number, task: (deadline: number) => Promise<T>): Promise<T> {
  if (box.queued > MOST_WAITING) throw busy(`${MOST_WAITING} runs wait already`);
  const deadline = now() + wait;
  let isWaiting = true;
  box.queued++;
  const leave = (): void => {
    if (isWaiting) box.queued--;
    isWaiting = false;
  };
  // Who gave up before his turn came takes nothing in it.
  const turn = box.tail.then(() => (isWaiting ? task(deadline) : Promise.reject(busy(GOES_ON))));
  box.tail = turn.then(leave, leave);
  return before(turn, wait, leave);
}

/** As `turn`, or E_BUSY after `wait`: whoever is in front may go on for as long as a run may. */
function before<T>(turn: Promise<T>, wait: number, giveUp: () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => {
        giveUp();
        reject(busy(GOES_ON));
      },
      Math.min(wait + GRACE, LONGEST),
    );
    turn.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** In its turn, awake, once the sandbox rests. Throws CordonError E_BUSY or E_DISPOSED, or E_STORE if it cannot wake. */
export const atRest = <T>(box: Box, wait: number, take: () => T | undefined): Promise<T> =>
  inTurn(box, wait, (deadline) => whileAwake(box, deadline, () => untilTaken(box, deadline, take)));

/** In its turn, once it rests, the sandbox gives its memory away until somebody uses it. Throws as `atRest` does. */
export async function putToSleep(box: Box, given: object): Promise<void> {
  const { wait = DEFAULT_WAIT } = readWait<WaitOptions>(checkKeys(given, ["wait"], "hibernate"));
  await inTurn(box, wait, async (deadline) => {
    const resident = box.resident ?? (await mayRest(box));
    await untilTaken(box, deadline, () => resident.house.sleep(resident) || undefined);
  });
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
    if (now() >= deadline) throw busy(GOES_ON);
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
  const { domain, engine, base, originals } = box;
  const image = takeImage(domain, engine.artifact, isWhole ? undefined : base);
  if (image === undefined) return undefined;
  const policy = policyPastOf(box);
  return { image, incarnation: ++box.copies, handles: domain.handles(), grants: originals, policy };
}

/** What was said. What is undefined was not, and the original's holds. */
function saidIn(given: object, who: string): SandboxOptions {
  const options = checkKeys<SandboxOptions>(given, FORK_KEYS, who);
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** What its copies may have as well: not the id under which a store keeps it. */
const inherited = ({ options: { id: _id, residency, ...options } }: Plan, given: SandboxOptions): SandboxOptions =>
  given.idle === undefined ? { ...options, residency } : options;

/** The original's plan for a copy. What was checked for the original is not checked again. */
export function planAgain(plan: Plan, given?: object, who = "fork"): Plan {
  const options = given === undefined ? {} : saidIn(given, who);
  const kept = plan.options.id === undefined ? plan.options : inherited(plan, options);
  if (Object.keys(options).length === 0) return { ...plan, options: kept, output: newOutput(plan.options.console) };
  const { name, above, serves, policy } = plan;
  const made = planSandbox({ ...inherited(plan, options), ...options });
  return { ...made, name, above, policy, ...(serves === undefined ? {} : { serves }) };
}

/** Virtual time goes on from where it is, with random numbers of its own. */
export function planFrom(plan: Plan, origin: Origin, { clock, virtual }: Box): Plan {
  if (virtual === undefined) return { ...plan, origin };
  const [start, seed] = [clock.now(), `${virtual.seed ?? 0}#${origin.incarnation}`];
  return { ...plan, origin, virtual: { start, seed }, start, random: seededRandom(seed) };
}

/** An independent copy of a sandbox. */
export async function forkBox(box: Box, given: ForkOptions = {}): Promise<Box> {
  const { wait = DEFAULT_WAIT, ...options } = readWait<ForkOptions>(given);
  const plan = planAgain(box.plan, options);
  const origin = await atRest(box, wait, () => originOf(box, false));
  return newBox(async () => box.engine, planFrom(plan, origin, box));
}

/** What a template's copies are made of. The sandbox is not needed any more. */
export const templateOrigin = (box: Box): Promise<Origin> => atRest(box, DEFAULT_WAIT, () => originOf(box, true));
