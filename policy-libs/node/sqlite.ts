// SQLite as Node has it: loaded when it is asked for, and its failures in the words of a key-value store.
import type { DatabaseSync } from "node:sqlite";
import { type KvErrorCode, kvError } from "../kv/refusal.ts";
import { type Refusal, refusal } from "../refusal.ts";

type Sqlite = typeof import("node:sqlite");

/** Throws (to the embedder) where Node has none. */
export function loadSqlite(): Sqlite {
  const found = process.getBuiltinModule?.("node:sqlite");
  if (found !== undefined) return found;
  throw kvError("E_STORE", `this Node (${process.version}) has no node:sqlite: Node 22.13 and later do`);
}

// Primary result codes (sqlite.org/rescode.html).
const BUSY = [5, 6];
const CODES = new Map<number, KvErrorCode>([
  [13, "E_FULL"],
  [18, "E_TOO_LARGE"],
]);

/** The primary result code; undefined if this is no error of SQLite. */
export function resultOf(error: unknown): number | undefined {
  const { code, errcode } = error as { readonly code?: unknown; readonly errcode?: unknown };
  return code === "ERR_SQLITE_ERROR" && typeof errcode === "number" ? errcode & 0xff : undefined;
}

export const isSqlite = (error: unknown): boolean => resultOf(error) !== undefined;

/** Somebody else writes, or mends the file, at this moment. */
export const isBusy = (error: unknown): boolean => BUSY.includes(resultOf(error) ?? 0);

/** What a guest is told of a failure: nothing of the host. Errors of others stay what they are. */
export function told(error: unknown): unknown {
  const result = resultOf(error);
  if (result === undefined) return error;
  if (BUSY.includes(result)) return refusal("E_BUSY", "somebody else has been writing to the store for too long");
  return kvError(CODES.get(result) ?? "E_STORE");
}

/** What an embedder is told when a store cannot be opened. */
export function cannotOpen(path: string, error: unknown): Refusal {
  const { errstr, message } = error as { readonly errstr?: unknown; readonly message?: unknown };
  return Object.assign(kvError("E_STORE", `${path}: ${String(errstr ?? message)}`), { cause: error });
}

/** Runs `work` as one transaction, which is on the disk when this returns. */
export function transaction<T>(database: DatabaseSync, begin: "BEGIN" | "BEGIN IMMEDIATE", work: () => T): T {
  database.exec(begin);
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // Some failures have ended it already.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}
