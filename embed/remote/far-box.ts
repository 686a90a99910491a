// One sandbox on the worker's side.
import type { CallRecord, Ending } from "../../kernel/index.ts";
import { type Call, interrupt, type Meter, meter, type Signal, within } from "../../policy-libs/index.ts";
import { type Box, disposeBox, endBox, newBox } from "../box.ts";
import { CordonError, type ErrorCode, isCordonError } from "../errors.ts";
import type { Residency } from "../hibernation/residency.ts";
import type { Job } from "../job.ts";
import { isResting } from "../pool/domain-state.ts";
import type { Continuation, Result } from "../result.ts";
import { enqueue } from "../sandbox.ts";
import type { Store } from "../snapshot/store.ts";
import type { Language } from "../typescript.ts";
import { decodeValue } from "../values.ts";
import type { FarWorld } from "./far.ts";
import { answerOf, decodeAnswer, newReplace } from "./far-answer.ts";
import type { FarImages } from "./far-images.ts";
import { planFrom } from "./far-plan.ts";
import { type FarStore, newFarStore } from "./far-store.ts";
import { performTake, type Wanted } from "./far-takes.ts";
import { type CheckedFields, type Message, OP, type Post, TAKE } from "./frame.ts";
import { newPassage, type Passage } from "./passage.ts";
import type { Amounts, JobData, PlanData } from "./plan-data.ts";

export interface FarBox {
  /** Once it has been made. */
  made(): Box | undefined;
  take(message: Message): void;
  /** Tells what it uses, if that has changed. */
  tell(): void;
  /** So many more that it has made live. */
  nurse(change: 1 | -1): void;
  end(): void;
}

interface Running {
  readonly abort: AbortController;
  continuation: Continuation | undefined;
}

interface State {
  readonly post: Post;
  readonly images: FarImages;
  readonly passage: Passage;
  readonly leash: Meter;
  /** The embedder's store, if it has one. */
  readonly shelf: FarStore | undefined;
  readonly box: Promise<Box | undefined>;
  readonly running: Map<number, Running>;
  readonly questions: Map<number, AbortController>;
  /** What ends waits by its own time. */
  readonly naps: Map<number, () => void>;
  /** Calls that were made, and those of them for which its own time does not stand still. */
  calls: number;
  excused: number;
  made: Box | undefined;
  children: number;
  /** What is to be told though nothing of it runs. */
  owes: boolean;
  isFrozen: boolean;
  isEndTold: boolean;
  told: string;
  /** Whether it was told that the guest waits: a run begins as one that does not. */
  restsTold: boolean;
}

/** What the embedder needs to bill: in use of what is held, and in all of the rest. */
const usageOf = ({ leash }: State): Amounts => {
  const { fuel, memory, calls, bytes, inFlight, domains } = leash.usage();
  return { fuel, memory, calls, bytes, inFlight, domains };
};

function hold(state: State, limits: Amounts, isFrozen: boolean): void {
  for (const [resource, most] of Object.entries(limits)) state.leash.limit(resource as "fuel", most);
  if (isFrozen !== state.isFrozen) isFrozen ? state.leash.freeze() : state.leash.thaw();
  state.isFrozen = isFrozen;
}

/** The embedder hears of the end before it hears what came of it. */
function tellEnd(state: State): void {
  const ending = state.made?.domain.ending();
  if (ending === undefined || state.isEndTold) return;
  state.isEndTold = true;
  state.post(OP.ENDED, [ending]);
}

const errorOf = (error: unknown): { code: ErrorCode; message: string } => ({
  code: isCordonError(error) ? error.code : "E_ENGINE",
  message: error instanceof Error ? error.message : "it failed",
});

function jobOf(data: JobData, message: Uint8Array, signal: AbortSignal): Job {
  const { method, limits, drain, language } = data;
  const job = {
    ...{ method, limits, drain, signal, message },
    read: (value: unknown) => ({ value }),
    decode: decodeAnswer,
  };
  if (language === null) return job;
  const { source, name } = decodeValue(message) as { source: string; name: string };
  return { ...job, typescript: { source, name, language: language as Language, replace: newReplace(message) } };
}

function tellResult(state: State, id: number, result: Result): void {
  tellEnd(state);
  const { fields, body } = answerOf(result);
  const running = state.running.get(id);
  if (result.status === "interrupted" && running !== undefined) running.continuation = result.continuation;
  else state.running.delete(id);
  state.post(OP.RESULT, [id, { ...fields, total: usageOf(state) }], body);
}

function perform(state: State, id: number, data: JobData, body: Uint8Array): void {
  const running: Running = { abort: new AbortController(), continuation: undefined };
  state.running.set(id, running);
  state.restsTold = false;
  void state.box.then(async (box) => {
    if (box === undefined) return;
    const job = jobOf(data, body.slice(), running.abort.signal);
    try {
      // One that was interrupted, and is over without being resumed, is told of as if it had been.
      tellResult(state, id, await enqueue(box, job, () => resume(state, id)));
    } catch (error) {
      // It sleeps, and could not wake.
      state.running.delete(id);
      state.post(OP.UNDONE, [id, errorOf(error)]);
    }
  });
}

