// A bill: what was used times what it costs, for an account and all below it.
import type { Metered } from "../../kernel/index.ts";

/** Price of one unit. */
export type Prices = Readonly<Partial<Record<Metered, number>>>;

export interface BillLine {
  readonly resource: Metered;
  readonly used: number;
  readonly price: number;
  readonly cost: number;
}

export interface Bill {
  readonly name: string;
  readonly lines: readonly BillLine[];
  /** Everything that was used here and below. */
  readonly total: number;
  /** What is in the total already, account by account. Those that have ended are in it, not here. */
  readonly parts: readonly Bill[];
}

export function linesOf(totals: Readonly<Record<Metered, number>>, prices: Prices): BillLine[] {
  return (Object.entries(prices) as [Metered, number][]).map(([resource, price]) => {
    const used = totals[resource];
    return { resource, used, price, cost: used * price };
  });
}
