// Random policy files as trees: of every form of the grammar, within its limits, and with the names and texts that are
// hard to write down. They need not make sense against contracts. A tree is made from a tape of numbers, so that
// shrinking is shortening the tape.
import fc from "fast-check";
import type {
  Binding,
  Bundle,
  Cond,
  Edit,
  Effect,
  File,
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
  Tail,
  Term,
  Value,
} from "../../policy-libs/policy/tree.ts";
import { COMPARISONS, DEFAULTS, SCOPES, TEXT_TESTS, VERDICTS } from "../../policy-libs/policy/tree.ts";

export interface DrawnFile {
  readonly tape: readonly number[];
  readonly file: File;
}

/** Conditions inside of conditions: each adds two levels at most. */
const DEPTH = 5;
const DAY = 86_400_000;

const NAMES =
  "a host size path n x2 _ $ http-body readAt when count all default result true domain denied constructor __proto__";
const TEXTS = [
  "",
  "text",
  "/secrets",
  'a "b" \\ c',
  "\n\t\r\0",
  "\u202e\u200b\ufeff\u2028",
  "snow ☃ 😀",
  "# none",
  "{",
  "\u{10ffff}",
];
const INTS = [0, 1, 2, 10, 443, 65_535, 10_000_000, Number.MAX_SAFE_INTEGER];
const TIMES = [1, 999, 1000, 60_000, 90_000, 3_600_000, DAY, 366 * DAY];
const BLOCKS = ["10.0.0.0/8", "127.0.0.1/32", "0.0.0.0/0", "::1/128", "fe80::/10", "::ffff:0:0/96"];
const EVENTS = ["call", "result", "failed", "refused", "tried", "approved"] as const;

/** Reads numbers off a tape; beyond its end all are 0, which is the smallest choice everywhere. */
function drawer(tape: readonly number[]) {
  let at = 0;
  const next = (): number => tape[at++] ?? 0;
  const isSpent = (): boolean => at >= tape.length;
  const of = <T>(all: readonly T[]): T => all[next() % all.length] as T;
  /** A condition that is as likely as one in n. */
  const perhaps = <T>(n: number, make: () => T): T | undefined => (next() % n === 1 ? make() : undefined);
  const some = <T>(least: number, most: number, make: () => T): T[] => {
    const all = Array.from({ length: least }, make);
    while (all.length < most && !isSpent() && next() % 3 !== 0) all.push(make());
    return all;
  };
  return { next, of, perhaps, some, isSpent };
}

type Draw = ReturnType<typeof drawer>;

const name = (d: Draw): string => d.of(NAMES.split(" "));
const dotted = (d: Draw): string => d.perhaps(3, () => `${name(d)}.${name(d)}`) ?? name(d);
const call = (d: Draw): string => `${name(d)}.${name(d)}`;
const calls = (d: Draw): string => d.of([() => call(d), () => `${name(d)}.*`, () => `${call(d)}*`, () => "*"])();
const int = (d: Draw): number => d.of(INTS);
const few = (d: Draw): number => 1 + (d.next() % 4096);
/** A literal, or a name in place of it. */
const named = <T>(d: Draw, make: () => T): T | Name => d.perhaps(4, () => ({ name: name(d) })) ?? make();

function value(d: Draw): Value {
  const kinds: readonly (() => Value)[] = [
    () => ({ kind: "int", value: int(d) }),
    () => ({ kind: "text", value: d.of(TEXTS) }),
    () => ({ kind: "bool", value: d.next() % 2 === 0 }),
    () => ({ kind: "cidr", value: d.of(BLOCKS) }),
  ];
  return d.of(kinds)();
}

const list = (d: Draw): Value[] => d.some(0, 4, () => value(d));
const given = (d: Draw): Value | Value[] => d.perhaps(3, () => list(d)) ?? value(d);

function pattern(d: Draw, depth: number): Pattern {
  const when = depth > 0 ? d.perhaps(4, () => cond(d, depth - 1)) : undefined;
  return { event: d.of(EVENTS), op: calls(d), when };
}

