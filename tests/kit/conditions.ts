// Random conditions, terms and patterns over a vocabulary: every operator of the language, with bounds so small that
// their edges are met, and only such as the checker accepts.
import fc from "fast-check";
import { parseAddress } from "../../policy-libs/net/address.ts";
import { MASKS } from "../../policy-libs/policy/mask.ts";
import type {
  AddressBlock,
  HistoryKind,
  RArgument,
  RCond,
  REdit,
  RPattern,
  RTail,
  RTerm,
} from "../../policy-libs/policy/resolved.ts";
import { COMPARISONS, SCOPES, TEXT_TESTS } from "../../policy-libs/policy/tree.ts";
import type { ArgumentType, Operation } from "../../policy-libs/policy/vocabulary.ts";
import * as r from "./resolved.ts";
import { type Draw, int, isInstruction, isOneIn, pick, several, someButNone, VALUES } from "./vocabularies.ts";

/** What may be spoken of: the arguments of the event at hand, and how deep conditions may go on. */
export interface Speech {
  readonly operations: readonly Operation[];
  /** Patterns that were drawn before: registers are shared when they are equal. */
  readonly patterns: RPattern[];
  readonly about: readonly RArgument[];
  readonly depth: number;
}

/** The arguments that all of the operations have; of results also what they give. */
export function argumentsOf(ops: readonly Operation[], kinds: readonly HistoryKind[]): RArgument[] {
  const isResult = kinds.every((kind) => kind === "result");
  const namesOf = (op: Operation) =>
    new Set([...op.takes, ...(isResult ? op.gives : [])].flatMap(({ name, also = [] }) => [name, ...also]));
  const distinct = [...new Set(ops)];
  const [first, ...others] = distinct.map(namesOf);
  return [...(first ?? [])]
    .filter((name) => others.every((names) => names.has(name)))
    .map((name) => r.named(name, distinct));
}

const deeper = (speech: Speech, about: readonly RArgument[]): Speech => ({ ...speech, about, depth: speech.depth - 1 });
const ofType = ({ about }: Speech, ...types: readonly ArgumentType[]) =>
  about.filter(({ type }) => types.includes(type));

const KINDS: readonly (readonly HistoryKind[])[] = [
  ["call"],
  ["call"],
  ["call"],
  ["result"],
  ["failed"],
  ["refused"],
  ["call", "refused"],
  ["approved"],
];

export function drawPattern(draw: Draw, speech: Speech, kinds = pick(draw, KINDS)): RPattern {
  const known = speech.patterns.filter((one) => one.kinds === kinds);
  if (known.length > 0 && !isOneIn(draw, 3)) return pick(draw, known);
  const isOfVm = isOneIn(draw, 5) && speech.operations.some(isInstruction) && kinds.includes("call");
  const ops = someButNone(
    draw,
    speech.operations.filter((op) => isInstruction(op) === isOfVm),
  );
  const inner = deeper(speech, argumentsOf(ops, kinds));
  const pattern = r.pattern(ops, inner.depth > 0 && draw(fc.boolean) ? drawCond(draw, inner) : undefined, kinds);
  speech.patterns.push(pattern);
  return pattern;
}

const drawWithin = (draw: Draw): number => int(draw, 1, 20);

/** `by` needs the key in the events that are counted, and in the one at hand. */
function drawTail(draw: Draw, speech: Speech, pattern: RPattern, needsSteps: boolean): Partial<RTail> {
  const shared = argumentsOf(pattern.ops, pattern.kinds).filter(({ name, type }) =>
    speech.about.some((one) => one.name === name && one.type === type && VALUES[type].length > 0),
  );
  const key = shared.length > 0 && isOneIn(draw, 3) ? pick(draw, shared) : undefined;
  const within = draw(fc.boolean) ? drawWithin(draw) : undefined;
  const isStepped = within !== undefined && (needsSteps || draw(fc.boolean));
  return {
    ...(key === undefined ? {} : { by: { argument: keyOf(key, speech), max: int(draw, 1, 2) } }),
    per: isOneIn(draw, 3) ? pick(draw, SCOPES) : "domain",
    ...(within === undefined ? {} : { within }),
    ...(isStepped ? { steps: int(draw, 1, 4) } : {}),
  };
}

