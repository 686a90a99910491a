// One text for everything that is written alike: what has the same text means the same of every event.
import type { RArgument, RCond, RPattern, RTail, RTerm } from "../resolved.ts";

type Key = readonly unknown[];

const argument = ({ name, of }: RArgument): Key => [name, [...of].map(([op, one]) => [op.id, one.name])];
const tail = ({ by, per, within, steps }: RTail): Key => [by && [...argument(by.argument), by.max], per, within, steps];

const pattern = ({ kinds, ops, when }: RPattern): Key => [
  kinds.toSorted(),
  ops.map(({ id }) => id).toSorted((a, b) => a - b),
  when && cond(when),
];

function term(of: RTerm): Key {
  switch (of.kind) {
    case "constant":
      return [of.kind, of.value];
    case "argument":
    case "length":
      return [of.kind, ...argument(of.argument)];
    case "count":
      return [of.kind, pattern(of.pattern), ...tail(of)];
    case "sum":
      return [of.kind, ...argument(of.argument), pattern(of.pattern), ...tail(of)];
    case "level":
      return [of.kind, pattern(of.plus), pattern(of.minus), of.max];
    case "add":
      return [of.kind, ...of.terms.map(term)];
  }
}

function cond(of: RCond): Key {
  switch (of.kind) {
    case "constant":
      return [of.kind, of.value];
    case "or":
    case "and":
      return [of.kind, ...of.of.map(cond)];
    case "not":
      return [of.kind, cond(of.of)];
    case "argument":
      return [of.kind, ...argument(of.argument)];
    case "once":
    case "previous":
    case "carries":
      return sinceKey(sinceOf(of));
    case "compare":
      return [of.kind, of.is, term(of.left), term(of.right)];
    case "oneOf":
      return [of.kind, ...argument(of.argument), of.values.toSorted()];
    case "address":
      return [of.kind, ...argument(of.argument), of.blocks.map(({ text }) => text).toSorted()];
    case "remembered":
      return [
        of.kind,
        ...argument(of.argument),
        ...argument(of.values.argument),
        pattern(of.values.pattern),
        of.values.max,
      ];
    case "text":
      return [of.kind, of.test, of.text, ...argument(of.argument)];
  }
}

/** `(not no) S of`, and not longer ago than `within`. */
export interface Since {
  readonly of: readonly RPattern[];
  readonly no: readonly RPattern[];
  readonly within: number | undefined;
}

/** What `once`, `previous` and `carries` have in common. */
export function sinceOf(of: Extract<RCond, { kind: "once" | "previous" | "carries" }>): Since {
  switch (of.kind) {
    case "once":
      return { of: [of.pattern], no: of.since === undefined ? [] : [of.since], within: of.within };
    case "previous":
      return { of: [of.pattern], no: of.among, within: undefined };
    case "carries":
      return { of: of.label.from, no: of.label.cleared, within: undefined };
  }
}

const sinceKey = ({ of, no, within }: Since): Key => ["since", of.map(pattern), no.map(pattern), within];

const text = (key: Key): string => JSON.stringify(key, (_, value: unknown) => (value === undefined ? "" : value));
export const textOfSince = (of: Since): string => text(sinceKey(of));
export const textOfTerm = (of: RTerm): string => text(term(of));
export const textOfCond = (of: RCond): string => text(cond(of));
export const textOfPattern = (of: RPattern): string => text(pattern(of));
