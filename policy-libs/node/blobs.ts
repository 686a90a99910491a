// Byte strings under names, in one file, by SQLite. What a call has answered is on the disk: it survives the end of the
// process, whatever ends it, and as far as the disk keeps its word the end of the host.
//
//   const blobs = blobFile({ path: "sandboxes.cordon" });
//   await blobs.put("alice", bytes);
//
// Invariants
//   L1  The file alone holds all that was acknowledged, but while a transaction is under way: then its journal lies beside
//       it, and whoever opens the file next undoes what was half done. (A write-ahead log would hold acknowledged bytes
//       outside the file after a kill; cut or left behind, it loses them and nobody can tell.)
//   L2  Bytes that are read are those that were put under this name, or the call fails: each has a SHA-256 of both.
//   L3  Nothing is lost in silence: number and sum of all digests are changed in the transaction of the entry and are
//       compared with what is there when the file is opened. So an entry that has gone, or has come back from the past,
//       is found although all other entries are whole.
//   L4  A file that is somebody else's is not written to, not even its journal mode; an empty one is nobody's: the file
//       first gets its name when it is complete.
// Against accidents, that is. Who may write the file may write another one that fits.
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { openBlobs } from "./blobs-open.ts";
import { BlobError, BROKEN, wordsOf } from "./blobs-words.ts";
import { type Line, newLine } from "./sqlite-line.ts";

/** Which file. */
export interface BlobFileOptions {
  /** Made if there is none; its directory must be there. */
  readonly path: string;
  /** How long a call waits for other processes, in milliseconds. Default: 5,000. */
  readonly patience?: number | undefined;
}

/** Every call is done when its promise is, and then it is on the disk. */
export interface BlobFile {
  put(id: string, bytes: Uint8Array): Promise<void>;
  get(id: string): Promise<Uint8Array | undefined>;
  /** Was it there? */
  delete(id: string): Promise<boolean>;
  /** In the order of their bytes as UTF-8. */
  ids(): Promise<string[]>;
  /** Lets go of the file. Calls that wait fail. */
  close(): void;
}

/** Bytes of one entry: SQLite's own limit is 10^9. */
export const MAX_BLOB = 512 * 1024 * 1024;

interface Statements {
  readonly get: StatementSync;
  readonly digest: StatementSync;
  readonly put: StatementSync;
  readonly drop: StatementSync;
  readonly ids: StatementSync;
  readonly digests: StatementSync;
  readonly totals: StatementSync;
  readonly setTotals: StatementSync;
}

const prepare = (database: DatabaseSync): Statements => ({
  get: database.prepare("SELECT digest, content FROM blobs WHERE id = ?"),
  digest: database.prepare("SELECT digest FROM blobs WHERE id = ?"),
  put: database.prepare(
    "INSERT INTO blobs (id, digest, content) VALUES (?, ?, ?)" +
      " ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, content = excluded.content",
  ),
  drop: database.prepare("DELETE FROM blobs WHERE id = ?"),
  ids: database.prepare("SELECT id FROM blobs ORDER BY id"),
  digests: database.prepare("SELECT digest FROM blobs"),
  totals: database.prepare("SELECT entries, sum FROM totals WHERE id = 1"),
  setTotals: database.prepare("UPDATE totals SET entries = ?, sum = ? WHERE id = 1"),
});

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function digestOf(id: Uint8Array, content: Uint8Array): Uint8Array {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, id.length);
  return createHash("sha256").update(length).update(id).update(content).digest();
}

const WIDTH = 2 ** 48;

/** What a digest adds to the sum: its first 48 bits, so that every sum is a whole number of JavaScript's. */
function weightOf(digest: unknown): number {
  if (!(digest instanceof Uint8Array) || digest.length !== 32) throw new BlobError(BROKEN);
  const view = new DataView(digest.buffer, digest.byteOffset, 6);
  return view.getUint32(0) * 65_536 + view.getUint16(4);
}

interface Totals {
  readonly entries: number;
  readonly sum: number;
}

