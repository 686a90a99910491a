// Arguments that follow from others: the host of a URL, the size of a text. They are explored as if they stood for
// themselves, which may only find too much; in a trace that is reported all of them fit together.

import type { Datum } from "../resolved.ts";
import { partOf, partValue } from "../rewrite.ts";
import type { Argument, Operation } from "../vocabulary.ts";

type Values = ReadonlyMap<Argument, Datum | undefined>;

/** Without what nobody asks for, where it would have to fit something else; undefined: something does not fit. */
export function whole(values: Values, isAsked: (argument: Argument) => boolean, op: Operation): Values | undefined {
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
