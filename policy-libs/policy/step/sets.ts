// Remembered values: `values x on P max n`, and the keys of registers by key.
//
// Invariants
//   V1  At most `max` values are kept, and of texts only short ones: what is left out is noted, and from then on a value
//       that is not there is unknown.
import { F, type Kleene, T, U } from "../kleene.ts";
import type { Datum, RArgument, RValues } from "../resolved.ts";
import { addSet } from "./layout.ts";
import { type Builder, type Register, share, slotOf } from "./registers.ts";
import { D, KEYLESS, LEFT_OUT, type Node, type Values } from "./types.ts";

/** Longest text that is remembered, in units: a path of the kernel's host at most; else guests choose the memory. */
export const MAX_TEXT = 4_096;

/** True: that was not known before. */
function lose(values: Values, what: number): boolean {
  const isNew = (values.lost & what) === 0;
  values.lost |= what;
  return isNew;
}

const isKept = ({ slots }: Values, value: Datum, max: number): boolean =>
  slots.size < max && (typeof value !== "string" || value.length <= MAX_TEXT);

/** The place of a key, taken if there is room; undefined: it is left out, or missing. */
export function placeOf(values: Values, key: Datum | undefined, max: number): number | undefined {
  if (key === undefined) return void lose(values, KEYLESS);
  const known = values.slots.get(key);
  if (known !== undefined) return known;
  if (!isKept(values, key, max)) return void lose(values, LEFT_OUT);
  const place = values.slots.size;
  values.slots.set(key, place);
  return place;
}

function remember(values: Values, value: Datum | undefined, is: Kleene, max: number): boolean {
  const known = value === undefined ? undefined : values.slots.get(value);
  if (known === T || (known !== undefined && known === is)) return false;
  if (value === undefined || (known === undefined && !isKept(values, value, max))) return lose(values, LEFT_OUT);
  values.slots.set(value, is);
  return true;
}

function setRegister(builder: Builder, { argument, pattern, max, at }: RValues): Register {
  const matcher = builder.matcher(pattern);
  const slot = slotOf(builder, argument);
  const key = `values[${slot},${max}](${matcher.key})`;
  return share(builder, key, (index) => {
    const set = addSet(builder.layouts.domain, { max, most: U, least: T, isDistinct: false });
    const update: Register["update"] = ({ domain }, { slots }, plus) =>
      plus !== F && remember(domain.values[set] as Values, slots[slot], plus, max);
    const fixed = { scope: "domain", minus: [], finite: undefined } as const;
    return { index, key, at, plus: [matcher], slots: [slot], causesBy: slot, cell: -1, set, update, ...fixed };
  });
}

/** T if remembered; F if not and nothing was left out; else U. */
export function rememberedNode(builder: Builder, argument: RArgument, values: RValues): Omit<Node, "at" | "of"> {
  const register = setRegister(builder, values);
  const slot = slotOf(builder, argument);
  const { set } = register;
  return {
    test: ({ domain }, { slots }) => {
      const value = slots[slot];
      if (value === undefined) return U;
      const { slots: known, lost } = domain.values[set] as Values;
      return (known.get(value) as Kleene | undefined) ?? (lost !== 0 ? U : F);
    },
    isCertain: false,
    finite: () => D,
    slots: [slot],
    registers: [register.index],
    key: `in(${slot},${register.key})`,
  };
}
