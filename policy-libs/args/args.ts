// The arguments of a program: data for it, chosen by the embedder.
import { capability } from "../capability.ts";
import type { GrantedOf } from "../contract/index.ts";
import { ARGS } from "./contract.ts";

export const MOST_ARGS = 10_000;
export const MOST_ARG_TEXT = 65_536; // UTF-16 units

export interface ArgsPlace {
  all(): string[];
}

/** The arguments as they are now. */
export function argsPlace(given: readonly string[]): ArgsPlace {
  const copy = [...given];
  const isText = (arg: unknown): boolean => typeof arg === "string" && arg.length <= MOST_ARG_TEXT;
  if (copy.length > MOST_ARGS || !copy.every(isText)) {
    throw new TypeError(`args must be at most ${MOST_ARGS} texts of at most ${MOST_ARG_TEXT} characters`);
  }
  return { all: () => [...copy] };
}

/** Grants a program its arguments. */
export const args = (given: readonly string[]): GrantedOf<typeof ARGS> => capability(ARGS, argsPlace(given));