function totalsOf({ totals }: Statements): Totals {
  const { entries, sum } = totals.get() ?? {};
  if (typeof entries !== "number" || typeof sum !== "number") throw new BlobError(BROKEN);
  return { entries, sum };
}

/** A page that is cut in two is read as if zeroes followed. */
function checkSize(database: DatabaseSync, path: string): void {
  const [pages, size] = ["page_count", "page_size"].map((name) => database.prepare(`PRAGMA ${name}`).get()?.[name]);
  if (statSync(path).size < Number(pages) * Number(size)) throw new BlobError(`${BROKEN}: its end is cut off`);
}

/** L3. In a transaction: others may write. */
function checkTotals(statements: Statements): void {
  const { entries, sum } = totalsOf(statements);
  let [count, real] = [0, 0];
  for (const { digest } of statements.digests.iterate()) {
    count++;
    real = (real + weightOf(digest)) % WIDTH;
  }
  if (count < entries) throw new BlobError(`${BROKEN}: ${entries - count} of ${entries} entries are lost`);
  if (count !== entries || real !== sum) throw new BlobError(`${BROKEN}: entries are not those that were put there`);
}

function change(
  statements: Statements,
  id: Uint8Array,
  entry: { digest: Uint8Array; content: Uint8Array } | undefined,
) {
  const old = statements.digest.get(id)?.["digest"];
  const { entries, sum } = totalsOf(statements);
  if (entry !== undefined) statements.put.run(id, entry.digest, entry.content);
  else if (old !== undefined) statements.drop.run(id);
  const removed = old === undefined ? [0, 0] : [1, weightOf(old)];
  const added = entry === undefined ? [0, 0] : [1, weightOf(entry.digest)];
  const next = (sum + WIDTH - (removed[1] as number) + (added[1] as number)) % WIDTH;
  statements.setTotals.run(entries - (removed[0] as number) + (added[0] as number), next);
  return old !== undefined;
}

/** L2. */
function read(statements: Statements, name: string, id: Uint8Array): Uint8Array | undefined {
  const row = statements.get.get(id);
  if (row === undefined) return undefined;
  const { digest, content } = row;
  if (!(content instanceof Uint8Array) || !(digest instanceof Uint8Array)) throw new BlobError(BROKEN);
  if (Buffer.compare(digestOf(id, content), digest) === 0) return content;
  throw new BlobError(`${BROKEN}: what is under ${JSON.stringify(name)} is not what was put there`);
}

const textOf = (id: unknown): string => {
  try {
    return decoder.decode(id as Uint8Array);
  } catch {
    throw new BlobError(BROKEN);
  }
};

function blobsOn(line: Line, statements: Statements): BlobFile {
  return {
    put(name, given) {
      if (given.length > MAX_BLOB) return Promise.reject(new BlobError(`${given.length} bytes are too many`));
      const [id, content] = [encoder.encode(name), Uint8Array.from(given)]; // it is written later
      const entry = { digest: digestOf(id, content), content };
      return line.write(() => void change(statements, id, entry));
    },
    get: (name) => line.read(() => read(statements, name, encoder.encode(name))),
    delete: (name) => line.write(() => change(statements, encoder.encode(name), undefined)),
    ids: () => line.read(() => statements.ids.all().map(({ id }) => textOf(id))),
    close: line.close,
  };
}

const PATIENCE = 5_000;

/** Opens or makes a file of blobs. Throws Error that says what is wrong with the file. */
export function blobFile({ path, patience = PATIENCE }: BlobFileOptions): BlobFile {
  const [database, words] = [openBlobs(path, patience), wordsOf(path)];
  try {
    const statements = prepare(database);
    database.exec("BEGIN");
    checkTotals(statements); // from here on nobody writes
    checkSize(database, path);
    database.exec("COMMIT");
    database.exec("PRAGMA busy_timeout = 0"); // from now on the line waits, and not the event loop
    return blobsOn(newLine(database, patience, words), statements);
  } catch (error) {
    database.close();
    throw words.told(error);
  }
}
