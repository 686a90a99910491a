// TypeScript types of what a contract says: values, arguments and functions.
import type { Granted } from "../capability.ts";
import type { DescribedContract } from "../described.ts";
import type { ContractData, HandleType, ListType, OptionType, RecordType, Rest, Type, UnionType } from "./types.ts";

/** What `contract()` makes: the kernel's contract with its documents and the data it was made of. */
export interface ContractOf<D> extends DescribedContract {
  /** Frozen plain data: it may cross to a guest, and come back. */
  readonly data: D;
}

/** The data of a contract; data itself stays what it is. */
export type DataOf<C> = C extends { readonly data: infer D } ? D : C;

interface Primitives {
  readonly any: unknown;
  readonly nothing: undefined;
  readonly boolean: boolean;
  readonly date: Date;
  readonly number: number;
  readonly integer: number;
  readonly string: string;
  readonly bytes: Uint8Array;
}

type IsOptional<T> = T extends { readonly type: "option" } ? true : false;
type Required<F> = { readonly [K in keyof F as IsOptional<F[K]> extends true ? never : K]: TypeOf<F[K]> };
type Optional<F> = { readonly [K in keyof F as IsOptional<F[K]> extends true ? K : never]?: TypeOf<F[K]> };
type Flat<T> = { readonly [K in keyof T]: T[K] };

type CompoundOf<T> =
  T extends ListType<infer U>
    ? readonly TypeOf<U>[]
    : T extends RecordType<infer F>
      ? Flat<Required<F> & Optional<F>>
      : T extends OptionType<infer U>
        ? TypeOf<U> | undefined
        : T extends UnionType<infer U extends readonly unknown[]>
          ? TypeOf<U[number]>
          : T extends { readonly type: "oneOf"; readonly values: readonly (infer V)[] }
            ? V
            : T extends HandleType<infer C>
              ? HandleOf<C>
              : never;

/** A handle by name may be under any contract that encloses it: TypeScript is not told which. */
type HandleOf<C> = C extends string ? Granted : GrantedOf<C>;

/** The values of a type. */
export type TypeOf<T> = Type extends T
  ? unknown
  : T extends { readonly type: infer Name extends keyof Primitives }
    ? Primitives[Name]
    : CompoundOf<T>;

type Arguments<P> = P extends readonly [infer First, ...infer Others]
  ? First extends Rest<infer T>
    ? TypeOf<T>[]
    : First extends { readonly of: infer T }
      ? IsOptional<T> extends true
        ? [argument?: TypeOf<T>, ...others: Arguments<Others>]
        : [argument: TypeOf<T>, ...others: Arguments<Others>]
      : never
  : P extends readonly []
    ? []
    : never[];

/** What a call takes, as a tuple: trailing options need not be given, `rest` is any number more. */
export type ArgumentsOf<Call> = Call extends { readonly takes: infer P } ? Arguments<P> : never[];

/** What a call gives. Functions of calls that give nothing may be `void`. */
export type ResultOf<Call> = Call extends { readonly gives: infer T }
  ? T extends { readonly type: "nothing" }
    ? // biome-ignore lint/suspicious/noConfusingVoidType: this is the result of a function, where void belongs.
      void
    : TypeOf<T>
  : unknown;

/** A function of one call. */
export type FunctionOf<Call> = (...args: ArgumentsOf<Call>) => ResultOf<Call> | Promise<ResultOf<Call>>;

type CallsOf<C> = DataOf<C> extends { readonly calls: infer Calls } ? Calls : never;

/** One function for each call of a contract. */
export type Functions<C> = { readonly [K in keyof CallsOf<C>]: FunctionOf<CallsOf<C>[K]> };

/** A capability under a contract. Functions that a guest has offered are asynchronous all of them. */
export type GrantedOf<C> = Omit<Granted, "contract" | "functions"> & {
  readonly contract: ContractOf<DataOf<C>>;
  readonly functions: Functions<C>;
};

/** Any result of `contract()`. */
export type AnyContract = ContractOf<ContractData>;
