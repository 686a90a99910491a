// The lines that a process sends of itself: where they come from, and how much of them is believed.
import { connect, type Socket } from "node:net";
import { MOST_LINE, publishing, socketFolder } from "../../node/stats-socket.ts";
import { UsageError } from "../exit.ts";
import { readStats } from "./read.ts";
import type { Stats } from "./rows.ts";

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

/** Lines that are no statistics, one after the other, after which nothing is expected any more. */
const MOST_JUNK = 10;

/** Its lines, none of which is longer than one of ours can be. */
async function* linesOf(socket: Socket, path: string): AsyncGenerator<string> {
  let rest = "";
  for await (const piece of socket.setEncoding("utf8")) {
    const lines = (rest + (piece as string)).split("\n");
    rest = lines.pop() as string;
    yield* lines;
    if (rest.length > MOST_LINE) throw notOurs(path);
  }
}

const notOurs = (path: string): UsageError =>
  new UsageError(`${path}: what it sends is no statistics of this version`, "cordon top of the same version reads it");

/** Lines until the process ends, or the reader stops. */
export async function* statsFrom(path: string): AsyncGenerator<Stats> {
  const socket = connect(path);
  const failed = new Promise<never>((_, reject) =>
    socket.once("error", ({ message }) => reject(new UsageError(`${path}: ${message}`, "is the process still there?"))),
  );
  failed.catch(() => undefined);
  await Promise.race([failed, new Promise((resolve) => socket.once("connect", resolve))]);
  let junk = 0;
  try {
    for await (const line of linesOf(socket, path)) {
      const stats = readStats(line);
      junk = stats === undefined ? junk + 1 : 0;
      if (stats !== undefined) yield stats;
      if (junk >= MOST_JUNK) throw notOurs(path);
    }
  } finally {
    socket.destroy();
  }
}
