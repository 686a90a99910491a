// A script pays invoices. Small ones it pays by itself; at a large one the run is interrupted, and goes on when somebody
// has decided: now, or after lunch.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Result, run } from "cordon";
import { arg, ask, capability, contract, type Decision, number, type Request, string } from "cordon/policy-libs";

const PAYMENTS = contract({
  name: "payments",
  allows: "paying somebody an amount of money",
  never: "pays more than what was approved",
  calls: {
    pay: {
      takes: [arg("to", string({ min: 1, max: 80 })), arg("amount", number({ min: 0.01, max: 1e6 }))],
      gives: string(),
      refuses: [],
      about: "pays, and gives the receipt",
    },
  },
});

const INVOICES = [
  { to: "the baker", amount: 12 },
  { to: "the landlord", amount: 900 },
  { to: "the plumber", amount: 80 },
  { to: "a prince abroad", amount: 50_000 },
];
/** Up to here nobody is asked. */
const SMALL = 100;

const isSmall = ({ args: [, amount] }: Request): boolean => (amount as number) <= SMALL;

export interface Payday {
  readonly receipts: unknown;
  readonly paid: readonly string[];
  readonly asked: readonly string[];
}

/** `decide` is told what the script wants to do, and may take its time. */
export async function payday(decide: (question: Request) => Promise<Decision>): Promise<Payday> {
  const paid: string[] = [];
  const asked: string[] = [];
  const payments = capability(PAYMENTS, {
    pay: async (to, amount) => {
      paid.push(`${amount} to ${to}`);
      return `${to}: paid ${amount}`;
    },
  });
  const careful = ask(payments, async (request) => (isSmall(request) ? "allow" : "interrupt"));

  const source = readFileSync(join(import.meta.dirname, "guest.js"), "utf8");
  let result: Result = await run({ source, grant: { payments: careful }, inputs: { invoices: INVOICES } });
  while (result.status === "interrupted") {
    const question = result.question as Request;
    asked.push(`${question.capability}.${question.call}(${question.args.join(", ")})`);
    result = await result.continuation.resume(await decide(question));
  }
  if (result.status !== "returned") throw new Error(JSON.stringify(result));
  return { receipts: result.value, paid, asked };
}

/** Somebody who thinks for a while, pays the rent in part, and knows no prince. */
export async function careful({ args: [to, amount] }: Request): Promise<Decision> {
  await new Promise((resolve) => setTimeout(resolve, 50));
  if (to === "the landlord") return { allow: true, args: [to, (amount as number) - 100] };
  return { deny: "nobody knows him" };
}

if (process.argv[1] === import.meta.filename) console.log(await payday(careful));
