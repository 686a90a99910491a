// Section 4, step 1: classes of arguments and calls. Texts are judged here by the host's own string functions and regular
// expressions, and all short ones are enumerated: the automata have to agree with both.
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { type Asking, askingOf } from "../../policy-libs/policy/analysis/atoms.ts";
import { automatonOf, exactly } from "../../policy-libs/policy/analysis/automaton.ts";
import {
  type ArgumentClass,
  argumentClasses,
  type CallClass,
  callClasses,
  classesOf,
} from "../../policy-libs/policy/analysis/classes.ts";
import { addressPieces, integerPieces } from "../../policy-libs/policy/analysis/points.ts";
import { type TextAtom, textClasses } from "../../policy-libs/policy/analysis/text-classes.ts";
import { isOfType } from "../../policy-libs/policy/analysis/text-types.ts";
import type { Datum } from "../../policy-libs/policy/resolved.ts";
import { TEXT_TESTS, type TextTest } from "../../policy-libs/policy/tree.ts";
import type { Argument, ArgumentType, Operation } from "../../policy-libs/policy/vocabulary.ts";

const LIMITS = { least: 0, most: Number.MAX_SAFE_INTEGER };
const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");

/** What the reference document says of each test, by other means than automata. */
const SAYS: Readonly<Record<TextTest, (text: string, operand: string) => boolean>> = {
  "starts with": (text, operand) => text.slice(0, operand.length) === operand,
  "ends with": (text, operand) => text.slice(text.length - operand.length) === operand && text.length >= operand.length,
  contains: (text, operand) => text.split(operand).length > 1 || operand === "",
  like: (text, operand) => {
    const runs = operand
      .split(/(\*+)/)
      .map((run, at) => (at % 2 === 0 ? escaped(run) : run === "*" ? "[^/]*" : "[^]*"));
    return new RegExp(`^(?:${runs.join("")})$`).test(text);
  },
  under: (text, operand) => text === operand || text.startsWith(operand.replace(/\/?$/, "/")),
};
const holds = (atom: TextAtom, text: string): boolean =>
  atom.kind === "is" ? atom.values.includes(text) : SAYS[atom.test](text, atom.text);
const vector = (atoms: readonly TextAtom[], text: string): string =>
  atoms.map((atom) => Number(holds(atom, text))).join("");

