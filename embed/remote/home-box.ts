// One sandbox of a worker, on the embedder's side: what decides for it, and the runs that are in the worker.
//
// Invariants
//   HB1  Policies, audits, limits of calls and the grants' functions are here: a worker that lies gains nothing by it but
//        what its guest was granted.
//   HB2  Every run is told of once: by its result, or by how the sandbox or the worker ended.
//   HB3  The worker is told of an ending before it is told of what came of the call that led to it: the guest does not
//        run on behind a limit.
import type { Ending } from "../../kernel/index.ts";
import { type Meter, meterUnder } from "../../policy-libs/index.ts";
import {
  type CallMeter,
  checkOriginals,
  type Maker,
  newCallMeter,
  noteMaker,
  type Plan,
  underPolicy,
} from "../birth.ts";
import type { ChildSandbox } from "../child.ts";
import { realClock } from "../clock.ts";
import type { Job } from "../job.ts";
import type { DomainTime } from "../policy-time.ts";
import type { Making, Sharing } from "../pool/place.ts";
import { endingText, NO_FACTS, type Result } from "../result.ts";
import { isAborted } from "../signal.ts";
import { newMeter } from "../target.ts";
import { newWatchers, type Watchers } from "../watchers.ts";
import { OP, type Post } from "./frame.ts";
import type { Home } from "./home.ts";
import { childSandbox } from "./home-child.ts";
import { type Beginning, forkRemotely, saveRemotely, tellToSleep } from "./home-copies.ts";
import { type Given, originalsOf, planData } from "./home-grants.ts";
import { addresseeOf } from "./home-heard.ts";
import type { HomeImage } from "./home-images.ts";
import {
  admitFar,
  type FarSleeper,
  fetched,
  givenBack,
  type HomeResident,
  shelved,
  sleepNow,
  wakeBy,
} from "./home-resident.ts";
import { expectEnds, type HomeRuns, newHomeRuns, performRun, setFetching } from "./home-runs.ts";
import { type HomeShelf, type HomeShelfParts, newHomeShelf } from "./home-shelf.ts";
import { alive, lostError, type State, stateOf } from "./home-state.ts";
import { newHomeTakes } from "./home-takes.ts";
import { type HomeTime, newHomeTime } from "./home-time.ts";
import { newLeash } from "./leash.ts";
import { newPassage } from "./passage.ts";
import type { OriginData } from "./plan-data.ts";
import type { Served } from "./serving.ts";

/** Beyond what its limits allow, for calls of the engine itself. */
const SYSTEM_CALLS = 1_000;

/** How long the worker may try to put one to sleep before its residency asks again. */
const PATIENCE = 20; // ms

function endIt(state: State, ending: Ending): void {
  if (state.ending !== undefined) return;
  state.post(OP.END, [ending]);
}

const observing =
  (watchers: Watchers, domain: number, time: HomeTime | undefined) =>
  ({ id, contract, call, decision, bytesIn, answer, isLate }: Served): void => {
    time?.answered();
    watchers.onCall?.({
      ...{ domain, handle: id, contract, call, decision, bytesIn, bytesOut: answer?.length ?? 0, answer, isLate },
    });
  };

function beginningOf(home: Home, { origin }: Plan): Beginning | undefined {
  if (origin === undefined) return undefined;
  const { image, incarnation, handles, policy } = origin;
  return { image: () => home.images.ship(image), incarnation, handles, policy };
}

/** Begins to make a sandbox in a worker: `made` tells whether that worked, and runs may be put to it at once. */
export async function placeRemotely(home: Home, plan: Plan, sharing: Sharing): Promise<Making> {
  const given = plan.origin?.grants;
  if (given !== undefined) checkOriginals(given, originalsOf(plan));
  return place(home, sharing, plan, beginningOf(home, plan));
}

const sleeperOf = (state: State): FarSleeper => ({
  shelf: state.shelf,
  hasEnded: () => state.isDisposed || state.ending !== undefined,
  tell: () => tellToSleep(state, PATIENCE),
});

/** What a guest makes lives beside it, and what it uses there counts as its maker's. */
async function makeChild(state: State, plan: Plan): Promise<ChildSandbox> {
  const making = await place(state.home, state.sharing, plan, undefined, state);
  await making.made;
  return childSandbox(making, plan);
}

const makerOf = (state: State): Maker => ({
  ...{ limits: state.plan.limits, virtual: state.plan.virtual, timeZoneOffset: state.plan.timeZoneOffset },
  ...{ confinement: state.plan.options.confinement, meter: state.meter, policed: state.policed, account: undefined },
  clock: state.time?.clock ?? realClock(),
  makeChild: (plan) => makeChild(state, plan),
});

type From = Beginning | undefined;

async function place(home: Home, sharing: Sharing, plan: Plan, from: From, parent?: State): Promise<Making> {
  const account = meterUnder(plan.paying, plan.name);
  let resident: HomeResident | undefined;
  try {
    resident = admitFar(plan.options);
    return await settle(home, sharing, { plan, account, from, resident, parent });
  } catch (error) {
    resident?.house.quit(resident);
    account.remove();
    throw error;
  }
}

interface Settling {
  readonly plan: Plan;
  readonly account: Meter;
  readonly from: Beginning | undefined;
  readonly resident: HomeResident;
  readonly parent: State | undefined;
}

const domainTime = (meter: CallMeter, time: HomeTime | undefined): DomainTime => ({
  clock: time?.clock ?? realClock(),
  isBusy: () => meter.inFlight > 0,
});

