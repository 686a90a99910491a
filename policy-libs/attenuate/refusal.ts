// The refusals that every capability may answer with, whatever its contract declares.

/** Every code, with what it means to the guest's author. */
export const COMMON = {
  E_REVOKED: "the capability was taken back",
  E_VALUE: "a value of the wrong kind",
  E_TARGET: "what stands behind the capability broke its contract",
  E_BUSY: "too much is under way",
  E_DENIED: "the call is not allowed",
  E_QUOTA: "nothing is left of what was granted",
  E_RATE: "too fast",
  E_EXPIRED: "the time of the capability is over",
  E_ENDED: "the program has ended",
} as const;

export type CommonCode = keyof typeof COMMON;

export interface CommonRefusal extends Error {
  readonly code: CommonCode;
}

/** Guests choose names; what is long is cut. */
const LONGEST = 200;

/** An error for the guest. Nothing in it may tell of the host. */
export function refusal(code: CommonCode, why: string = COMMON[code]): CommonRefusal {
  const message = why.length > LONGEST ? `${why.slice(0, LONGEST)}...` : why;
  return Object.assign(new Error(message), { name: "Refusal", code });
}

export function deny(code: CommonCode, why?: string): never {
  throw refusal(code, why);
}