const patterns = (d: Draw, depth: number): Pattern[] => d.some(1, 3, () => pattern(d, depth));

function tail(d: Draw): Tail {
  const within = d.perhaps(2, () => d.of(TIMES));
  return {
    by: d.perhaps(3, () => ({ name: dotted(d), max: named(d, () => few(d)) })),
    per: d.perhaps(3, () => d.of(SCOPES)),
    within,
    steps: within === undefined ? undefined : d.perhaps(2, () => few(d)),
  };
}

function prim(d: Draw, depth: number): Term {
  const kinds: readonly (() => Term)[] = [
    () => ({ kind: "name", name: dotted(d) }),
    () => ({ kind: "value", value: value(d) }),
    () => ({ kind: "length", of: dotted(d) }),
    () => ({ kind: "count", pattern: pattern(d, depth), ...tail(d) }),
    () => ({ kind: "sum", of: dotted(d), pattern: pattern(d, depth), ...tail(d) }),
    () => ({
      kind: "level",
      plus: pattern(d, depth),
      minus: pattern(d, depth),
      max: d.perhaps(2, () => named(d, () => 1 + (d.next() % 65_535))),
    }),
  ];
  return d.of(kinds)();
}

const term = (d: Draw, depth: number): Term =>
  d.perhaps(5, (): Term => ({ kind: "add", terms: d.some(2, 4, () => prim(d, depth)) })) ?? prim(d, depth);

function cond(d: Draw, depth: number): Cond {
  const flat: readonly (() => Cond)[] = [
    () => ({ kind: "name", name: dotted(d) }),
    () => ({ kind: "never", pattern: pattern(d, depth) }),
    () => ({
      kind: "once",
      pattern: pattern(d, depth),
      since: d.perhaps(3, () => pattern(d, depth)),
      within: d.perhaps(3, () => d.of([0, ...TIMES])),
    }),
    () => ({ kind: "previous", pattern: pattern(d, depth), among: patterns(d, depth) }),
    () => ({ kind: "carries", label: name(d) }),
    () => ({ kind: "compare", is: d.of(COMPARISONS), left: term(d, depth), right: term(d, depth) }),
    () => ({ kind: "in", term: term(d, depth), list: d.perhaps(2, () => name(d)) ?? list(d) }),
    () => ({ kind: "text", test: d.of(TEXT_TESTS), term: term(d, depth), text: named(d, () => d.of(TEXTS)) }),
  ];
  const nested: readonly (() => Cond)[] = [
    () => ({ kind: "not", of: cond(d, depth - 1) }),
    () => ({ kind: "and", of: d.some(2, 4, () => cond(d, depth - 1)) }),
    () => ({ kind: "or", of: d.some(2, 4, () => cond(d, depth - 1)) }),
  ];
  return d.of(depth > 0 && !d.isSpent() ? [...flat, ...nested, ...nested] : flat)();
}

function edit(d: Draw): Edit {
  const argument = dotted(d);
  const kinds: readonly (() => Edit)[] = [
    () => ({ argument, kind: "at most", most: named(d, () => int(d)) }),
    () => ({ argument, kind: "first", length: named(d, () => int(d)) }),
    () => ({ argument, kind: "masks", mask: d.of(TEXTS) }),
    () => ({ argument, kind: "becomes", value: value(d) }),
  ];
  return d.of(kinds)();
}

function effect(d: Draw): Effect {
  const kinds: readonly (() => Effect)[] = [
    () => ({ kind: d.of(["allow", "deny", "halt"] as const) }),
    () => ({ kind: "ask", of: d.perhaps(2, () => name(d)) }),
    () => ({ kind: "suppress", giving: d.perhaps(2, () => value(d)) }),
    () => ({ kind: "delay", to: named(d, () => 1 + (d.next() % 1000)), per: d.of(TIMES) }),
    () => ({ kind: "change", edits: d.some(1, 3, () => edit(d)) }),
  ];
  return d.of(kinds)();
}

