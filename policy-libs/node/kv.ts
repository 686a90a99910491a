// A key-value store in a file, by SQLite. What a call has answered is on the disk: it survives the end of the process,
// whatever ends it, and as far as the disk keeps its word the end of the host.
//
//   sqliteKv({ path: "state.db" })
//
// Invariants
//   S1  A value that is read is the one that was written under this key, or the call answers E_STORE: each has a check
//       sum over key and bytes. (That is against accidents. Who may write the file may write what they like: values are
//       of node:v8, whose reader is hardened but not made for enemies. Keep the file where only this program writes.)
//   S2  The totals are changed in the transaction of the entry, so that they hold for all processes together.
// Not promised: the `code` and other properties of an Error that was stored. Name, message and cause stay.
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { deserialize, serialize } from "node:v8";
import { crc32 } from "node:zlib";
import { holdsGranted } from "../attenuate/values.ts";
import type { GrantedOf } from "../contract/index.ts";
import { kvBoundsOf } from "../kv/bounds.ts";
import type { KV } from "../kv/contract.ts";
import { compareKeys } from "../kv/key.ts";
import { kvOf } from "../kv/kv.ts";
import { kvError, refuseKv } from "../kv/refusal.ts";
import {
  type Before,
  type Change,
  type KvBounds,
  type KvStore,
  type Listed,
  MAX_LISTED_BYTES,
  type Packed,
  type Range,
} from "../kv/types.ts";
import { refuse } from "../refusal.ts";
import { cannotOpen, loadSqlite, told } from "./sqlite.ts";
import { type Line, newLine } from "./sqlite-line.ts";
import { makeTable } from "./sqlite-table.ts";

/** Which file, and how much it holds. */
export interface SqliteOptions extends Partial<KvBounds> {
  /** The file, made if there is none. Beside it lie its log (-wal) and the log's index (-shm). */
  readonly path: string;
  /** Stores of one file. Default: "kv". */
  readonly table?: string;
  /** How long a call waits for other processes that write, in milliseconds. Default: 5,000. */
  readonly patience?: number;
}

/** A store in a file, which can be closed. */
export interface SqliteStore extends KvStore<Blob> {
  /** Lets go of the file. Calls from now on answer E_STORE. */
  close(): void;
}

/** A value's bytes, of node:v8. */
interface Blob extends Packed {
  readonly bytes: Uint8Array;
}

const CHECK = 4; // bytes of a check sum

function pack({ maxValueBytes }: KvBounds, value: unknown): Blob {
  if (holdsGranted(value)) refuse("E_VALUE", "a capability is no value");
  const bytes = serializeOrRefuse(value);
  return bytes.length <= maxValueBytes ? { bytes, size: bytes.length } : refuseKv("E_TOO_LARGE");
}

function serializeOrRefuse(value: unknown): Uint8Array {
  try {
    return serialize(value);
  } catch {
    return refuse("E_VALUE", "a value that is no data");
  }
}

function unpack({ bytes }: Blob): unknown {
  try {
    // A copy: views of the result lie in its bytes.
    return deserialize(bytes.slice());
  } catch {
    return refuseKv("E_STORE");
  }
}

const sumOf = (key: string, bytes: Uint8Array): number => crc32(bytes, crc32(key));

function seal(key: string, { bytes }: Blob): Uint8Array {
  const sealed = new Uint8Array(CHECK + bytes.length);
  new DataView(sealed.buffer).setUint32(0, sumOf(key, bytes));
  sealed.set(bytes, CHECK);
  return sealed;
}

function unseal(key: string, sealed: unknown): Blob {
  if (!(sealed instanceof Uint8Array) || sealed.length < CHECK) return refuseKv("E_STORE");
  const bytes = sealed.subarray(CHECK);
  const sum = new DataView(sealed.buffer, sealed.byteOffset).getUint32(0);
  return sum === sumOf(key, bytes) ? { bytes, size: bytes.length } : refuseKv("E_STORE");
}

interface Statements {
  readonly get: StatementSync;
  readonly measure: StatementSync;
  readonly put: StatementSync;
  readonly drop: StatementSync;
  readonly keys: StatementSync;
  readonly entries: StatementSync;
  readonly totals: StatementSync;
  readonly add: StatementSync;
}

