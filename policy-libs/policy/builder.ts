// The TypeScript builder: a policy file as an expression. It yields the tree that the text would; a mistake that the
// types do not catch (a name that is none, a limit) is thrown where the item is made.
import { type Given, givenList, literal, milliseconds, type TermBuilder, type Time, value } from "./builder-cond.ts";
import { fromJson, toJson } from "./json.ts";
import type {
  Binding,
  Bundle,
  Cond,
  Default,
  Edit,
  Effect,
  File,
  Import,
  Item,
  Label,
  Let,
  Name,
  Parameter,
  Pattern,
  Policy,
  Prove,
  Ref,
  Rule,
  Step,
  Test,
  Set as ValueSet,
  Verdict,
} from "./tree.ts";

export * from "./builder-cond.ts";

/** The whole: `print`, `toJson` and the checker take it. */
export function file(...items: readonly Item[]): File {
  const read = fromJson(toJson({ items }), "builder");
  if ("file" in read) return read.file;
  throw new TypeError(`${read.diagnostic.code} ${read.diagnostic.message}`);
}

const checked = <I extends Item>(item: I): I => file(item).items[0] as I;

export interface RuleBuilder {
  readonly rule: Rule;
  when(cond: Cond): RuleBuilder;
  unless(cond: Cond): RuleBuilder;
  because(text: string): RuleBuilder;
}

const ruleBuilder = (rule: Rule): RuleBuilder =>
  Object.freeze({
    rule,
    when: (when: Cond) => ruleBuilder({ ...rule, when }),
    unless: (unless: Cond) => ruleBuilder({ ...rule, unless }),
    because: (because: string) => ruleBuilder({ ...rule, because }),
  });

const plain =
  (kind: "allow" | "deny" | "halt") =>
  (...on: readonly Pattern[]): RuleBuilder =>
    ruleBuilder({ effect: { kind }, on });

export const allow = plain("allow");
export const deny = plain("deny");
export const halt = plain("halt");

type Asking = RuleBuilder & { of(who: string): RuleBuilder };
type Suppressing = RuleBuilder & { giving(given: Given): RuleBuilder };

const withEffect = (effect: Effect, on: readonly Pattern[]): RuleBuilder => ruleBuilder({ effect, on });

export const ask = (...on: readonly Pattern[]): Asking => ({
  ...withEffect({ kind: "ask" }, on),
  of: (of) => withEffect({ kind: "ask", of }, on),
});
export const suppress = (...on: readonly Pattern[]): Suppressing => ({
  ...withEffect({ kind: "suppress" }, on),
  giving: (given) => withEffect({ kind: "suppress", giving: value(given) }, on),
});
/** `delay(http.get).to(30, "1m")` */
export const delay = (...on: readonly Pattern[]): { to(to: number | TermBuilder, per: Time): RuleBuilder } => ({
  to: (to, per) => withEffect({ kind: "delay", to: literal(to), per: milliseconds(per) }, on),
});
/** `change(http.get).so(edit.atMost("timeout", 30_000))` */
export const change = (...on: readonly Pattern[]): { so(...edits: readonly Edit[]): RuleBuilder } => ({
  so: (...edits) => withEffect({ kind: "change", edits }, on),
});

export const edit = {
  atMost: (argument: string, most: number | TermBuilder): Edit => ({ argument, kind: "at most", most: literal(most) }),
  first: (argument: string, length: number | TermBuilder): Edit => ({
    argument,
    kind: "first",
    length: literal(length),
  }),
  masks: (argument: string, mask: string): Edit => ({ argument, kind: "masks", mask }),
  becomes: (argument: string, given: Given): Edit => ({ argument, kind: "becomes", value: value(given) }),
} as const;

type Remembered = { readonly values: { readonly of: string; readonly pattern: Pattern; readonly max: number | Name } };
type Definition = { readonly let: Let };
type Labelling = { readonly label: Label };