const rule = (d: Draw): Rule => ({
  effect: effect(d),
  on: patterns(d, DEPTH),
  when: d.perhaps(2, () => cond(d, DEPTH)),
  unless: d.perhaps(4, () => cond(d, DEPTH)),
  because: d.perhaps(3, () => d.of(TEXTS)),
});

function letOf(d: Draw): Let {
  const kinds: readonly (() => Let)[] = [
    () => ({ name: name(d), kind: "term", term: term(d, DEPTH) }),
    () => ({ name: name(d), kind: "cond", cond: cond(d, DEPTH) }),
    () => ({ name: name(d), kind: "values", of: dotted(d), pattern: pattern(d, DEPTH), max: named(d, () => few(d)) }),
  ];
  return d.of(kinds)();
}

const label = (d: Draw): Label => ({
  name: name(d),
  from: patterns(d, DEPTH),
  cleared: d.perhaps(2, () => patterns(d, DEPTH)) ?? [],
});

const parameter = (d: Draw): Parameter => ({ name: name(d), type: name(d), value: d.perhaps(2, () => given(d)) });

const policy = (d: Draw): Policy => ({
  kind: "policy",
  name: name(d),
  default: d.of(DEFAULTS),
  rules: d.some(0, 4, () => rule(d)),
  lets: d.some(0, 2, () => letOf(d)),
  labels: d.some(0, 2, () => label(d)),
  parameters: d.some(0, 2, () => parameter(d)),
  over: d.some(0, 3, () => ({ event: "call", op: calls(d) })),
});

const binding = (d: Draw): Binding => ({ name: name(d), value: given(d) });
const ref = (d: Draw): Ref => ({ name: dotted(d), arguments: d.some(0, 2, () => binding(d)) });

const bundle = (d: Draw): Bundle => ({
  kind: "bundle",
  name: name(d),
  members: d.some(0, 3, () => ({ join: d.of(["all", "any"] as const), of: d.some(1, 3, () => ref(d)) })),
});

const step = (d: Draw): Step =>
  d.perhaps(3, (): Step => ({ kind: "wait", time: d.of([0, ...TIMES]) })) ?? {
    kind: "event",
    event: d.of(["call", "result"] as const),
    op: call(d),
    values: list(d),
    is: d.of(VERDICTS),
    by: d.perhaps(3, () => d.of(TEXTS)),
  };

function claim(d: Draw): Prove["claim"] {
  const two = d.perhaps(2, () => d.of(["narrower than", "same as", "disjoint from"] as const));
  if (two !== undefined) return { kind: two, other: ref(d) };
  return { kind: "never", patterns: patterns(d, DEPTH), when: d.perhaps(2, () => cond(d, DEPTH)) };
}

function item(d: Draw): Item {
  const kinds: readonly (() => Item)[] = [
    () => policy(d),
    () => policy(d),
    () => policy(d),
    () => ({ kind: "import", from: d.of(TEXTS), as: name(d), pinned: d.perhaps(2, () => d.of(TEXTS)) }),
    () => ({ kind: "set", name: name(d), values: list(d) }),
    () => bundle(d),
    () => ({ kind: "test", name: d.of(TEXTS), of: ref(d), steps: d.some(0, 4, () => step(d)) }),
    () => ({ kind: "prove", of: ref(d), claim: claim(d) }),
  ];
  return d.of(kinds)();
}

/** The file that a tape comes to. */
export function fileOf(tape: readonly number[]): File {
  const d = drawer(tape);
  const items: Item[] = [];
  while (!d.isSpent()) items.push(item(d));
  return { items };
}

/** Files of the grammar, not of any contracts. */
export const anyPolicyFile = (maxTape = 160): fc.Arbitrary<DrawnFile> =>
  fc.array(fc.nat(0xffff), { maxLength: maxTape, size: "max" }).map((tape) => ({ tape, file: fileOf(tape) }));
