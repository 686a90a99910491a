// Small contracts as data, and how one is refused.
import { contractFrom } from "../../policy-libs/index.ts";

export const calls = (of: unknown): object => ({ name: "bad", allows: "", never: "", calls: of });
export const call = (change: object): object =>
  calls({ it: { takes: [], gives: { type: "any" }, refuses: [], ...change } });
export const gives = (type: unknown): object => call({ gives: type });
export const takes = (...of: unknown[]): object => call({ takes: of });
export const param = (of: unknown, name = "a"): object => ({ type: "arg", name, of });
export const TEXT = { type: "string" };

/** The message; undefined if it is a contract. Every other error is one of ours. */
export function refusal(data: unknown): string | undefined {
  try {
    contractFrom(data);
    return undefined;
  } catch (error) {
    if ((error as { code?: unknown }).code !== "E_CONTRACT") throw error;
    return (error as Error).message;
  }
}

export const without = (name: string, of: object): object =>
  Object.fromEntries(Object.entries(of).filter(([key]) => key !== name));