/** Different values of an argument: `define("resolved", values("name", result(dns.resolve), 64))` */
export const values = (of: string, pattern: Pattern, max: number | TermBuilder): Remembered => ({
  values: { of, pattern, max: literal(max) },
});

/** A `let`. */
export function define(name: string, as: Cond | TermBuilder | Remembered): Definition {
  if ("values" in as) return { let: { name, kind: "values", ...as.values } };
  return {
    let: "term" in as && "plus" in as ? { name, kind: "term", term: as.term } : { name, kind: "cond", cond: as },
  };
}

export const label = (name: string, from: readonly Pattern[], clearedBy: readonly Pattern[] = []): Labelling => ({
  label: { name, from, cleared: clearedBy },
});

export const parameter = (name: string, type: string, given?: Given | readonly Given[]): Parameter =>
  given === undefined ? { name, type } : { name, type, value: givenList(given) };

export interface PolicyHead {
  readonly parameters?: readonly Parameter[];
  readonly over?: readonly Pattern[];
  readonly default: Default;
}

export function policy(
  name: string,
  head: PolicyHead,
  ...statements: readonly (RuleBuilder | Definition | Labelling)[]
): Policy {
  return checked({
    kind: "policy",
    name,
    parameters: head.parameters ?? [],
    over: head.over ?? [],
    default: head.default,
    lets: statements.flatMap((one) => ("let" in one ? [one.let] : [])),
    labels: statements.flatMap((one) => ("label" in one ? [one.label] : [])),
    rules: statements.flatMap((one) => ("rule" in one ? [one.rule] : [])),
  });
}

type Referred = string | Ref | Policy;

const refOf = (to: Referred): Ref => {
  if (typeof to === "string") return { name: to, arguments: [] };
  return "kind" in to ? { name: to.name, arguments: [] } : to;
};

/** A policy with arguments: `use("own_rows", { tenant: "acme" })` */
export const use = (name: string, given: Readonly<Record<string, Given | readonly Given[]>> = {}): Ref => ({
  name,
  arguments: Object.entries(given).map(([called, one]): Binding => ({ name: called, value: givenList(one) })),
});

type Member = Bundle["members"][number];
export const allOf = (...of: readonly Referred[]): Member => ({ join: "all", of: of.map(refOf) });
export const anyOf = (...of: readonly Referred[]): Member => ({ join: "any", of: of.map(refOf) });
export const bundle = (name: string, ...members: readonly Member[]): Bundle =>
  checked({ kind: "bundle", name, members });

export const importing = (from: string, as: string, pinned?: string): Import =>
  checked({ kind: "import", from, as, pinned });
export const set = (name: string, ...given: readonly Given[]): ValueSet =>
  checked({ kind: "set", name, values: given.map(value) });

export const wait = (time: Time): Step => ({ kind: "wait", time: milliseconds(time) });
/** `step(net.send, "a.example", 443).is("denied")` */
export const step = (
  { event, op }: Pattern,
  ...given: readonly Given[]
): { is(verdict: Verdict, by?: string): Step } => ({
  is: (is, by) => ({ kind: "event", event: event as "call" | "result", op, values: given.map(value), is, by }),
});
export const test = (name: string, of: Referred, ...steps: readonly Step[]): Test =>
  checked({ kind: "test", name, of: refOf(of), steps });

export interface Claims {
  never(patterns: readonly Pattern[], when?: Cond): Prove;
  narrowerThan(other: Referred): Prove;
  sameAs(other: Referred): Prove;
  disjointFrom(other: Referred): Prove;
}

export function prove(of: Referred): Claims {
  const proving = (claim: Prove["claim"]): Prove => checked({ kind: "prove", of: refOf(of), claim });
  return {
    never: (patterns, when) => proving({ kind: "never", patterns, when }),
    narrowerThan: (other) => proving({ kind: "narrower than", other: refOf(other) }),
    sameAs: (other) => proving({ kind: "same as", other: refOf(other) }),
    disjointFrom: (other) => proving({ kind: "disjoint from", other: refOf(other) }),
  };
}
