// Integers and addresses cut into pieces within which no test changes.
import { type Address, address4, address6, parseAddress } from "../../net/address.ts";
import type { AddressBlock } from "../resolved.ts";
import { pieces } from "./text-classes.ts";
import type { Lengths } from "./words.ts";

/** One integer of each piece: the least. `points` are told apart from all others; a cut is the last one before a change. */
export function integerPieces(points: readonly number[], cuts: readonly number[], bounds: Lengths): readonly Lengths[] {
  return pieces([...cuts, ...points, ...points.map((point) => point - 1)], bounds);
}

/** An equality test on an address is a block of one. */
export function blockOf(text: string): AddressBlock | undefined {
  const address = parseAddress(text);
  if (address === undefined || address.text !== text) return undefined;
  return { bits: address.family === 4 ? 32 : 128, first: address.bits, last: address.bits, text };
}

export interface AddressPiece {
  readonly first: bigint;
  readonly last: bigint;
  readonly witness: string;
  readonly more: (count: number) => readonly string[];
}

const ADDRESSES: readonly (readonly [32 | 128, (bits: bigint) => Address])[] = [
  [32, address4],
  [128, address6],
];

/** IPv4-mapped IPv6: contracts make the IPv4 address of it. */
const MAPPED = { first: 0xffff_0000_0000n, last: 0xffff_ffff_ffffn };

/** Every address of both families lies in one piece, and no block cuts a piece. */
export function addressPieces(blocks: readonly AddressBlock[]): readonly AddressPiece[] {
  return ADDRESSES.flatMap(([bits, addressOf]) => {
    const never = bits === 128 ? [MAPPED] : [];
    const own = [...never, ...blocks.filter((block) => block.bits === bits)];
    const starts = new Set([0n, 1n << BigInt(bits), ...own.flatMap((block) => [block.first, block.last + 1n])]);
    const sorted = [...starts].sort((a, b) => (a < b ? -1 : 1));
    return sorted.slice(0, -1).flatMap((first, at): AddressPiece[] => {
      const last = (sorted[at + 1] as bigint) - 1n;
      if (never.some((range) => range.first <= first && last <= range.last)) return [];
      const more = (count: number): readonly string[] =>
        Array.from({ length: Number(last - first < BigInt(count) ? last - first + 1n : BigInt(count)) }, (_, step) =>
          addressOf(first + BigInt(step)),
        ).map((address) => address.text);
      return [{ first, last, witness: addressOf(first).text, more }];
    });
  });
}
