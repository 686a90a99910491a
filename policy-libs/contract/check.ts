// Is this a contract? The data may be of anybody, also of a guest.
//
// Invariants
//   C1  What comes back is a copy, frozen and plain, that holds what was checked and nothing else.
//   C2  Every name is one that JavaScript gives no meaning to; every bound is one that a value can meet.
//   C3  A handle by name names a contract around it.
// Trust
//   Trusts reader.ts. Trusted by form.ts, lower.ts and describe.ts.
import type { CallMode } from "../capability.ts";
import { onlyKnown, type Properties, required } from "./check-parts.ts";
import { type ContractPlace, checkType, countMade } from "./check-types.ts";
import { show } from "./error.ts";
import { known } from "./made.ts";
import { readCode, readContractName, readIdentifier, readParameterName } from "./names.ts";
import { at, type Count, deeper, readList, readRecord, readText, refuse, start } from "./reader.ts";
import type { CallData, ContractData, Parameter } from "./types.ts";

/** Calls of one contract. */
export const MOST_CALLS = 256;
const MOST_PARAMETERS = 64;
const MOST_REFUSALS = 256;
const MOST_DOCUMENT = 2_000; // characters

/** Shown to people and in comments of TypeScript: one line that ends no comment and drives no terminal. */
function readDocument(place: ContractPlace, alleged: unknown): string {
  const text = readText(place, alleged, MOST_DOCUMENT);
  if (/\p{Cc}|\p{Zl}|\p{Zp}/u.test(text)) refuse(place, "a control character or an end of a line", "one line of text");
  return text.includes("*/") ? refuse(place, "*/", "text that can stand in a comment") : text;
}

const RIGHT_PARAMETER = 'arg("name", type) or rest(type)';

function checkParameter(place: ContractPlace, alleged: unknown): Parameter {
  return readRecord(place, alleged, RIGHT_PARAMETER, (properties) => {
    const type = required(place, properties, "type");
    if (type !== "arg" && type !== "rest") return refuse(place, `${show(type)} is no parameter`, RIGHT_PARAMETER);
    onlyKnown(place, properties, ["type", "name", "of"]);
    const name = readParameterName(at(place, ".name"), required(place, properties, "name"));
    return Object.freeze({ type, name, of: checkType(place, required(place, properties, "of")) });
  });
}

const isOptional = (parameter: Parameter): boolean => parameter.type === "rest" || parameter.of.type === "option";

function checkOrder(place: ContractPlace, takes: readonly Parameter[]): void {
  takes.forEach((parameter, index) => {
    const here = at(place, `[${index}]`);
    const isLast = index === takes.length - 1;
    if (parameter.type === "rest" && !isLast) refuse(here, "rest before another parameter", "rest is the last one");
    const isRequiredLater = takes.slice(index + 1).some((later) => !isOptional(later));
    if (isOptional(parameter) && isRequiredLater) refuse(here, "an option before a required parameter", "options last");
    const isTwice = takes.slice(0, index).some(({ name }) => name === parameter.name);
    if (isTwice) refuse(here, `two parameters ${show(parameter.name)}`, "different names");
  });
}

function readTakes(place: ContractPlace, alleged: unknown): readonly Parameter[] {
  const right = `a list of parameters: ${RIGHT_PARAMETER}`;
  const takes = readList(place, alleged, right, (value, { path }) => checkParameter({ ...place, path }, value));
  if (takes.length > MOST_PARAMETERS) refuse(place, `${takes.length} parameters`, `at most ${MOST_PARAMETERS}`);
  checkOrder(place, takes);
  return Object.freeze(takes);
}

function readRefuses(place: ContractPlace, alleged: unknown): readonly string[] | "any" {
  if (alleged === "any") return alleged;
  const codes = readList(place, alleged, 'a list of codes, or "any"', (code, here) => readCode(here, code));
  if (codes.length > MOST_REFUSALS) refuse(place, `${codes.length} refusals`, `at most ${MOST_REFUSALS}`);
  const twice = codes.findIndex((code, index) => codes.indexOf(code) !== index);
  if (twice >= 0) refuse(at(place, `[${twice}]`), `${show(codes[twice])} is there twice`, "each code once");
  return Object.freeze(codes);
}

const MODES: readonly CallMode[] = ["sync", "async", "blocking"];

function readMode(place: ContractPlace, alleged: unknown): CallMode {
  return (
    MODES.find((mode) => mode === alleged) ??
    refuse(place, `there is no mode ${show(alleged)}`, `there are ${MODES.join(", ")}`)
  );
}

function documentsOf(place: ContractPlace, properties: Properties): { about?: string; mode?: CallMode } {
  const about = properties.get("about");
  const mode = properties.get("mode");
  return {
    ...(about === undefined ? {} : { about: readDocument(at(place, ".about"), about) }),
    ...(mode === undefined ? {} : { mode: readMode(at(place, ".mode"), mode) }),
  };
}

function checkCall(place: ContractPlace, alleged: unknown): CallData {
  return readRecord(place, alleged, "a call: { takes, gives, refuses }", (properties) => {
    onlyKnown(place, properties, ["takes", "gives", "refuses", "about", "mode"]);
    const call = {
      takes: readTakes(at(place, ".takes"), required(place, properties, "takes")),
      gives: checkType(at(place, ".gives"), required(place, properties, "gives")),
      refuses: readRefuses(at(place, ".refuses"), required(place, properties, "refuses")),
      ...documentsOf(place, properties),
    };
    return Object.freeze(call);
  });
}

function readCalls(place: ContractPlace, alleged: unknown): ContractData["calls"] {
  return readRecord(place, alleged, "a record of calls", (calls) => {
    if (calls.size > MOST_CALLS) refuse(place, `${calls.size} calls`, `at most ${MOST_CALLS}`);
    const checked = [...calls].map(([name, call]) => {
      const here = at(place, `.${show(name).slice(1, -1)}`);
      return [readIdentifier(here, name), checkCall(here, call)] as const;
    });
    return Object.freeze(Object.fromEntries(checked));
  });
}

function checkNew(outer: ContractPlace, alleged: unknown): ContractData {
  return readRecord(outer, alleged, "a contract: { name, allows, never, calls }", (properties) => {
    const name = readContractName(at(outer, ".name"), required(outer, properties, "name"));
    const contract = outer.scope.length === 0 ? show(name) : outer.contract;
    const place = { ...outer, contract, scope: [...outer.scope, name] };
    onlyKnown(place, properties, ["name", "allows", "never", "calls"]);
    return Object.freeze({
      name,
      allows: readDocument(at(place, ".allows"), required(place, properties, "allows")),
      never: readDocument(at(place, ".never"), required(place, properties, "never")),
      calls: readCalls(at(place, ".calls"), required(place, properties, "calls")),
    });
  });
}

function checkContract(outer: ContractPlace, alleged: unknown): ContractData {
  const place = deeper(outer);
  const made = known(alleged);
  if (made === undefined) return checkNew(place, alleged);
  countMade(place, made.nodes, made.levels);
  return made.node.data;
}

export interface Checked {
  readonly data: ContractData;
  readonly count: Count;
}

/** The data of a contract, checked and copied. Throws an Error with code E_CONTRACT. */
export function check(alleged: unknown): Checked {
  const place: ContractPlace = { ...start(), scope: [], checkContract };
  const data = checkContract(place, alleged);
  return { data, count: place.count };
}
