// Contracts as plain data: the records of which one is made.
import type { CallMode } from "../capability.ts";

export interface Bounds {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

export type Literal = string | number | boolean | null;

export interface PlainType<Name extends "any" | "nothing" | "boolean" | "date"> {
  readonly type: Name;
}

/** `min` and `max` bound the value, or the length of a string (UTF-16 units) or of bytes. */
export interface BoundedType<Name extends "number" | "integer" | "string" | "bytes"> extends Bounds {
  readonly type: Name;
}

/** What a text means, for policies (policy-libs/policy/): nothing to the kernel, and contracts are equal without it. */
export const MEANINGS = ["path", "host", "ip", "url"] as const;
export type Meaning = (typeof MEANINGS)[number];

export interface StringType extends BoundedType<"string"> {
  readonly is?: Meaning | undefined;
}

export interface ListType<T = Type> extends Bounds {
  readonly type: "list";
  readonly of: T;
}

/** Exactly these fields; one of an option may be absent. */
export interface RecordType<F = Readonly<Record<string, Type>>> {
  readonly type: "record";
  readonly fields: F;
}

export interface OptionType<T = Type> {
  readonly type: "option";
  readonly of: T;
}

export interface UnionType<T = readonly Type[]> {
  readonly type: "union";
  readonly of: T;
}

export interface EnumerationType<V = readonly Literal[]> {
  readonly type: "oneOf";
  readonly values: V;
}

/** A capability under a contract, or under the innermost contract of this name that encloses the type. */
export interface HandleType<C = string | ContractData> {
  readonly type: "handle";
  readonly of: C;
}

/** What a contract says of a value. */
export type Type =
  | PlainType<"any">
  | PlainType<"nothing">
  | PlainType<"boolean">
  | PlainType<"date">
  | BoundedType<"number">
  | BoundedType<"integer">
  | StringType
  | BoundedType<"bytes">
  | ListType
  | RecordType
  | OptionType
  | UnionType
  | EnumerationType
  | HandleType;

/** A parameter. One of an option need not be given. */
export interface Argument<T = Type> {
  readonly type: "arg";
  readonly name: string;
  readonly of: T;
}

/** As the last parameter: any number of arguments more. */
export interface Rest<T = Type> {
  readonly type: "rest";
  readonly name: string;
  readonly of: T;
}

/** One parameter of a call, or all from here on. */
export type Parameter = Argument | Rest;

/** One call of a contract, as data. */
export interface CallData {
  readonly takes: readonly Parameter[];
  readonly gives: Type;
  /** Codes of errors that the call may answer with, besides COMMON_REFUSALS. "any": whatever it throws. */
  readonly refuses: readonly string[] | "any";
  readonly about?: string | undefined;
  /** How the guest meets the call; "async" if it is not said. */
  readonly mode?: CallMode | undefined;
}

/** A contract as data, which `contract()` checks. */
export interface ContractData {
  readonly name: string;
  readonly allows: string;
  readonly never: string;
  readonly calls: Readonly<Record<string, CallData>>;
}

/** What every call may answer with, declared or not: the kernel and the meters say these. */
export const COMMON_REFUSALS: readonly string[] = Object.freeze([
  ...["E_REVOKED", "E_VALUE", "E_TARGET", "E_BUSY", "E_DENIED", "E_QUOTA", "E_RATE", "E_EXPIRED", "E_ENDED"],
]);
