// `in CIDR`: what ../data.ts says, with a short way for IPv4 in dotted decimal.
import { inBlocks } from "../data.ts";
import { F, type Kleene, T } from "../kleene.ts";
import type { AddressBlock } from "../resolved.ts";

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

export function blocksTest(blocks: readonly AddressBlock[]): (text: string) => Kleene {
  const short = blocks.filter(({ bits }) => bits === 32).map((b) => [Number(b.first), Number(b.last)] as const);
  return (text) => {
    const number = numberOf(text);
    if (number === NONE) return inBlocks(text, blocks);
    for (const [first, last] of short) if (first <= number && number <= last) return T;
    return F;
  };
}
