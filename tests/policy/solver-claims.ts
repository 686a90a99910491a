// Small policies about sums, counts and comparisons, and claims of them: numbers so small that trying all is exact.
import { fc } from "@fast-check/vitest";
import { arg, integer } from "../../policy-libs/index.ts";
import { load } from "../../policy-libs/policy/load.ts";
import { vocabularyOf } from "../../policy-libs/policy/operations.ts";
import type { RProve } from "../../policy-libs/policy/resolved.ts";
import type { Operation, Vocabulary } from "../../policy-libs/policy/vocabulary.ts";
import { holdsIn, type IsAskedFor, isWider } from "./agreement.ts";
import { type Calls, products } from "./enumerate.ts";
import { made } from "./examples.ts";

const AMOUNT = arg("amount", integer({ min: 0, max: 3 }));
const BANK = made("bank", {
  pay: { takes: [AMOUNT, arg("fee", integer({ min: 0, max: 2 }))] },
  take: { takes: [AMOUNT] },
});

export const VOCABULARY: Vocabulary = vocabularyOf(
  new Map([
    ["bank", BANK],
    ["user", made("user", { reset: {} })],
  ]),
).vocabulary;

const anyOf = fc.constantFrom;
const small = fc.integer({ min: 0, max: 6 });
const anyPast = anyOf(
  "sum amount on bank.pay",
  "sum fee on bank.pay",
  "sum amount on bank.take",
  "sum amount on bank.pay(fee > 0)",
  "sum amount on refused bank.pay",
  "sum amount on bank.pay within 1s in 4 steps",
  "sum amount on bank.pay by fee max 2",
  "sum amount on bank.pay per tenant",
  "count bank.pay",
  "count tried bank.pay",
  "count result bank.pay",
  "count approved bank.pay",
  "level bank.pay minus bank.take",
  "level bank.take minus bank.pay(amount > 1) max 3",
);
const anyOrder = anyOf("<", "<=", ">", ">=", "==", "!=");
/** `own`: the arguments of the event at hand. */
const anyTerm = (...own: string[]) =>
  fc.oneof(
    anyPast,
    fc.tuple(anyPast, anyOf(...own)).map((terms) => terms.join(" + ")),
    fc.tuple(anyPast, anyPast).map((terms) => terms.join(" + ")),
    anyOf(...own),
    small.map(String),
  );
const anyTest = (...own: string[]) =>
  fc.oneof(
    { weight: 5, arbitrary: fc.tuple(anyTerm(...own), anyOrder, anyTerm(...own)).map((parts) => parts.join(" ")) },
    anyOf("once user.reset", "once bank.take(amount > 1) within 1s", "once bank.pay with no user.reset since"),
  );
const anyCond = (...own: string[]) =>
  fc
    .tuple(anyTest(...own), anyOf("", "", " and ", " or "), anyTest(...own), fc.boolean())
    .map(([a, word, b, isNot]) => {
      const second = isNot ? `not (${b})` : b;
      return word === "" ? a : `${a}${word}${second}`;
    });

const anyRule = fc.oneof(
  fc
    .tuple(anyOf("deny", "deny", "allow", "ask"), anyCond("amount", "fee"))
    .map(([effect, cond]) => `${effect} bank.pay when ${cond}`),
  fc.tuple(anyOf("deny", "allow"), anyCond("amount")).map(([effect, cond]) => `${effect} bank.take when ${cond}`),
  anyOf("allow bank.take", "allow bank.pay when amount < 3", "change bank.pay so amount at most 2"),
);
const anyPolicy = (name: string) =>
  fc
    .tuple(anyOf("deny", "abstain", "abstain"), fc.array(anyRule, { minLength: 1, maxLength: 3 }))
    .map(([other, rules]) => `policy ${name} over bank.pay, bank.take { default ${other} ${rules.join(" ")} }`);

/** The claim of a file that has one. */
export function claimOf(text: string, vocabulary: Vocabulary = VOCABULARY): RProve {
  const loaded = load(text, { file: "t.policy", vocabulary });
  if (loaded.kind !== "loaded")
    throw new Error(`${text}\n${loaded.diagnostics.map(({ message }) => message).join("\n")}`);
  return loaded.proves[0] as RProve;
}

const anyNever = fc.oneof(
  anyCond("amount", "fee").map((cond) => `never bank.pay when ${cond}`),
  anyCond("amount").map((cond) => `never refused bank.take when ${cond}`),
);

/** A file whose one claim is wrong about constants in places; those that do not load are left out. */
const isRight = (text: string): boolean => load(text, { file: "t.policy", vocabulary: VOCABULARY }).kind === "loaded";
export const anyClaimText = fc
  .oneof(
    fc.tuple(anyPolicy("p"), anyNever).map(([p, claim]) => `${p}\nprove p ${claim}`),
    fc.tuple(anyPolicy("p"), anyPolicy("q")).map(([p, q]) => `${p}\n${q}\nprove p narrower than q`),
  )
  .filter(isRight);

const taken = (op: Operation, most: number) =>
  products(
    op.takes.map((one) => [one, [undefined, 0, 1, 2, 3].filter((value) => (value ?? 0) <= (one.most ?? 3))]),
    most,
  );
/** Every call that there is, or twelve of them. */
export const CALLS: readonly Calls[] = VOCABULARY.operations
  .filter(({ isInstruction }) => !isInstruction)
  .map((op) => ({ op, isHost: op.group === "user", takes: taken(op, 12), gives: [new Map()] }));

/** What a refutation of it has to end with. */
export function isAskedForBy({ of, claim }: RProve): IsAskedFor {
  if (claim.kind === "narrower than") return isWider(of, claim.other);
  const [on] = claim.kind === "never" ? claim.patterns : [];
  if (claim.kind !== "never" || on === undefined || claim.when === undefined) throw new Error(claim.kind);
  return holdsIn(on, claim.when);
}
