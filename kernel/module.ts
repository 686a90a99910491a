// A module as data: what decode.ts finds. Function bodies stay bytes.

/** Value types: 0x7f i32, 0x7e i64, 0x7d f32, 0x7c f64. */
export interface FunctionType {
  readonly params: readonly number[];
  readonly results: readonly number[];
}

export interface Limits {
  readonly min: number;
  readonly max: number | undefined;
}

export type ImportKind = "function" | "table" | "memory" | "global" | "other";

export interface Import {
  readonly at: number;
  readonly module: string;
  readonly name: string;
  readonly kind: ImportKind;
  /** A function's type index. */
  readonly type: number;
  readonly limits: Limits;
}

export interface Global {
  readonly type: number;
  readonly mutable: boolean;
  /** Where the initial value's expression lies, its `end` included. */
  readonly at: number;
  readonly end: number;
}

export interface Export {
  readonly at: number;
  readonly name: string;
  readonly kind: number;
  readonly index: number;
}

/** An active segment of table 0 or memory 0. `offset` is undefined if it is not one i32.const. */
export interface ElementSegment {
  readonly at: number;
  readonly active: boolean;
  readonly offset: number | undefined;
  readonly functions: readonly number[];
}

export interface DataSegment {
  readonly at: number;
  readonly active: boolean;
  readonly offset: number | undefined;
  readonly from: number;
  readonly length: number;
}

export interface Body {
  readonly at: number;
  readonly end: number;
}

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
