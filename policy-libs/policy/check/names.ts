// What a name means where it stands (T2, T3), or why it means nothing.
//
// Invariants
//   N1  A name means one thing: an argument of every event that is spoken of, else a parameter, a `let` or a `set`. What
//       could mean two of these is an error, so that no new argument takes a name over in silence.
import { didYouMean } from "../diagnostic.ts";
import { eventArguments } from "../event.ts";
import type { Place, RArgument } from "../resolved.ts";
import type { Argument } from "../vocabulary.ts";
import { lackAdvice, signature } from "./lack.ts";
import { wordOf } from "./literal.ts";
import { argumentAt, type Declared, type Found, find, type Here, type Scope } from "./scope.ts";

const namesAt = (here: Here): Iterable<string> =>
  here.events.flatMap(({ operation, event }) => [...eventArguments(operation, event).byName.keys()]);

const RELATE = 'To compare with the present call, use "values" or "by".';

const pastOnly = (scope: Scope, name: string, inside: string, at: Place): void =>
  scope.unit.report("P115", at, `inside ${inside} "${name}" is the past event's`, RELATE);

/** Says why a name is no argument here. */
function explain(scope: Scope, here: Here, name: string, found: Found, at: Place): void {
  const { report } = scope.unit;
  if (found.kind === "ambiguous") {
    const advice = `Write "takes.${name}" or "gives.${name}".`;
    return report("P106", at, `"${name}" is both passed and given in ${signature(found.of)}`, advice);
  }
  if (found.kind === "differs") {
    const type = wordOf((argumentAt(found.of, name) as Argument).type);
    const message = `"${name}" is ${wordOf(found.argument.type)} in one call and ${type} in ${signature(found.of)}`;
    return report("P108", at, message, "Make a rule for each.");
  }
  if (found.kind === "none" && here.outer !== undefined && find(here.outer, name).kind === "argument") {
    return pastOnly(scope, name, here.inside ?? "a pattern", at);
  }
  const of = found.kind === "missing" ? found.of : here.events[0];
  if (of === undefined) return;
  const advice =
    found.kind === "missing"
      ? lackAdvice(scope.unit.vocabulary, here.events, name)
      : didYouMean(name, new Set([...namesAt(here), ...scope.declared.keys()]));
  report("P107", at, `"${name}" is not an argument of ${signature(of)}`, advice);
}

/** The argument of this name, or a diagnostic. Other things of this name do not count, and are errors (N1). */
export function argumentOf(scope: Scope, here: Here, name: string, at: Place): RArgument | undefined {
  const found = find(here, name);
  const declared = scope.declared.get(name);
  if (declaredAs(scope, here, name, at) !== undefined && found.kind !== "none") return undefined;
  if (found.kind === "argument") return found.argument;
  if (declared !== undefined) {
    scope.unit.report("P111", at, `"${name}" is a ${declared.kind}, where an argument is expected`);
  } else explain(scope, here, name, found, at);
  return undefined;
}

function shadowed(scope: Scope, name: string, { kind }: Declared, at: Place): void {
  const message = `"${name}" is both an argument here and a ${kind}`;
  scope.unit.report("P106", at, message, `Give the ${kind} another name.`);
}

/** What a name was declared as; counts as a use. An argument of this name is an error (N1). */
export function declaredAs(scope: Scope, here: Here, name: string, at: Place): Declared | undefined {
  const declared = scope.declared.get(name);
  if (declared === undefined) return undefined;
  scope.used.add(declared.kind === "let" ? declared.let : declared);
  if (find(here, name).kind !== "none") shadowed(scope, name, declared, at);
  return declared;
}

export type Meaning = Declared | { readonly kind: "argument"; readonly argument: RArgument };

/** What a name means, or a diagnostic. */
export function meaningOf(scope: Scope, here: Here, name: string, at: Place): Meaning | undefined {
  if (scope.declared.has(name) && find(here, name).kind === "none") return declaredAs(scope, here, name, at);
  const argument = argumentOf(scope, here, name, at);
  return argument && { kind: "argument", argument };
}

/** The same argument on both sides, inside of a pattern: the present call's was meant. */
export function checkSame(scope: Scope, here: Here, name: string, at: Place): void {
  const isOuter = here.outer !== undefined && find(here.outer, name).kind === "argument";
  if (isOuter) pastOnly(scope, name, here.inside ?? "a pattern", at);
}
