// Arguments that follow from others: the host of a URL, the size of a text. They are explored as if they stood for
// themselves, which may only find too much; in a trace that is reported all of them fit together.

import type { Datum } from "../resolved.ts";
import { partOf, partValue } from "../rewrite.ts";
import type { Argument, Operation } from "../vocabulary.ts";
import type { Lab } from "./lab.ts";
import type { Made, Values } from "./made.ts";
import type { Step } from "./node.ts";

/** Without what nobody asks for, where it would have to fit something else; undefined: something does not fit. */
function whole(values: Values, isAsked: (argument: Argument) => boolean, op: Operation): Values | undefined {
  const made = new Map(values);
  for (const of of values.keys()) {
    for (const [part, value] of values) {
      const which = part === of ? undefined : partOf(op.takes, of, part);
      if (which === undefined) continue;
      if (!isAsked(part)) made.delete(part);
      else if (!isAsked(of)) made.delete(of);
      else if (valueIn(values, of, which) !== value) return undefined;
    }
  }
  return made;
}

function valueIn(values: Values, of: Argument, part: Parameters<typeof partValue>[0]): Datum | undefined {
  const value = values.get(of);
  return value === undefined ? undefined : partValue(part, value);
}

/** The events of a trace, with values that fit together; undefined: some do not. */
export function fitting(lab: Lab, steps: readonly Step[], made: readonly Made[]): readonly Made[] | undefined {
  const isAsked = (argument: Argument): boolean => (lab.tables.get(argument)?.classes.length ?? 0) > 1;
  const all = made.map((one, at) => ({ ...one, values: whole(one.values, isAsked, (steps[at] as Step).op) }));
  const isFit = (one: (typeof all)[number]): one is typeof one & Made => one.values !== undefined;
  return all.every(isFit) ? all : undefined;
}
