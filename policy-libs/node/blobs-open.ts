// A file of blobs, opened: made whole if there is none, looked at before SQLite touches it if there is one.
import { closeSync, fsyncSync, linkSync, openSync, readSync, rmSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { BlobError, BROKEN, wordsOf } from "./blobs-words.ts";
import { loadSqlite } from "./sqlite.ts";

/** "CDBL": whose file it is, in the header of SQLite's. */
const APPLICATION = 0x4344424c;
const VERSION = 1;

const TABLES: Readonly<Record<string, string>> = {
  blobs: "CREATE TABLE blobs (id BLOB PRIMARY KEY NOT NULL, digest BLOB NOT NULL, content BLOB NOT NULL) STRICT",
  totals: "CREATE TABLE totals (id INTEGER PRIMARY KEY, entries INTEGER NOT NULL, sum INTEGER NOT NULL) STRICT",
};

// EXTRA: the directory is on the disk too when a commit returns, so that no journal comes back and undoes it.
const SETTINGS = `
  PRAGMA trusted_schema = OFF;
  PRAGMA cell_size_check = ON;
  PRAGMA journal_mode = DELETE;
  PRAGMA synchronous = EXTRA;
`;

const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown }).code;

function syncDirectory(path: string): void {
  if (process.platform === "win32") return; // directories cannot be opened there, and are journalled
  const directory = openSync(dirname(path), "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function makeTables(database: DatabaseSync): void {
  database.exec(SETTINGS);
  database.exec(`PRAGMA application_id = ${APPLICATION}; PRAGMA user_version = ${VERSION}`);
  for (const sql of Object.values(TABLES)) database.exec(sql);
  database.exec("INSERT INTO totals (id, entries, sum) VALUES (1, 0, 0)");
}

/** L4. It is made under another name; if two processes make it at once, one of them is first and both use that. */
function make(path: string): void {
  if (statSync(`${path}-journal`, { throwIfNoEntry: false }) !== undefined)
    throw new BlobError("its journal is there, but not the file: put the file back, or delete the journal");
  const draft = `${path}-${process.pid}-${Math.random().toString(36).slice(2)}.new`;
  try {
    const database = new (loadSqlite().DatabaseSync)(draft);
    try {
      makeTables(database);
    } finally {
      database.close();
    }
    linkSync(draft, path);
    syncDirectory(path);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  } finally {
    for (const end of ["", "-journal"]) rmSync(draft + end, { force: true });
  }
}

const HEADER = 100; // bytes of SQLite's

function headerOf(path: string): Buffer {
  const [file, header] = [openSync(path, "r"), Buffer.alloc(HEADER)];
  try {
    if (readSync(file, header, 0, HEADER, 0) < HEADER) throw new BlobError(BROKEN);
    return header;
  } finally {
    closeSync(file);
  }
}

/** Before SQLite opens it, which may mend or change what is not ours. These bytes are never written again. */
function checkHeader(path: string, stats: Stats): void {
  if (!stats.isFile()) throw new BlobError("it is no file");
  if (stats.size === 0) throw new BlobError("the file is empty: if it was never a store, delete it");
  const header = headerOf(path);
  if (header.toString("latin1", 0, 16) !== "SQLite format 3\0") throw new BlobError(`it is no store, or ${BROKEN}`);
  if (header.readUInt32BE(68) !== APPLICATION) throw new BlobError("it is somebody else's database");
  const version = header.readUInt32BE(60);
  if (version !== VERSION) throw new BlobError(`it is of version ${version}: use the Cordon that made it`);
}

/** Exactly our tables, and nothing that hangs on them. Indexes that SQLite makes itself have no text. */
function checkTables(database: DatabaseSync): void {
  const found = database.prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL").all();
  const isOurs = found.every(({ name, sql }) => typeof name === "string" && TABLES[name] === sql);
  if (!isOurs || found.length !== Object.keys(TABLES).length) throw new BlobError(BROKEN);
}

/** Throws Error with the path and what is wrong. */
export function openBlobs(path: string, patience: number): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    const { DatabaseSync } = loadSqlite();
    if (statSync(path, { throwIfNoEntry: false }) === undefined) make(path);
    checkHeader(path, statSync(path));
    // Opening may wait inside SQLite, for another process that opens or mends; calls do not.
    database = new DatabaseSync(path, { timeout: patience });
    database.exec(SETTINGS);
    checkTables(database);
    return database;
  } catch (error) {
    database?.close();
    throw wordsOf(path).told(error);
  }
}
