// Names in place of literals: parameters, and `let`s of these or of a literal. They are known when the policy is used.
//
// Invariants
//   C1  What a name stands for is held to the rules and limits of what could be written there: a policy that is given
//       more than a limit does not load. Without a value its type is checked, and nothing is enforced.
import type { Code } from "../diagnostic.ts";
import { MAX_VALUES } from "../limits.ts";
import type { Place, RArgument } from "../resolved.ts";
import type { Name, TextTest } from "../tree.ts";
import { checkTest, mayBe, wordOf } from "./literal.ts";
import type { Here, Scope } from "./scope.ts";
import type { Typed } from "./terms.ts";

function constantOf(scope: Scope, name: Name, here: Here, needs: string): Typed | undefined {
  const at = scope.unit.place(name.at);
  const typed = scope.term(scope, { kind: "name", ...name }, here);
  if (typed === undefined || typed.value !== undefined) return typed;
  const message = `"${name.name}" is neither a literal nor a parameter, where ${needs} is expected`;
  scope.unit.report("P111", at, message, "What stands here must be known before any call.");
  return undefined;
}

function differ({ unit }: Scope, { name, at }: Name, { type }: Typed, needs: string): undefined {
  unit.report("P108", unit.place(at), `"${name}" is ${wordOf(type)}, where ${needs} is expected`);
}

/** The text that an argument is tested by. */
export function textOf(
  scope: Scope,
  text: string | Name,
  test: TextTest,
  argument: RArgument,
  here: Here,
  at: Place,
): string | undefined {
  const { report, place } = scope.unit;
  if (typeof text === "string") return checkTest(report, argument.type, test, text, at) ? text : undefined;
  const typed = constantOf(scope, text, here, "a text");
  if (typed === undefined) return undefined;
  if (!mayBe(typed.type, argument.type)) return differ(scope, text, typed, wordOf(argument.type));
  if (typed.value === "any") return "";
  const written = typed.value?.kind === "text" ? typed.value.value : undefined;
  const isRight = written !== undefined && checkTest(report, argument.type, test, written, place(text.at));
  return isRight ? written : undefined;
}

interface Bounds {
  readonly least?: number;
  readonly most?: number;
  /** Of what is more. */
  readonly code?: Code;
}

/** Of values and keys that are remembered. */
export const FEW: Bounds = { least: 1, most: MAX_VALUES };

/** An integer within its limits. */
export function intOf(
  scope: Scope,
  amount: number | Name,
  here: Here,
  { least = 0, most = Number.MAX_SAFE_INTEGER, code = "P405" }: Bounds = {},
): number | undefined {
  if (typeof amount === "number") return amount;
  const { report, place } = scope.unit;
  const typed = constantOf(scope, amount, here, "an integer");
  if (typed === undefined) return undefined;
  if (typed.type !== "int") return differ(scope, amount, typed, "an integer");
  if (typed.value === "any" || typed.value?.kind !== "int") return least;
  const { value } = typed.value;
  const is = `"${amount.name}" is ${value}`;
  if (value < least) report("P019", place(amount.at), `${is}, and must be at least ${least}`);
  else if (value > most) report(code, place(amount.at), `${is}, more than the limit of ${most}`);
  else return value;
  return undefined;
}