/** With its guest's own time, if it has one: a call that comes with another's is none. */
function takeTime(time: HomeTime | undefined, said: number | null): boolean {
  if (time === undefined) return said === null;
  time.called();
  return said === null || time.heard(said);
}

const shelfOf = (
  resident: HomeResident,
  runs: HomeRuns,
  parts: Pick<HomeShelfParts, "post" | "memory" | "lie">,
): HomeShelf =>
  newHomeShelf({
    ...{ ...parts, shelf: resident.shelf, id: resident.id },
    onKept: () => shelved(resident),
    onFetch(isFetching) {
      fetched(resident, isFetching);
      setFetching(runs, isFetching);
    },
    onGiven: () => givenBack(resident),
    isFree: () => resident.house.isFree(resident.id),
  });

async function settle(
  home: Home,
  sharing: Sharing,
  { plan, account, from, resident, parent }: Settling,
): Promise<Making> {
  const given: Given = { powers: [], names: new Map() };
  let state: State | undefined;
  const domain = { id: 0, end: (ending: Ending = { kind: "aborted" }) => void (state && endIt(state, ending)) };
  const [meter, loading] = [newCallMeter(() => domain, plan.above), newMeter()];
  const watchers = newWatchers(plan, (handle) => given.names.get(handle));
  const { policed, grants } = await underPolicy({ ...plan, origin: from }, () => domain);
  const made = Promise.withResolvers<void>();
  made.promise.catch(() => undefined);
  const why = home.lost();
  if (why !== undefined) throw lostError(why);
  home.add((id) => {
    const post: Post = (op, fields, body) => {
      if (op === OP.CALL) wakeBy(resident);
      home.post(id, op, fields, body);
    };
    const leash = newLeash(account, plan.limits, (limits, isFrozen) => post(OP.LEASH, [limits, isFrozen]), domain.end);
    const time = plan.virtual && newHomeTime({ start: plan.start, post, meter, loading, open: () => passage.open() });
    policed?.join(meter, domainTime(meter, time));
    const violated = (what: string): void => home.lose(`it broke the protocol: ${what}`);
    const passage = newPassage({
      ...{ post, violated, sendsBack: false, mostCalls: plan.limits.inFlight + SYSTEM_CALLS },
      ...{ caller: { domain: id, owner: meter, account: account.account }, onServed: observing(watchers, id, time) },
      ...{ onFlight: home.waits, onTime: (said: number | null) => takeTime(time, said) },
    });
    meter.watching = watchers.begin({ id, end: domain.end }, plan.grants);
    const runs = newHomeRuns({ plan, post, meter, leash, ending: () => state?.ending, lose: home.lose });
    const takes = newHomeTakes({ plan, post, images: home.images, leash, time, lose: home.lose });
    const shelf = shelfOf(resident, runs, { post, memory: plan.limits.memory, lie: violated });
    state = {
      ...{ plan, sharing, home, id, post, meter, account, policed, given, passage, watchers, runs, takes, leash },
      ...{ resident, shelf, time, made, ending: undefined, isDisposed: false, isOver: false, isMade: false, copies: 0 },
      ...{ children: 0, parent },
    };
    resident.sleeper = sleeperOf(state);
    noteMaker(account.account, makerOf(state));
    const image = from?.image();
    const origin = image === undefined || from === undefined ? null : originData(image, from);
    const parts = { home, plan, sharing, meter, loading, grants, policed, passage, leash, origin, resident };
    const data = planData({ ...parts, parent: parent?.id ?? null }, given);
    leash.reserve();
    post(OP.MAKE, [data]);
    image?.over();
    if (parent !== undefined) parent.children++;
    return addresseeOf(state);
  });
  return facade(state as unknown as State);
}

const originData = ({ number, isWhole }: HomeImage, { incarnation, handles }: Beginning): OriginData => ({
  ...{ image: number, isWhole, incarnation, handles },
});

/** While a run goes on, or is interrupted, nobody puts it to sleep. */
function use({ resident, runs }: State, job: Job, onOver: () => void): Promise<Result> {
  resident.house.enter(resident);
  return performRun(runs, job, () => {
    resident.house.leave(resident);
    onOver();
  });
}

function facade(state: State): Making {
  const { home, sharing } = state;
  return {
    ...{ made: state.made.promise, state: () => stateOf(state), account: state.account.account },
    perform(job: Job, onOver: () => void): Promise<Result> {
      if (!state.isDisposed && !isAborted(job.signal)) return use(state, job, onOver);
      onOver();
      return Promise.resolve({ status: "aborted", ...NO_FACTS });
    },
    async fork({ plan }, wait) {
      alive(state);
      return forkRemotely(state, plan, wait, (each, from) => place(home, sharing, each, from));
    },
    async save(options, engine) {
      alive(state);
      return saveRemotely(state, options, engine);
    },
    async sleep(wait) {
      alive(state);
      return sleepNow(state.resident, () => tellToSleep(state, wait));
    },
    ended() {
      if (state.isDisposed) return "it was disposed";
      return state.ending === undefined ? undefined : endingText(state.ending);
    },
    dispose() {
      if (state.isDisposed) return;
      state.isDisposed = true;
      state.resident.house.quit(state.resident);
      state.passage.close();
      state.post(OP.DISPOSE, []);
      expectEnds(state.runs);
      state.takes.expectEnds();
    },
  };
}
