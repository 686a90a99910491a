// Checks the types of a contract and copies them: what comes back is frozen, plain and ours.
import {
  type BoundRule,
  boundsOf,
  INTEGER,
  LENGTH,
  onlyKnown,
  type Properties,
  readLiterals,
  required,
  VALUE,
} from "./check-parts.ts";
import { show } from "./error.ts";
import { readContractName, readIdentifier } from "./names.ts";
import { at, countNodes, deeper, type Place, readList, readRecord, refuse } from "./reader.ts";
import { type ContractData, MEANINGS, type Meaning, type Type } from "./types.ts";

/** A place in a contract. */
export interface ContractPlace extends Place {
  /** Names of the contracts around, the outermost first. */
  readonly scope: readonly string[];
  /** check.ts checks contracts and asks this file for their types; types ask back for the contracts of handles. */
  readonly checkContract: (place: ContractPlace, alleged: unknown) => ContractData;
}

/**
 * The kernel tries the alternatives of a value one after the other, in steps that are bounded by the size of what crosses
 * (kernel/shape.ts SH1): with more of them, right values would be refused.
 */
const MOST_ALTERNATIVES = 12;

function alternatives(type: Type): number {
  if (type.type === "option") return 1 + alternatives(type.of);
  return type.type === "union" ? type.of.reduce((sum, member) => sum + alternatives(member), 0) : 1;
}

function readMembers(place: ContractPlace, alleged: unknown): readonly Type[] {
  const right = "a list of types";
  const members = readList(place, alleged, right, (member, { path }) => checkType({ ...place, path }, member));
  if (members.length === 0) refuse(place, "a union of nothing", "at least one type");
  const count = members.reduce((sum, member) => sum + alternatives(member), 0);
  if (count > MOST_ALTERNATIVES) {
    refuse(place, `${count} alternatives`, `at most ${MOST_ALTERNATIVES}; any number of literals is one oneOf(...)`);
  }
  return Object.freeze(members);
}

function readFields(place: ContractPlace, alleged: unknown): Readonly<Record<string, Type>> {
  return readRecord(place, alleged, "a record of types", (fields) => {
    const checked = [...fields].map(([name, type]) => {
      const here = at(place, `.${show(name).slice(1, -1)}`);
      return [readIdentifier(here, name), checkType(here, type)] as const;
    });
    return Object.freeze(Object.fromEntries(checked));
  });
}

function readHandle(place: ContractPlace, alleged: unknown): string | ContractData {
  if (typeof alleged !== "string") return place.checkContract(place, alleged);
  const name = readContractName(place, alleged);
  const right = `the contract itself, or data; around here are ${place.scope.join(", ")}`;
  return place.scope.includes(name) ? name : refuse(place, `no contract around is named ${show(name)}`, right);
}

interface TypeRule {
  readonly properties: readonly string[];
  readonly check: (place: ContractPlace, properties: Properties) => Type;
}

const BOUNDS = ["min", "max"];
const plain = (type: "any" | "nothing" | "boolean" | "date"): TypeRule => ({
  properties: [],
  check: () => ({ type }),
});
const bounded = (type: "number" | "integer" | "bytes", rule: BoundRule): TypeRule => ({
  properties: BOUNDS,
  check: (place, properties) => ({ type, ...boundsOf(place, properties, rule) }),
});
function meaningOf(place: ContractPlace, properties: Properties): { is?: Meaning } {
  const alleged = properties.get("is");
  if (alleged === undefined) return {};
  const is = MEANINGS.find((meaning) => meaning === alleged);
  return is === undefined ? refuse(at(place, ".is"), show(alleged), `one of ${MEANINGS.join(", ")}`) : { is };
}
const inner = (place: ContractPlace, properties: Properties, name: string): [ContractPlace, unknown] => [
  at(place, `.${name}`),
  required(place, properties, name),
];

const TYPES: ReadonlyMap<unknown, TypeRule> = new Map<unknown, TypeRule>([
  ["any", plain("any")],
  ["nothing", plain("nothing")],
  ["boolean", plain("boolean")],
  ["date", plain("date")],
  ["number", bounded("number", VALUE)],
  ["integer", bounded("integer", INTEGER)],
  [
    "string",
    {
      properties: [...BOUNDS, "is"],
      check: (place, read) => ({ type: "string", ...boundsOf(place, read, LENGTH), ...meaningOf(place, read) }),
    },
  ],
  ["bytes", bounded("bytes", LENGTH)],
  [
    "list",
    {
      properties: ["of", ...BOUNDS],
      check: (place, read) => ({
        type: "list",
        of: checkType(...inner(place, read, "of")),
        ...boundsOf(place, read, LENGTH),
      }),
    },
  ],
  [
    "record",
    {
      properties: ["fields"],
      check: (place, read) => ({ type: "record", fields: readFields(...inner(place, read, "fields")) }),
    },
  ],
  [
    "option",
    // An option is no place of its own in messages: people write option(string()) and think of the string.
    {
      properties: ["of"],
      check: (place, read) => ({ type: "option", of: checkType(place, required(place, read, "of")) }),
    },
  ],
  [
    "union",
    { properties: ["of"], check: (place, read) => ({ type: "union", of: readMembers(...inner(place, read, "of")) }) },
  ],
  [
    "oneOf",
    {
      properties: ["values"],
      check: (place, read) => ({ type: "oneOf", values: readLiterals(...inner(place, read, "values")) }),
    },
  ],
  [
    "handle",
    { properties: ["of"], check: (place, read) => ({ type: "handle", of: readHandle(...inner(place, read, "of")) }) },
  ],
]);

const RIGHT_TYPE = 'a type, such as string() or { type: "string" }';

/** One type. */
export function checkType(place: ContractPlace, alleged: unknown): Type {
  const here = deeper(place);
  return readRecord(here, alleged, RIGHT_TYPE, (properties) => {
    const name = required(here, properties, "type");
    const rule = TYPES.get(name);
    if (rule === undefined)
      return refuse(here, `there is no type ${show(name)}`, `there are ${[...TYPES.keys()].join(", ")}`);
    onlyKnown(here, properties, ["type", ...rule.properties]);
    return Object.freeze(rule.check(here, properties));
  });
}

/** A contract that was made already counts for what it is, and stands one level in, as `place` does. */
export function countMade(place: Place, nodes: number, levels: number): void {
  countNodes(place, nodes);
  // Its own level is the place's.
  for (let left = levels - 1, here = place; left > 0; left--) here = deeper(here);
}
