// Cases: what follows from the values of small registers, split only as far as something is read.
//
// Invariants
//   S1  Splitting ends: at most `budget` cases are looked at, and what is left is `beyond`.
import type { Register } from "./registers.ts";
import type { Reader } from "./types.ts";

/** A counter of more values is left to the machine. */
const MAX_VALUES = 8;
const MAX_MASK = 255;

/** The values of a register that is small enough for rows; undefined: it is not. */
export function valuesOf({ finite, scope }: Register): readonly number[] | undefined {
  if (finite === undefined || scope !== "domain" || finite.field.mask > MAX_MASK) return undefined;
  const values = Array.from({ length: finite.field.mask + 1 }, (_, value) => value).filter(finite.isValid);
  return values.length <= MAX_VALUES ? values : undefined;
}

/** Values of registers, by number. */
export type Assignment = ReadonlyMap<number, number>;

/** What follows from registers: the same for all values, or each value's own. */
export type Tree<A> =
  | { readonly kind: "leaf"; readonly is: A }
  | {
      readonly kind: "split";
      readonly register: Register;
      readonly of: readonly (readonly [value: number, Tree<A>])[];
    };

/** A register without a value was read. */
interface Need {
  readonly needs: Register;
}

/** `beyond`: of cases for which the budget is not enough. */
export function split<A>(
  registers: readonly Register[],
  judge: (read: Reader) => A,
  beyond: A,
  budget: number,
): Tree<A> {
  let left = budget;
  const small = registers.map(valuesOf);
  function grow(known: Assignment): Tree<A> {
    if (--left < 0) return { kind: "leaf", is: beyond };
    try {
      const read: Reader = (register) => {
        const values = small[register];
        if (values === undefined) return undefined;
        const value = known.get(register);
        if (value === undefined) throw { needs: registers[register] as Register } satisfies Need;
        return value;
      };
      return { kind: "leaf", is: judge(read) };
    } catch (need) {
      if (typeof need !== "object" || need === null || !("needs" in need)) throw need;
      const register = need.needs as Register;
      const of = (small[register.index] ?? []).map(
        (value) => [value, grow(new Map(known).set(register.index, value))] as const,
      );
      const [first] = of;
      const isSame = of.every(
        ([, tree]) => tree.kind === "leaf" && first?.[1].kind === "leaf" && tree.is === first[1].is,
      );
      return isSame && first !== undefined ? first[1] : { kind: "split", register, of };
    }
  }
  return grow(new Map());
}
