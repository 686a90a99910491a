// Rows of numbers: what follows from registers, as conditions on one word each.
//
// Invariants
//   R1  Of the rows of a tree the first that matches gives what the tree gives, or ASK where no row can say it.
import type { Kleene } from "../kleene.ts";
import { type Answer, matchPartly } from "./partial.ts";
import type { Plan, Update } from "./plan.ts";
import type { FiniteRegister, Register } from "./registers.ts";
import { split, type Tree, valuesOf } from "./split.ts";
import { D, type Partly, type Reader } from "./types.ts";

/** Cases of one operation that are looked at, and so rows, at most. */
export const BUDGET = 256;

/** A condition on one word. Mask 0: always. */
interface When {
  readonly word: number;
  readonly mask: number;
  readonly value: number;
}

const ALWAYS: When = { word: 0, mask: 0, value: 0 };

/** Both; undefined: they are of different words, which no row can say. */
function both(when: When, { finite }: Register, value: number): When | undefined {
  if (finite === undefined) return undefined;
  const { word, shift, mask } = finite.field;
  if (when.mask !== 0 && when.word !== word) return undefined;
  return { word, mask: when.mask | (mask << shift), value: when.value | (value << shift) };
}

export type Row = readonly [when: When, answer: Answer];

/** What most of the values lead to: they need no row of their own. */
function commonest(of: readonly (readonly [number, Tree<Answer>])[]): Tree<Answer> {
  const counts = new Map<unknown, number>();
  const keyOf = (tree: Tree<Answer>) => (tree.kind === "leaf" ? tree.is : tree);
  for (const [, tree] of of) counts.set(keyOf(tree), (counts.get(keyOf(tree)) ?? 0) + 1);
  const splits = of.filter(([, tree]) => tree.kind === "split");
  // A case that splits further needs words of its own: only one can do without naming this register.
  const candidates = splits.length > 0 ? splits : of;
  const most = candidates.reduce((a, b) => ((counts.get(keyOf(b[1])) ?? 0) > (counts.get(keyOf(a[1])) ?? 0) ? b : a));
  return most[1];
}

const isSame = (a: Tree<Answer>, b: Tree<Answer>): boolean =>
  a === b || (a.kind === "leaf" && b.kind === "leaf" && a.is === b.is);

/** Rows that decide everything that matches `when` and no row before them. */
function rowsWhen(tree: Tree<Answer>, when: When): Row[] {
  if (tree.kind === "leaf") return [[when, tree.is]];
  const rest = commonest(tree.of);
  const rows = tree.of.flatMap(([value, child]): Row[] => {
    if (isSame(child, rest)) return [];
    const inner = both(when, tree.register, value);
    return inner === undefined ? [[when, "ask"]] : rowsWhen(child, inner);
  });
  return [...rows, ...rowsWhen(rest, when)];
}

/** The rows of a tree up to the first that always matches. */
export function guardRows(tree: Tree<Answer>): readonly Row[] {
  const rows = rowsWhen(tree, ALWAYS);
  const last = rows.findIndex(([{ mask }]) => mask === 0);
  const kept = last < 0 ? rows : rows.slice(0, last + 1);
  return kept.every(([, answer]) => answer === "ask") ? [[ALWAYS, "ask"]] : kept;
}

/** What an event surely, possibly or not adds to a register and takes away. */
interface Fed {
  readonly plus: Kleene;
  readonly minus: Kleene;
}

/** Rows of five for one way to be fed: one row, if the value before does not matter. */
function fedRows(register: Register, { field, next }: FiniteRegister, values: readonly number[], fed: Fed, when: When) {
  const { word, shift, mask } = field;
  const steps = values.map((value) => [value, next(value, fed.plus, fed.minus)] as const);
  const [first] = steps;
  const row = ({ mask: which, value }: When, to: number) => [word, which, value, mask << shift, to << shift];
  if (first !== undefined && steps.every(([, to]) => to === first[1])) return [row(when, first[1])];
  return steps.flatMap(([value, to]) => {
    const own = both(when, register, value);
    return own === undefined || to === value ? [] : [row(own, to)];
  });
}

/** What one register becomes when the call is performed. Undefined: rows cannot say it. */
export function updateRows(
  { register }: Update,
  { kind, op }: Plan,
  registers: readonly Register[],
): number[][] | undefined {
  const { finite } = register;
  const values = valuesOf(register);
  if (finite === undefined || values === undefined) return undefined;
  const feed = (read: Reader): Fed | undefined => {
    const [plus, minus] = [register.plus, register.minus].map((all) => matchPartly(all, kind, op.id, read)) as [
      Partly,
      Partly,
    ];
    return plus === D || minus === D ? undefined : { plus, minus };
  };
  const walk = (node: Tree<Fed | undefined>, when: When): number[][] | undefined => {
    if (node.kind === "leaf") return node.is && fedRows(register, finite, values, node.is, when);
    const rows = node.of.map(([value, child]) => {
      const inner = both(when, node.register, value);
      return inner?.word === finite.field.word ? walk(child, inner) : undefined;
    });
    return rows.every((found) => found !== undefined) ? rows.flat() : undefined;
  };
  return walk(split(registers, feed, undefined, BUDGET), ALWAYS);
}
