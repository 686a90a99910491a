// Calls as embedders name them: "write" is a call of the capability, "file.write" one of the handles that it gives.
import type { Contract } from "../../kernel/index.ts";
import type { Granted } from "../capability.ts";
import type { Crossing } from "./membrane.ts";

type Named = Pick<Crossing, "contract" | "call">;

/** Of contract and call, whatever dots a name has. */
const keyOf = (contract: string, call: string): string => JSON.stringify([contract, call]);

export const callKey = ({ contract, call }: Named): string => keyOf(contract.name, call);

function parseName(contract: Contract, name: unknown): readonly [string, string] {
  if (typeof name !== "string") throw new TypeError("a call's name must be text");
  if (contract.calls.some((call) => call.name === name)) return [contract.name, name];
  const dot = name.lastIndexOf(".");
  const isOfAnother = dot > 0 && dot < name.length - 1 && name.slice(0, dot) !== contract.name;
  // A name that means nothing is a mistake, and in a list of what is forbidden a hole.
  if (!isOfAnother) throw new TypeError(`${contract.name} has no call ${JSON.stringify(name)}`);
  return [name.slice(0, dot), name.slice(dot + 1)];
}

export interface CallNames {
  readonly has: (named: Named) => boolean;
  /** Is any call of this contract named? */
  readonly knows: (contract: Contract) => boolean;
}

/** The calls that a list names. Throws a TypeError for a name that the capability does not have. */
export function callNames({ contract }: Granted, names: readonly string[]): CallNames {
  if (!Array.isArray(names)) throw new TypeError("calls are named by a list");
  const parsed = names.map((name) => parseName(contract, name));
  const keys = new Set(parsed.map(([of, call]) => keyOf(of, call)));
  const contracts = new Set(parsed.map(([of]) => of));
  return { has: (named) => keys.has(callKey(named)), knows: ({ name }) => contracts.has(name) };
}

/** A record whose keys are names of calls. */
export function callTable<T>({ contract }: Granted, table: Readonly<Record<string, T>>): ReadonlyMap<string, T> {
  return new Map(Object.entries(table).map(([name, value]) => [keyOf(...parseName(contract, name)), value]));
}
