// Which operations a pattern means (T1).
import { didYouMean } from "../diagnostic.ts";
import type { Place } from "../resolved.ts";
import type { Operation, Vocabulary } from "../vocabulary.ts";
import type { Unit } from "./unit.ts";

const WILDCARD = "*";

function spelled(vocabulary: Vocabulary, op: string): readonly Operation[] {
  // Instructions are named as such: a policy for all calls is not one for every division.
  if (op === WILDCARD) return vocabulary.operations.filter(({ isInstruction }) => !isInstruction);
  if (op.endsWith(WILDCARD)) {
    const start = op.slice(0, -WILDCARD.length);
    return vocabulary.operations.filter(({ name }) => name.startsWith(start));
  }
  const one = vocabulary.byName.get(op);
  return one === undefined ? [] : [one];
}

const known = new WeakMap<Vocabulary, Map<string, readonly Operation[]>>();

function remembered(vocabulary: Vocabulary, op: string): readonly Operation[] {
  const before = known.get(vocabulary) ?? new Map<string, readonly Operation[]>();
  known.set(vocabulary, before);
  const operations = before.get(op) ?? spelled(vocabulary, op);
  before.set(op, operations);
  return operations;
}

function advice({ operations }: Vocabulary, op: string): string {
  const names = operations.map(({ name }) => name);
  const groups = new Set(operations.map(({ group }) => `${group}.*`));
  return didYouMean(op, op.endsWith(WILDCARD) ? groups : names);
}

/** The operations of a pattern; none, and a diagnostic, if there is none. */
export function operationsOf({ vocabulary, report }: Unit, op: string, at: Place): readonly Operation[] {
  const operations = remembered(vocabulary, op);
  if (operations.length === 0) {
    const what = op.endsWith(WILDCARD) ? `no call matches "${op}"` : `unknown call "${op}"`;
    report("P104", at, what, advice(vocabulary, op));
  }
  return operations;
}
