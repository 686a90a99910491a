// The form in which the kernel takes a contract. These are the kernel's own types, said here until kernel/index.ts says
// them: then this file goes.

export type Shape =
  /** Every value that can cross, but no handle. */
  | { readonly kind: "any" }
  /** One of these CBOR items, byte for byte. */
  | { readonly kind: "exact"; readonly of: readonly Uint8Array[] }
  /** Bounds of the value, or of the length: UTF-16 units of text, bytes of bytes. NaN passes without finite bounds only. */
  | { readonly kind: "number" | "integer" | "text" | "bytes"; readonly least: number; readonly most: number }
  | { readonly kind: "date" }
  | { readonly kind: "list"; readonly each: Shape; readonly least: number; readonly most: number }
  /** Exactly these fields. */
  | { readonly kind: "record"; readonly fields: readonly Field[] }
  | { readonly kind: "union"; readonly of: readonly Shape[] }
  /** A thunk, since contracts may contain themselves. */
  | { readonly kind: "handle"; readonly contract: () => Contract };

export interface Field {
  /** The name as CBOR text. */
  readonly key: Uint8Array;
  readonly shape: Shape;
  readonly optional: boolean;
}

export interface CallContract {
  readonly name: string;
  /** `least`: so many arguments must be there. `rest`: the shape of those after `shapes`. */
  readonly takes: { readonly shapes: readonly Shape[]; readonly least: number; readonly rest?: Shape };
  readonly gives: Shape;
  /** Codes as CBOR texts that the target may answer with. "any": a throw is an ordinary error. */
  readonly refuses: "any" | readonly Uint8Array[];
  readonly mode: "sync" | "async" | "blocking";
}

export interface Contract {
  readonly name: string;
  /** Two contracts are the same when their forms are equal. */
  readonly form: string;
  readonly calls: readonly CallContract[];
}
