// Grants into the kernel's capabilities.
//
//   grant: { tools: { sum: (a, b) => a + b }, now: () => 1, files: readOnly(directory("data")) }
//
// A group of functions is one capability and becomes one frozen global; a function is a capability with one call; what
// `capability` of policy-libs made brings its own contract. Functions are looked up once, here, and are called with
// their group as `this`. Only own enumerable functions of plain objects count: of an instance of a class every method
// would be granted, also those that nobody thought of.
import { type Contract, type Grantable, newCapability } from "../kernel/index.ts";
import {
  type CallMode,
  type Granted,
  type HostFunction,
  isGranted,
  permissive,
  takesHandle,
} from "../policy-libs/index.ts";
import { CordonError } from "./errors.ts";
import { isProxy } from "./host.ts";
import { describe, isForeignRecord } from "./kinds.ts";
import { bodiesOf, heldOnce, hostTarget, isOfGuest, powerOf } from "./power.ts";
import type { Meter } from "./target.ts";

/** What an embedder may grant under a name. */
export type Grant = HostFunction | Readonly<Record<string, HostFunction>> | Granted;
/** What is granted, by the names of the guest's globals. */
export type Grants = Readonly<Record<string, Grant>>;

/** A call as ENGINE.CONFIGURE tells the guest of it. */
export interface CallEntry {
  readonly method: number;
  readonly mode: CallMode;
  /** Arguments may be capabilities, and objects that the guest offers. */
  readonly passes?: true;
}

/** A capability that is ready to be given to a domain. */
export interface Prepared {
  readonly name: string;
  readonly contract: Contract;
  readonly calls: Readonly<Record<string, CallEntry>>;
  /** What it was made of, if not of plain functions. */
  readonly granted?: Granted;
  /** For one domain, whose calls `meter` counts. */
  capability(meter: Meter): Grantable;
}

const blockingFunctions = new WeakSet<object>();

/** Marks a function: the guest is parked until its promise settles, and calls it without `await`. */
export function blocking<F extends HostFunction>(fn: F): F {
  if (typeof fn !== "function") throw new CordonError("E_GRANT", "blocking() takes a function");
  const marked = ((...args: never[]) => fn(...args)) as F;
  blockingFunctions.add(marked);
  return marked;
}

const modeOf = (fn: HostFunction): CallMode => (blockingFunctions.has(fn) ? "blocking" : "sync");

const refuse = (what: string): never => {
  throw new CordonError("E_GRANT", what);
};

/** Names that the language itself fixes, or that would hide the guest's own global object. */
const RESERVED = new Set(["globalThis", "undefined", "NaN", "Infinity", "__proto__", "eval", "arguments"]);

/** Throws CordonError E_GRANT for what cannot be the name of a grant. */
export function checkName(name: string): void {
  if (!/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)) refuse(`grant ${JSON.stringify(name)}: not an identifier`);
  if (RESERVED.has(name)) refuse(`grant.${name}: the name belongs to the language`);
}

function checkGroup(name: string, group: object): void {
  if (isProxy(group)) refuse(`grant.${name} is a Proxy: list its functions in a plain object`);
  const prototype: unknown = Object.getPrototypeOf(group);
  if (prototype === Object.prototype || prototype === null || isForeignRecord(prototype as object)) return;
  if (Object.prototype.toString.call(group) === "[object Module]") return;
  refuse(`grant.${name} is ${describe(group)}: list the functions to grant, as { method: (x) => it.method(x) }`);
}

function ownFunction(group: object, name: string, key: string): HostFunction {
  const descriptor = Object.getOwnPropertyDescriptor(group, key);
  const value: unknown = descriptor?.value;
  if (typeof value === "function") return value as HostFunction;
  if (descriptor?.get !== undefined) return refuse(`grant.${name}.${key} is a getter: grant functions`);
  const hint = typeof value === "object" && value !== null ? "groups do not nest" : "pass data in `inputs`";
  return refuse(`grant.${name}.${key} is no function: ${hint}`);
}

interface Parts {
  readonly contract: Contract;
  readonly functions: readonly HostFunction[];
  readonly modes: readonly CallMode[];
  readonly self?: unknown;
}

const prepared = (
  name: string,
  { contract, functions, modes, self }: Parts,
  capability: Prepared["capability"] = (meter) => ({
    contract,
    target: hostTarget({ name, contract, functions, self, meter }),
  }),
): Prepared => ({
  ...{ name, contract, capability },
  calls: Object.fromEntries(
    contract.calls.map((call, method): [string, CallEntry] => {
      const entry = { method, mode: modes[method] ?? "sync" };
      return [call.name, takesHandle(call) ? { ...entry, passes: true } : entry];
    }),
  ),
});

function ofGroup(name: string, group: object): Parts {
  checkGroup(name, group);
  const keys = Object.keys(group);
  if (keys.length === 0) refuse(`grant.${name} has no functions`);
  // With "" as its only call a group would be taken for a plain function.
  if (keys.includes("") || keys.includes("__proto__")) refuse(`grant.${name}: a function without a usable name`);
  const functions = keys.map((key) => ownFunction(group, name, key));
  return { contract: permissive(name, keys), functions, modes: functions.map(modeOf), self: group };
}

/** A call that is not to be awaited parks the guest where another guest answers it. */
function modesOf({ contract, modes }: Granted, isGuest: boolean): CallMode[] {
  const given = contract.calls.map(({ name }) => modes[name] ?? "sync");
  return isGuest ? given.map((mode) => (mode === "sync" ? "blocking" : mode)) : given;
}

function ofGranted(name: string, granted: Granted): Prepared {
  const { contract, caretaker } = granted;
  const isGuest = isOfGuest(granted);
  const functions = bodiesOf(granted);
  const made = prepared(name, { contract, functions, modes: modesOf(granted, isGuest) }, (meter) => {
    if (isGuest) return powerOf(granted);
    const target = hostTarget({ name, contract, functions, meter });
    const power = newCapability(contract, target, caretaker === undefined ? [] : [caretaker]);
    power.onUnused = heldOnce(granted);
    return power;
  });
  return { ...made, granted };
}

function prepareOne(name: string, grant: unknown): Prepared {
  checkName(name);
  if (isGranted(grant)) return ofGranted(name, grant);
  if (typeof grant === "function") {
    const fn = grant as HostFunction;
    return prepared(name, { contract: permissive(name, [""]), functions: [fn], modes: [modeOf(fn)] });
  }
  if (typeof grant === "object" && grant !== null) return prepared(name, ofGroup(name, grant));
  return refuse(`grant.${name} is ${grant === null ? "null" : `a ${typeof grant}`}: pass data in \`inputs\``);
}

/** Checks grants and looks up their functions. Throws CordonError E_GRANT. */
export function prepareGrants(grants: unknown): Prepared[] {
  if (grants === undefined) return [];
  if (typeof grants !== "object" || grants === null || isProxy(grants)) return refuse("grant must be a plain object");
  return Object.keys(grants).map((name) => {
    const descriptor = Object.getOwnPropertyDescriptor(grants, name);
    if (descriptor?.get !== undefined) refuse(`grant.${name} is a getter`);
    return prepareOne(name, descriptor?.value);
  });
}
