// `in CIDR` of many rules at once: what ../predicates.ts says, with a short way for IPv4 in dotted decimal.
import { addressesOf } from "../predicates.ts";
import type { Address, AddressBlock } from "../resolved.ts";

const NONE = -1;
const [DOT, ZERO] = [0x2e, 0x30];

/** The number of an address in dotted decimal; -1: the text is none, or written in another way. */
function numberOf(text: string): number {
  let [number, part, digits, parts] = [0, 0, 0, 1];
  if (text.length > 15) return NONE;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === DOT) {
      if (digits === 0) return NONE;
      number = number * 256 + part;
      [part, digits] = [0, 0];
      parts += 1;
      continue;
    }
    const digit = unit - ZERO;
    if (digit < 0 || digit > 9 || (digits > 0 && part === 0)) return NONE;
    part = part * 10 + digit;
    digits += 1;
    if (part > 255) return NONE;
  }
  return parts === 4 && digits > 0 ? number * 256 + part : NONE;
}

interface Range {
  readonly first: number;
  readonly last: number;
  readonly test: number;
}

interface Cuts {
  readonly cuts: readonly number[];
  readonly tests: readonly (readonly number[])[];
}

/** Ranges of IPv4, cut where any begins or ends: `tests[i]` hold from `cuts[i]` up to the next cut. */
function cutsOf(ranges: readonly Range[]): Cuts {
  const changes = new Map<number, Map<number, number>>([[0, new Map()]]);
  const change = (at: number, test: number, by: number): void => {
    const here = changes.get(at) ?? new Map<number, number>();
    changes.set(at, here.set(test, (here.get(test) ?? 0) + by));
  };
  for (const { first, last, test } of ranges) {
    change(first, test, 1);
    change(last + 1, test, -1);
  }
  const cuts = [...changes.keys()].sort((a, b) => a - b);
  const open = new Map<number, number>();
  const tests = cuts.map((cut) => {
    for (const [test, by] of changes.get(cut) ?? []) {
      const count = (open.get(test) ?? 0) + by;
      if (count === 0) open.delete(test);
      else open.set(test, count);
    }
    return [...open.keys()];
  });
  return { cuts, tests };
}

/** The last of the cuts that is not above. */
function placeOf(cuts: readonly number[], number: number): number {
  let [low, high] = [0, cuts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((cuts[middle] as number) <= number) low = middle;
    else high = middle - 1;
  }
  return low;
}

const holds = ({ bits, first, last }: AddressBlock, address: Address): boolean =>
  bits === address.bits && first <= address.value && address.value <= last;

/** Finds the lists that have an address. False: the text is none. */
export function lookInBlocks(lists: readonly (readonly AddressBlock[])[]) {
  const ranges = lists.flatMap((blocks, test) =>
    blocks.flatMap(({ bits, first, last }) =>
      bits === 32 ? [{ first: Number(first), last: Number(last), test }] : [],
    ),
  );
  const { cuts, tests } = cutsOf(ranges);
  return (text: string, found: (test: number) => void): boolean => {
    const number = numberOf(text);
    if (number !== NONE) {
      tests[placeOf(cuts, number)]?.forEach(found);
      return true;
    }
    const addresses = addressesOf(text);
    for (const [test, blocks] of lists.entries()) {
      if (addresses.some((address) => blocks.some((block) => holds(block, address)))) found(test);
    }
    return addresses.length > 0;
  };
}
