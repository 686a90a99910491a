// What a feature draws its variations from: a finite list of numbers, so that a program is data that shrinks.

export interface Draw {
  /** A whole number from `low` to `high`. */
  int(low: number, high: number): number;
  pick<T>(list: readonly T[]): T;
}

export function newDraw(numbers: readonly number[]): Draw {
  let at = 0;
  const next = (): number => {
    // Used up numbers come again, changed: a feature may draw more often than there are numbers.
    const turn = Math.floor(at / numbers.length);
    return Math.abs(((numbers[at++ % numbers.length] ?? 0) + turn * 7) | 0);
  };
  const int = (low: number, high: number): number => low + (next() % (high - low + 1));
  return { int, pick: (list) => list[int(0, list.length - 1)] as (typeof list)[number] };
}

// Expressions and statements over the program's shared state: n and m are numbers, s text, list an array of numbers,
// record a record of numbers. Features change the state, so what one does is seen by those behind it.

const NUMBERS = [
  "n",
  "m",
  "list.length",
  "list[0]",
  "s.length",
  "record.a",
  "record.b",
  "-0",
  "NaN",
  "0.5",
  "2147483648",
];
const OPERATORS = ["+", "-", "*", "%", "&", "|", "^", "<<", ">>", ">>>"];

export function number(d: Draw, depth = 2): string {
  if (depth === 0 || d.int(0, 2) === 0) return d.int(0, 1) === 0 ? d.pick(NUMBERS) : String(d.int(-9, 99));
  return `(${number(d, depth - 1)} ${d.pick(OPERATORS)} ${number(d, depth - 1)})`;
}

export const text = (d: Draw): string =>
  d.pick(["s", "'abc'", "'Äß\\u{1f600}z'", "''", "String(n)", "'a,b,,c'", "(s + m)", "'\\ud800'"]);

export const condition = (d: Draw): string =>
  `${number(d, 1)} ${d.pick(["<", "<=", ">", ">=", "===", "!==", "==", "!="])} ${number(d, 1)}`;

/** A short statement that changes the state. */
export function act(d: Draw): string {
  const statements = [
    () => `n = ${number(d)};`,
    () => `m += ${number(d, 1)};`,
    () => `list.push(${number(d, 1)});`,
    () => `if (list.length > 3) list.shift();`,
    () => `s = (s + ${text(d)}).slice(-20);`,
    () => `record.${d.pick(["a", "b", "c"])} = ${number(d, 1)};`,
    () => `say(${number(d)});`,
    () => `if (${condition(d)}) n++; else m--;`,
  ];
  return d.pick(statements)();
}
