// Work on one database, in order: what waits together is one transaction, so that ten thousand writes cost a few.
//
// Invariants
//   Q1  A piece of work is answered when its transaction is on the disk, never before.
//   Q2  What one piece refuses or fails at is its own: when a transaction fails, its pieces are done again, each alone.
//   Q3  Nobody waits for another process inside SQLite, where the whole event loop would wait: only in between.
import type { DatabaseSync } from "node:sqlite";
import { isBusy, isSqlite, transaction } from "./sqlite.ts";

/** Pieces of one transaction. */
const MOST = 256;
/** A transaction takes no more pieces when it has run for so long. */
const ENOUGH = 8; // milliseconds

interface Piece {
  readonly writes: boolean;
  /** When it was asked for. */
  readonly since: number;
  readonly work: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

type Outcome = { readonly value: unknown } | { readonly error: unknown };

/** What the line's owner says of failures. */
export interface Words {
  /** Of what SQLite threw. Errors of others stay what they are. */
  told(error: unknown): unknown;
  /** Of a line that was closed. */
  closed(): unknown;
}

export interface Line {
  /** Runs `work`, which writes nothing, after all that came before. */
  read<T>(work: () => T): Promise<T>;
  /** Runs `work` in a transaction. It may run more than once: what it did before was undone. */
  write<T>(work: () => T): Promise<T>;
  close(): void;
}

function settle({ resolve, reject }: Piece, outcome: Outcome, { told }: Words): void {
  if ("value" in outcome) resolve(outcome.value as never);
  else reject(told(outcome.error));
}

/** Refusals are answers; a failure of SQLite spoils the transaction. */
function attempt({ work }: Piece): Outcome {
  try {
    return { value: work() };
  } catch (error) {
    if (isSqlite(error)) throw error;
    return { error };
  }
}

/** Does the first pieces, as many as time allows. Throws if nothing was done. */
function doSome(database: DatabaseSync, pieces: readonly Piece[]): Outcome[] {
  const begin = pieces.some(({ writes }) => writes) ? "BEGIN IMMEDIATE" : "BEGIN";
  return transaction(database, begin, () => {
    const end = performance.now() + ENOUGH;
    const outcomes: Outcome[] = [];
    for (const piece of pieces) {
      outcomes.push(attempt(piece));
      if (performance.now() > end) break;
    }
    return outcomes;
  });
}

/** `patience`: milliseconds to wait for other processes. */
export function newLine(database: DatabaseSync, patience: number, words: Words): Line {
  let waiting: Piece[] = [];
  let isScheduled = false;
  let isClosed = false;
  /** How many of the first are done alone, because they failed together. */
  let alone = 0;

  function schedule(ms: number): void {
    isScheduled = true;
    if (ms === 0) setImmediate(flush);
    else setTimeout(flush, ms);
  }

  function finish(count: number, outcomes: readonly Outcome[]): void {
    const done = waiting.slice(0, count);
    waiting = waiting.slice(count);
    alone = Math.max(0, alone - count);
    for (const [at, piece] of done.entries()) settle(piece, outcomes[at] as Outcome, words);
  }

  function flush(): void {
    isScheduled = false;
    if (waiting.length === 0 || isClosed) return;
    const pieces = waiting.slice(0, alone > 0 ? 1 : MOST);
    let delay = 0;
    try {
      const outcomes = doSome(database, pieces);
      finish(outcomes.length, outcomes);
    } catch (error) {
      delay = recover(error, pieces.length);
    }
    if (waiting.length > 0) schedule(delay);
  }

  /** After a failure of so many pieces: milliseconds after which to go on. */
  function recover(error: unknown, count: number): number {
    if (isBusy(error)) return giveUp(error);
    if (count > 1) alone = count;
    else finish(1, [{ error }]);
    return 0;
  }

  /** Those that have waited for others too long are answered; the rest tries again, not all processes at one time. */
  function giveUp(error: unknown): number {
    const now = performance.now();
    const patient = waiting.findIndex(({ since }) => now - since < patience);
    const impatient = patient < 0 ? waiting.length : patient;
    finish(
      impatient,
      waiting.slice(0, impatient).map(() => ({ error })),
    );
    return 1 + Math.random() * 20;
  }

  function run<T>(writes: boolean, work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (isClosed) return reject(words.closed());
      waiting.push({ writes, since: performance.now(), work, resolve, reject });
      if (!isScheduled) schedule(0);
    });
  }

  return {
    read: (work) => run(false, work),
    write: (work) => run(true, work),
    close: () => {
      if (isClosed) return;
      isClosed = true;
      database.close();
      for (const { reject } of waiting.splice(0)) reject(words.closed());
    },
  };
}
