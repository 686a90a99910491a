// Tests of one argument: texts, paths, hosts and addresses. Names of the past and of rules do not come in here.
//
// Invariants
//   D1  Every test is total, and takes time at most proportional to the text times the pattern.
//   D2  An IPv4 address is in a block however it is written: "::ffff:10.0.0.1" is in 10.0.0.0/8. Else a guest would walk
//       around a rule by another spelling.
// Trust
//   Trusts policy-libs/net/address.ts to read addresses strictly.
import { parseAddress } from "../net/address.ts";
import { F, type Kleene, kleene, some, U } from "./kleene.ts";
import type { Address, AddressBlock } from "./resolved.ts";
import type { TextTest } from "./tree.ts";

/** "*" without "/", "**", or one unit that stands for itself. */
export const likeParts = (pattern: string): string[] => pattern.match(/\*\*|[\s\S]/g) ?? [];

const isRun = (part: string | undefined): boolean => part === "*" || part === "**";

/** Also stands where runs may be empty. */
function closed(states: Set<number>, parts: readonly string[]): Set<number> {
  for (const state of states) if (isRun(parts[state])) states.add(state + 1);
  return states;
}

function stepped(states: Set<number>, unit: string, parts: readonly string[]): Set<number> {
  const next = new Set<number>();
  for (const state of states) {
    const part = parts[state];
    if (part === "**" || (part === "*" && unit !== "/")) next.add(state);
    if (part === unit && !isRun(part)) next.add(state + 1);
  }
  return closed(next, parts);
}

/** All ways to match at once, one unit after the other: nothing is tried twice. */
function isLike(text: string, pattern: string): boolean {
  const parts = likeParts(pattern);
  let states = closed(new Set([0]), parts);
  for (let at = 0; at < text.length && states.size > 0; at++) states = stepped(states, text[at] as string, parts);
  return states.has(parts.length);
}

const isUnder = (path: string, root: string): boolean =>
  path === root || path.startsWith(root.endsWith("/") ? root : `${root}/`);

const TESTS: { readonly [test in TextTest]: (text: string, pattern: string) => boolean } = {
  "starts with": (text, start) => text.startsWith(start),
  "ends with": (text, end) => text.endsWith(end),
  contains: (text, part) => text.includes(part),
  like: isLike,
  under: isUnder,
};

export const testText = (test: TextTest, text: string, pattern: string): boolean => TESTS[test](text, pattern);

/** The address of a text; of one that is written as IPv6 and means IPv4, both. None: it is no address. */
export function addressesOf(text: string): readonly Address[] {
  const parsed = parseAddress(text);
  if (parsed === undefined) return [];
  const address: Address = { bits: parsed.family === 4 ? 32 : 128, value: parsed.bits };
  const isMapped = address.bits === 128 && address.value >> 32n === 0xffffn;
  return isMapped ? [address, { bits: 32, value: address.value & 0xffff_ffffn }] : [address];
}

const holds = (block: AddressBlock, { bits, value }: Address): boolean =>
  block.bits === bits && block.first <= value && value <= block.last;

/** Unknown of a text that is no address. */
export function inBlocks(text: string, blocks: readonly AddressBlock[]): Kleene {
  const addresses = addressesOf(text);
  if (addresses.length === 0) return U;
  return blocks.length === 0 ? F : some(blocks, (block) => kleene(addresses.some((address) => holds(block, address))));
}