/** The key of the counted events and of the event at hand in one. */
const keyOf = (key: RArgument, { about }: Speech): RArgument => ({
  ...key,
  of: new Map([...key.of, ...(about.find(({ name }) => name === key.name)?.of ?? [])]),
});

function drawTally(draw: Draw, speech: Speech, isUnboundedCount: boolean): RTerm {
  const pattern = drawPattern(draw, deeper(speech, speech.about));
  const amounts = argumentsOf(pattern.ops, pattern.kinds).filter(({ type }) => type === "int");
  if (amounts.length > 0 && draw(fc.boolean))
    return r.sum(pick(draw, amounts), pattern, drawTail(draw, speech, pattern, true));
  return r.count(pattern, drawTail(draw, speech, pattern, isUnboundedCount));
}

/** A term of the past. Counts in a window without steps are compared with constants only: they remember every time. */
function drawPastTerm(draw: Draw, speech: Speech, isConstantBound: boolean): RTerm {
  if (!isOneIn(draw, 4)) return drawTally(draw, speech, !isConstantBound);
  const inner = deeper(speech, speech.about);
  return r.level(drawPattern(draw, inner), drawPattern(draw, inner), int(draw, 1, 3));
}

function drawPresentTerm(draw: Draw, speech: Speech): RTerm {
  const ints = ofType(speech, "int");
  const lengths = ofType(speech, "text", "bytes", "path", "host");
  if (ints.length > 0 && draw(fc.boolean)) return r.term(pick(draw, ints));
  if (lengths.length > 0 && draw(fc.boolean)) return r.length(pick(draw, lengths));
  return r.constant(int(draw, 0, 4));
}

function drawComparison(draw: Draw, speech: Speech): RCond {
  const is = pick(draw, COMPARISONS);
  if (speech.depth <= 0) return r.compare(drawPresentTerm(draw, speech), is, drawPresentTerm(draw, speech));
  switch (int(draw, 0, 3)) {
    case 0:
      return r.compare(drawPresentTerm(draw, speech), is, drawPresentTerm(draw, speech));
    case 1:
      return r.compare(drawPastTerm(draw, speech, true), is, r.constant(int(draw, 0, 4)));
    case 2:
      return r.compare(r.constant(int(draw, 0, 4)), is, drawPastTerm(draw, speech, true));
    default: {
      const sum = r.add(drawPastTerm(draw, speech, false), drawPresentTerm(draw, speech));
      return r.compare(sum, is, draw(fc.boolean) ? r.constant(int(draw, 0, 6)) : drawPastTerm(draw, speech, false));
    }
  }
}

function block(text: string): AddressBlock {
  const [from, length] = text.split("/") as [string, string];
  const parsed = parseAddress(from);
  if (parsed === undefined) throw new Error(text);
  const bits = parsed.family === 4 ? 32 : 128;
  return { bits, first: parsed.bits, last: parsed.bits + (1n << BigInt(bits - Number(length))) - 1n, text };
}
export const BLOCKS = ["10.0.0.0/8", "10.0.0.0/24", "8.8.8.8/32", "::1/128", "::/0"].map(block);

const PARTS = ["", "a", "b", "/", "/a", "/secrets", "example", ".key", "*", "**", "/*", "**.key", "a*", "**b*"];

