// Three tenants run scripts of theirs. Each has a meter with limits and rates, each run a meter below it, and at the end
// of the day there is a bill.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isCordonError, run } from "cordon";
import { account, type Bill, type Meter, meter } from "cordon/policy-libs";

const PRICES = { fuel: 2e-9, netSend: 0.0005, calls: 0.001 } as const;

/** Who sends pays by the byte, and waits where the rate says so. The guest waits with it; this process does not. */
const mail = {
  async send(_to: string, text: string): Promise<void> {
    await account().wait("netSend", Buffer.byteLength(text));
  },
};

const source = (name: string): string => readFileSync(join(import.meta.dirname, "guests", `${name}.js`), "utf8");

/** How it ended, in a few words. */
async function job(tenant: Meter, name: string): Promise<string> {
  try {
    const result = await run({ source: source(name), grant: { mail }, meter: tenant.child({ name }) });
    if (result.status === "exhausted") return `${name}: out of ${result.resource}`;
    return result.status === "threw" ? `${name}: ${result.error.message}` : `${name}: ${result.status}`;
  } catch (error) {
    if (isCordonError(error) && error.code === "E_LIMIT") return `${name}: not even begun`;
    throw error;
  }
}

export interface Day {
  readonly ends: readonly string[];
  readonly bills: readonly Bill[];
  /** How long the letters took that were sent at a rate. */
  readonly milliseconds: number;
}

export async function day(): Promise<Day> {
  const acme = meter({ name: "Acme", limits: { netSend: 2_000 } });
  const globex = meter({ name: "Globex", limits: { fuel: 50_000_000 } });
  const initech = meter({ name: "Initech", rates: { netSend: { perSecond: 20_000, burst: 2_000 } } });

  const ends = [await job(acme, "report"), await job(acme, "report"), await job(acme, "report")];
  ends.push(await job(globex, "spin"), await job(globex, "report"));
  const start = performance.now();
  ends.push(await job(initech, "letters"));
  const milliseconds = performance.now() - start;
  return { ends, bills: [acme, globex, initech].map((tenant) => tenant.bill(PRICES)), milliseconds };
}

/** A bill as people read it. */
export function printed({ name, lines, total, parts }: Bill, indent = ""): string {
  const rows = lines.map(({ resource, used, price, cost }) =>
    [
      `${indent}  ${resource.padEnd(10)}`,
      `${used}`.padStart(12),
      `x ${price}`.padStart(10),
      cost.toFixed(4).padStart(10),
    ].join(" "),
  );
  const below = parts.map((part) => `${indent}  of which ${part.name}: ${part.total.toFixed(4)}`);
  return [`${indent}${name}: ${total.toFixed(4)}`, ...rows, ...below].join("\n");
}

if (process.argv[1] === import.meta.filename) {
  const { ends, bills, milliseconds } = await day();
  console.log(ends.join("\n"), `\nInitech's letters took ${Math.round(milliseconds)} ms\n`);
  for (const bill of bills) console.log(printed(bill));
}
