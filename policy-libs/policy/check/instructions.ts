// What rules about the guest's instructions may say (T8): they are decided inside of the guest, by its own counters.
//
// Invariants
//   V1  A rule about instructions is decided by integers of the instruction and by bits and counters that instructions
//       alone feed.
//   V2  Nothing else depends on instructions: they reach no gate, so that nobody would count them for it.
import type { Place, RCond, RPattern, RPolicy, RRule, RTerm } from "../resolved.ts";
import type { Report } from "./unit.ts";

/** Everything that a condition reads, and where it reads it. */
interface Parts {
  readonly conds: RCond[];
  readonly terms: RTerm[];
  readonly patterns: RPattern[];
}

function visitPattern(parts: Parts, pattern: RPattern): void {
  parts.patterns.push(pattern);
  if (pattern.when !== undefined) visit(parts, pattern.when);
}

function visitTerm(parts: Parts, term: RTerm): void {
  parts.terms.push(term);
  if (term.kind === "add") for (const each of term.terms) visitTerm(parts, each);
  if (term.kind === "count" || term.kind === "sum") visitPattern(parts, term.pattern);
  if (term.kind === "level") for (const pattern of [term.plus, term.minus]) visitPattern(parts, pattern);
}

function patternsIn(cond: RCond): readonly RPattern[] {
  if (cond.kind === "once") return cond.since === undefined ? [cond.pattern] : [cond.pattern, cond.since];
  if (cond.kind === "previous") return [cond.pattern, ...cond.among];
  if (cond.kind === "carries") return [...cond.label.from, ...cond.label.cleared];
  return cond.kind === "remembered" ? [cond.values.pattern] : [];
}

function visit(parts: Parts, cond: RCond): void {
  parts.conds.push(cond);
  if (cond.kind === "or" || cond.kind === "and") for (const part of cond.of) visit(parts, part);
  if (cond.kind === "not") visit(parts, cond.of);
  if (cond.kind === "compare") for (const term of [cond.left, cond.right]) visitTerm(parts, term);
  for (const pattern of patternsIn(cond)) visitPattern(parts, pattern);
}

function partsOf({ on, when }: RRule): Parts {
  const parts: Parts = { conds: [], terms: [], patterns: [] };
  for (const pattern of on) if (pattern.when !== undefined) visit(parts, pattern.when);
  if (when !== undefined) visit(parts, when);
  return parts;
}

const isOfInstructions = ({ ops }: RPattern): boolean => ops.some(({ isInstruction }) => isInstruction);

const CONDS: ReadonlySet<RCond["kind"]> = new Set(["constant", "or", "and", "not", "compare", "once", "previous"]);
const TERMS: ReadonlySet<RTerm["kind"]> = new Set(["constant", "argument", "count", "level", "add"]);

const isFarCond = (cond: RCond): boolean => {
  if (cond.kind === "oneOf") return cond.argument.type !== "int";
  return !CONDS.has(cond.kind) || (cond.kind === "once" && cond.within !== undefined);
};
const isFarTerm = (term: RTerm): boolean => {
  if (!TERMS.has(term.kind)) return true;
  return term.kind === "count" && (term.by !== undefined || term.per !== "domain" || term.within !== undefined);
};

/** The first part that an instruction cannot be decided by. */
function farPart({ conds, terms, patterns }: Parts): Place | undefined {
  const isForeign = (pattern: RPattern): boolean =>
    pattern.ops.some(({ isInstruction }) => !isInstruction) || pattern.kinds.join() !== "call";
  return (conds.find(isFarCond) ?? terms.find(isFarTerm) ?? patterns.find(isForeign))?.at;
}

const CAN = "Instructions are decided by their own integers, and by bits and counts of instructions.";

function checkEffect(report: Report, { effect, on, at }: RRule): void {
  const isMixed = on.some(({ ops }) => ops.some(({ isInstruction }) => !isInstruction));
  if (isMixed) report("P118", at, "a rule about instructions and calls at once", "Make a rule for each.");
  const { kind } = effect;
  if (kind !== "deny" && kind !== "halt" && kind !== "suppress") {
    report("P118", at, `instructions are not for "${kind}"`, 'There are "deny", "halt" and "suppress … giving".');
  }
  if (kind === "suppress" && typeof effect.giving !== "number") {
    report("P118", at, "an instruction that is left out gives an integer", 'Write "giving 0", or another integer.');
  }
}

function checkRule(report: Report, rule: RRule): void {
  const parts = partsOf(rule);
  if (!rule.on.some(isOfInstructions)) {
    const pattern = parts.patterns.find(isOfInstructions);
    if (pattern !== undefined) report("P118", pattern.at, "calls do not depend on instructions, which reach no gate");
    return;
  }
  checkEffect(report, rule);
  const far = farPart(parts);
  if (far !== undefined) report("P118", far, "no instruction can be decided by this", CAN);
  const event = rule.on.find(({ kinds }) => kinds.join() !== "call");
  if (event !== undefined) report("P118", event.at, "an instruction has no result");
}

export function checkInstructions(report: Report, { rules }: RPolicy): void {
  for (const rule of rules) checkRule(report, rule);
}
