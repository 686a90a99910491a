// Runs a server in a jail that is a policy: twice, the second time with somebody in it who writes.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Result, run } from "cordon";
import {
  arg,
  capability,
  contract,
  directory,
  FILES,
  nothing,
  oneOf,
  policy,
  readOnly,
  string,
} from "cordon/policy-libs";

const SANDBOX = contract({
  name: "sandbox",
  allows: "saying that what was needed to begin is needed no more",
  never: "does anything: that it was called is what counts",
  calls: { seal: { takes: [], gives: nothing(), refuses: [], mode: "sync", about: "from now on less is allowed" } },
});
const LOG = contract({
  name: "log",
  allows: "writing lines",
  never: "reads any",
  calls: {
    write: { takes: [arg("line", string())], gives: nothing(), refuses: [], mode: "sync", about: "one line" },
    level: {
      takes: [arg("name", oneOf("info", "debug"))],
      gives: nothing(),
      refuses: [],
      mode: "sync",
      about: "how much",
    },
  },
});

/** What the policy speaks of. */
export const CONTRACTS = { files: FILES, sandbox: SANDBOX, log: LOG };

const read = (name: string): string => readFileSync(join(import.meta.dirname, name), "utf8");

export interface Report {
  readonly served: unknown;
  readonly log: readonly string[];
  readonly hacked: string;
}

const how = (result: Result): string =>
  result.status === "refused" ? `${result.status} by ${result.by}: ${result.why}` : result.status;

export async function jail(): Promise<Report> {
  const log: string[] = [];
  const grant = {
    // The directory is narrowed as well: a jail has more than one wall.
    files: readOnly(directory(join(import.meta.dirname, "root"))),
    sandbox: capability(SANDBOX, { seal: () => undefined }),
    log: capability(LOG, { write: (line) => void log.push(line), level: (name) => void log.push(`level ${name}`) }),
  };
  const careful = policy.text(read("jail.policy"), { file: "jail.policy" });
  const request = { source: read("guest.js"), grant, policy: careful };
  const honest = await run({ ...request, inputs: { isHacked: false } });
  if (honest.status !== "returned") throw new Error(JSON.stringify(honest));
  const lines = [...log];
  const hacked = await run({ ...request, inputs: { isHacked: true } });
  return { served: honest.value, log: lines, hacked: how(hacked) };
}

if (process.argv[1] === import.meta.filename) console.log(await jail());
