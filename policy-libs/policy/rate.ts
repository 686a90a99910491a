// `delay … to n per d`: the generic cell rate algorithm. After a pause n calls may begin at once, then one every d/n, as
// with policy-libs/attenuate/rate.ts: in any span of t milliseconds at most n + t * n / d begin.
//
// Whole numbers only: times are kept in units of 1/n milliseconds, so that no rate drifts. With n and d below 2^31 and
// times below 2^53 no product is rounded, for they are of arbitrary length.

/** When the bucket is empty again, in units of 1/n milliseconds; undefined: nothing was poured yet. */
export type Emptied = bigint | undefined;

/** After a call at `time`. */
export function poured(emptied: Emptied, time: number, n: number, d: number): bigint {
  const now = BigInt(time) * BigInt(n);
  return (emptied === undefined || emptied < now ? now : emptied) + BigInt(d);
}

/** Whole milliseconds from `time` on until one more call may begin. Of a rate of none: for ever. */
export function waitOf(emptied: Emptied, time: number, n: number, d: number): number {
  if (n === 0) return Infinity;
  if (emptied === undefined) return 0;
  const early = emptied - BigInt(d) * BigInt(n - 1) - BigInt(time) * BigInt(n);
  return early <= 0n ? 0 : Number((early + BigInt(n - 1)) / BigInt(n));
}
