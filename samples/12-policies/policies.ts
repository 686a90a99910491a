// Runs a guest under the two policies of lectures.policy. What is granted is made here; the policies only say when.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "cordon";
import { arg, capability, contract, FILES, handle, nothing, policy, string, tree } from "cordon/policy-libs";

const WINDOW = contract({
  name: "window",
  allows: "closing one window",
  never: "reaches another one",
  calls: { close: { takes: [], gives: nothing(), refuses: ["E_CLOSED"], about: "closes it" } },
});
const WINDOWS = contract({
  name: "windows",
  allows: "opening windows",
  never: "reaches windows of others",
  calls: { open: { takes: [arg("title", string())], gives: handle(WINDOW), refuses: [], about: "opens a window" } },
});
const NET = contract({
  name: "net",
  allows: "sending texts",
  never: "receives anything",
  calls: {
    // What a text means is said here: then a policy sees one spelling of a host.
    send: {
      takes: [arg("host", string({ is: "host" })), arg("text", string())],
      gives: nothing(),
      refuses: [],
      about: "sends a text",
    },
  },
});

/** What the policies speak of. */
export const CONTRACTS = { net: NET, files: FILES, windows: WINDOWS };

export interface Report {
  readonly told: unknown;
  readonly sent: readonly string[];
  readonly mostWindows: number;
}

export async function policies(): Promise<Report> {
  const sent: string[] = [];
  const open = new Set<string>();
  let mostWindows = 0;
  const windowOf = (title: string) =>
    capability(WINDOW, {
      close: () => {
        if (!open.delete(title)) throw Object.assign(new Error("it is closed already"), { code: "E_CLOSED" });
      },
    });
  const windows = capability(WINDOWS, {
    open: (title) => {
      mostWindows = Math.max(mostWindows, open.add(title).size);
      return windowOf(title);
    },
  });
  const net = capability(NET, { send: async (host, text) => void sent.push(`${text} to ${host}`) });
  const files = tree({ "diary.txt": "dear diary" });

  const result = await run({
    source: readFileSync(join(import.meta.dirname, "guest.js"), "utf8"),
    grant: { net, files, windows },
    policy: policy.file(join(import.meta.dirname, "lectures.policy")),
  });
  if (result.status !== "returned") throw new Error(JSON.stringify(result));
  return { told: result.value, sent, mostWindows };
}

if (process.argv[1] === import.meta.filename) console.log(await policies());
