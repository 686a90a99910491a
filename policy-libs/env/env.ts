// Named texts that the embedder chose: never the host's environment as a whole.
import { capability } from "../capability.ts";
import type { GrantedOf } from "../contract/index.ts";
import { ENV } from "./contract.ts";

/** Variables of one grant, and UTF-16 units of one. */
const MOST_VARIABLES = 1_000;
export const MOST_VARIABLE_TEXT = 65_536;

export interface EnvPlace {
  get(name: string): string | undefined;
  list(): string[];
}

function checkVariable([name, value]: readonly [string, unknown]): void {
  if (name === "" || /[=\0]/.test(name)) throw new TypeError(`${JSON.stringify(name)} is no name of a variable`);
  if (typeof value !== "string" || value.includes("\0") || value.length > MOST_VARIABLE_TEXT) {
    throw new TypeError(`${name} must be text without NUL, of at most ${MOST_VARIABLE_TEXT} characters`);
  }
}

/** The values as they are now: a later change of `variables` grants nothing. */
export function envPlace(variables: Readonly<Record<string, string>>): EnvPlace {
  const entries = Object.entries(variables);
  if (entries.length > MOST_VARIABLES) throw new TypeError(`at most ${MOST_VARIABLES} variables`);
  for (const entry of entries) checkVariable(entry);
  // A Map: a guest may ask for "__proto__".
  const known = new Map(entries);
  return { get: (name) => known.get(name), list: () => [...known.keys()] };
}

/** Grants these variables and no others. */
export const env = (variables: Readonly<Record<string, string>>): GrantedOf<typeof ENV> =>
  capability(ENV, envPlace(variables));
