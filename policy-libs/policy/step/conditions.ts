// Conditions of rules and patterns as closures.
//
// Invariants
//   C1  Deciding a condition changes nothing, cannot fail, and gives what the reference semantics gives (../past.ts).
import { F, type Kleene, not, T, U } from "../kleene.ts";
import type { AddressBlock, RCond } from "../resolved.ts";
import { askForAddress, askForData, askForText } from "./channels.ts";
import { COMPARE, capAgainst, compareData, compareTest } from "./compare.ts";
import { flagNode, stampNode } from "./flags.ts";
import { type Builder, type Matcher, slotOf } from "./registers.ts";
import { rememberedNode } from "./sets.ts";
import { interval, reading } from "./terms.ts";
import { D, type Node, type Partly, type Reader, type Test } from "./types.ts";

type Unplaced = Omit<Node, "at">;
type Compare = Extract<RCond, { kind: "compare" }>;

const constants: { readonly [value in Kleene]: Test } = [() => F, () => T, () => U];

/** A test of an argument of the event at hand: unknown if it is missing. */
const dataNode = (slot: number, key: string, test: Test): Unplaced => ({
  test,
  isCertain: false,
  finite: () => D,
  slots: [slot],
  registers: [],
  key: `${slot}${key}`,
  of: [],
});

function notNode(part: Node): Unplaced {
  const finite = (read: Reader): Partly => {
    const value = part.finite(read);
    return value === D ? D : not(value);
  };
  const { test, isCertain, slots } = part;
  return {
    test: (s, f) => not(test(s, f)),
    isCertain,
    finite,
    slots,
    registers: [],
    key: `not(${part.key})`,
    of: [part],
    joins: "not",
  };
}

/** `end` decides: false of `and`, true of `or`. */
function both(a: Test, b: Test, end: Kleene): Test {
  return (state, frame) => {
    const left = a(state, frame);
    if (left === end) return end;
    const right = b(state, frame);
    return right === end ? end : left === U || right === U ? U : right;
  };
}

function partly(of: readonly Node[], end: Kleene, other: Kleene): Node["finite"] {
  return (read) => {
    let value: Partly = other;
    for (const part of of) {
      const next = part.finite(read);
      if (next === end) return end;
      if (next === D || value === D) value = D;
      else if (next === U) value = U;
    }
    return value;
  };
}

/** Equal parts are tested once, and those that only look at registers and constants first: they are the cheapest. */
function junctionNode(kind: "and" | "or", parts: readonly Node[]): Unplaced {
  const [end, other] = kind === "and" ? ([F, T] as const) : ([T, F] as const);
  const cheapest = parts.toSorted((a, b) => a.slots.length - b.slots.length);
  return {
    test: cheapest.map(({ test }) => test).reduceRight((rest, test) => both(test, rest, end)),
    isCertain: parts.every(({ isCertain }) => isCertain),
    finite: partly(cheapest, end, other),
    slots: parts.flatMap(({ slots }) => slots),
    registers: [],
    key: `${kind}(${parts.map(({ key }) => key).sort()})`,
    of: parts,
    joins: kind,
  };
}

function compareNode(builder: Builder, { is, left, right }: Compare): Unplaced {
  const [a, b] = [
    interval(builder, left, capAgainst(is, right, true)),
    interval(builder, right, capAgainst(is, left, false)),
  ];
  const [x, y] = [reading(builder, left), reading(builder, right)];
  const finite = (read: Reader): Partly => {
    const [p, q] = [a.finite(read), b.finite(read)];
    return p === undefined || q === undefined ? D : COMPARE[is](p[0], p[1], q[0], q[1]);
  };
  return {
    test: x !== undefined && y !== undefined ? compareData(is, x, y) : compareTest(is, a, b),
    isCertain: a.isCertain && b.isCertain,
    finite,
    slots: [...a.slots, ...b.slots],
    registers: [...a.registers, ...b.registers],
    key: `(${a.key}${is}${b.key})`,
    of: [],
  };
}

function pastNode(builder: Builder, cond: Extract<RCond, { kind: "once" | "previous" | "carries" }>): Unplaced {
  const all = (patterns: readonly Parameters<Builder["matcher"]>[0][]): Matcher[] => patterns.map(builder.matcher);
  const { at } = cond;
  if (cond.kind === "carries") {
    return { ...flagNode(builder, { plus: all(cond.label.from), minus: all(cond.label.cleared), at }), of: [] };
  }
  if (cond.kind === "previous") {
    return { ...flagNode(builder, { plus: all([cond.pattern]), minus: all(cond.among), at }), of: [] };
  }
  const since = { plus: all([cond.pattern]), minus: all(cond.since === undefined ? [] : [cond.since]), at };
  return { ...(cond.within === undefined ? flagNode(builder, since) : stampNode(builder, since, cond.within)), of: [] };
}

function unplaced(builder: Builder, cond: RCond): Unplaced {
  switch (cond.kind) {
    case "constant": {
      const value = cond.value ? T : F;
      return {
        test: constants[value],
        isCertain: true,
        finite: () => value,
        slots: [],
        registers: [],
        key: `${value}`,
        of: [],
      };
    }
    case "or":
    case "and":
      if (cond.of.length === 0) return unplaced(builder, { kind: "constant", value: cond.kind === "and", at: cond.at });
      return junctionNode(
        cond.kind,
        cond.of.map((part) => conditionNode(builder, part)),
      );
    case "not":
      return notNode(conditionNode(builder, cond.of));
    case "once":
    case "previous":
    case "carries":
      return pastNode(builder, cond);
    case "compare":
      return compareNode(builder, cond);
    case "remembered":
      return { ...rememberedNode(builder, cond.argument, cond.values), of: [] };
    default:
      return testNode(builder, cond);
  }
}

type DataCond = Extract<RCond, { kind: "argument" | "oneOf" | "address" | "text" }>;

const blockKey = ({ bits, first, last }: AddressBlock): string => `${bits}:${first}-${last}`;

function testNode(builder: Builder, cond: DataCond): Unplaced {
  const { channels } = builder;
  const slot = slotOf(builder, cond.argument);
  switch (cond.kind) {
    case "argument":
      return dataNode(slot, "?", (_state, { slots }) => {
        const datum = slots[slot];
        return datum === undefined ? U : datum === true ? T : F;
      });
    case "oneOf": {
      const key = ` in ${JSON.stringify(cond.values)}`;
      return dataNode(slot, key, askForData(channels, slot, key, cond.values));
    }
    case "address": {
      const key = ` in ${cond.blocks.map(blockKey)}`;
      return dataNode(slot, key, askForAddress(channels, slot, key, cond.blocks));
    }
    case "text": {
      const key = ` ${cond.test} ${JSON.stringify(cond.text)}`;
      return dataNode(slot, key, askForText(channels, slot, key, cond));
    }
  }
}

export function conditionNode(builder: Builder, cond: RCond): Node {
  return { ...unplaced(builder, cond), at: cond.at };
}
