// The tables of a key-value store: made if there are none, looked at if there are.
//
// Invariants
//   D1  The tables are exactly ours, and nothing hangs on them: no trigger and no view of somebody who gave us the file.
import type { DatabaseSync } from "node:sqlite";
import { transaction } from "./sqlite.ts";

// WAL: readers and a writer do not wait for one another. FULL: a commit is on the disk when it returns.
const SETTINGS = `
  PRAGMA trusted_schema = OFF;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA journal_size_limit = 4194304;
`;

const statementsFor = (table: string): Readonly<Record<string, string>> => ({
  [table]: `CREATE TABLE "${table}" (key TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) STRICT`,
  [`${table}_totals`]: `CREATE TABLE "${table}_totals" (id INTEGER PRIMARY KEY, entries INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT`,
});

type Found = Readonly<Record<string, unknown>>;

/** What the file has of the name: its table and whatever belongs to it. Indexes that SQLite makes itself have no text. */
function foundOf(database: DatabaseSync, name: string): readonly Found[] {
  const look = database.prepare(
    "SELECT name, sql FROM sqlite_schema WHERE lower(tbl_name) = lower(?) AND sql IS NOT NULL",
  );
  return look.all(name) as Found[];
}

function makeOrCheck(database: DatabaseSync, table: string): void {
  for (const [name, sql] of Object.entries(statementsFor(table))) {
    const found = foundOf(database, name);
    if (found.length === 0) database.exec(sql);
    else if (found.length > 1 || found[0]?.["name"] !== name || found[0]["sql"] !== sql)
      throw new Error(`the table ${name} is somebody else's: choose another with \`table\``);
  }
  database.exec(`INSERT OR IGNORE INTO "${table}_totals" (id, entries, bytes) VALUES (1, 0, 0)`);
}

export function makeTable(database: DatabaseSync, table: string): void {
  database.exec(SETTINGS);
  transaction(database, "BEGIN IMMEDIATE", () => makeOrCheck(database, table));
}
