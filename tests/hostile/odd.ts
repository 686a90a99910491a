// Values that no argument of the API is meant to be, some of which throw at the slightest touch.
import type { CordonError } from "../../embed/node/index.ts";

export const boom = (): never => {
  throw new Error("boom");
};
export const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
/** A proxy all of whose traps throw. */
export function trapped(target: object = {}): object {
  const names = Object.getOwnPropertyNames(Reflect).filter((name) => typeof Reflect.get(Reflect, name) === "function");
  return new Proxy(target, Object.fromEntries(names.map((name) => [name, boom])));
}
export class Account {
  readonly fuel = 5;
}

const promised = Promise.resolve(1);

/** By name. None is a string, an option object, a function or bytes. */
export const ODD: Readonly<Record<string, unknown>> = {
  null: null,
  true: true,
  number: -7.5,
  NaN: Number.NaN,
  bigint: 10n,
  symbol: Symbol("odd"),
  array: ["fuel", 1],
  "a Map": new Map([["fuel", 1]]),
  "a Set": new Set(["fuel"]),
  "a Date": new Date(0),
  "a promise": promised,
  "an instance": new Account(),
  "an heir": Object.create({ fuel: 1 }),
  "a boxed string": Object("fuel"),
  "a proxy": new Proxy({}, {}),
  "a proxy of bytes": new Proxy(new Uint8Array(3), {}),
  "a proxy that throws": trapped(),
  "a proxy that throws, of bytes": trapped(new Uint8Array(3)),
  "a revoked proxy": revoked(),
  "no text": { toString: boom, valueOf: boom, toJSON: boom },
  "a getter that throws": Object.defineProperty({}, "fuel", { enumerable: true, get: boom }),
};
export const ODD_NAMES = Object.keys(ODD);

/** The code and message of what was thrown, or what came instead. */
export async function thrownBy(act: () => unknown): Promise<string> {
  let given: unknown;
  try {
    given = await act();
  } catch (error) {
    const { name, code, message } = error as CordonError;
    return name === "CordonError" ? `${code}: ${message}` : `not a CordonError: ${name}: ${message}`;
  }
  return `accepted: ${typeof given}`;
}
