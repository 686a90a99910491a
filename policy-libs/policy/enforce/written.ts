// Puts what a policy's edits made of the data of an event back into the values that they came from.
//
// Invariants
//   W1  Only what an edit changed is written; everything else is the guest's own value.
//   W2  What cannot be written where it was read is an error: the call is refused, and not made unchanged.
import type { Data } from "../data.ts";
import type { Datum } from "../resolved.ts";
import type { Argument, Operation } from "../vocabulary.ts";

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) !== null;

/** Of bytes a policy sees the length, and can only make it less. */
function written(before: unknown, { type }: Argument, now: Datum): unknown {
  if (type !== "bytes") return now;
  if (!(before instanceof Uint8Array) || typeof now !== "number" || now > before.length) throw new RangeError("bytes");
  return before.slice(0, now);
}

/** A copy of the value, in which the field has become another. */
function withField(value: unknown, fields: readonly string[], change: (before: unknown) => unknown): unknown {
  const [field, ...rest] = fields;
  if (field === undefined) return change(value);
  if (!isRecord(value)) throw new TypeError("no record");
  const inner = Object.hasOwn(value, field) ? value[field] : undefined;
  return { ...value, [field]: withField(inner, rest, change) };
}

/** Names of an argument in data, and what they are of. */
function changed(list: readonly Argument[], before: Data, after: Data): readonly (readonly [Argument, Datum])[] {
  return list.filter(isRead).flatMap((argument) => {
    const names = [argument.name, ...(argument.also ?? [])];
    const name = names.find((each) => after.has(each) && after.get(each) !== before.get(each));
    return name === undefined ? [] : [[argument, after.get(name) as Datum] as const];
  });
}

/** What follows from another argument changes with it. */
const isRead = ({ source }: Argument): boolean =>
  source !== undefined && (source.part === undefined || source.part === "url");

const rewrite = (value: unknown, argument: Argument, now: Datum, path: readonly string[]): unknown =>
  withField(value, path, (before) => written(before, argument, now));

/** The argument list after edits. Throws if it cannot be made. */
export function rewriteArguments(op: Operation, args: readonly unknown[], before: Data, after: Data): unknown[] {
  const copy = [...args];
  for (const [argument, now] of changed(op.takes, before, after)) {
    const { at = 0, fields = [] } = argument.source ?? {};
    while (copy.length < at) copy.push(undefined);
    copy[at] = rewrite(copy[at], argument, now, fields);
  }
  return copy;
}

/** The result after edits. Throws if it cannot be made. */
export function rewriteResult(op: Operation, result: unknown, before: Data, after: Data): unknown {
  return changed(op.gives, before, after).reduce(
    (value, [argument, now]) => rewrite(value, argument, now, argument.source?.fields ?? []),
    result,
  );
}
