// One argument of an event gets another value: under all its names, and whatever follows from it follows.
//
// Invariant: afterwards no name of the event tells of the old value. Else a rule about "size" would judge a text that
// has been cut by how long it was.
import { utf8Length } from "./characters.ts";
import { eventArguments } from "./event.ts";
import { normalUrl } from "./normal.ts";
import type { Datum, PolicyEvent } from "./resolved.ts";
import type { Argument, Part } from "./vocabulary.ts";

/** The part of one argument that another one is: the size of a text, the host of a URL. */
export function partOf(takes: readonly Argument[], whole: Argument, other: Argument): Part | undefined {
  const [a, b] = [whole.source, other.source];
  if (a === undefined || b === undefined || b.part === undefined || b.part === "url") return undefined;
  const isSame = a.at === b.at && a.fields.join("\0") === b.fields.join("\0");
  return isSame && takes.includes(whole) === takes.includes(other) ? b.part : undefined;
}

export function partValue(part: Part, whole: Datum): Datum | undefined {
  if (part === "size") return typeof whole === "string" ? utf8Length(whole, Number.MAX_SAFE_INTEGER) : whole;
  return typeof whole === "string" ? normalUrl(whole)?.[part] : undefined;
}

function put(data: Map<string, Datum>, name: string, value: Datum | undefined): void {
  if (value === undefined) data.delete(name);
  else data.set(name, value);
}

/** Writes into a copy of the event's data. */
export function rewrite(data: Map<string, Datum>, { op, kind }: PolicyEvent, argument: Argument, value: Datum): void {
  const { takes, byName } = eventArguments(op, kind === "result" ? "result" : "call");
  for (const [name, other] of byName) {
    const part = other === argument ? undefined : partOf(takes, argument, other);
    if (other === argument) data.set(name, value);
    else if (part !== undefined) put(data, name, partValue(part, value));
  }
}
