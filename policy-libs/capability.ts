// A capability as policy libraries make and pass it: a contract, and functions that keep it.
//
// Nothing here touches a guest: embed/ turns a Granted into what the kernel holds. Wrapping is making another one whose
// functions call the first one's; the guest can tell neither.
import type { Capability, Contract } from "../kernel/index.ts";
import type { AnyContract, Functions, GrantedOf } from "./contract/infer.ts";

/**
 * How the guest meets a call. `sync`: the function's result decides, a promise becomes a promise of the guest.
 * `async`: always a promise. `blocking`: the guest is parked until the promise settles, so it needs no `await`.
 */
export type CallMode = "sync" | "async" | "blocking";

/** Arguments are alleged: the guest chose them. They are copies, and only data. */
export type HostFunction = (...alleged: never[]) => unknown;

/** The brand is registered, so that two copies of the package know each other's capabilities. */
const GRANTED: unique symbol = Symbol.for("cordon.granted") as never;

/** A capability of the host: what is granted, wrapped, and passed in values. */
export interface Granted {
  readonly [GRANTED]: true;
  readonly contract: Contract;
  /** One function for each call of the contract, by its name. */
  readonly functions: Readonly<Record<string, HostFunction>>;
  readonly modes: Readonly<Record<string, CallMode>>;
  /** What it dies with: see `revocable`. */
  readonly caretaker: Capability | undefined;
}

type Modes = Readonly<Record<string, CallMode>>;
type SomeFunctions = Readonly<Record<string, HostFunction>>;

/** As the calls of the contract say, unless `given` says otherwise. */
const modesOf = ({ calls }: Contract, given: Modes): Modes =>
  Object.freeze({ ...Object.fromEntries(calls.map(({ name, mode }) => [name, mode])), ...given });

/**
 * Makes a capability. Under a contract of `contract()` the functions are typed by it. Throws a TypeError if a call of
 * the contract has no function of its own, or one has no call.
 */
export function capability<const C extends AnyContract>(
  contract: C,
  functions: Functions<NoInfer<C>>,
  modes?: Modes,
  caretaker?: Capability,
): GrantedOf<C>;
export function capability(
  // Not the contracts of the first form: a wrong function would be taken for an untyped one.
  contract: Contract & { readonly data?: undefined },
  functions: SomeFunctions,
  modes?: Modes,
  caretaker?: Capability,
): Granted;
export function capability(
  contract: Contract,
  functions: SomeFunctions,
  modes: Modes = {},
  caretaker?: Capability,
): Granted {
  const names = contract.calls.map(({ name }) => name);
  const missing = names.filter((name) => !Object.hasOwn(functions, name) || typeof functions[name] !== "function");
  const surplus = [...Object.keys(functions), ...Object.keys(modes)].filter((name) => !names.includes(name));
  if (missing.length > 0) throw new TypeError(`${contract.name}: no function for ${missing.join(", ")}`);
  if (surplus.length > 0) throw new TypeError(`${contract.name}: the contract has no call ${surplus.join(", ")}`);
  const copy = { contract, functions: Object.freeze({ ...functions }), modes: modesOf(contract, modes), caretaker };
  return Object.freeze({ [GRANTED]: true as const, ...copy });
}

/** Is this a capability, of this copy of the package or of another? */
export const isGranted = (value: unknown): value is Granted =>
  typeof value === "object" && value !== null && Object.hasOwn(value, GRANTED);
