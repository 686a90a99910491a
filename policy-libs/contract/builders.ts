// Builders of contract data. Each makes one small frozen record; `contract()` checks what they came to.
import type { ContractOf } from "./infer.ts";
import { dataOf } from "./made.ts";
import type {
  Argument,
  BoundedType,
  Bounds,
  ContractData,
  EnumerationType,
  HandleType,
  ListType,
  Literal,
  Meaning,
  OptionType,
  PlainType,
  RecordType,
  Rest,
  StringType,
  Type,
  UnionType,
} from "./types.ts";

const plain =
  <const N extends "any" | "nothing" | "boolean" | "date">(type: N) =>
  (): PlainType<N> =>
    Object.freeze({ type });

const bounded =
  <const N extends "number" | "integer" | "bytes">(type: N) =>
  (bounds: Bounds = {}): BoundedType<N> =>
    Object.freeze({ type, ...bounds });

/** Every value that can cross, but no handle. */
export const any = plain("any");
/** undefined: a call that gives nothing. */
export const nothing = plain("nothing");
/** true or false. */
export const boolean = plain("boolean");
/** A Date, an invalid one too. */
export const date = plain("date");
/** A number. With a bound, not NaN. */
export const number = bounded("number");
/** A whole number of the safe range. */
export const integer = bounded("integer");
/** Bounds are UTF-16 units; `is` tells policies what the text means. */
export const string = (bounds: Bounds & { readonly is?: Meaning | undefined } = {}): StringType =>
  Object.freeze({ type: "string", ...bounds });
/** A Uint8Array; bounds are of its length. */
export const bytes = bounded("bytes");

/** An array without holes; bounds are of its length. */
export const list = <const T extends Type>(of: T, bounds: Bounds = {}): ListType<T> =>
  Object.freeze({ type: "list", of, ...bounds });

/** Exactly these fields. */
export const record = <const F extends Readonly<Record<string, Type>>>(fields: F): RecordType<F> =>
  Object.freeze({ type: "record", fields: Object.freeze({ ...fields }) });

/** A value or undefined. A field or trailing parameter of it may be absent. */
export const option = <const T extends Type>(of: T): OptionType<T> => Object.freeze({ type: "option", of });

/** A value of one of these types; the first that fits is taken. */
export const union = <const T extends readonly Type[]>(...of: T): UnionType<T> =>
  Object.freeze({ type: "union", of: Object.freeze(of) });

/** One of these literals. */
export const oneOf = <const V extends readonly Literal[]>(...values: V): EnumerationType<V> =>
  Object.freeze({ type: "oneOf", values: Object.freeze(values) });

/** A capability under this contract; a name stands for the innermost contract around it that has this name. */
export function handle<const D extends ContractData>(of: ContractOf<D>): HandleType<D>;
export function handle<const C extends ContractData | string>(of: C): HandleType<C>;
export function handle(of: unknown): HandleType {
  return Object.freeze({ type: "handle", of: (dataOf(of) ?? of) as ContractData | string });
}

/** A parameter with its name. */
export const arg = <const T extends Type>(name: string, of: T): Argument<T> => Object.freeze({ type: "arg", name, of });

/** As the last parameter: any number of arguments more. */
export const rest = <const T extends Type>(of: T, name = "rest"): Rest<T> => Object.freeze({ type: "rest", name, of });
