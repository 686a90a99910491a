// What a layer declares of itself: contracts as data, which a guest has written.
//
// Invariants
//   D1  It is bounded before it is looked at: by bytes, then by how many; each contract by the bounds of contract().
//   D2  The layer pays for the reading, in fuel, before it happens.
//   D3  Its names are names that a grant may have.
// Trust
//   Trusts values.ts to give plain copies, and policy-libs/contract/ with data of anybody. Trusted by layer.ts.
import type { Contract } from "../kernel/index.ts";
import { contractFrom } from "../policy-libs/index.ts";
import { checkName } from "./capability.ts";
import { decodeValue } from "./values.ts";

/** The 20 calls of RepyV2 with their objects are 9 KiB. */
export const MOST_DECLARED = 1 << 17; // bytes
export const MOST_NAMES = 32;
/** The dearest contracts that were found take 1.2 us a byte, in which a guest uses 4,800 fuel (FUEL_PER_SECOND in repy.ts). */
const FUEL_OF_BYTE = 5_000;

export const costOf = (bytes: Uint8Array): number => bytes.length * FUEL_OF_BYTE;

type Refuse = (why: string) => never;

function entriesOf(bytes: Uint8Array, refuse: Refuse): [string, unknown][] {
  if (bytes.length > MOST_DECLARED) return refuse(`its contracts are ${bytes.length} bytes: at most ${MOST_DECLARED}`);
  const { value } = decodeValue(bytes) as { readonly value?: unknown };
  const isRecord = typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  const entries = isRecord ? Object.entries(value) : [];
  if (entries.length > 0 && entries.length <= MOST_NAMES) return entries;
  return refuse(`its program must give { contracts, objects }, with contracts under 1 to ${MOST_NAMES} names`);
}

function contractOf(name: string, alleged: unknown, refuse: Refuse): Contract {
  try {
    checkName(name);
    return contractFrom(alleged);
  } catch (error) {
    return refuse(`its program declares what cannot be: ${(error as Error).message}`);
  }
}

/** The contracts in the answer to RUN, or `refuse`, which throws. Whoever asks has let the layer pay `costOf`. */
export function readDeclared(bytes: Uint8Array, refuse: Refuse): Map<string, Contract> {
  const entries = entriesOf(bytes, refuse);
  return new Map(entries.map(([name, alleged]) => [name, contractOf(name, alleged, refuse)]));
}
