// A window of time: once (from, to), or again and again (days of the week, hours of the day).
//
// A call is judged when it begins; what began in time may end later. What must end in time is a lease (leased.ts).
import type { Granted } from "../capability.ts";
import { type Clock, checkNumber, REAL_CLOCK, timeOf } from "./clock.ts";
import { type Around, membrane } from "./membrane.ts";
import { deny } from "./refusal.ts";

/** From one moment to another. */
export interface Span {
  readonly from?: Date | number;
  /** The first moment that is too late. */
  readonly to?: Date | number;
}

/** A time of the day, on some days of the week. */
export interface Recurring {
  /** 1 is Monday, 7 is Sunday. Default: all. */
  readonly days?: readonly number[];
  /** From the first to before the second, as in [9, 17.5]; over midnight as in [22, 6]: of the day when it began. */
  readonly hours?: readonly [number, number];
  /** Minutes east of UTC, as in 120. Default: 0. */
  readonly timeZone?: number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

type Judge = (now: number) => void;

function spanJudge({ from, to }: Span): Judge {
  const begin = from === undefined ? Number.NEGATIVE_INFINITY : timeOf(from, "from");
  const end = to === undefined ? Number.POSITIVE_INFINITY : timeOf(to, "to");
  if (begin >= end) throw new TypeError("a window ends after it begins");
  return (now) => {
    if (!(now < end)) deny("E_EXPIRED");
    if (!(now >= begin)) deny("E_DENIED", "it is too early");
  };
}

/** 1970 began on a Thursday. */
const dayOf = (local: number): number => ((((Math.floor(local / DAY) + 3) % 7) + 7) % 7) + 1;

function checkDays(days: readonly number[]): ReadonlySet<number> {
  const isDay = (day: number): boolean => Number.isInteger(day) && day >= 1 && day <= 7;
  if (!Array.isArray(days) || !days.every(isDay)) throw new TypeError("days are numbers from 1 (Monday) to 7");
  return new Set(days);
}

function recurringJudge({ days = [1, 2, 3, 4, 5, 6, 7], hours = [0, 24], timeZone = 0 }: Recurring): Judge {
  const allowed = checkDays(days);
  const [begin, end] = hours.map((hour) => checkNumber(hour, "hours") * HOUR) as [number, number];
  if (begin > DAY || end > DAY || begin === end) throw new TypeError("hours are two different numbers from 0 to 24");
  if (!(Math.abs(timeZone) <= 1_440)) throw new TypeError("timeZone is a number of minutes");
  const isOpen = (local: number): boolean => {
    const time = ((local % DAY) + DAY) % DAY;
    if (begin < end) return time >= begin && time < end && allowed.has(dayOf(local));
    return (time >= begin && allowed.has(dayOf(local))) || (time < end && allowed.has(dayOf(local - DAY)));
  };
  return (now) => (isOpen(now + timeZone * 60_000) ? undefined : deny("E_DENIED", "it is not the time for it"));
}

const isSpan = (when: Span | Recurring): when is Span => "from" in when || "to" in when;
const isRecurring = (when: Span | Recurring): boolean => "days" in when || "hours" in when;

/** The capability while the window is open: before E_DENIED, after its end E_EXPIRED. Calls back are judged too. */
export function window<G extends Granted>(granted: G, when: Span | Recurring, clock: Clock = REAL_CLOCK): G {
  if (isSpan(when) === isRecurring(when)) throw new TypeError("a window has from and to, or days and hours");
  const judge = isSpan(when) ? spanJudge(when) : recurringJudge(when as Recurring);
  const around: Around = ({ args }, next) => {
    judge(clock.now());
    return next(args);
  };
  return membrane(granted, { around, back: around });
}
