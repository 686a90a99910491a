// Runs every guest of guests/, each in a sandbox of its own under tight limits, shows how it ended, and that the process
// is none the worse: after each of them an honest guest runs, and the host's own objects are as they were.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Result, run } from "cordon";

const GUESTS = join(import.meta.dirname, "guests");
const LIMITS = { fuel: "500M", memory: "32 MiB", wall: "2 s", output: "10 kb" };

const tools = {
  add: (a: number, b: number) => a + b,
  later: async () => "later",
};

export interface Ending {
  readonly guest: string;
  readonly how: string;
  readonly next: string;
  readonly untouched: boolean;
}

function describe(result: Result): string {
  if (result.status === "returned") return `returned ${JSON.stringify(result.value)}`;
  if (result.status === "threw") return `threw ${result.error.name}: ${result.error.message}`;
  if (result.status === "exhausted") return `exhausted: ${result.resource}`;
  return result.status;
}

const honest = async (): Promise<string> => describe(await run({ source: "[1, 2, 3].map((n) => n * n)" }));

/** Would a guest have reached the host's objects, these would tell. */
const isUntouched = (): boolean =>
  !("isAdmin" in {}) &&
  [1].map((n) => n + 1)[0] === 2 &&
  JSON.stringify({ a: 1 }) === '{"a":1}' &&
  tools.add(1, 2) === 3;

async function exhibit(guest: string): Promise<Ending> {
  const source = readFileSync(join(GUESTS, guest), "utf8");
  const how = describe(await run({ source, name: guest, grant: { tools }, limits: LIMITS }));
  return { guest, how, next: await honest(), untouched: isUntouched() };
}

export async function gallery(): Promise<Ending[]> {
  const endings: Ending[] = [];
  for (const guest of readdirSync(GUESTS).sort()) endings.push(await exhibit(guest));
  return endings;
}

if (process.argv[1] === import.meta.filename) {
  for (const { guest, how, next, untouched } of await gallery()) {
    console.log(`${guest.padEnd(26)} ${how}`);
    if (!untouched || next !== "returned [1,4,9]")
      console.log(`  BUT THEN: ${next}, ${untouched ? "" : "the host was changed"}`);
  }
  console.log("After each of them the next guest ran, and this process was as before.");
}
