// How the thread is divided among guests that spin: ratios of what they did, which is fuel of one and the same program.
import { type Account, newAccount, type RunQueue } from "../../../kernel/index.ts";
import { fairQueue } from "../../../policy-libs/index.ts";
import { type Crowd, crowd, progress, sleep } from "../crowd.ts";
import { type Entrant, entryOf, notMeasured, paired, perOperation, reason } from "../pairs.ts";
import type { Entry, Field, Group, Line } from "../types.ts";

const GUESTS = 1_000;
const WARM = 2_000; // ms: first turns compile
const SHARES_MS = 10_000;
const SLOWEST_MS = 60_000;

const sum = (list: readonly number[]): number => list.reduce((all, one) => all + one, 0);
/** How far apart, whoever has more. */
const apart = (ratio: number): number => Math.max(ratio, 1 / ratio);

async function slowest(): Promise<Entry[]> {
  const all = await crowd(GUESTS);
  all.start();
  await sleep(WARM);
  const did = progress(all.guests);
  await sleep(SLOWEST_MS);
  const each = did();
  const mean = sum(each) / GUESTS;
  await all.end();
  return [entryOf("cordon", [Math.min(...each) / mean], `the fastest ${(Math.max(...each) / mean).toFixed(3)}`)];
}

async function between(crowds: readonly Crowd[], expected: number): Promise<Entry[]> {
  await sleep(WARM);
  const did = progress(crowds.map(({ tenant }) => tenant));
  await sleep(SHARES_MS);
  const [one, other] = did() as [number, number];
  for (const each of crowds) await each.end();
  return [entryOf("cordon", [apart(other / one / expected)], `${(other / one).toFixed(3)} to 1`)];
}

async function shares(): Promise<Entry[]> {
  const crowds = [await crowd(4, 1), await crowd(4, 3)];
  for (const each of crowds) each.start();
  return between(crowds, 3);
}

async function many(): Promise<Entry[]> {
  const crowds = [await crowd(1), await crowd(GUESTS)];
  for (const each of crowds) each.start();
  return between(crowds, 1);
}

async function ends(): Promise<Entry[]> {
  const all = await crowd(GUESTS);
  all.start();
  await sleep(WARM);
  let [worst, last] = [0, performance.now()];
  const timer = setInterval(() => {
    worst = Math.max(worst, performance.now() - last);
    last = performance.now();
  }, 1);
  const start = performance.now();
  await all.end();
  const took = performance.now() - start;
  clearInterval(timer);
  return [entryOf("cordon", [took], `the host waited ${worst.toFixed(1)} ms at most`)];
}

const nothing = (): void => undefined;

/** What the queue does for a turn: it is taken, paid for and queued again. Costs differ, as they do in life. */
function turns(queue: RunQueue, accounts: readonly Account[]): (n: number) => void {
  const next: Account[] = [];
  const push = (account: Account): void => queue.push(() => void next.push(account), account);
  for (const account of accounts) push(account);
  let random = 1;
  return (n) => {
    for (let i = 0; i < n; i++) {
      queue.take()?.();
      const account = next.pop();
      if (account === undefined) return nothing();
      random = (random * 1_103_515_245 + 12_345) % 2 ** 31;
      queue.charge?.(account, 0.5 + random / 2 ** 31);
      push(account);
    }
  };
}

function waiting(count: number): (n: number) => void {
  const above = Array.from({ length: 20 }, () => newAccount() as Account);
  return turns(
    fairQueue(),
    Array.from({ length: count }, (_, i) => newAccount(above[i % above.length]) as Account),
  );
}

/** Nanoseconds of a turn. Turns of few waiting guests are what those of many are held against. */
function turning(who: string, count: number): Entrant {
  const entrant = perOperation(who, waiting(count));
  return { who, sample: async () => (await entrant.sample()) * 1e6 };
}

const [MANY, FEW] = [20_000, 1_000] as const;
export async function queueLine(rounds?: number): Promise<Line> {
  const entries = await paired([turning("cordon", MANY), turning(`${FEW} wait`, FEW)], rounds);
  return { id: "fairness.queue", what: `what the queue costs for each turn, while ${MANY} wait`, unit: "ns", entries };
}

const FIGURES: readonly [Omit<Line, "entries">, () => Promise<Entry[]>][] = [
  [{ id: "fairness.slowest", what: `progress of the slowest of ${GUESTS} against the mean`, unit: "x" }, slowest],
  [{ id: "fairness.shares", what: "how far tenants of shares 1 and 3 are from it in 10 s", unit: "x" }, shares],
  [{ id: "fairness.crowd", what: `how far one guest is from ${GUESTS} of another tenant`, unit: "x" }, many],
  [{ id: "fairness.ends", what: `from abort to the end of the last of ${GUESTS}`, unit: "ms" }, ends],
];

async function measure(field: Field, emit: (line: Line) => void): Promise<void> {
  const missing = field.missing.get("cordon");
  for (const [line, figure] of FIGURES) {
    const none = (why: string): Entry[] => [notMeasured("cordon", why)];
    const entries = missing === undefined ? await figure().catch((thrown) => none(reason(thrown))) : none(missing);
    emit({ ...line, entries });
  }
  emit(await queueLine());
}

export const fairness: Group = { name: "fairness", what: "the thread among guests", measure };
