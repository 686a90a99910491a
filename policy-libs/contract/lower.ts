// A contract's calls in the kernel's form. Pure: what is checked is in check.ts, what handles lead to in contract.ts.
import type { CallContract, Contract, Field, Shape } from "../../kernel/index.ts";
import { hex, item } from "./cbor.ts";
import {
  type Bounds,
  type CallData,
  COMMON_REFUSALS,
  type HandleType,
  type Parameter,
  type RecordType,
  type Type,
} from "./types.ts";

/** The contract that a handle's type leads to, later. */
export type Follow = (handle: HandleType) => () => Contract;

const exact = (items: readonly Uint8Array[]): Shape => {
  const sorted = [...new Map(items.map((bytes) => [hex(bytes), bytes]))].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.freeze({ kind: "exact", of: Object.freeze(sorted.map(([, bytes]) => bytes)) });
};

const UNDEFINED = exact([item(undefined)]);

const UNBOUNDED = { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY };
const SAFE = { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER };
const LENGTHS = { min: 0, max: Number.MAX_SAFE_INTEGER };

/** `+ 0`: a bound of -0 is one of 0. */
const boundsOf = ({ min, max }: Bounds, free: { readonly min: number; readonly max: number }) => ({
  least: (min ?? free.min) + 0,
  most: (max ?? free.max) + 0,
});

const orUndefined = (shape: Shape): Shape => Object.freeze({ kind: "union", of: Object.freeze([UNDEFINED, shape]) });

function fieldsOf({ fields }: RecordType, follow: Follow): readonly Field[] {
  const lowered = Object.entries(fields).map(([name, type]) =>
    Object.freeze({ key: item(name), shape: shapeOf(type, follow), optional: type.type === "option" }),
  );
  return Object.freeze(lowered);
}

export function shapeOf(type: Type, follow: Follow): Shape {
  switch (type.type) {
    case "any":
    case "date":
      return Object.freeze({ kind: type.type });
    case "nothing":
      return UNDEFINED;
    case "boolean":
      return exact([item(false), item(true)]);
    case "number":
      return Object.freeze({ kind: "number", ...boundsOf(type, UNBOUNDED) });
    case "integer":
      return Object.freeze({ kind: "integer", ...boundsOf(type, SAFE) });
    case "string":
      return Object.freeze({ kind: "text", ...boundsOf(type, LENGTHS) });
    case "bytes":
      return Object.freeze({ kind: "bytes", ...boundsOf(type, LENGTHS) });
    case "list":
      return Object.freeze({ kind: "list", each: shapeOf(type.of, follow), ...boundsOf(type, LENGTHS) });
    case "record":
      return Object.freeze({ kind: "record", fields: fieldsOf(type, follow) });
    case "option":
      return orUndefined(shapeOf(type.of, follow));
    case "union":
      return Object.freeze({ kind: "union", of: Object.freeze(type.of.map((member) => shapeOf(member, follow))) });
    case "oneOf":
      return exact(type.values.map(item));
    case "handle":
      return Object.freeze({ kind: "handle", contract: follow(type) });
  }
}

function takesOf(parameters: readonly Parameter[], follow: Follow): CallContract["takes"] {
  const single = parameters.filter(({ type }) => type === "arg");
  const last = parameters.find(({ type }) => type === "rest");
  return Object.freeze({
    kind: "tuple",
    of: Object.freeze(single.map(({ of }) => shapeOf(of, follow))),
    least: single.filter(({ of }) => of.type !== "option").length,
    ...(last === undefined ? {} : { rest: shapeOf(last.of, follow) }),
  });
}

const refusesOf = (refuses: CallData["refuses"]): CallContract["refuses"] =>
  refuses === "any" ? refuses : Object.freeze([...new Set([...COMMON_REFUSALS, ...refuses])].sort().map(item));

export const lowerCall = (name: string, { takes, gives, refuses, mode }: CallData, follow: Follow): CallContract =>
  Object.freeze({
    name,
    takes: takesOf(takes, follow),
    gives: shapeOf(gives, follow),
    refuses: refusesOf(refuses),
    mode: mode ?? "async",
    // The kernel checks neither then.
    isPlain: gives.type === "nothing" && takes.every((one) => one.type === "rest" || one.of.type === "option"),
  });
