// States as a whole: to copy and to measure.
import type { Scope } from "../tree.ts";
import type { Layout } from "./layout.ts";
import type { Cause, Part, Values } from "./types.ts";

export type Layouts = Readonly<Record<Scope, Layout>>;

export const byScope = <A>(make: (scope: Scope) => A): Record<Scope, A> => ({
  domain: make("domain"),
  capability: make("capability"),
  tenant: make("tenant"),
  host: make("host"),
});

const copyValues = ({ slots, lost }: Values): Values => ({ slots: new Map(slots), lost });
const copyCause = ({ first, last, of }: Cause): Cause => ({
  first,
  last,
  of: new Map(Array.from(of, ([value, cause]) => [value, copyCause(cause)] as const)),
});

export const copyPart = ({ words, numbers, values, causes }: Part): Part => ({
  words: words.slice(),
  numbers: numbers.slice(),
  values: values.map(copyValues),
  causes: causes && new Map(Array.from(causes, ([register, cause]) => [register, copyCause(cause)] as const)),
});

/** Of a remembered value: a number, or where a text is; and what stands beside it. */
const VALUE_BITS = 64;

/** The most that a part can ever need. A remembered text counts as a reference to it. */
export function bitsOf({ fill, numbers, sets }: Layout): number {
  const fields = fill.reduce((sum, taken) => sum + taken, 0);
  return fields + 64 * numbers + sets.reduce((sum, { max }) => sum + 2 + max * VALUE_BITS, 0);
}
