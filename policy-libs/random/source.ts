/** Gives so many random bytes. */
export type RandomSource = (length: number) => Uint8Array;
