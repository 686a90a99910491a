// A contract with what people and their editors want to know of it. The kernel checks what it says in `takes`, `gives`
// and `refuses`; the rest is for documents, `cordon types` and `cordon check --types`.
import type { CallContract, Contract } from "../kernel/index.ts";

/** A call, as people and declarations need it. */
export interface DescribedCall extends CallContract {
  /** Parameters and result as TypeScript says them: ["path: string"], "Promise<string>". */
  readonly params: readonly string[];
  readonly returns: string;
  readonly about: string;
}

/** A contract that says more than the kernel asks for. */
export interface DescribedContract extends Contract {
  readonly allows: string;
  readonly never: string;
  readonly calls: readonly DescribedCall[];
  /** TypeScript declarations that the parameters and results name. */
  readonly declarations: string;
}

/** Was it made by `contract()`, so that there are words and declarations? */
export const isDescribed = (contract: Contract): contract is DescribedContract =>
  typeof (contract as Partial<DescribedContract>).declarations === "string";
