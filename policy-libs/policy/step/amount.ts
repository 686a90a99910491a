// What a count or a sum is, before it has its cells.
import { F, type Kleene, T } from "../kleene.ts";
import type { Common } from "./registers.ts";
import type { Tally } from "./tally.ts";
import type { Frame } from "./types.ts";

export interface Amount {
  readonly common: Omit<Common, "index">;
  readonly tally: Tally;
  readonly cap: number;
  readonly isTwin: boolean;
  readonly by: { readonly slot: number; readonly max: number } | undefined;
  /** Of a sum: the slot of what is added. */
  readonly weight: number | undefined;
}

/** What an event adds at the least and at the most. */
export function weights({ weight }: Amount, { slots }: Frame, plus: Kleene): readonly [lo: number, hi: number] {
  const amount = weight === undefined ? 1 : slots[weight];
  const [lo, hi] = typeof amount === "number" ? [amount, amount] : [0, Number.POSITIVE_INFINITY];
  return [plus === T ? lo : 0, plus === F ? 0 : hi];
}
