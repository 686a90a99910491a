// Lets a plugin tidy up a folder under plugin.policy, with a user who says yes to temporary files only.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "cordon";
import { arg, boolean, capability, contract, FILES, policy, string, tree } from "cordon/policy-libs";

const USER = contract({
  name: "user",
  allows: "asking the user whether a file may be removed",
  never: "removes anything",
  calls: {
    // The same name and type as in the contract of files: so a policy can relate the two.
    confirm: { takes: [arg("path", string({ is: "path" }))], gives: boolean(), refuses: [], about: "yes or no" },
  },
});
const TELEMETRY = contract({
  name: "telemetry",
  allows: "telling the plugin's maker something",
  never: "tells the plugin anything",
  calls: { send: { takes: [arg("text", string())], gives: boolean(), refuses: [], about: "was it told?" } },
});

/** What the policy speaks of. */
export const CONTRACTS = { files: FILES, user: USER, telemetry: TELEMETRY };

export interface Report {
  readonly told: unknown;
  readonly asked: readonly string[];
  readonly sent: readonly string[];
  readonly left: readonly string[];
  /** What the policy has refused, for the user to look at. */
  readonly refused: readonly string[];
}

export async function plugin(): Promise<Report> {
  const asked: string[] = [];
  const sent: string[] = [];
  const refused: string[] = [];
  const user = capability(USER, {
    confirm: async (path) => {
      asked.push(path);
      return path.endsWith(".tmp");
    },
  });
  const telemetry = capability(TELEMETRY, { send: (text) => sent.push(text) > 0 });
  const files = tree({ "old.tmp": "", "diary.txt": "dear diary", "notes.txt": "" });

  const careful = policy.file(join(import.meta.dirname, "plugin.policy"), {
    onDecided: ({ verdict, event, decision: { refusal } }) => {
      if (refusal !== undefined) refused.push(`${event.op.name} ${verdict} by ${refusal.policy.name}`);
    },
  });
  const source = readFileSync(join(import.meta.dirname, "guest.js"), "utf8");
  const result = await run({ source, grant: { files, user, telemetry }, policy: careful });
  if (result.status !== "returned") throw new Error(JSON.stringify(result));

  const list = await run({ source: "(await files.list()).map(({ name }) => name)", grant: { files } });
  const left = list.status === "returned" ? (list.value as string[]) : [];
  return { told: result.value, asked, sent, left, refused };
}

if (process.argv[1] === import.meta.filename) console.log(await plugin());
