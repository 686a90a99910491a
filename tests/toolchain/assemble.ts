// Modules from parts, byte by byte: the tests' own assembler, so that it shares no code with the toolchain's writer.
export const T = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c } as const;
export const NOTHING = 0x40;

export interface Signature {
  readonly params: readonly number[];
  readonly results: readonly number[];
}

export interface FunctionParts extends Signature {
  readonly locals?: readonly number[];
  /** Instructions without the last `end`. */
  readonly code: readonly number[];
  readonly exported?: string;
}

export interface Parts {
  readonly imports?: readonly (Signature & { readonly module: string; readonly name: string })[];
  readonly functions: readonly FunctionParts[];
  /** Types that only blocks and indirect calls use; numbered after those of imports and functions. */
  readonly types?: readonly Signature[];
  readonly memory?: { readonly min: number; readonly max?: number };
  readonly table?: readonly number[];
  /** Constant expressions of mutable globals, with their types. */
  readonly globals?: readonly { readonly type: number; readonly code: readonly number[]; readonly exported?: string }[];
  readonly start?: number;
  readonly data?: readonly { readonly offset: number; readonly bytes: readonly number[] }[];
  /** Whole sections, put in front of all others or behind them. */
  readonly before?: readonly number[];
  readonly after?: readonly number[];
}

export function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(Math.floor(value / 128))];
}

export function signed(value: bigint | number): number[] {
  const low = Number(BigInt.asUintN(7, BigInt(value)));
  const rest = BigInt(value) >> 7n;
  const isLast = (rest === 0n && low < 0x40) || (rest === -1n && low >= 0x40);
  return isLast ? [low] : [low | 0x80, ...signed(rest)];
}

const bytesOf = (write: (view: DataView) => void, size: number): number[] => {
  const view = new DataView(new ArrayBuffer(size));
  write(view);
  return [...new Uint8Array(view.buffer)];
};

export const i32 = (value: number): number[] => [0x41, ...signed(value | 0)];
export const i64 = (value: bigint): number[] => [0x42, ...signed(BigInt.asIntN(64, value))];
export const f32 = (value: number): number[] => [0x43, ...bytesOf((view) => view.setFloat32(0, value, true), 4)];
export const f64 = (value: number): number[] => [0x44, ...bytesOf((view) => view.setFloat64(0, value, true), 8)];
export const get = (index: number): number[] => [0x20, ...leb(index)];
export const set = (index: number): number[] => [0x21, ...leb(index)];
export const call = (index: number): number[] => [0x10, ...leb(index)];

const vector = (items: readonly (readonly number[])[]): number[] => [...leb(items.length), ...items.flat()];
const text = (name: string): number[] => [...leb(Buffer.byteLength(name)), ...Buffer.from(name)];
const section = (id: number, items: readonly (readonly number[])[]): number[] =>
  items.length === 0 ? [] : raw(id, vector(items));
export const raw = (id: number, payload: readonly number[]): number[] => [id, ...leb(payload.length), ...payload];
export const custom = (name: string, payload: readonly number[]): number[] => raw(0, [...text(name), ...payload]);

const signature = ({ params, results }: Signature): number[] => [
  0x60,
  ...vector(params.map((type) => [type])),
  ...vector(results.map((type) => [type])),
];

const body = ({ locals = [], code }: FunctionParts): number[] => {
  const bytes = [...vector(locals.map((type) => [1, type])), ...code, 0x0b];
  return [...leb(bytes.length), ...bytes];
};

const memoryEntry = ({ min, max }: { readonly min: number; readonly max?: number }): number[] =>
  max === undefined ? [0, ...leb(min)] : [1, ...leb(min), ...leb(max)];

/** The number that a type of `parts.types` has in the module. */
export const typeNumber = (parts: Pick<Parts, "imports" | "functions">, index: number): number =>
  (parts.imports?.length ?? 0) + parts.functions.length + index;

export function assemble(parts: Parts): Uint8Array<ArrayBuffer> {
  const { imports = [], functions, types = [], memory, table, globals = [], start, data = [] } = parts;
  const exported = functions.flatMap(({ exported: name }, index) =>
    name === undefined ? [] : [[...text(name), 0, ...leb(imports.length + index)]],
  );
  const globalExports = globals.flatMap(({ exported: name }, index) =>
    name === undefined ? [] : [[...text(name), 3, ...leb(index)]],
  );
  const memoryExport = memory === undefined ? [] : [[...text("memory"), 2, 0]];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...(parts.before ?? []),
    ...section(1, [...imports, ...functions, ...types].map(signature)),
    ...section(
      2,
      imports.map(({ module, name }, index) => [...text(module), ...text(name), 0, ...leb(index)]),
    ),
    ...section(
      3,
      functions.map((_, index) => leb(imports.length + index)),
    ),
    ...section(4, table === undefined ? [] : [[0x70, 0, ...leb(table.length)]]),
    ...section(5, memory === undefined ? [] : [memoryEntry(memory)]),
    ...section(
      6,
      globals.map(({ type, code }) => [type, 1, ...code, 0x0b]),
    ),
    ...section(7, [...memoryExport, ...globalExports, ...exported]),
    ...(start === undefined ? [] : raw(8, leb(start))),
    ...section(9, table === undefined ? [] : [[0, ...i32(0), 0x0b, ...vector(table.map(leb))]]),
    ...section(10, functions.map(body)),
    ...section(
      11,
      data.map(({ offset, bytes }) => [0, ...i32(offset), 0x0b, ...leb(bytes.length), ...bytes]),
    ),
    ...(parts.after ?? []),
  ]);
}