const isNormal: Readonly<Record<"text" | "path" | "host", (text: string) => boolean>> = {
  text: () => true,
  path: (text) =>
    text === "/" || (/^(\/[^/\\\0]+)+$/.test(text) && text.split("/").every((part) => part !== "." && part !== "..")),
  host: (text) => {
    if (/^(\d+\.){3}\d+$/.test(text))
      return text.split(".").every((part) => String(Number(part)) === part && Number(part) < 256);
    const isName = text.split(".").every((label) => /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/.test(label));
    return isName && !/(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/.test(text);
  },
};

/** All texts over some units, up to a length. */
function allTexts(units: string, most: number): readonly string[] {
  let last = [""];
  const all = [""];
  for (let length = 1; length <= most; length++) {
    last = last.flatMap((text) => units.split("").map((unit) => text + unit));
    all.push(...last);
  }
  return all;
}

const anyShort = (units: string, maxLength: number) =>
  fc.array(fc.constantFrom(...units), { maxLength }).map((list) => list.join(""));
const anyAtom = (units: string): fc.Arbitrary<TextAtom> =>
  fc.oneof(
    fc.array(anyShort(units, 3), { minLength: 1, maxLength: 3 }).map((values) => ({ kind: "is" as const, values })),
    fc.tuple(fc.constantFrom(...TEXT_TESTS), anyShort(`${units}*`, 4)).map(([kind, text]) => ({
      kind: "text" as const,
      test: kind,
      text: kind === "like" ? text : text.replaceAll("*", ""),
    })),
  );
const UNITS = { text: "ab/", path: "a./", host: "a0." } as const;
const anyTyped = fc
  .constantFrom("text", "path", "host")
  .chain((type) => fc.record({ type: fc.constant(type), atoms: fc.array(anyAtom(UNITS[type]), { maxLength: 4 }) }));

describe("automata of tests", () => {
  test.prop([fc.constantFrom(...TEXT_TESTS), anyShort("ab/*", 5), anyShort("ab/*c", 8)])(
    "accept a text exactly if the test holds of it",
    (kind, operand, text) => {
      const automaton = automatonOf(kind, operand);
      const end = text.split("").reduce(automaton.step, automaton.start);
      expect(automaton.accepts(end)).toBe(SAYS[kind](text, operand));
    },
  );

  test.prop([fc.array(anyShort("ab", 3)), anyShort("ab", 4)])("of texts accept these and no others", (texts, text) => {
    const automaton = exactly(...texts);
    expect(automaton.accepts(text.split("").reduce(automaton.step, automaton.start))).toBe(texts.includes(text));
  });

  test("a `like` of one million units and many stars is compared without backtracking", () => {
    const automaton = automatonOf("like", "*a*a*a*a*a*a*a*b");
    let state = automaton.start;
    for (let at = 0; at < 1_000_000; at++) state = automaton.step(state, "a");
    expect(automaton.accepts(state)).toBe(false);
    expect(automaton.accepts(automaton.step(state, "b"))).toBe(true);
  });
});

describe("types of texts", () => {
  test("paths and hosts of up to six units are those that are normal", () => {
    for (const text of allTexts("a./", 6)) expect([text, isOfType("path", text)]).toEqual([text, isNormal.path(text)]);
    for (const text of allTexts("a0-.x", 6))
      expect([text, isOfType("host", text)]).toEqual([text, isNormal.host(text)]);
  });

  test.prop([fc.array(fc.nat(300), { minLength: 3, maxLength: 5 })])(
    "dotted numbers are hosts if they are addresses",
    (parts) => {
      expect(isOfType("host", parts.join("."))).toBe(isNormal.host(parts.join(".")));
    },
  );

  test("no backslash and no NUL is in a path, and IPv6 addresses are hosts", () => {
    for (const path of ["/a\\b", "/a\0", "a", ""]) expect(isOfType("path", path)).toBe(false);
    for (const host of ["::", "::1", "2001:db8::1", "1:2:3:4:5:6:7:8"]) expect(isOfType("host", host)).toBe(true);
    for (const host of [":", "[::1]", "A.example", "a.example.", "a b", ""]) expect(isOfType("host", host)).toBe(false);
  });
});

describe("classes of texts", () => {
  test.prop([anyTyped])("each witness is of its type, and no two have the same tests true", ({ type, atoms }) => {
    const { classes, isComplete } = textClasses({ type, atoms, cuts: [], bounds: LIMITS });
    expect(isComplete).toBe(true);
    for (const { witness } of classes) expect(isOfType(type, witness)).toBe(true);
    expect(new Set(classes.map(({ witness }) => vector(atoms, witness))).size).toBe(classes.length);
  });

  test.prop([anyTyped])(
    "every text has a class, and no text of a class is shorter than its witness",
    ({ type, atoms }) => {
      const { classes } = textClasses({ type, atoms, cuts: [], bounds: LIMITS });
      const lengths = new Map(classes.map(({ witness }) => [vector(atoms, witness), witness.length]));
      for (const text of allTexts(`${UNITS[type]}c`, 5)) {
        if (isNormal[type](text))
          expect([text, lengths.get(vector(atoms, text)) ?? Infinity]).toSatisfy(([, length]) => length <= text.length);
      }
    },
  );

  test.prop([anyTyped, fc.uniqueArray(fc.nat(6), { maxLength: 3 }), fc.nat(3), fc.nat(9)])(
    "lengths are told apart at the cuts and kept inside the bounds",
    ({ type, atoms }, cuts, least, more) => {
      const bounds = { least, most: least + more };
      const { classes, isComplete } = textClasses({ type, atoms, cuts, bounds });
      const full = (text: string): string =>
        `${vector(atoms, text)} ${cuts.map((cut) => Number(text.length <= cut)).join("")}`;
      const lengths = new Map(classes.map(({ witness }) => [full(witness), witness.length]));
      expect(isComplete).toBe(true);
      expect(lengths.size).toBe(classes.length);
      for (const length of lengths.values())
        expect(length).toSatisfy((n: number) => n >= bounds.least && n <= bounds.most);
      for (const text of allTexts(`${UNITS[type]}c`, 5)) {
        if (!isNormal[type](text) || text.length < bounds.least || text.length > bounds.most) continue;
        expect([text, lengths.get(full(text)) ?? Infinity]).toSatisfy(([, n]) => n <= text.length);
      }
    },
  );

  test.prop([anyTyped, fc.integer({ min: 1, max: 12 })])(
    "more texts of a class are different, and of that class",
    ({ type, atoms }, count) => {
      const { classes } = textClasses({ type, atoms, cuts: [], bounds: LIMITS });
      for (const { witness, more } of classes) {
        const texts = more(count);
        expect(texts[0]?.length).toBe(witness.length);
        expect(new Set(texts).size).toBe(texts.length);
        for (const text of texts) {
          expect(isOfType(type, text)).toBe(true);
          expect(vector(atoms, text)).toBe(vector(atoms, witness));
        }
      }
    },
  );

  test("a class of one text has one, and of many as many as are asked for", () => {
    const { classes } = textClasses({
      type: "host",
      atoms: [{ kind: "is", values: ["a.example"] }],
      cuts: [],
      bounds: LIMITS,
    });
    const sizes = new Map(classes.map(({ witness, more }) => [witness, more(4096).length]));
    expect(sizes.get("a.example")).toBe(1);
    expect([...sizes.values()].sort()).toEqual([1, 4096]);
  });

  test("a witness of a length that a test asks for is that long, also of twenty thousand units", () => {
    const atoms: readonly TextAtom[] = [{ kind: "text", test: "like", text: "/a/*.key" }];
    const { classes } = textClasses({ type: "path", atoms, cuts: [20_480], bounds: LIMITS });
    const long = classes.filter(({ witness }) => witness.length === 20_481);
    expect(long.map(({ witness }) => SAYS.like(witness, "/a/*.key")).sort()).toEqual([false, true]);
  });

  test("characters of two units are in a witness whole", () => {
    const atoms = ["😀", "😁", "x"].map((text): TextAtom => ({ kind: "text", test: "contains", text }));
    const { classes } = textClasses({ type: "text", atoms, cuts: [], bounds: LIMITS });
    expect(classes).toHaveLength(8);
    for (const { witness, more } of classes)
      for (const text of [witness, ...more(40)]) expect(text.isWellFormed()).toBe(true);
  });

  test("what cannot hold together has no class: a path under /a that ends with /", () => {
    const atoms: readonly TextAtom[] = [
      { kind: "text", test: "under", text: "/a" },
      { kind: "text", test: "ends with", text: "/" },
      { kind: "text", test: "contains", text: ".." },
    ];
    const found = textClasses({ type: "path", atoms, cuts: [], bounds: LIMITS }).classes.map(({ witness }) => witness);
    expect(found.toSorted()).toEqual(["/", "/a", "/a/b..", "/b", "/b.."]);
  });
});

describe("classes of integers and addresses", () => {
  test.prop([fc.array(fc.nat(20)), fc.array(fc.nat(20)), fc.nat(10), fc.nat(20)])(
    "every integer inside the bounds is in one piece, and no test changes in a piece",
    (points, cuts, least, more) => {
      const found = integerPieces(points, cuts, { least, most: least + more });
      for (let value = 0; value <= 40; value++) {
        const pieces = found.filter((piece) => piece.least <= value && value <= piece.most);
        expect(pieces).toHaveLength(value >= least && value <= least + more ? 1 : 0);
        for (const { least: first } of pieces) {
          expect(points.includes(first)).toBe(points.includes(value));
          expect(cuts.map((cut) => first <= cut)).toEqual(cuts.map((cut) => value <= cut));
        }
      }
    },
  );

  const anyBlock = fc
    .tuple(fc.constantFrom(32 as const, 128 as const), fc.bigInt(0n, 2n ** 32n - 1n), fc.nat(32))
    .map(([bits, value, drop]) => {
      const first = (value >> BigInt(drop)) << BigInt(drop);
      return { bits, first, last: first + (1n << BigInt(drop)) - 1n, text: `${first}/${drop}` };
    });
  test.prop([fc.array(anyBlock, { maxLength: 5 }), fc.bigInt(0n, 2n ** 33n)])(
    "addresses of both families lie in one piece each, and no block cuts a piece",
    (blocks, value) => {
      const pieces = addressPieces(blocks);
      for (const { first, last, witness, more } of pieces) {
        const bits = witness.includes(":") ? 128 : 32;
        for (const block of blocks.filter((one) => one.bits === bits)) {
          expect(first >= block.first && first <= block.last).toBe(last >= block.first && last <= block.last);
        }
        expect(new Set(more(3)).size).toBe(last - first >= 2n ? 3 : Number(last - first) + 1);
      }
      const of = (isLong: boolean) =>
        pieces.filter((piece) => piece.witness.includes(":") === isLong && piece.first <= value && value <= piece.last);
      expect(of(false)).toHaveLength(value < 2n ** 32n ? 1 : 0);
      expect(of(true)).toHaveLength(1);
    },
  );

  test("IPv4-mapped IPv6 has no class of its own: a contract makes the IPv4 address of it", () => {
    for (const { first, last } of addressPieces([]).filter(({ witness }) => witness.includes(":"))) {
      expect(last < 0xffff_0000_0000n || first > 0xffff_ffff_ffffn).toBe(true);
    }
  });
});

describe("classes of calls", () => {
  const argument = (name: string, type: ArgumentType, rest: Partial<Argument> = {}): Argument => ({
    name,
    type,
    optional: false,
    ...rest,
  });
  const operation = (takes: readonly Argument[], isInstruction = false): Operation => ({
    id: 0,
    name: "a.b",
    group: "a",
    call: "b",
    takes,
    gives: [],
    isInstruction,
  });
  const asked = (
    of: readonly (readonly [Argument, { readonly values?: readonly Datum[]; readonly cuts?: readonly number[] }])[],
  ): Asking =>
    new Map(
      of.map(([one, { values = [], cuts = [] }]) => [
        one,
        {
          texts: new Map(),
          values: new Set(values),
          blocks: new Map(),
          cuts: new Set(cuts),
          lengths: new Set<number>(),
          isRelated: false,
        },
      ]),
    );
  const witnesses = (classes: readonly ArgumentClass[]) => classes.map(({ witness }) => witness);

  test("an argument that may be missing has a class for that; one that is always there has none", () => {
    const optional = argument("limit", "bool", { optional: true });
    const always = argument("flag", "bool");
    const asking = asked([
      [optional, {}],
      [always, {}],
    ]);
    expect(witnesses(argumentClasses(optional, asking, false).classes)).toEqual([false, true, undefined]);
    expect(witnesses(argumentClasses(always, asking, false).classes)).toEqual([false, true]);
  });

  test("an integer, a path, a host or an address may be something that a policy cannot see", () => {
    const port = argument("port", "int", { least: 0, most: 65_535 });
    const asking = asked([[port, { values: [80, 443], cuts: [1023] }]]);
    expect(witnesses(argumentClasses(port, asking, false).classes)).toEqual([0, 80, 81, 443, 444, 1024, undefined]);
    expect(witnesses(argumentClasses(port, asking, true).classes)).toEqual([0, 80, 81, 443, 444, 1024]);
  });

  test("enumerations keep what is asked apart, and the rest together", () => {
    const kind = argument("kind", "enum", { values: ["file", "directory", "link"] });
    expect(witnesses(argumentClasses(kind, asked([[kind, { values: ["file"] }]]), false).classes)).toEqual([
      "file",
      "directory",
    ]);
    expect(witnesses(argumentClasses(kind, asked([]), false).classes)).toEqual(["file"]);
  });

  test("a call has the product of its arguments' classes, of which unasked ones have one", () => {
    const [flag, size, text] = [
      argument("flag", "bool"),
      argument("size", "int", { most: 9 }),
      argument("text", "text"),
    ];
    const of = classesOf(
      operation([flag, size, text], true),
      "call",
      asked([
        [flag, {}],
        [size, { cuts: [4] }],
      ]),
    );
    const calls = [...callClasses(of)].map((call: CallClass) => [...call.values()].map(({ witness }) => witness));
    expect(calls.toSorted()).toEqual([
      [false, 0, ""],
      [false, 5, ""],
      [true, 0, ""],
      [true, 5, ""],
    ]);
  });

  test("without arguments there is one call", () => {
    expect([...callClasses(classesOf(operation([]), "call", askingOf([])))]).toEqual([new Map()]);
  });
});
