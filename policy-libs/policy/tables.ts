// The kernel's tables: what of a machine is decided by bits and small counters alone, as rows of numbers.
//
// Invariants
//   K1  Where the rows of an operation do not answer ASK, they answer as the machine does, in every state, whatever the
//       arguments and the time.
//   K2  Where they answer ALLOW, the updates change the shared words as the machine's `commit` of the call does, and
//       nothing has to hear of the call itself, of its arguments, or of what comes of it.
//   K3  Where they refuse, no register looks at refusals of the operation.
// Trust
//   Trusts step/partial.ts. Trusted by the enforcement, which hands rows to the kernel.
import type { Machine } from "./compile.ts";
import type { Decision } from "./resolved.ts";
import { type Answer, answerOf, matchPartly, split, type Tree, valuesOf } from "./step/partial.ts";
import type { Plan, Update } from "./step/plan.ts";
import type { Register } from "./step/registers.ts";
import { D, type Reader } from "./step/types.ts";
import type { Operation } from "./vocabulary.ts";

export const ALLOW = 0;
export const ASK = 1;
/** The answer of the first refusal. */
export const REFUSED = 2;

export interface OperationTables {
  readonly op: Operation;
  /** Rows of four: word, mask, value, answer. The first that matches, ((state[word] & mask) === value), decides. */
  readonly guards: Int32Array;
  /** Rows of five: word, mask, value, clear, set. All that match in the state before the call are applied. */
  readonly updates: Int32Array;
}

export interface Tables {
  /** Words of the state that tables and machine share: of the domain's part. */
  readonly words: number;
  /** In the order of the operations that were asked for. */
  readonly operations: readonly OperationTables[];
  /** Of answer REFUSED + n. */
  readonly refusals: readonly NonNullable<Decision["refusal"]>[];
}

/** Cases of one operation that are looked at, and so rows, at most. */
const BUDGET = 256;

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

type Row = readonly [when: When, answer: Answer];

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
function rowsOf(tree: Tree<Answer>, when: When): Row[] {
  if (tree.kind === "leaf") return [[when, tree.is]];
  const rest = commonest(tree.of);
  const rows = tree.of.flatMap(([value, child]): Row[] => {
    if (isSame(child, rest)) return [];
    const inner = both(when, tree.register, value);
    return inner === undefined ? [[when, "ask"]] : rowsOf(child, inner);
  });
  return [...rows, ...rowsOf(rest, when)];
}

/** The rows up to the first that always matches. */
function upToDefault(rows: readonly Row[]): readonly Row[] {
  const last = rows.findIndex(([{ mask }]) => mask === 0);
  const kept = last < 0 ? rows : rows.slice(0, last + 1);
  return kept.every(([, answer]) => answer === "ask") ? [[ALWAYS, "ask"]] : kept;
}

/** What one register becomes when the call is performed. Undefined: rows cannot say it. */
function updateRows({ register }: Update, { kind, op }: Plan, registers: readonly Register[]): number[][] | undefined {
  const { finite, plus, minus } = register;
  const values = valuesOf(register);
  if (finite === undefined || values === undefined) return undefined;
  const feed = (read: Reader) => {
    const [p, q] = [matchPartly(plus, kind, op.id, read), matchPartly(minus, kind, op.id, read)];
    return p === D || q === D ? undefined : { p, q };
  };
  const tree = split(registers, feed, undefined, BUDGET);
  const { word, shift, mask } = finite.field;
  const clear = mask << shift;
  const rows: number[][] = [];
  const walk = (node: typeof tree, when: When): boolean => {
    if (node.kind === "split") {
      return node.of.every(([value, child]) => {
        const inner = both(when, node.register, value);
        return inner !== undefined && walk(child, inner);
      });
    }
    const fed = node.is;
    if (fed === undefined || (when.mask !== 0 && when.word !== word)) return false;
    const next = values.map((value) => [value, finite.next(value, fed.p, fed.q)] as const);
    const [first] = next;
    if (next.every(([, to]) => to === first?.[1])) {
      rows.push([word, when.mask, when.value, clear, (first?.[1] ?? 0) << shift]);
      return true;
    }
    for (const [value, to] of next) {
      const own = both(when, register, value);
      if (own !== undefined && to !== value) rows.push([word, own.mask, own.value, clear, to << shift]);
    }
    return true;
  };
  return walk(tree, { ...ALWAYS, word }) ? rows : undefined;
}

/** Rows of all registers that the call changes; undefined: the machine has to hear of it. */
function updatesOf(machine: Machine, plan: Plan): number[][] | undefined {
  const { op } = plan;
  if (machine.names(op, "result") || machine.names(op, "failed")) return undefined;
  const rows = plan.updates.map((update) => updateRows(update, plan, machine.registers));
  return rows.every((found) => found !== undefined) ? rows.flat() : undefined;
}

export function tablesOf(machine: Machine, operations: readonly Operation[]): Tables {
  const refusals: NonNullable<Decision["refusal"]>[] = [];
  const numberOf = (answer: Answer): number => {
    if (typeof answer === "string") return answer === "allow" ? ALLOW : ASK;
    const known = refusals.indexOf(answer);
    return REFUSED + (known >= 0 ? known : refusals.push(answer) - 1);
  };
  const tables = operations.map((op): OperationTables => {
    const plan = machine.planOf("call", op);
    const updates = updatesOf(machine, plan);
    const isHeard = machine.names(op, "refused");
    const judge = (read: Reader): Answer => {
      const answer = answerOf(plan, read);
      const isKept = answer === "allow" ? updates !== undefined : !isHeard;
      return isKept ? answer : "ask";
    };
    const rows = upToDefault(rowsOf(split(machine.registers, judge, "ask", BUDGET), ALWAYS));
    const guards = rows.flatMap(([{ word, mask, value }, answer]) => [word, mask, value, numberOf(answer)]);
    return { op, guards: Int32Array.from(guards), updates: Int32Array.from((updates ?? []).flat()) };
  });
  return { words: machine.words.domain, operations: tables, refusals };
}
