// Random policies, already resolved, with the vocabulary they speak of; and random joins of them.
import fc from "fast-check";
import type { Joined, REffect, RPattern, RPolicy } from "../../policy-libs/policy/resolved.ts";
import { DEFAULTS } from "../../policy-libs/policy/tree.ts";
import type { Operation, Vocabulary } from "../../policy-libs/policy/vocabulary.ts";
import { argumentsOf, drawCond, drawEdit, type Speech } from "./conditions.ts";
import * as r from "./resolved.ts";
import { drawHistory, drawTrace, showTrace, type Trace } from "./traces.ts";
import { type Draw, drawVocabulary, int, isInstruction, isOneIn, pick, several, someButNone } from "./vocabularies.ts";

export interface Options {
  /** Rules in one policy. */
  readonly rules?: number;
  /** How deep conditions and patterns go. */
  readonly depth?: number;
  /** Attempts in a trace, or events in a history. */
  readonly length?: number;
}

const REFUSING = ["deny", "halt", "suppress"] as const;
const OF_CALLS = ["allow", "allow", "ask", "delay", "delay", "change", "change", ...REFUSING] as const;
const OF_RESULTS = ["change", ...REFUSING] as const;

function drawEffect(draw: Draw, kind: (typeof OF_CALLS)[number], on: readonly RPattern[]): REffect | undefined {
  switch (kind) {
    case "ask":
      return { kind, of: draw(fc.boolean) ? "owner" : undefined };
    case "suppress":
      return { kind, giving: pick(draw, [undefined, true, 0, ""]) };
    case "delay":
      return { kind, to: int(draw, 1, 3), per: int(draw, 1, 60) };
    case "change": {
      const about = argumentsOf(
        on.flatMap(({ ops }) => ops),
        on[0]?.kinds ?? [],
      );
      const edits = about.length === 0 ? [] : several(draw, 1, 2, (next) => drawEdit(next, pick(next, about)));
      const found = edits.filter((edit) => edit !== undefined);
      return found.length === 0 ? undefined : { kind, edits: found };
    }
    default:
      return { kind };
  }
}

interface Ground {
  readonly speech: Omit<Speech, "about">;
  readonly vocabulary: Vocabulary;
}

/** Instructions are refused by their operand or by a past of instructions, never granted, asked for or changed. */
function drawInstructionRule(draw: Draw, { speech, vocabulary }: Ground): r.Unnumbered {
  const ops = vocabulary.operations.filter(isInstruction);
  const about = argumentsOf(ops, ["call"]);
  const divisor = r.compare(r.term(about[0] as (typeof about)[0]), "==", r.constant(int(draw, 0, 2)));
  const past = r.compare(
    r.count(r.pattern(ops, draw(fc.boolean) ? divisor : undefined)),
    ">=",
    r.constant(int(draw, 0, 3)),
  );
  const effect = drawEffect(draw, pick(draw, REFUSING), []) as REffect;
  return r.rule(effect, [r.pattern(ops)], speech.depth > 0 && draw(fc.boolean) ? past : divisor);
}

function drawRule(draw: Draw, ground: Ground): r.Unnumbered {
  const calls = ground.vocabulary.operations.filter((op) => !isInstruction(op));
  if (calls.length < ground.vocabulary.operations.length && isOneIn(draw, 5)) return drawInstructionRule(draw, ground);
  const isOfResults = isOneIn(draw, 5);
  const kinds = isOfResults ? (["result"] as const) : (["call"] as const);
  const parts = several(draw, 1, 2, (next) => someButNone(next, calls));
  const about = argumentsOf(parts.flat(), kinds);
  const speech: Speech = { ...ground.speech, about };
  const on = parts.map((ops) => {
    const inner: Speech = { ...speech, about: argumentsOf(ops, kinds), depth: speech.depth - 1 };
    return r.pattern(ops, isOneIn(draw, 4) ? drawCond(draw, inner) : undefined, kinds);
  });
  const when = isOneIn(draw, 6) ? undefined : drawCond(draw, speech);
  const kind = pick(draw, isOfResults ? OF_RESULTS : OF_CALLS);
  return r.rule(drawEffect(draw, kind, on) ?? "deny", on, when, isOneIn(draw, 4) ? "because of this" : undefined);
}

const opsOf = (rules: readonly r.Unnumbered[]): Operation[] => [
  ...new Set(rules.flatMap(({ on }) => on.flatMap(({ ops }) => ops))),
];

export function drawPolicy(draw: Draw, vocabulary: Vocabulary, { rules = 4, depth = 2 }: Options = {}): RPolicy {
  const speech = { operations: vocabulary.operations, patterns: [], depth };
  const drawn = several(draw, 1, rules, (next) => drawRule(next, { speech, vocabulary }));
  const over = isOneIn(draw, 3) ? someButNone(draw, vocabulary.operations) : opsOf(drawn);
  return shown(r.policyOf(`p${int(draw, 0, 99)}`, pick(draw, DEFAULTS), over, drawn));
}

/** A policy, or `all` and `any` of some, at most two joins deep. */
export function drawJoined(draw: Draw, vocabulary: Vocabulary, options: Options = {}, depth = 2): Joined {
  if (depth === 0 || !isOneIn(draw, 3)) return drawPolicy(draw, vocabulary, options);
  const of = several(draw, 1, 3, (next) => drawJoined(next, vocabulary, options, depth - 1));
  return shown(draw(fc.boolean) ? r.allOf(...of) : r.anyOf(...of));
}

/** fast-check prints what has this as a text. */
function shown<A extends Joined>(policy: A): A {
  return Object.defineProperty(policy, fc.toStringMethod, {
    value: () => `\n${r.showPolicy(policy)}\n`,
    enumerable: false,
  });
}
const shownTrace = <A extends object>(of: A, text: (of: A) => string): A =>
  Object.defineProperty(of, fc.toStringMethod, { value: () => text(of), enumerable: false });

/** A vocabulary, and whatever is drawn over it. */
export const anyOver = <A>(over: (draw: Draw, vocabulary: Vocabulary) => A): fc.Arbitrary<A> =>
  fc.gen().map((draw) => over(draw, drawVocabulary(draw)));

export interface Case {
  readonly policy: Joined;
  readonly trace: Trace;
}
/** A policy, or several joined, and what a guest tries under it. */
export const anyCase = (options: Options = {}): fc.Arbitrary<Case> =>
  anyOver((draw, vocabulary) => ({
    policy: drawJoined(draw, vocabulary, options),
    trace: shownTrace(drawTrace(draw, vocabulary, options.length ?? 12), showTrace),
  }));

export interface Past {
  readonly policy: Joined;
  readonly history: ReturnType<typeof drawHistory>;
}
/** A policy, or several joined, and any history at all, whether a guest could bring it about or not. */
export const anyPast = (options: Options = {}): fc.Arbitrary<Past> =>
  anyOver((draw, vocabulary) => ({
    policy: drawJoined(draw, vocabulary, options),
    history: shownTrace(
      drawHistory(draw, vocabulary, options.length ?? 12),
      (events) => `\n${events.map(r.showEvent).join("\n")}\n`,
    ),
  }));
