// Events that could come next and matter to a call: of operations that what is remembered for it is made of, and of those
// that these need in turn; with arguments of every class that the policy tells apart.
import { type ArgumentClasses, argumentClasses, callClasses } from "../analysis/classes.ts";
import { isHostGroup } from "../analysis/lab.ts";
import { eventArguments, isOwn, namesOf } from "../event.ts";
import type { Datum, HistoryKind, Joined, PolicyEvent } from "../resolved.ts";
import type { Argument, Operation } from "../vocabulary.ts";
import { askingIn } from "./candidates.ts";
import { condsOf, pastOf, rulesAbout } from "./scene.ts";

/** Arguments that are tried of one operation. */
const MOST_OF_ONE = 64;
/** Results that are tried of one call. */
const MOST_RESULTS = 8;

/** What a call gives beside its arguments; each is tried. */
export interface Letter {
  readonly op: Operation;
  readonly data: ReadonlyMap<string, Datum>;
  readonly results: readonly ReadonlyMap<string, Datum>[];
  /** Nobody is asked: it comes from outside. */
  readonly isOfHost: boolean;
}

const opsNamed = (joined: Joined, op: Operation): readonly Operation[] => {
  const kinds: readonly HistoryKind[] = ["call", "result"];
  const rules = kinds.flatMap((kind) => rulesAbout(joined, { op, kind }));
  return pastOf(rules.flatMap(condsOf)).flatMap(({ ops }) => ops);
};

/** Those that have a say in whether a call of `op` is allowed, now or later. */
export function relevantOps(joined: Joined, op: Operation): readonly Operation[] {
  const found = new Set<Operation>(opsNamed(joined, op));
  for (const one of found) for (const other of opsNamed(joined, one)) found.add(other);
  return [...found].filter(({ isInstruction }) => !isInstruction);
}

/** Values of the call itself, under any name: what is remembered is often compared with them. */
function withValuesOf(event: PolicyEvent, all: readonly ArgumentClasses[]): readonly ArgumentClasses[] {
  const types = new Map(event.op.takes.map(({ name, type }) => [name, type] as const));
  const own = [...event.data].map(([name, datum]) => ({ type: types.get(name), datum }));
  return all.map((one) => {
    const same = own.filter(({ type }) => type !== undefined && type === one.argument.type);
    const values = new Set(same.map(({ datum }) => datum));
    return { ...one, classes: [...[...values].map((witness) => ({ witness, more: () => [] })), ...one.classes] };
  });
}

function datas(all: readonly ArgumentClasses[], most: number): readonly ReadonlyMap<string, Datum>[] {
  const found: ReadonlyMap<string, Datum>[] = [];
  for (const one of callClasses(all.filter(({ argument }) => isOwn(argument)))) {
    if (found.length >= most) break;
    found.push(
      new Map(
        [...one].flatMap(([argument, { witness }]) =>
          witness === undefined ? [] : namesOf(argument).map((name) => [name, witness] as const),
        ),
      ),
    );
  }
  return found;
}

/** Each operation with each of its classes of arguments. */
export function alphabetOf(joined: Joined, event: PolicyEvent): readonly Letter[] {
  const asking = askingIn(joined);
  const classes = (of: readonly Argument[]) =>
    withValuesOf(
      event,
      of.map((argument) => argumentClasses(argument, asking, false)),
    );
  return relevantOps(joined, event.op).flatMap((op) => {
    const { gives } = eventArguments(op, "result");
    const results = gives.length === 0 ? [new Map<string, Datum>()] : datas(classes(gives), MOST_RESULTS);
    const calls = datas(classes(op.takes), MOST_OF_ONE);
    return calls.map((data): Letter => ({ op, data, results, isOfHost: isHostGroup(op) }));
  });
}
