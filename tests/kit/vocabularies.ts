// Small random vocabularies, and what their arguments can be: so small that two random things often meet.
import fc from "fast-check";
import type { Datum } from "../../policy-libs/policy/resolved.ts";
import type { Argument, ArgumentType, Operation, Vocabulary } from "../../policy-libs/policy/vocabulary.ts";
import { argument, operation, vocabularyOf } from "./resolved.ts";

/** Draws one thing after the other: what is drawn may depend on what was drawn before. */
export type Draw = fc.GeneratorValue;

export const int = (draw: Draw, least: number, most: number): number => draw(fc.integer, { min: least, max: most });
/** Once in so many draws. */
export const isOneIn = (draw: Draw, n: number): boolean => int(draw, 1, n) === n;
export const pick = <A>(draw: Draw, of: readonly A[]): A => {
  if (of.length === 0) throw new Error("nothing to pick from");
  return of[int(draw, 0, of.length - 1)] as A;
};
export const several = <A>(draw: Draw, least: number, most: number, one: (draw: Draw) => A): A[] =>
  Array.from({ length: int(draw, least, most) }, () => one(draw));
/** A part of a list, in its order. */
export const some = <A>(draw: Draw, of: readonly A[]): A[] => of.filter(() => draw(fc.boolean));
export const someButNone = <A>(draw: Draw, of: readonly A[]): A[] => {
  const part = some(draw, of);
  return part.length === 0 ? [pick(draw, of)] : part;
};

/** One name has one type everywhere: so rules and patterns can speak of several operations at once. */
const TAKEN: readonly (readonly [name: string, type: ArgumentType])[] = [
  ["flag", "bool"],
  ["n", "int"],
  ["m", "int"],
  ["name", "text"],
  ["path", "path"],
  ["host", "host"],
  ["ip", "ip"],
  ["body", "bytes"],
  ["mode", "enum"],
  ["thing", "handle"],
];
const GIVEN: readonly (readonly [name: string, type: ArgumentType])[] = [
  ["value", "int"],
  ["text", "text"],
  ["found", "host"],
];

export const MODES = ["r", "w"] as const;

/** What a value of a type can be. Of bytes the length; of a handle nothing. */
export const VALUES: { readonly [type in ArgumentType]: readonly Datum[] } = {
  bool: [false, true],
  int: [0, 1, 2, 3, 4],
  text: ["", "a", "b", "ab", "4111111111111111", "bob@x.org 1234567"],
  path: ["/", "/a", "/a/b", "/ab", "/secrets/k", "/a/b.key"],
  host: ["a.example", "b.example", "x.test"],
  ip: ["10.0.0.1", "10.1.2.3", "8.8.8.8", "::1", "::ffff:10.0.0.1"],
  bytes: [0, 1, 2, 3],
  enum: MODES,
  handle: [],
  other: [],
};

function arguments_(draw: Draw, of: typeof TAKEN, most: number): Argument[] {
  return some(draw, of)
    .slice(0, most)
    .map(([name, type]) => {
      const one = argument(name, type, isOneIn(draw, 4));
      if (type === "enum") return { ...one, values: MODES };
      return type === "path" ? { ...one, also: [`at.${name}`] } : one;
    });
}

const NAMES = ["net.send", "net.open", "files.read", "files.write", "user.confirm"] as const;

/** Two to five calls with up to four arguments, and sometimes an instruction. */
export function drawVocabulary(draw: Draw): Vocabulary {
  const calls = NAMES.slice(0, int(draw, 2, NAMES.length)).map((name, id) =>
    operation(name, id, arguments_(draw, TAKEN, 4), arguments_(draw, GIVEN, 2)),
  );
  const instruction = operation("vm.divide", calls.length, [argument("divisor", "int")]);
  return vocabularyOf(isOneIn(draw, 3) ? [...calls, instruction] : calls);
}

/** Values of arguments, each under all its names; an optional one is often missing, and any one rarely: a guest may pass what no policy can see. */
export function drawData(draw: Draw, of: readonly Argument[]): ReadonlyMap<string, Datum> {
  const present = of.filter(({ type, optional }) => VALUES[type].length > 0 && !isOneIn(draw, optional ? 3 : 25));
  return new Map(
    present.flatMap(({ name, also = [], type }) => {
      const value = pick(draw, VALUES[type]);
      return [name, ...also].map((each) => [each, value] as const);
    }),
  );
}

export const isInstruction = ({ isInstruction }: Operation): boolean => isInstruction;
