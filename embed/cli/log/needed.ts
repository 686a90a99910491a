// The smallest grants that a log needed.
import { type Suggestion, suggest } from "../check-needs.ts";
import { isKind } from "../grants/kinds.ts";
import { smallest, type UsedCall } from "../grants/smallest.ts";
import type { Summary, Usage } from "./summary.ts";

export interface Needed {
  readonly name: string;
  readonly capability: string;
  readonly calls: readonly string[];
  /** Undefined: nothing that the command line gives, an embedder's own functions say. */
  readonly grant: Suggestion | undefined;
  /** What it would take to allow what was refused, if that is more. */
  readonly more: string | undefined;
  /** The log has no arguments of some calls, so paths and hosts are missing. */
  readonly isPartial: boolean;
}

function neededOf({ name, capability, contract, allowed, refused, isPartial }: Usage): Needed {
  const calls = [...new Set([...allowed.values()].flatMap(({ call }) => call ?? []))].sort();
  const who = { name, capability, calls, isPartial };
  if (!isKind(contract)) return { ...who, grant: undefined, more: undefined };
  const word = (all: readonly UsedCall[]): Suggestion => suggest(capability, contract, smallest(contract, all));
  const grant = allowed.size === 0 ? undefined : word([...allowed.values()]);
  const wider = word([...allowed.values(), ...refused.values()]).word;
  return { ...who, grant, more: wider === grant?.word ? undefined : wider };
}

/** One for each grant that was called. What a call of it gave is part of the same grant. */
export function neededIn({ usages }: Summary): Needed[] {
  const all = [...usages.values()];
  const key = ({ name, capability }: Usage): string => JSON.stringify([name, capability]);
  const known = new Set(all.filter(({ contract }) => isKind(contract)).map(key));
  return all
    .filter((usage) => isKind(usage.contract) || (usage.allowed.size > 0 && !known.has(key(usage))))
    .map(neededOf);
}

/** Names of grants that no call used, by who had them. */
export function unusedIn({ runs }: Summary): { readonly name: string; readonly capability: string }[] {
  const found = new Map<string, { name: string; capability: string; isUsed: boolean }>();
  for (const { name, grants, used } of runs.values()) {
    for (const capability of grants.keys()) {
      const key = JSON.stringify([name, capability]);
      const isUsed = used.has(capability) || found.get(key)?.isUsed === true;
      found.set(key, { name, capability, isUsed });
    }
  }
  return [...found.values()].filter(({ isUsed }) => !isUsed).map(({ name, capability }) => ({ name, capability }));
}
