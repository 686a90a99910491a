// How a capability says no: an error with a stable code. Messages name nothing of the host.

export interface Refusal extends Error {
  readonly code: string;
}

export const refusal = (code: string, message: string): Refusal => Object.assign(new Error(message), { code });

export function refuse(code: string, message: string): never {
  throw refusal(code, message);
}
