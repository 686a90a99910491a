// Puts what a policy's edits made of the data of an event back into the values that they came from.
//
// Invariants
//   W1  Only what an edit changed is written; everything else is the guest's own value.
//   W2  What cannot be written where it was read is refused, and not made unchanged: what was written is read again, and
//       has to be what was decided.
//   W3  Capabilities stay: the same ones in the same places.
import { checkArguments, checkReply, type Parcel } from "../../../kernel/index.ts";
import type { Data } from "../data.ts";
import { eventArguments } from "../event.ts";
import type { Datum, PolicyEvent } from "../resolved.ts";
import type { Settled } from "../settle.ts";
import type { Argument, Operation } from "../vocabulary.ts";
import type { Case } from "./case.ts";

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
function rewriteArguments(op: Operation, args: readonly unknown[], before: Data, after: Data): unknown[] {
  const copy = [...args];
  for (const [argument, now] of changed(op.takes, before, after)) {
    const { at = 0, fields = [] } = argument.source ?? {};
    while (copy.length < at) copy.push(undefined);
    copy[at] = rewrite(copy[at], argument, now, fields);
  }
  return copy;
}

/** The result after edits. Throws if it cannot be made. */
function rewriteResult(op: Operation, result: unknown, before: Data, after: Data): unknown {
  // In the data of a result names may be others than in the contract.
  return changed(eventArguments(op, "result").gives, before, after).reduce(
    (value, [argument, now]) => rewrite(value, argument, now, argument.source?.fields ?? []),
    result,
  );
}

export const isSameData = (a: Data, b: Data): boolean =>
  a.size === b.size && [...a].every(([name, datum]) => b.get(name) === datum);

/** What is performed, as bytes and as values. */
export interface Sent {
  readonly bytes: Uint8Array;
  readonly args: readonly unknown[];
}

/** The call as a policy changes it. Undefined: it cannot be made so. */
export function sentOf(at: Case, { event: { data } }: Settled): Sent | undefined {
  const { op, powers, call, context, judgement, bytes, args } = at;
  if (data === at.data) return { bytes, args };
  try {
    const { value, capabilities } = powers.encode(rewriteArguments(op, args, at.data, data));
    if ("why" in checkArguments(call, value, value.length)) return undefined;
    const isKept = capabilities.every((each, index) => each === context.capabilities[index]);
    const again = powers.decode(value, value.length, capabilities) as readonly unknown[];
    return isKept && isSameData(judgement.readers(op).call(again), data) ? { bytes: value, args: again } : undefined;
  } catch {
    return undefined;
  }
}

/** A result as a policy changes it. Undefined: it cannot be made so. */
export function changedResult(
  { op, powers, call, judgement }: Case,
  args: readonly unknown[],
  result: unknown,
  { data: before }: PolicyEvent,
  { data: after }: PolicyEvent,
): Parcel | undefined {
  try {
    const parcel = powers.encode(rewriteResult(op, result, before, after));
    if ("why" in checkReply(call, parcel.value, true)) return undefined;
    const again = powers.decode(parcel.value, parcel.value.length, parcel.capabilities);
    return isSameData(judgement.readers(op).result(args, again), after) ? parcel : undefined;
  } catch {
    return undefined;
  }
}