function take(state: State, wanted: Wanted): void {
  const { images, post } = state;
  if (wanted.what === TAKE.KEEP) images.expect(wanted.number);
  void state.box.then(async (box) => {
    if (box === undefined) return;
    try {
      await performTake({ images, post, usage: () => usageOf(state) }, box, wanted);
    } catch (error) {
      images.forget(wanted.number);
      post(OP.TAKEN, [wanted.number, errorOf(error), { usage: usageOf(state) }]);
    }
  });
}

function resume(state: State, id: number): void {
  const running = state.running.get(id);
  const continuation = running?.continuation;
  if (running === undefined || continuation === undefined) return;
  running.continuation = undefined;
  void continuation.resume().then((result) => tellResult(state, id, result));
}

/** Its run is over then, and is told of as such. */
function cancel({ running, made }: State, id: number): void {
  if (running.get(id)?.continuation !== undefined && made !== undefined) endBox(made, { kind: "aborted" });
}

/** A host function of the embedder asks something: as if one here had. */
function ask(state: State, question: number): void {
  const asking = state.made?.meter.interrupt;
  if (asking === undefined) return;
  const dropped = new AbortController();
  state.questions.set(question, dropped);
  const call: Call = { account: undefined, signal: () => dropped.signal as unknown as Signal, interrupt: asking };
  const over = (): void => void state.questions.delete(question);
  within(call, () => interrupt(question)).then(over, over);
}

/** Somebody waits by the guest's own time. */
function nap(state: State, number: number, ms: number | null): void {
  const { made, naps, post } = state;
  const drop = naps.get(number);
  naps.delete(number);
  if (ms === null) return drop?.();
  const slept = made?.clock.sleep(ms, (task) => void naps.set(number, task));
  void slept?.then(() => {
    naps.delete(number);
    excuse(state, 0);
    post(OP.WOKE, [number, made?.clock.now()]);
  });
}

/** Of calls that the embedder's side has, but does not perform, so many do not stop the guest's own time. */
function excuse(state: State, count: number): void {
  if (state.made !== undefined) state.made.meter.inFlight += state.excused - count;
  state.excused = count;
}

/** `calls`: none of so many is being performed. Not all that were made: it was said before the last ones came. */
function pass(state: State, [calls]: CheckedFields): void {
  const { made, excused } = state;
  excuse(state, made !== undefined && calls === state.calls ? made.meter.inFlight + excused : 0);
}

function fly(state: State, change: 1 | -1): void {
  if (change === 1) state.calls++;
  if (state.made === undefined) return;
  excuse(state, 0);
  state.made.meter.inFlight += change;
}

type Handler = (state: State, fields: CheckedFields, body: Uint8Array) => void;
const HANDLERS: ReadonlyMap<number, Handler> = new Map<number, Handler>([
  [OP.JOB, (state, [id, data], body) => perform(state, id, data, body)],
  [OP.ABORT, (state, [id]) => state.running.get(id)?.abort.abort()],
  [OP.END, (state, [ending]) => void (state.made && endBox(state.made, ending as Ending))],
  [OP.ASK, (state, [question]) => ask(state, question)],
  [OP.UNASK, (state, [question]) => state.questions.get(question)?.abort()],
  [OP.RESUME, (state, [id]) => resume(state, id)],
  [OP.CANCEL, (state, [id]) => cancel(state, id)],
  [OP.LEASH, (state, [limits, isFrozen]) => hold(state, limits, isFrozen)],
  [OP.TAKE, (state, [number, what, wait]) => take(state, { number, what, wait })],
  [OP.NAP, (state, [number, ms]) => nap(state, number, ms)],
  [OP.PASS, pass],
  [OP.STORED, ({ shelf }, [number, isKept]) => shelf?.stored(number, isKept)],
  [OP.GOT, ({ shelf }, [number, kind, isLast], body) => shelf?.got(number, kind, isLast, body)],
]);

/** System grants come first (embed/system.ts): the number of the first handle that is a grant of the embedder's. */
const firstHandle = ({ load }: PlanData): number => (load === null ? 4 : 5);

/** What the kernel here refuses never comes to the embedder's side. */
const tellingTo =
  (post: Post, data: PlanData) =>
  ({ decision, handle, contract, call, bytesIn, bytesOut, answer }: CallRecord): void => {
    if (decision !== "refused") return;
    const id = data.grants[handle - firstHandle(data)]?.id ?? 0;
    post(OP.TOLD, [{ handle: id, contract, call, bytesIn, bytesOut }], answer);
  };

/** A residency of its own, in which nobody decides when it sleeps. */
async function residencyOver(store: Store): Promise<Residency> {
  const { newResidency } = await import("../hibernation/residency.ts");
  return newResidency({ store });
}

interface MakeParts {
  readonly post: Post;
  readonly passage: Passage;
  readonly leash: Meter;
  readonly store: Store | undefined;
}

