// `once`, `once … with no … since`, `previous` and `carries`: (not minus) since plus, as a bit or as a time.
import { and, F, type Kleene, not, or, T, U } from "../kleene.ts";
import type { Place } from "../resolved.ts";
import { addCells } from "./layout.ts";
import {
  type Builder,
  fieldOf,
  finiteRegister,
  isCertain,
  keyOf,
  type Matcher,
  type Register,
  share,
} from "./registers.ts";
import { D, type Node, type Partly } from "./types.ts";

export interface Since {
  readonly plus: readonly Matcher[];
  readonly minus: readonly Matcher[];
  readonly at: Place;
}

type Unplaced = Omit<Node, "at" | "of">;

/** One bit; where it can be unknown two, which hold F, T or U. */
function flagRegister(builder: Builder, { plus, minus, at }: Since): Register {
  const key = `flag(${keyOf(plus)};${keyOf(minus)})`;
  return share(builder, key, (index) => {
    const most = isCertain([...plus, ...minus]) ? T : U;
    return finiteRegister(builder.layouts.domain, { index, key, scope: "domain", at, plus, minus }, most, {
      isValid: (value) => value <= most,
      next: (value, p, q) => or(p, and(value as Kleene, not(q))),
    });
  });
}

export function flagNode(builder: Builder, since: Since): Unplaced {
  const register = flagRegister(builder, since);
  const { word, shift, mask } = fieldOf(register);
  return {
    test: (state) => (((state.domain.words[word] as number) >>> shift) & mask) as Kleene,
    isCertain: mask === 1,
    finite: (read) => (read(register.index) as Partly | undefined) ?? D,
    slots: [],
    registers: [register.index],
    key: register.key,
  };
}

function put(numbers: Float64Array, at: number, isSet: boolean, isCleared: boolean, time: number): boolean {
  const old = numbers[at] as number;
  if (isSet) numbers[at] = time;
  else if (isCleared) numbers[at] = Number.NEGATIVE_INFINITY;
  return numbers[at] !== old;
}

/** The time of the last event that counts: surely, and possibly where that can differ. */
function stampRegister(builder: Builder, { plus, minus, at }: Since, isTwin: boolean): Register {
  const key = `stamp(${keyOf(plus)};${keyOf(minus)})`;
  return share(builder, key, (index) => {
    const cell = addCells(builder.layouts.domain, "stamp", isTwin ? 2 : 1);
    const update: Register["update"] = ({ domain: { numbers } }, { time }, p, q) => {
      const isSurelyNew = put(numbers, cell, p === T, q !== F, time);
      return (isTwin && put(numbers, cell + 1, p !== F, q === T, time)) || isSurelyNew;
    };
    const fixed = { scope: "domain", slots: [], causesBy: undefined, finite: undefined, set: -1 } as const;
    return { index, key, at, plus, minus, cell, update, ...fixed };
  });
}

export function stampNode(builder: Builder, since: Since, within: number): Unplaced {
  const isTwin = !isCertain([...since.plus, ...since.minus]);
  const register = stampRegister(builder, since, isTwin);
  const lo = register.cell;
  const hi = isTwin ? lo + 1 : lo;
  return {
    test: ({ domain: { numbers } }, { time }) => {
      if (time - (numbers[lo] as number) <= within) return T;
      return isTwin && time - (numbers[hi] as number) <= within ? U : F;
    },
    isCertain: !isTwin,
    finite: () => D,
    slots: [],
    registers: [register.index],
    key: `${register.key}<=${within}`,
  };
}
