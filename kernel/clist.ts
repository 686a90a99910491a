// C-lists: handles to capabilities. A handle is a small integer that means nothing in another domain.
//
// Invariants
//   H1  A handle finds what was granted to this domain under it, or nothing. No two grants share a number.
//   H2  What is revoked is never found again, by whatever handle: the entry, not the handle, is cut.
import { MAX_HANDLES } from "./limits.ts";
import type { Capability } from "./types.ts";

export interface Entry {
  readonly handle: number;
  readonly capability: Capability;
  /** Why calls are refused: `revoked` by its owner, `broken` by its target's own fault. */
  state: "live" | "revoked" | "broken";
}

export interface Clist {
  readonly entries: Entry[];
}

export const newClist = (): Clist => ({ entries: [] });

/** Adds a capability and returns its entry; undefined when the list is full. */
export function grant(clist: Clist, capability: Capability): Entry | undefined {
  if (clist.entries.length >= MAX_HANDLES) return undefined;
  const entry: Entry = { handle: clist.entries.length, capability, state: "live" };
  clist.entries.push(entry);
  return entry;
}

export const lookUp = (clist: Clist, allegedHandle: number): Entry | undefined => clist.entries[allegedHandle >>> 0];
