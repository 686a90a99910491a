// How a key-value store says no.
import { type Refusal, refusal } from "../refusal.ts";

/** Every code that the contract declares, with what it means to the guest's author. */
export const KV_ERRORS = {
  E_TOO_LARGE: "the value is larger than the store allows",
  E_FULL: "the store holds as much as it may",
  E_NUMBER: "the value is no number, or the sum is none",
  E_STORE: "the store cannot be read or written",
} as const;

/** A code that key-value stores refuse with. */
export type KvErrorCode = keyof typeof KV_ERRORS;

export const kvError = (code: KvErrorCode, why: string = KV_ERRORS[code]): Refusal =>
  Object.assign(refusal(code, why), { name: "KvError" });

export function refuseKv(code: KvErrorCode): never {
  throw kvError(code);
}
