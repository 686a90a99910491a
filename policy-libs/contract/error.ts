// How contract data is refused: which contract, where in it, what is wrong, and what would be right.

/** What is wrong with the data of a contract, and where: `code` is E_CONTRACT. */
export interface ContractError extends Error {
  readonly code: "E_CONTRACT";
}

const MOST_SHOWN = 60; // characters of what somebody wrote

/** A value of anybody as a few characters; looks at nothing inside of it. */
export function show(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > MOST_SHOWN ? `${value.slice(0, MOST_SHOWN)}...` : value);
  }
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "symbol" || typeof value === "function" || typeof value === "bigint") return `a ${typeof value}`;
  return Object.is(value, -0) ? "-0" : String(value);
}

export function contractError(contract: string, path: string, wrong: string, right: string): ContractError {
  const place = path === "" ? "" : `${path}: `;
  const error = new Error(`contract ${contract}: ${place}${wrong}; ${right}`);
  return Object.assign(error, { name: "ContractError", code: "E_CONTRACT" as const });
}