function prepare(database: DatabaseSync, table: string): Statements {
  const totals = `"${table}_totals"`;
  const from = `FROM "${table}" WHERE key >= ? ORDER BY key`;
  return {
    get: database.prepare(`SELECT value FROM "${table}" WHERE key = ?`),
    measure: database.prepare(`SELECT length(value) AS length FROM "${table}" WHERE key = ?`),
    put: database.prepare(
      `INSERT INTO "${table}" (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    ),
    drop: database.prepare(`DELETE FROM "${table}" WHERE key = ?`),
    keys: database.prepare(`SELECT key ${from}`),
    entries: database.prepare(`SELECT key, value ${from}`),
    totals: database.prepare(`SELECT entries, bytes FROM ${totals} WHERE id = 1`),
    add: database.prepare(`UPDATE ${totals} SET entries = entries + ?, bytes = bytes + ? WHERE id = 1`),
  };
}

interface Store {
  readonly bounds: KvBounds;
  readonly statements: Statements;
}

function totalsOf({ statements }: Store): { readonly entries: number; readonly bytes: number } {
  const row = statements.totals.get();
  if (typeof row?.["entries"] !== "number" || typeof row["bytes"] !== "number") return refuseKv("E_STORE");
  return { entries: row["entries"], bytes: row["bytes"] };
}

/** Bytes of an entry as it is; undefined if there is none. */
function measured({ statements }: Store, key: string): number | undefined {
  const length = statements.measure.get(key)?.["length"];
  return typeof length === "number" ? Buffer.byteLength(key) + length : undefined;
}

function put(store: Store, key: string, blob: Blob): void {
  const { statements, bounds } = store;
  const [old, totals] = [measured(store, key), totalsOf(store)];
  const more = Buffer.byteLength(key) + CHECK + blob.size - (old ?? 0);
  const isFull = old === undefined && totals.entries >= bounds.maxEntries;
  if (isFull || (more > 0 && totals.bytes + more > bounds.maxBytes)) refuseKv("E_FULL");
  statements.put.run(key, seal(key, blob));
  statements.add.run(old === undefined ? 1 : 0, more);
}

function drop(store: Store, key: string): void {
  const old = measured(store, key);
  if (old === undefined) return;
  store.statements.drop.run(key);
  store.statements.add.run(-1, -old);
}

function get({ statements }: Store, key: string): Blob | undefined {
  const row = statements.get.get(key);
  return row === undefined ? undefined : unseal(key, row["value"]);
}

function change<T>(store: Store, key: string, decide: (before: Before<Blob>) => Change<Blob, T>): T {
  const isThere = (): boolean => measured(store, key) !== undefined;
  const decision = decide({ isThere, packed: () => get(store, key) });
  if (decision.drop === true) drop(store, key);
  else if (decision.put !== undefined) put(store, key, decision.put);
  return decision.answer;
}

function list({ statements }: Store, { prefix, after, most, values }: Range): Listed<Blob>[] {
  const found: Listed<Blob>[] = [];
  const start = compareKeys(after, prefix) < 0 ? prefix : after;
  let bytes = 0;
  for (const { key, value } of (values ? statements.entries : statements.keys).iterate(start)) {
    if (typeof key !== "string" || !key.startsWith(prefix)) break;
    if (key === after) continue;
    const packed = values ? unseal(key, value) : undefined;
    bytes += packed?.size ?? 0;
    if (bytes > MAX_LISTED_BYTES && found.length > 0) break;
    found.push({ key, packed });
    if (found.length >= most) break;
  }
  return found;
}

function storeOn(line: Line, store: Store): SqliteStore {
  return {
    bounds: store.bounds,
    pack: (value) => pack(store.bounds, value),
    unpack,
    get: (key) => line.read(() => get(store, key)),
    change: (key, decide) => line.write(() => change(store, key, decide)),
    list: (range) => line.read(() => list(store, range)),
    size: () => line.read(() => totalsOf(store).entries),
    close: line.close,
  };
}

const PATIENCE = 5_000;
const KV_WORDS = { told, closed: () => kvError("E_STORE") };

/** Opens a store in a file. Throws (to the embedder, with the path) an E_STORE that says why it cannot. */
export function sqliteStore(options: SqliteOptions): SqliteStore {
  const { path, table = "kv", patience = PATIENCE } = options;
  if (!/^[A-Za-z][A-Za-z0-9_]{0,50}$/.test(table)) throw new TypeError(`table: ${table} is not a plain name`);
  const bounds = kvBoundsOf(options);
  const { DatabaseSync } = loadSqlite();
  let database: DatabaseSync | undefined;
  try {
    // Opening may wait inside SQLite, for another process that opens; calls do not.
    database = new DatabaseSync(path, { timeout: patience });
    makeTable(database, table);
    const statements = prepare(database, table);
    database.exec("PRAGMA busy_timeout = 0");
    return storeOn(newLine(database, patience, KV_WORDS), { bounds, statements });
  } catch (error) {
    database?.close();
    throw cannotOpen(path, error);
  }
}

/** Grants a key-value store in a file. The file is let go when nobody can use the store any more. */
export const sqliteKv = (options: SqliteOptions): GrantedOf<typeof KV> => kvOf(sqliteStore(options));
