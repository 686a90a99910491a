// Tests and claims of a file.
import { utf8Length } from "../characters.ts";
import { eventArguments, namesOf } from "../event.ts";
import { normalAddress, normalHost, normalPath, normalUrl } from "../normal.ts";
import type { Datum, Joined, Place, RProve } from "../resolved.ts";
import type { ResolvedTest, TestStep } from "../suite.ts";
import type { Prove, Step, Test, Value } from "../tree.ts";
import type { Argument, Operation } from "../vocabulary.ts";
import { condOf } from "./conds.ts";
import { follow, type Linker } from "./link.ts";
import { datumOf, wordOf } from "./literal.ts";
import { operationsOf } from "./match.ts";
import { patternOf } from "./patterns.ts";
import { newScope } from "./policy.ts";
import { newHere } from "./scope.ts";
import type { Unit } from "./unit.ts";

type Data = Map<string, Datum>;

const isOwn = ({ source }: Argument): boolean => source?.part === undefined || source.part === "url";
const placeOf = ({ source }: Argument): string => JSON.stringify([source?.at, source?.fields]);

const NORMAL = { path: normalPath, host: normalHost, ip: normalAddress } as const;

/** As it would come from a guest: a path that is not normal becomes normal, or unknown. */
function datumIn(unit: Unit, argument: Argument, value: Value, at: Place): Datum | undefined {
  const { type } = argument;
  if (type === "other" || type === "handle") return undefined;
  if ((type === "path" || type === "host" || type === "ip") && value.kind === "text") return NORMAL[type](value.value);
  if (type === "bytes" && value.kind === "int") return value.value;
  if (type === "bytes" && value.kind === "text") return utf8Length(value.value, Number.MAX_SAFE_INTEGER);
  return datumOf(unit.report, argument, value, at);
}

function put(data: Data, argument: Argument, datum: Datum | undefined): void {
  if (datum !== undefined) for (const name of namesOf(argument)) data.set(name, datum);
}

/** What follows from a value: parts of a URL, the size of data. */
function putParts(data: Data, all: readonly Argument[], own: Argument, value: Value, datum: Datum | undefined): void {
  const isUrl = own.source?.part === "url";
  const url = isUrl && value.kind === "text" ? normalUrl(value.value) : undefined;
  if (isUrl) put(data, own, url?.url);
  else put(data, own, datum);
  for (const argument of all) {
    const part = argument.source?.part;
    if (part === undefined || isOwn(argument) || placeOf(argument) !== placeOf(own)) continue;
    if (part !== "size") put(data, argument, url?.[part]);
    else if (value.kind === "text") put(data, argument, utf8Length(value.value, Number.MAX_SAFE_INTEGER));
    else put(data, argument, datum);
  }
}

interface Written {
  readonly operation: Operation;
  readonly values: readonly Value[];
  readonly at: Place;
}

const isSeen = ({ type }: Argument): boolean => type !== "other" && type !== "handle";

function checkNumber(unit: Unit, { operation, values, at }: Written, list: readonly Argument[]): void {
  const names = list.map(({ name }) => name).join(", ");
  const missing = list.slice(values.length).find((argument) => !argument.optional && isSeen(argument));
  if (values.length > list.length) {
    unit.report("P122", at, `${values.length} values for ${operation.name}(${names})`);
  } else if (missing !== undefined) {
    unit.report(
      "P122",
      at,
      `"${missing.name}" is missing: ${wordOf(missing.type)}`,
      `Write ${operation.name}(${names}).`,
    );
  }
}

/** Values in the order of a contract, as data. */
function dataOf(unit: Unit, written: Written, all: readonly Argument[], data: Data): void {
  const list = all.filter(isOwn);
  checkNumber(unit, written, list);
  written.values.slice(0, list.length).forEach((value, index) => {
    const argument = list[index] as Argument;
    const at = value.at === undefined ? written.at : unit.place(value.at);
    putParts(data, all, argument, value, datumIn(unit, argument, value, at));
  });
}

type EventStep = Extract<Step, { kind: "event" }>;

/** `latest`: the latest call of each operation so far. */
function eventStep(unit: Unit, step: EventStep, latest: Map<Operation, Written>, at: Place): TestStep | undefined {
  const { event, op, values, is, by } = step;
  const [operation] = operationsOf(unit, op, at);
  if (operation === undefined) return undefined;
  const { takes, gives } = eventArguments(operation, event);
  const written: Written = { operation, values, at };
  const data: Data = new Map();
  const call = event === "call" ? written : latest.get(operation);
  if (call !== undefined) dataOf(unit, call, takes, data);
  if (event === "call") latest.set(operation, written);
  else dataOf(unit, written, gives, data);
  const happening = { kind: event, op: operation, data, time: 0, domain: 0, capability: 0, tenant: "" };
  return { kind: "event", event: happening, is, by, at };
}

export function testOf(linker: Linker, unit: Unit, test: Test): ResolvedTest | undefined {
  const of = follow(linker, unit, test.of);
  const latest = new Map<Operation, Written>();
  const steps = test.steps.map((step): TestStep | undefined => {
    const at = unit.place(step.at);
    return step.kind === "wait" ? { kind: "wait", time: step.time, at } : eventStep(unit, step, latest, at);
  });
  if (of === undefined || steps.includes(undefined)) return undefined;
  return { name: test.name, policy: of, steps: steps as readonly TestStep[] };
}

type Never = Extract<Prove["claim"], { kind: "never" }>;

function neverOf(unit: Unit, { patterns, when }: Never): RProve["claim"] | undefined {
  const scope = newScope(unit);
  const resolved = patterns.map((pattern) => patternOf(scope, pattern, undefined, "never"));
  const known = resolved.filter((each) => each !== undefined);
  const cond = when && condOf(scope, when, newHere(known.flatMap(({ here: { events } }) => events)));
  if (known.length < patterns.length || (when !== undefined && cond === undefined)) return undefined;
  return { kind: "never", patterns: known.map(({ pattern }) => pattern), when: cond };
}

export function proveOf(linker: Linker, unit: Unit, prove: Prove): RProve | undefined {
  const of = follow(linker, unit, prove.of);
  const { claim } = prove;
  const at = unit.place(prove.at);
  if (claim.kind === "never") {
    const never = neverOf(unit, claim);
    return of && never && { of, claim: never, at };
  }
  const other: Joined | undefined = follow(linker, unit, claim.other);
  return of && other && { of, claim: { kind: claim.kind, other }, at };
}
