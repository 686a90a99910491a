// A bill: what was used times what it costs, for an account and all below it.
import { type Node, totalOf } from "./node.ts";
import { type Metered, RESOURCES } from "./resources.ts";

/** Price of one unit. */
export type Prices = Readonly<Partial<Record<Metered, number>>>;

/** One resource on a bill. */
export interface BillLine {
  readonly resource: Metered;
  readonly used: number;
  readonly price: number;
  readonly cost: number;
}

/** What a meter used, by price, with the bills of those below it. */
export interface Bill {
  readonly name: string;
  readonly lines: readonly BillLine[];
  /** Everything that was used here and below. */
  readonly total: number;
  /** What is in the total already, account by account. Those that have ended are in it, not here. */
  readonly parts: readonly Bill[];
}

export function billOf(node: Node, prices: ReadonlyMap<Metered, number>): Bill {
  const { name, children } = node;
  const lines = [...prices].map(([resource, price]) => {
    const used = totalOf(node, RESOURCES.indexOf(resource));
    return { resource, used, price, cost: used * price };
  });
  const total = lines.reduce((sum, { cost }) => sum + cost, 0);
  return { name, lines, total, parts: Array.from(children ?? [], (child) => billOf(child, prices)) };
}
