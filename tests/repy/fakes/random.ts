// Seeded bytes (xorshift32): B34 is the same in every run.
export function fakeRandom(seed: number) {
  let state = seed;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 16) & 255;
  };
  return { bytes: async (length: number) => Uint8Array.from({ length }, next) };
}
