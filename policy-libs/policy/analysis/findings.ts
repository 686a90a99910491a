// What is strange about the policies of a file, as diagnostics: all warnings, and each one proved.
//
// Invariants
//   W1  What could not be found out is not warned of, nor what a parameter of type bool switches off, and of a policy
//       that needs arguments only what is so in every instance that the file makes.
//   W2  A policy of another file is that file's matter.
import { type Code, type Diagnostic, diagnose } from "../diagnostic.ts";
import type { Loaded } from "../load.ts";
import type { Joined, Place, RPolicy, RRule } from "../resolved.ts";
import { policiesOf } from "./atoms.ts";
import { inside } from "./inside.ts";
import { type Finding, type FindingKind, reach, ungranted } from "./reach.ts";
import type { Options } from "./refine.ts";

const CODE: Readonly<Record<FindingKind, Code>> = {
  "never matches": "P203",
  "only unknown": "P204",
  "never decides": "P201",
  "always true": "P202",
};
/** Of several that a rule has, the first says all. */
const ORDER: readonly FindingKind[] = ["never matches", "only unknown", "never decides", "always true"];

const MOST_QUOTED = 64;

function excerpt({ text }: Place): string {
  const line = text.replace(/\s+/g, " ");
  return line.length <= MOST_QUOTED ? line : `${line.slice(0, MOST_QUOTED)}…`;
}

function neverDecides(rule: RRule, [other]: Finding["instead"]): string {
  const { kind } = rule.effect;
  if (other !== undefined) {
    return `never decides: wherever it matches, other rules do, such as line ${other.at.line} (${excerpt(other.at)})`;
  }
  if (kind === "allow") return "never decides: what it allows is granted without it";
  return kind === "change"
    ? "never decides: it changes nothing that is performed"
    : "never decides: nothing grants what it is about";
}

function messageOf({ kind, rule, cond, instead }: Finding): string {
  if (kind === "never matches") return "never reached: no event ever matches it";
  if (kind === "never decides") return neverDecides(rule, instead);
  if (kind === "always true") return `this is always true: ${excerpt((cond ?? rule).at)}`;
  return "its condition is never true: it holds only where an argument is missing, or something was forgotten";
}

const diagnosticOf = (finding: Finding): Diagnostic =>
  diagnose(CODE[finding.kind], (finding.cond ?? finding.rule).at, messageOf(finding));

const namesOf = ({ on }: RRule): string => {
  const names = [...new Set(on.flatMap(({ ops }) => ops.map(({ name }) => name)))];
  return names.length > 3 ? `${names.slice(0, 3).join(", ")} and others` : names.join(", ");
};

const ungrantedIn = (where: string, rule: RRule): Diagnostic =>
  diagnose("P203", rule.at, `${where}nothing grants ${namesOf(rule)}, so this ${rule.effect.kind} is never reached`);

/** A condition that a parameter of type `bool` has decided. */
const isSwitched = ({ when, on }: RRule): boolean =>
  [when, ...on.map((pattern) => pattern.when)].some(
    (cond) => cond !== undefined && [...inside(cond)].some(({ kind }) => kind === "constant"),
  );

/** A rule that grants in a choice, where others of the choice do not. */
const isChoice = (joined: Joined): boolean =>
  joined.kind === "any" || (joined.kind === "all" && joined.of.some(isChoice));

interface Found {
  readonly index: number;
  readonly diagnostic: Diagnostic;
}

function foundIn(policy: RPolicy, hasFlags: boolean, isChosen: boolean, options: Options): readonly Found[] {
  const idle = new Set(ungranted(policy, options));
  const { findings } = reach(policy, options);
  const isMeant = ({ kind, rule }: Finding): boolean =>
    (hasFlags && isSwitched(rule)) ||
    (isChosen && kind === "never decides" && rule.effect.kind === "allow" && policy.default === "abstain");
  return policy.rules.flatMap((rule): readonly Found[] => {
    if (idle.has(rule)) return [{ index: rule.index, diagnostic: ungrantedIn("", rule) }];
    const own = findings.filter((finding) => finding.rule === rule && !isMeant(finding));
    const first = ORDER.find((kind) => own.some((finding) => finding.kind === kind));
    return own
      .filter(({ kind }) => kind === first)
      .map((finding) => ({ index: rule.index, diagnostic: diagnosticOf(finding) }));
  });
}

const keyOf = ({ code, span, message }: Diagnostic): string => JSON.stringify([code, span.from, message]);

/** Instances of each policy of the file: that of its own values, or else all that the file makes. */
function instancesOf({ file, policies, bundles, entry }: Loaded): readonly (readonly RPolicy[])[] {
  const own = [...policies.values()].map((template) => template.instantiate(new Map()));
  const whole = own.flatMap((made) => (made.kind === "instance" ? [made.policy] : []));
  const known = new Set(whole.map(({ at }) => at.span.from));
  const joined = [...bundles.values(), ...(entry === undefined ? [] : [entry])];
  const others = [...new Set(joined.flatMap(policiesOf))].filter(
    ({ at }) => at.file === file && !known.has(at.span.from),
  );
  const groups = new Map<number, RPolicy[]>();
  for (const policy of others) groups.set(policy.at.span.from, [...(groups.get(policy.at.span.from) ?? []), policy]);
  return [...whole.map((policy) => [policy]), ...groups.values()];
}

function inPolicies(loaded: Loaded, options: Options): readonly Diagnostic[] {
  const isChosen = [...loaded.bundles.values()].some(isChoice);
  const flags = new Set(
    [...loaded.policies.values()]
      .filter(({ parameters }) => parameters.some(({ type }) => type === "bool"))
      .map(({ name }) => name),
  );
  return instancesOf(loaded).flatMap((instances) => {
    const all = instances.map((policy) =>
      foundIn(policy, flags.has(policy.name.split("(")[0] ?? ""), isChosen, options).map(
        ({ diagnostic }) => diagnostic,
      ),
    );
    const [first = [], ...rest] = all;
    return first.filter((one) => rest.every((other) => other.some((each) => keyOf(each) === keyOf(one))));
  });
}

/** Obligations that are reached in a policy alone, and not where it is joined with others. */
function inBundles({ file, bundles, entry }: Loaded, options: Options): readonly Diagnostic[] {
  const named = [...bundles].map(([name, joined]) => [`in bundle ${name} `, joined] as const);
  const isOwn = entry !== undefined && ![...bundles.values()].includes(entry) && policiesOf(entry).length > 1;
  const all = isOwn ? [...named, ["with all policies of this file in force, ", entry] as const] : named;
  return all.flatMap(([where, joined]) =>
    ungranted(joined, options)
      .filter(({ at }) => at.file === file)
      .map((rule) => ungrantedIn(where, rule)),
  );
}

/** P2xx: in the order of the file. It may take seconds for a large one; `options` says how much is looked at. */
export function findingsOf(loaded: Loaded, options: Options = {}): readonly Diagnostic[] {
  const own = inPolicies(loaded, options);
  const known = new Set(own.map(({ span }) => span.from));
  const joined = inBundles(loaded, options).filter(({ span }) => !known.has(span.from));
  return [...own, ...joined].sort((a, b) => a.span.from - b.span.from);
}
