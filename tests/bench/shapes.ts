// Modules that the verifier accepts and that are as much work for the host's compiler as their shape can be.
// Compiling is work that no fuel pays for. Each shape grows with n; the bench seeks the largest that is accepted.
import { call, type FunctionParts, get, i32, leb, set, T } from "../toolchain/assemble.ts";

export interface Shape {
  readonly name: string;
  readonly what: string;
  /** The functions of a source module that exports `f`. */
  build(n: number): readonly FunctionParts[];
}

const BLOCK = 0x02;
const IF = 0x04;
const END = 0x0b;
const DROP = 0x1a;
const VOID = 0x40;
const BRANCH = [0x0c, 0];
const BRANCH_TABLE = 0x0e;

const times = (n: number, make: (i: number) => readonly number[]): number[] =>
  Array.from({ length: n }, (_, i) => make(i)).flat();

const i32s = (n: number): number[] => Array(n).fill(T.i32);
const plain = (code: readonly number[], locals: readonly number[] = []): FunctionParts => ({
  ...{ params: [], results: [], locals, code },
});

/** V8 shares the code of equal modules, so no two may be equal. */
let salt = 0;
const entry = (code: readonly number[], locals: readonly number[] = []): FunctionParts => ({
  ...plain([...i32(salt++), DROP, ...code], locals),
  exported: "f",
});

const LOCALS = 990; // of 1,000: the instrumenter adds its own
/** Every local holds something else, so that every merge of control has as many values to place. */
const assigned = times(LOCALS, (i) => [...i32(i), ...set(i)]);
const conditionals = (n: number): number[] => times(n, () => [...i32(1), IF, VOID, END]);

const table = (n: number): number[] => [
  BLOCK,
  VOID,
  ...i32(0),
  BRANCH_TABLE,
  ...leb(n),
  ...times(n + 1, () => [0]),
  END,
];
const OPERANDS = 990; // of 1,000
const onStack = (code: readonly number[]): number[] => [
  ...times(OPERANDS, (i) => i32(i)),
  ...code,
  ...times(OPERANDS, () => [DROP]),
];

export const SHAPES: readonly Shape[] = [
  {
    name: "locals",
    what: "many locals under many conditionals",
    build: (n) => [entry([...assigned, ...conditionals(n)], i32s(LOCALS))],
  },
  {
    name: "tables",
    what: "many locals over tables of branches",
    build: (n) => [entry([...assigned, ...times(n, () => table(20))], i32s(LOCALS))],
  },
  {
    name: "operands",
    what: "many operands under many blocks",
    build: (n) => [entry(onStack(times(n, () => [BLOCK, VOID, ...BRANCH, END])))],
  },
  {
    name: "straight",
    what: "a long function without branches",
    build: (n) => [
      entry(
        times(n, (i) => [...get(0), ...i32(i * 77_777), 0x6c, ...set(i % 3)]),
        i32s(3),
      ),
    ],
  },
  {
    name: "calls",
    what: "a long function of calls with many arguments",
    build: (n) => [
      entry(times(n, (i) => [...times(90, (j) => i32(i ^ j)), ...call(1)])),
      { params: i32s(90), results: [], code: [] },
    ],
  },
  {
    name: "module",
    what: "many functions, each as large as the module allows, in one call",
    build: (n) => [
      entry(times(n, (i) => call(i + 1))),
      ...Array.from({ length: n }, () => plain([...assigned, ...conditionals(480)], i32s(LOCALS))),
    ],
  },
];
