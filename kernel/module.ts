// A module as data: what decode.ts finds. Function bodies stay bytes. `at`: the byte where it begins.

/** Value types: 0x7f i32, 0x7e i64, 0x7d f32, 0x7c f64. */
export type FunctionType = { readonly params: readonly number[]; readonly results: readonly number[] };
export type Limits = { readonly min: number; readonly max: number | undefined };

/** `type`: a function's type index. */
export type Import = Readonly<{ at: number; module: string; name: string; type: number; limits: Limits } & Imported>;
type Imported = { kind: "function" | "table" | "memory" | "global" };

/** `at` to `end`: where the initial value's expression lies, its `end` included. */
export type Global = Body & { readonly type: number; readonly mutable: boolean };
export type Export = { readonly at: number; readonly name: string; readonly kind: number; readonly index: number };

/** An active segment of table 0 or memory 0. `offset` is undefined if it is not one i32.const. */
type Segment = { readonly at: number; readonly active: boolean; readonly offset: number | undefined };
export type ElementSegment = Segment & { readonly functions: readonly number[] };
export type DataSegment = Segment & { readonly from: number; readonly length: number };
export type Body = { readonly at: number; readonly end: number };

export interface Module {
  readonly types: readonly FunctionType[];
  readonly imports: readonly Import[];
  /** Type indices of the defined functions. */
  readonly functions: readonly number[];
  readonly tables: readonly Limits[];
  readonly memories: readonly Limits[];
  readonly globals: readonly Global[];
  readonly exports: readonly Export[];
  readonly start: number | undefined;
  readonly elements: readonly ElementSegment[];
  readonly data: readonly DataSegment[];
  readonly bodies: readonly Body[];
  /** The first byte of every section, with its id; 0 is a custom section. */
  readonly sections: readonly { readonly id: number; readonly at: number }[];
}
