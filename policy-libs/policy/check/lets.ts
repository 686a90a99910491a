// `let`s are put in where they are named: each is resolved for the event at hand there.
//
// Invariants
//   L1  No `let` is made of itself, by patterns, labels or sets of values neither.
//   L2  What it comes to is bounded: `let a = b and b` can double at every step.
import { MAX_DEPTH, MAX_NODES } from "../limits.ts";
import type { Place } from "../resolved.ts";
import type { Let } from "../tree.ts";
import type { Here, Made, Named, Scope } from "./scope.ts";

function isBad({ unit, expanding }: Scope, made: Named, at: Place): boolean {
  if (expanding.includes(made)) {
    const names = [...expanding.slice(expanding.indexOf(made)), made].map(({ name }) => name);
    unit.report("P102", at, `"${made.name}" is made of itself: ${names.join(", ")}`);
    return true;
  }
  if (expanding.length < MAX_DEPTH) return false;
  unit.report("P403", at, `"let" inside of "let" deeper than ${MAX_DEPTH} levels`);
  return true;
}

/** Counts what is added, and says so when it becomes too much. */
export function spend({ unit }: Scope, nodes: number, at: Place): boolean {
  unit.count.nodes += nodes;
  if (unit.count.nodes <= MAX_NODES) return true;
  unit.report("P409", at, `more than ${MAX_NODES} conditions, with every "let" put in where it is named`);
  return false;
}

/** What `made` comes to, made once and counted wherever it is named. Undefined: it, or what it names, is wrong. */
export function makeOnce<K extends Named, M, T>(
  scope: Scope,
  known: Map<M, Made>,
  key: M,
  made: K,
  at: Place,
  make: () => T | undefined,
): T | undefined {
  const before = known.get(key);
  if (before !== undefined) return spend(scope, before.cost, at) ? (before.result as T | undefined) : undefined;
  if (isBad(scope, made, at)) return undefined;
  const start = scope.unit.count.nodes;
  scope.expanding.push(made);
  const result = make();
  scope.expanding.pop();
  known.set(key, { cost: scope.unit.count.nodes - start, result });
  return spend(scope, 0, at) ? result : undefined;
}

/** What a `let` comes to for the event at hand. */
export function expand<T>(
  scope: Scope,
  made: Let,
  as: "cond" | "term",
  here: Here,
  at: Place,
  make: () => T | undefined,
): T | undefined {
  const all = scope.expanded[as];
  const known = all.get(made) ?? new Map<Here, Made>();
  all.set(made, known);
  return makeOnce(scope, known, here, made, at, make);
}

/** L1, of `let`s of a name alone that nobody uses: whether they are conditions or values is not known. */
export function checkAliases({ unit, declared }: Scope, lets: readonly Let[]): void {
  const known = new Set<Let>();
  for (const made of lets) {
    const chain: Let[] = [];
    let next: Let | undefined = made;
    while (next !== undefined && !known.has(next)) {
      known.add(next);
      chain.push(next);
      next = aliased(declared, next);
    }
    if (next === undefined || !chain.includes(next)) continue;
    const names = [...chain.slice(chain.indexOf(next)), next].map(({ name }) => name);
    unit.report("P102", unit.place(next.at), `"${next.name}" is made of itself: ${names.join(", ")}`);
  }
}

function aliased(declared: Scope["declared"], made: Let): Let | undefined {
  const named = made.kind === "term" && made.term.kind === "name" ? declared.get(made.term.name) : undefined;
  return named?.kind === "let" ? named.let : undefined;
}