/** A test of one argument by its type. */
function drawTest(draw: Draw, about: RArgument): RCond {
  const equal = () =>
    draw(fc.boolean)
      ? r.oneOf(about, someButNone(draw, VALUES[about.type]))
      : r.compare(r.term(about), pick(draw, ["==", "!="] as const), r.constant(pick(draw, VALUES[about.type])));
  switch (about.type) {
    case "bool":
      return draw(fc.boolean) ? r.holds(about) : equal();
    case "text":
    case "host":
    case "path": {
      if (isOneIn(draw, 3)) return equal();
      const tests = TEXT_TESTS.filter((test) => test !== "under" || about.type === "path");
      const test = pick(draw, tests);
      return r.text(about, test, test === "under" ? pick(draw, ["/", "/a", "/secrets"]) : pick(draw, PARTS));
    }
    case "ip":
      return draw(fc.boolean) ? r.address(about, someButNone(draw, BLOCKS)) : equal();
    case "int":
    case "enum":
      return equal();
    case "bytes":
      return r.compare(r.length(about), pick(draw, COMPARISONS), r.constant(int(draw, 0, 3)));
    default:
      return r.truth(draw(fc.boolean));
  }
}

const SET_TYPES: readonly ArgumentType[] = ["int", "text", "path", "host", "ip", "enum", "bool"];

function drawRemembered(draw: Draw, speech: Speech): RCond {
  const pattern = drawPattern(draw, deeper(speech, speech.about));
  const kept = argumentsOf(pattern.ops, pattern.kinds).filter(({ type }) => SET_TYPES.includes(type));
  const pairs = kept.flatMap((one) => ofType(speech, one.type).map((other) => [one, other] as const));
  if (pairs.length === 0) return r.once(pattern);
  const [one, other] = pick(draw, pairs);
  return r.remembered(other, r.values(one, pattern, int(draw, 1, 3)));
}

function drawPast(draw: Draw, speech: Speech): RCond {
  const inner = deeper(speech, speech.about);
  const pattern = drawPattern(draw, inner);
  switch (int(draw, 0, 4)) {
    case 0:
      return r.once(pattern);
    case 1:
      return r.once(pattern, {
        ...(draw(fc.boolean) ? { since: drawPattern(draw, inner) } : {}),
        ...(draw(fc.boolean) ? { within: drawWithin(draw) } : {}),
      });
    case 2:
      return r.previous(
        pattern,
        several(draw, 1, 2, (next) => drawPattern(next, inner)),
      );
    case 3: {
      const from = [pattern, ...several(draw, 0, 1, (next) => drawPattern(next, inner))];
      return r.carries(
        r.label(
          "secret",
          from,
          several(draw, 0, 1, (next) => drawPattern(next, inner)),
        ),
      );
    }
    default:
      return drawRemembered(draw, speech);
  }
}

function drawUnit(draw: Draw, speech: Speech): RCond {
  if (speech.about.length > 0 && isOneIn(draw, 3)) return drawTest(draw, pick(draw, speech.about));
  if (speech.depth > 0 && draw(fc.boolean)) return drawPast(draw, speech);
  return drawComparison(draw, speech);
}

export function drawCond(draw: Draw, speech: Speech): RCond {
  const smaller = deeper(speech, speech.about);
  if (speech.depth > 0 && isOneIn(draw, 4)) {
    const parts = several(draw, 2, 3, (next) => drawCond(next, smaller));
    return draw(fc.boolean) ? r.and(...parts) : r.or(...parts);
  }
  return isOneIn(draw, 5) ? r.not(drawUnit(draw, speech)) : drawUnit(draw, speech);
}

/** An edit that suits the argument; undefined: there is none. */
export function drawEdit(draw: Draw, about: RArgument): REdit | undefined {
  const becomes = () => r.becomes(about, pick(draw, VALUES[about.type]));
  if (about.type === "int") return draw(fc.boolean) ? r.atMost(about, int(draw, 0, 3)) : becomes();
  if (about.type === "bytes") return r.first(about, int(draw, 0, 2));
  if (about.type !== "text") return VALUES[about.type].length === 0 ? undefined : becomes();
  switch (int(draw, 0, 2)) {
    case 0:
      return r.first(about, int(draw, 0, 8));
    case 1:
      return r.masks(about, pick(draw, MASKS));
    default:
      return becomes();
  }
}
