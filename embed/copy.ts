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
import { checkKeys, readWait, type SandboxOptions } from "./options.ts";
import { endingText } from "./result.ts";

/** What may be said of a copy: what is not said is as the original has it. */
export interface ForkOptions extends Omit<SandboxOptions, "modules" | "virtual" | "timeZoneOffset" | "policy"> {
  /** How long to wait until the original rests, in ms. Default: 1,000. */
  readonly wait?: number | undefined;
}

const FORK_KEYS = [
  ...(["grant", "limits", "profile", "console", "meter", "trace", "audit"] as const),
  ...(["residency", "idle", "id", "wait"] as const),
];
const DEFAULT_WAIT = 1_000; // ms
const MOST_WAITING = 64;

/** In its turn. Throws CordonError E_BUSY. */
function inTurn<T>(box: Box, wait: number | undefined, task: (deadline: number) => Promise<T>): Promise<T> {
  if (box.queued > MOST_WAITING) throw new CordonError("E_BUSY", `${MOST_WAITING} runs wait already`);
  const deadline = now() + (wait ?? DEFAULT_WAIT);
  box.queued++;
  const turn = box.tail.then(() => task(deadline));
  const leave = (): void => {
    box.queued--;
  };
  box.tail = turn.then(leave, leave);
  return turn;
}

/** In its turn, awake, once the sandbox rests. Throws CordonError E_BUSY or E_DISPOSED, or E_STORE if it cannot wake. */
export const atRest = <T>(box: Box, wait: number | undefined, take: () => T | undefined): Promise<T> =>
  inTurn(box, wait, (deadline) => whileAwake(box, deadline, () => untilTaken(box, deadline, take)));

/** In its turn, once it rests, the sandbox gives its memory away until somebody uses it. Throws as `atRest` does. */
export async function putToSleep(box: Box, given: object): Promise<void> {
  const wait = readWait(checkKeys(given, ["wait"], "hibernate"));
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
    if (now() >= deadline) throw new CordonError("E_BUSY", "the sandbox does not rest: something of it still goes on");
    await new Promise<void>((resolve) => later(resolve));
  }
}

/** What its copies begin with. `isWhole`: not a difference from another image, so that many copies can begin there at once. */
function originOf(box: Box, isWhole: boolean): Origin | undefined {
  const { domain, engine, base, originals } = box;
  const image = takeImage(domain, engine.artifact, isWhole ? undefined : base);
  if (image === undefined) return undefined;
  return { image, incarnation: ++box.copies, handles: domain.handles(), grants: originals };
}

/** The original's plan, for a copy. Virtual time goes on from where it is, with random numbers of its own. */
export function planCopy({ plan, clock, virtual }: Box, origin: Origin, given: object): Plan {
  const { wait: _wait, ...options } = checkKeys<ForkOptions>(given, FORK_KEYS, "fork");
  const seed = `${virtual?.seed ?? 0}#${origin.incarnation}`;
  const time = virtual === undefined ? {} : { virtual: { start: clock.now(), seed } };
  const { name, above, serves } = plan;
  const { id: _id, residency, ...inherited } = plan.options;
  const stays = options.idle === undefined ? { residency } : {};
  const copied = planSandbox({ ...inherited, ...stays, ...options, ...time });
  return { ...copied, name, above, origin, ...(serves === undefined ? {} : { serves }) };
}

/** An independent copy of a sandbox. */
export async function forkBox(box: Box, options: ForkOptions): Promise<Box> {
  const wait = readWait(options);
  const origin = await atRest(box, wait, () => originOf(box, false));
  return newBox(async () => box.engine, planCopy(box, origin, options));
}

/** What a template's copies are made of. The sandbox is not needed any more. */
export const templateOrigin = (box: Box): Promise<Origin> => atRest(box, undefined, () => originOf(box, true));
