// Random bytes and whole numbers.
//
// Invariants
//   R1  Every whole number of a range is equally likely, if every byte of the source is: what does not fit is thrown
//       away, never folded in.
import { capability } from "../capability.ts";
import type { GrantedOf } from "../contract/index.ts";
import { account } from "../meter/index.ts";
import { refuse } from "../refusal.ts";
import { MOST_RANDOM_BYTES, RANDOM } from "./contract.ts";
import { seededSource } from "./seeded.ts";
import type { RandomSource } from "./source.ts";

// Part of every host that Cordon runs on, and of no ECMAScript library.
declare const crypto: { getRandomValues<T extends Uint8Array>(bytes: T): T };

/** Random to everybody, this host too: fit for secrets. */
export const hostSource: RandomSource = (length) => crypto.getRandomValues(new Uint8Array(length));

export interface RandomPlace {
  bytes(length: number): Promise<Uint8Array>;
  /** `min` and `max` are among the results. */
  integer(min: number, max: number): Promise<number>;
}

function bigOf(bytes: Uint8Array, bits: number): bigint {
  const whole = bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  return whole & ((1n << BigInt(bits)) - 1n);
}

const bitsOf = (span: bigint): number => (span === 0n ? 0 : span.toString(2).length);

/** From 0 to `span`, both among the results. On average fewer than two looks, as at least half of all fit. */
function drawUpTo(span: bigint, draw: RandomSource): bigint {
  const bits = bitsOf(span);
  if (bits === 0) return 0n;
  for (;;) {
    const found = bigOf(draw(Math.ceil(bits / 8)), bits);
    if (found <= span) return found;
  }
}

/** Waits until what others drew is paid for, then pays for every byte before it is drawn. */
export function randomPlace(source: RandomSource): RandomPlace {
  return {
    async bytes(length) {
      const payer = account();
      if (!Number.isInteger(length) || length < 0 || length > MOST_RANDOM_BYTES) {
        refuse("E_VALUE", `a number of bytes from 0 to ${MOST_RANDOM_BYTES}`);
      }
      await payer.wait("randomBytes", 0);
      payer.charge("randomBytes", length);
      return source(length);
    },
    async integer(min, max) {
      const payer = account();
      if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || min > max) {
        refuse("E_VALUE", "min and max must be whole numbers, and min not above max");
      }
      await payer.wait("randomBytes", 0);
      const draw: RandomSource = (length) => {
        payer.charge("randomBytes", length);
        return source(length);
      };
      return Number(BigInt(min) + drawUpTo(BigInt(max) - BigInt(min), draw));
    },
  };
}

/** A seed makes draws that repeat. */
export interface RandomOptions {
  /** The same for the same seed: for runs that repeat, and not for secrets. Default: the host's randomness. */
  readonly seed?: string | number | undefined;
}

/** Grants randomness: the host's, unless a seed is given. */
export const random = ({ seed }: RandomOptions = {}): GrantedOf<typeof RANDOM> =>
  capability(RANDOM, randomPlace(seed === undefined ? hostSource : seededSource(seed)));
