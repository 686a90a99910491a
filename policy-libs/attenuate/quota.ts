// A quota: so many calls and so many bytes, and then no more.
//
// One account for the capability and everything that comes through it.
//
// Invariants
//   Q1  Reserved before the call, all or nothing: what is refused here costs nothing, however many calls are in flight.
//   Q2  Nothing is given back: a call that was made is spent, whether it succeeded or not. Otherwise a guest that makes
//       its calls fail calls for ever, and whether something was done cannot be told from an error.
//   Q3  Bytes are those of arguments, results and errors, and of both ways of calls back. A result for which too little
//       is left is not delivered and costs nothing; its call was made and stays spent.
import type { Granted } from "../capability.ts";
import { sizeOf } from "./bytes.ts";
import { checkBound } from "./clock.ts";
import { delivered } from "./dropped.ts";
import { type Args, type Around, after, membrane } from "./membrane.ts";
import { callKey, callTable } from "./names.ts";
import { deny } from "./refusal.ts";

/** How much there is. What is not named has no bound. */
export interface Quota {
  readonly calls?: number;
  /** As `size` counts them. */
  readonly bytes?: number;
  /** Of one call, by its name. Its calls count in `calls` too. */
  readonly perCall?: Readonly<Record<string, number>>;
}

interface Account {
  calls: number;
  bytes: number;
  readonly perCall: Map<string, number>;
}

function open(granted: Granted, { calls, bytes, perCall = {} }: Quota): Account {
  const named = [...callTable(granted, perCall)].map(([key, most]): [string, number] => [key, checkBound(most, key)]);
  return { calls: checkBound(calls, "calls"), bytes: checkBound(bytes, "bytes"), perCall: new Map(named) };
}

const isCounted = (account: Account): boolean => account.bytes !== Number.POSITIVE_INFINITY;

function spendBytes(account: Account, value: unknown): void {
  if (!isCounted(account)) return;
  const size = sizeOf(value, account.bytes);
  if (size > account.bytes) deny("E_QUOTA");
  account.bytes -= size;
}

/** Looks at everything first, then takes: nothing runs between the two. */
function reserve(account: Account, key: string, args: Args): void {
  const left = account.perCall.get(key);
  if (account.calls < 1 || (left !== undefined && left < 1)) deny("E_QUOTA");
  spendBytes(account, args);
  account.calls--;
  if (left !== undefined) account.perCall.set(key, left - 1);
}

/** The capability until it has made so many calls, or moved so many bytes; then E_QUOTA. */
export function quota<G extends Granted>(granted: G, limits: Quota): G {
  const account = open(granted, limits);
  const spent = <T>(value: T): T => delivered(value, () => spendBytes(account, value));
  const failed = (error: unknown): never => {
    throw spent(error);
  };
  const counted: Around = ({ args }, next) => {
    spendBytes(account, args);
    return after(() => next(args), spent, failed);
  };
  return membrane(granted, {
    around: (crossing, next) => {
      reserve(account, callKey(crossing), crossing.args);
      return after(() => next(crossing.args), spent, failed);
    },
    back: counted,
  });
}
