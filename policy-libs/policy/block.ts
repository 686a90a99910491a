// Address blocks as policies write them: "10.0.0.0/8", "fe80::/10". One spelling of what is meant, or none: the address
// is strict (net/address.ts) and has no bits beyond its prefix, which would look narrower than it is.
import { type Address, address4, address6, parseAddress } from "../net/address.ts";
import { shown } from "./characters.ts";
import type { AddressBlock } from "./resolved.ts";

interface Halves {
  readonly address: Address;
  readonly bits: 32 | 128;
  readonly length: number;
}

function halvesOf(text: string): Halves | undefined {
  const slash = text.indexOf("/");
  const address = parseAddress(slash === -1 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const bits = address.family === 4 ? 32 : 128;
  const length = slash === -1 ? "" : text.slice(slash + 1);
  return { address, bits, length: /^(?:0|[1-9][0-9]{0,2})$/.test(length) ? Number(length) : Number.NaN };
}

const withoutRest = ({ address, bits, length }: Halves): bigint => {
  const drop = BigInt(bits - length);
  return (address.bits >> drop) << drop;
};

/** The block that a text is, or undefined. */
export function blockOf(text: string): AddressBlock | undefined {
  const halves = halvesOf(text);
  if (halves === undefined || blockProblem(text) !== undefined) return undefined;
  const first = halves.address.bits;
  return { bits: halves.bits, first, last: first + (1n << BigInt(halves.bits - halves.length)) - 1n, text };
}

/** What is wrong with it as a block, and what to do; undefined: nothing. */
export function blockProblem(text: string): { readonly message: string; readonly advice: string } | undefined {
  const halves = halvesOf(text);
  if (halves === undefined) {
    return { message: `"${shown(text)}" is no address block`, advice: 'Write one like "10.0.0.0/8" or "fe80::/10".' };
  }
  const { address, bits, length } = halves;
  if (!text.includes("/")) {
    return {
      message: `"${text}" is an address, not a block of them`,
      advice: `For this one alone write ${text}/${bits}.`,
    };
  }
  if (!(length <= bits)) {
    return { message: `"${shown(text)}" has no prefix length`, advice: `It is a number from 0 to ${bits}.` };
  }
  const first = withoutRest(halves);
  if (first === address.bits) return undefined;
  const meant = `${(bits === 32 ? address4 : address6)(first).text}/${length}`;
  return { message: `"${text}" has bits beyond its prefix`, advice: `Did you mean ${meant}?` };
}
