// Audit: one record for each call, when it has ended.
//
// Invariants
//   U1  Every call has one record: done, failed, or dropped when nobody waits for it any more.
//   U2  No record, no service: a sink that throws, or whose promise fails, ends the capability (E_DENIED). A sink that
//       keeps too much pending makes calls wait for their turn with E_BUSY.
//   U3  What is recorded is what crossed: arguments are looked at before anybody can change them.
import { signal } from "../call.ts";
import type { Granted } from "../capability.ts";
import { isGranted } from "../capability.ts";
import { sizeOf } from "./bytes.ts";
import { type Clock, checkBound, REAL_CLOCK } from "./clock.ts";
import { rebuild } from "./copy.ts";
import { digest } from "./digest.ts";
import { delivered } from "./dropped.ts";
import { type Around, after, type Crossing, isThenable, membrane } from "./membrane.ts";
import { deny } from "./refusal.ts";

/** What a record says of arguments, a result or an error. A capability in a value is `{ capability: name }`. */
export interface Shown {
  readonly bytes: number;
  readonly digest?: string;
  readonly value?: unknown;
}

/** One call, as it ended. */
export interface AuditRecord {
  /** From 0, in the order in which calls began. Records come in the order in which they ended. */
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly began: number;
  readonly took: number;
  readonly capability: string;
  readonly call: string;
  /** What was granted has called what it was given. */
  readonly isBack: boolean;
  readonly decision: "done" | "failed" | "dropped";
  /** The error's, of what failed. */
  readonly code?: string;
  readonly args: Shown;
  /** Result or error; not there of what was dropped. */
  readonly answer?: Shown;
}

/** What the records show of values. */
export interface AuditOptions {
  /** Default: "digest". */
  readonly values?: "digest" | "full" | "none";
  /** Bytes of a value that is recorded in full; of a larger one the digest is. Default: 64 KiB. */
  readonly most?: number;
  /** Records whose promises may be pending. Default: 1,000. */
  readonly pending?: number;
  readonly clock?: Clock;
}

/** Takes the records. What it throws, or a promise of it that fails, ends the capability. */
export type Sink = (record: AuditRecord) => unknown;

interface Audit {
  readonly sink: Sink;
  readonly values: "digest" | "full" | "none";
  readonly most: number;
  readonly mostPending: number;
  readonly clock: Clock;
  sequence: number;
  pending: number;
  isBroken: boolean;
}

const withoutLiveThings = (value: unknown): unknown =>
  rebuild(value, { value: (item) => (isGranted(item) ? { capability: item.contract.name } : item) });

function shown({ values, most }: Audit, value: unknown): Shown {
  const bytes = sizeOf(value, Number.POSITIVE_INFINITY);
  if (values === "none") return { bytes };
  if (values === "full" && bytes <= most) return { bytes, value: withoutLiveThings(value) };
  return { bytes, digest: digest(value) };
}

function write(audit: Audit, record: AuditRecord): void {
  const broken = (): void => {
    audit.isBroken = true;
  };
  try {
    const written = audit.sink(record);
    if (!isThenable(written)) return;
    audit.pending++;
    const over = (): void => {
      audit.pending--;
    };
    Promise.resolve(written).then(over, () => {
      over();
      broken();
    });
  } catch {
    broken();
  }
}

const checkSink = (audit: Audit): void => {
  if (audit.isBroken) deny("E_DENIED", "the audit cannot be written");
};

type End = Pick<AuditRecord, "decision" | "code" | "answer">;

/** Writes the record of one call, once. */
function open(audit: Audit, { contract, call, args }: Crossing, isBack: boolean): (end: End) => void {
  const { clock } = audit;
  const start = { sequence: audit.sequence++, began: clock.now(), capability: contract.name, call, isBack };
  const since = clock.elapsed();
  const facts = { ...start, args: shown(audit, args) };
  let isOver = false;
  return (end) => {
    if (isOver) return;
    isOver = true;
    write(audit, { ...facts, took: clock.elapsed() - since, ...end });
  };
}

function codeOf(error: unknown): { readonly code?: string } {
  const code = (error as { readonly code?: unknown } | undefined | null)?.code;
  return typeof code === "string" ? { code } : {};
}

function audited(audit: Audit, crossing: Crossing, isBack: boolean, call: () => unknown): unknown {
  checkSink(audit);
  if (audit.pending >= audit.mostPending) deny("E_BUSY");
  const close = open(audit, crossing, isBack);
  const caller = signal();
  const drop = (): void => close({ decision: "dropped" });
  caller.addEventListener("abort", drop, { once: true });
  const over = (end: End): void => {
    caller.removeEventListener("abort", drop);
    close(end);
    // Nothing is delivered of which no record was made.
    checkSink(audit);
  };
  return after(
    call,
    (value) => {
      return delivered(value, () => over({ decision: "done", answer: shown(audit, value) }));
    },
    (error) => {
      over({ decision: "failed", ...codeOf(error), answer: shown(audit, error) });
      throw error;
    },
  );
}

/** The capability, whose every call is told to `sink`. */
export function audit<G extends Granted>(granted: G, sink: Sink, options: AuditOptions = {}): G {
  if (typeof sink !== "function") throw new TypeError("audit takes a function that records are given to");
  const { values = "digest", most = 1 << 16, pending = 1_000, clock = REAL_CLOCK } = options;
  if (!["digest", "full", "none"].includes(values)) throw new TypeError('values is "digest", "full" or "none"');
  const bounds = { most: checkBound(most, "most"), mostPending: checkBound(pending, "pending") };
  const log: Audit = { sink, values, clock, ...bounds, sequence: 0, pending: 0, isBroken: false };
  const around =
    (isBack: boolean): Around =>
    (crossing, next) =>
      audited(log, crossing, isBack, () => next(crossing.args));
  return membrane(granted, { around: around(false), back: around(true) });
}
