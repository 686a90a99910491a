// One host, two tenants, a policy made out of one template for each. Two programs of a tenant share its hour.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "cordon";
import { capability, contractFrom, type PolicySource, policy } from "cordon/policy-libs";

const read = (name: string): string => readFileSync(join(import.meta.dirname, name), "utf8");

// A contract is data, so it can be a file: `cordon policy test` reads it as well.
const DB = contractFrom(JSON.parse(read("db.json")));

/** What the policies speak of. */
export const CONTRACTS = { db: DB };

interface Row {
  readonly table: string;
  readonly owner: string;
  readonly row: string;
}

/** Made once for each tenant: what is counted `per tenant` lives as long as it does. */
const policyOf = (tenant: string): PolicySource =>
  policy.file(join(import.meta.dirname, "tenants.policy"), { use: tenant, tenant });

export interface Report {
  readonly told: Readonly<Record<string, unknown>>;
  /** How many rows each query was for, when it reached the table. */
  readonly queries: readonly number[];
}

export async function tenants(): Promise<Report> {
  const rows: Row[] = [
    { table: "prices", owner: "", row: "a desk: 90" },
    { table: "orders", owner: "acme", row: "a lamp" },
    { table: "orders", owner: "initech", row: "a stapler" },
  ];
  const queries: number[] = [];
  const of = (table: string, owner: string): string[] =>
    rows.filter((each) => each.table === table && each.owner === owner).map(({ row }) => row);
  const db = capability(DB, {
    query: async (table: string, owner: string, most: number) => {
      queries.push(most);
      return of(table, owner).slice(0, most);
    },
    insert: async (table: string, owner: string, row: string) => {
      rows.push({ table, owner, row });
      return of(table, owner);
    },
  });

  const source = read("guest.js");
  const policies = new Map(["acme", "initech"].map((tenant) => [tenant, policyOf(tenant)]));
  const told: Record<string, unknown> = {};
  for (const [program, me] of [
    ["first", "acme"],
    ["second", "acme"],
    ["only", "initech"],
  ] as const) {
    const result = await run({ source, grant: { db }, inputs: { me }, policy: policies.get(me) });
    if (result.status !== "returned") throw new Error(JSON.stringify(result));
    told[`${me}, ${program}`] = result.value;
  }
  return { told, queries };
}

if (process.argv[1] === import.meta.filename) console.log(await tenants());
