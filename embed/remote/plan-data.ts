// A plan as data: what a worker has to know to make a sandbox. All that decides, the grants' own functions, policies,
// audits and meters, stays on the embedder's side.
import type { Contract } from "../../kernel/index.ts";
import type { CallMode } from "../../policy-libs/index.ts";
import type { Confinement } from "../engine.ts";
import type { Limits } from "../limits.ts";
import type { Sharing } from "../pool/place.ts";
import { type ContractGraph, graphOfContract } from "./contracts.ts";

/** Amounts by resource; what is not there has no limit. */
export type Amounts = Readonly<Record<string, number>>;

export interface CallData {
  readonly name: string;
  readonly method: number;
  readonly mode: CallMode;
  readonly passes: boolean;
}

export interface GrantData {
  readonly name: string;
  /** The number under which its capability was given. */
  readonly id: number;
  readonly contract: number;
  readonly calls: readonly CallData[];
}

export interface PlanData {
  readonly name: string;
  /** Whose it is: tenants share a worker by their shares. */
  readonly tenant: Sharing;
  readonly limits: Limits;
  readonly grants: readonly GrantData[];
  /** Contracts that the worker has not seen yet. */
  readonly contracts: readonly { readonly number: number; readonly graph: ContractGraph }[];
  /** The capability that loads modules. */
  readonly load: number | null;
  readonly virtual: { readonly start: number; readonly seed: number | string | null } | null;
  readonly timeZoneOffset: number;
  /** Calls that the worker's kernel refuses are told. */
  readonly tells: boolean;
  readonly leash: Amounts;
  readonly confinement: Confinement | null;
  /** Its maker, a sandbox in the same worker: that pays for it. */
  readonly parent: number | null;
  /** Its id in a store of the embedder's, where it sleeps. */
  readonly id: string | null;
  /** A copy: of what image, which the worker has. */
  readonly origin: OriginData | null;
}

export interface OriginData {
  readonly image: number;
  /** It is all of the memory, and no difference from the engine's. */
  readonly isWhole: boolean;
  readonly incarnation: number;
  readonly handles: readonly number[];
}

export interface JobData {
  readonly method: number;
  readonly limits: Limits;
  readonly drain: boolean;
  /** Where the source is, or may turn out to be, TypeScript. */
  readonly language: string | null;
}

/** Contracts that a worker keeps, by their forms. Beyond these it is sent what it needs, each time. */
const MOST_CONTRACTS = 2_000;

/** What was sent over one channel, so that it is sent once. */
export function newContractBook() {
  const numbers = new Map<string, number>();
  let next = 1;
  return {
    /** The number of a contract; adds what has to be sent to `news`. */
    numberOf(contract: Contract, news: { number: number; graph: ContractGraph }[]): number {
      const known = numbers.get(contract.form);
      if (known !== undefined) return known;
      const number = next++;
      // One that is not kept here is sent again under another number, and the worker keeps as many as this side does.
      if (numbers.size < MOST_CONTRACTS) numbers.set(contract.form, number);
      news.push({ number, graph: graphOfContract(contract) });
      return number;
    },
  };
}

export type ContractBook = ReturnType<typeof newContractBook>;
