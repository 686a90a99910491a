// The lines that a process sends of itself. They come from a process of the same user; still each is bounded and looked at.
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { publishing, socketFolder } from "../../node/stats-socket.ts";
import { UsageError } from "../exit.ts";
import type { Stats } from "./view.ts";

const isNumber = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value);
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

const isTenant = (row: unknown): boolean =>
  isRecord(row) &&
  typeof row["name"] === "string" &&
  ["share", "queued", "running", "sandboxes", "jobs"].every((key) => isNumber(row[key])) &&
  isRecord(row["used"]) &&
  isRecord(row["perSecond"]) &&
  ["fuel", "calls"].every((key) => isNumber((row["perSecond"] as Record<string, unknown>)[key]));

const isWorker = (row: unknown): boolean =>
  isRecord(row) &&
  typeof row["state"] === "string" &&
  ["id", "running", "sandboxes", "restarts"].every((key) => isNumber(row[key]));

/** A line of statistics; undefined for anything else. */
export function readStats(line: string): Stats | undefined {
  try {
    const found: unknown = JSON.parse(line);
    if (!isRecord(found) || !Array.isArray(found["tenants"]) || !Array.isArray(found["workers"])) return undefined;
    const isWhole = ["pid", "uptime", "queued", "running"].every((key) => isNumber(found[key]));
    const isGood = isWhole && typeof found["isolation"] === "string";
    return isGood && found["tenants"].every(isTenant) && found["workers"].every(isWorker)
      ? (found as unknown as Stats)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Where to look. Throws UsageError where nothing is published, or it is not clear which is meant. */
export function whichSocket(word: string | undefined): string {
  if (word !== undefined && !/^\d+$/.test(word)) return word;
  const found = publishing();
  const path = word === undefined ? [...found.values()][0] : found.get(Number(word));
  const which = [...found.keys()].join(", ");
  if (word === undefined && found.size > 1)
    throw new UsageError(`several processes publish statistics: ${which}`, `cordon top ${[...found.keys()][0]}`);
  if (path !== undefined) return path;
  const none = word === undefined ? "no process publishes statistics" : `process ${word} publishes no statistics`;
  throw new UsageError(
    `${none} in ${socketFolder()}`,
    "in the program: await publishStats(pool); or see cordon top --demo",
  );
}

/** Lines until the process ends, or the reader stops. */
export async function* statsFrom(path: string): AsyncGenerator<Stats> {
  const socket = connect(path);
  const failed = new Promise<never>((_, reject) =>
    socket.once("error", ({ message }) => reject(new UsageError(`${path}: ${message}`, "is the process still there?"))),
  );
  failed.catch(() => undefined);
  await Promise.race([failed, new Promise((resolve) => socket.once("connect", resolve))]);
  try {
    for await (const line of createInterface({ input: socket })) {
      const stats = readStats(line);
      if (stats !== undefined) yield stats;
    }
  } finally {
    socket.destroy();
  }
}
