// What `change` does to an event: all edits of all rules that match, together.
//
// Invariants
//   E1  Order does not matter: `at most` takes the least, `first` the shortest, masks their union on the original;
//       two different `becomes` of one argument clash, and so does one that another edit would narrow: its own rule would
//       not perform what comes of it. A clash refuses.
//   E2  Editing is stable but for `becomes`: editing what was edited by the same rules changes nothing.
//   E3  What cannot be edited is refused, and not performed unedited.
//   E4  An `at most` whose argument is missing, or is no integer that a policy can see, sets it to the bound: unknown
//       is never taken for small enough.
// Trust
//   Trusts mask.ts and rewrite.ts. Trusted by settle.ts.
import { masked } from "./mask.ts";
import type { Datum, Decision, PolicyEvent, REdit, RPolicy, RRule } from "./resolved.ts";
import { rewrite } from "./rewrite.ts";
import type { Argument } from "./vocabulary.ts";

export interface Obligation {
  readonly policy: RPolicy;
  readonly rule: RRule;
}

export interface Edited {
  /** The very event that was given, if nothing in it changes. */
  readonly event: PolicyEvent;
  /** The first rule that changes something. */
  readonly by: Obligation | undefined;
  /** One of two rules that want one argument to be different things, or one that edits what nobody can set. */
  readonly clash: Obligation | undefined;
}

interface Placed {
  readonly edit: REdit;
  readonly by: Obligation;
}

/** One argument may have been named in two ways. */
function byArgument({ obligations }: Decision, { op }: PolicyEvent): ReadonlyMap<Argument, readonly Placed[]> {
  const edits = obligations.flatMap((by) =>
    by.rule.effect.kind === "change" ? by.rule.effect.edits.map((edit) => ({ edit, by })) : [],
  );
  const known = edits.filter(({ edit }) => edit.argument.of.has(op));
  return Map.groupBy(known, ({ edit }) => edit.argument.of.get(op) as Argument);
}

/** The size of a text, the host of a URL: it follows from another argument, and nobody can set it. */
const isDerived = ({ source }: Argument): boolean => source?.part !== undefined && source.part !== "url";

/** The first characters, without the first half of one that needs two units. */
function start(text: string, length: number): string {
  const isHalved = length > 0 && length < text.length && (text.codePointAt(length - 1) as number) > 0xffff;
  return text.slice(0, isHalved ? length - 1 : length);
}

const masksOf = (edits: readonly REdit[]): string[] =>
  edits.flatMap((edit) => (edit.kind === "masks" ? [edit.mask] : []));
const mostOf = (edits: readonly REdit[]): number =>
  Math.min(...edits.map((edit) => (edit.kind === "at most" ? edit.most : Infinity)));
const lengthOf = (edits: readonly REdit[]): number =>
  Math.min(...edits.map((edit) => (edit.kind === "first" ? edit.length : Infinity)));

/** Of bytes only the length is known. */
function narrowed(value: Datum | undefined, edits: readonly REdit[]): Datum | undefined {
  const most = mostOf(edits);
  if (typeof value === "string") return start(masked(value, masksOf(edits)), lengthOf(edits));
  if (typeof value === "number") return Math.min(value, most, lengthOf(edits));
  return value === undefined && most < Infinity ? most : value;
}

const becoming = (edits: readonly Placed[]) =>
  edits.flatMap(({ edit }) => (edit.kind === "becomes" ? [edit.value] : []));

function edited(value: Datum | undefined, edits: readonly Placed[]): Datum | undefined {
  const becomes = becoming(edits);
  return narrowed(
    becomes.length === 0 ? value : becomes[0],
    edits.map(({ edit }) => edit),
  );
}

function clashing(argument: Argument, edits: readonly Placed[]): Obligation | undefined {
  if (isDerived(argument)) return edits[0]?.by;
  const wanted = [...new Set(becoming(edits))];
  const narrow = edits.map(({ edit }) => edit);
  if (wanted.length === 0 || (wanted.length === 1 && narrowed(wanted[0], narrow) === wanted[0])) return undefined;
  return edits.find(({ edit }) => edit.kind === "becomes")?.by;
}

/** The event with the edits of all rules that a decision names. */
export function edit(decision: Decision, event: PolicyEvent): Edited {
  const data = new Map(event.data);
  let by: Obligation | undefined;
  for (const [argument, edits] of byArgument(decision, event)) {
    const clash = clashing(argument, edits);
    if (clash !== undefined) return { event, by: clash, clash };
    const before = event.data.get(argument.name);
    const value = edited(before, edits);
    if (value === undefined || value === before) continue;
    rewrite(data, event, argument, value);
    by ??= edits.find((placed) => edited(before, [placed]) !== before)?.by ?? edits[0]?.by;
  }
  return { event: by === undefined ? event : { ...event, data }, by, clash: undefined };
}
