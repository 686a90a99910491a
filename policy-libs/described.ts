// A contract with what people and their editors want to know of it. The kernel checks what it says in `takes`, `gives`
// and `refuses`; the rest is for documents, `cordon types` and `cordon check --types`.
import type { CallContract, Contract } from "../kernel/index.ts";

export interface DescribedCall extends CallContract {
  /** Parameters and result as TypeScript says them: ["path: string"], "Promise<string>". */
  readonly params: readonly string[];
  readonly returns: string;
  readonly about: string;
}

export interface DescribedContract extends Contract {
  readonly allows: string;
  readonly never: string;
  readonly calls: readonly DescribedCall[];
  /** TypeScript declarations that the parameters and results name. */
  readonly declarations: string;
}

export const isDescribed = (contract: Contract): contract is DescribedContract =>
  typeof (contract as Partial<DescribedContract>).declarations === "string";