async function make(world: FarWorld, { store, ...parts }: MakeParts, data: PlanData): Promise<Box> {
  const { origin, parent } = data;
  const begin = origin === null ? undefined : world.images.find(origin.image);
  const engine = await world.engine();
  const { canSuspend } = engine.kernel;
  const trace = data.tells ? tellingTo(parts.post, data) : undefined;
  const image = origin === null ? undefined : begin?.(origin, engine);
  if (origin !== null && image === undefined) throw new CordonError("E_ENGINE", "the copy's image is not there");
  if (parent !== null && world.find(parent)?.made() === undefined)
    throw new CordonError("E_ENGINE", "the sandbox that makes it has ended");
  const residency = store && (await residencyOver(store));
  const plan = planFrom(data, { ...parts, contracts: world.contracts, canSuspend, trace, image, residency });
  return newBox(world.engine, plan);
}

/** Whether it worked is told. */
async function tellMade(state: State, making: Promise<Box>, onGone: () => void): Promise<Box | undefined> {
  try {
    const box = await making;
    state.made = box;
    state.post(OP.MADE, [null, usageOf(state)]);
    return box;
  } catch (error) {
    state.post(OP.MADE, [errorOf(error), usageOf(state)]);
    state.leash.remove();
    onGone();
    return undefined;
  }
}

async function dispose(state: State, onGone: () => void): Promise<void> {
  const { box, passage, post, leash } = state;
  const one = await box;
  if (one === undefined) return;
  disposeBox(one);
  // What runs ends in a turn of its own, and is told first.
  await one.tail;
  passage.close();
  post(OP.GONE, [usageOf(state)]);
  leash.remove();
  onGone();
}

function tell(state: State): void {
  if (state.running.size === 0 && state.children === 0 && !state.owes) return;
  state.owes = false;
  const used = usageOf(state);
  const text = JSON.stringify(used);
  if (text !== state.told) state.post(OP.USAGE, [used]);
  state.told = text;
  const rests = state.made !== undefined && isResting(state.made);
  if (rests !== state.restsTold) state.post(OP.RESTS, [rests]);
  state.restsTold = rests;
}

function farPassage(post: Post, isVirtual: boolean, state: () => State): Passage {
  return newPassage({
    ...{ post, sendsBack: true, mostCalls: Infinity, caller: { domain: 0, owner: undefined, account: undefined } },
    violated(why) {
      throw new Error(`the embedder made ${why}`);
    },
    onServed: () => tellEnd(state()),
    time: isVirtual ? () => state().made?.clock.now() ?? null : undefined,
    // A clock that is virtual stands still meanwhile, and a run that is drained goes on.
    onFlight: (change) => fly(state(), change),
  });
}

function tenantMeter({ meters }: FarWorld, { tenant }: PlanData): Meter {
  const known = meters.get(tenant.name) ?? meter(tenant);
  meters.set(tenant.name, known);
  return known;
}

/** Under its maker's meter, with its maker's time. */
function underParent(world: FarWorld, data: PlanData): { readonly paying: Meter; readonly plan: PlanData } {
  const parent = data.parent === null ? undefined : world.find(data.parent)?.made();
  if (parent === undefined) return { paying: tenantMeter(world, data), plan: data };
  const virtual = data.virtual && { ...data.virtual, start: Math.floor(parent.clock.now()) };
  return { paying: parent.account, plan: { ...data, virtual } };
}

/** Counts it among those that its maker made, until it is gone. */
function nursed(world: FarWorld, { parent }: PlanData, onGone: () => void): () => void {
  const above = parent === null ? undefined : world.find(parent);
  above?.nurse(1);
  return () => {
    above?.nurse(-1);
    onGone();
  };
}

/** Begins to make a sandbox. `onGone`: nothing more will come for it. */
export function newFarBox(world: FarWorld, id: number, data: PlanData, onGone: () => void): FarBox {
  const post: Post = (op, fields, body) => world.post(id, op, fields, body);
  const passage = farPassage(post, data.virtual !== null, () => state);
  const { paying, plan } = underParent(world, data);
  const leash = paying.child({ name: data.name });
  const shelf = data.id === null ? undefined : newFarStore(post);
  const gone = nursed(world, data, onGone);
  const making = make(world, { post, passage, leash, store: shelf?.store }, plan);
  const box = Promise.resolve().then(() => tellMade(state, making, gone));
  const state: State = {
    ...{ post, passage, leash, box, shelf, images: world.images },
    ...{ running: new Map(), questions: new Map(), naps: new Map(), calls: 0, excused: 0 },
    ...{ made: undefined, children: 0, owes: false },
    ...{ isFrozen: false, isEndTold: false, told: "", restsTold: false },
  };
  hold(state, data.leash, false);
  return {
    made: () => state.made,
    take(message) {
      const handler = HANDLERS.get(message.op);
      if (message.op === OP.DISPOSE) void dispose(state, gone);
      else if (handler === undefined) passage.take(message);
      else handler(state, message.fields as unknown as CheckedFields, message.body);
    },
    tell: () => tell(state),
    nurse(change) {
      state.children += change;
      state.owes = true;
    },
    end() {
      passage.close();
      void box.then((one) => one && disposeBox(one));
    },
  };
}
