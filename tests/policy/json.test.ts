// The JSON form: what its decoder refuses, and that its schema says the same.
import { test as property } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { render } from "../../policy-libs/policy/diagnostic.ts";
import { fromJson, type Json, toJson } from "../../policy-libs/policy/json.ts";
import { print } from "../../policy-libs/policy/print.ts";
import { POLICY_SCHEMA } from "../../policy-libs/policy/schema.ts";
import { anyPolicyFile } from "../kit/policy-trees.ts";
import { bare, EXAMPLES, treeOf } from "./kit.ts";

const seed = Number(process.env["CORDON_SEED"] ?? 1);

type Schema = { readonly [key: string]: unknown };

/** A validator of the few keywords that the schema uses; any other is a mistake. */
function isValid(schema: Schema, json: unknown): boolean {
  return Object.entries(schema).every(([keyword, says]) => holds(keyword, says, schema, json));
}

const isRecord = (json: unknown): json is object => typeof json === "object" && json !== null && !Array.isArray(json);

function isOfType(type: unknown, json: unknown): boolean {
  if (type === "integer") return Number.isInteger(json);
  if (type === "array") return Array.isArray(json);
  return type === "object" ? isRecord(json) : typeof json === type;
}

function holds(keyword: string, says: unknown, schema: Schema, json: unknown): boolean {
  const properties = new Map(Object.entries((schema["properties"] ?? {}) as Schema));
  switch (keyword) {
    case "$schema":
    case "title":
    case "description":
    case "$defs":
      return true;
    case "$ref": {
      const name = String(says).replace("#/$defs/", "");
      return isValid(((POLICY_SCHEMA as Schema)["$defs"] as Record<string, Schema>)[name] as Schema, json);
    }
    case "type":
      return isOfType(says, json);
    case "enum":
      return (says as unknown[]).includes(json);
    case "pattern":
      return typeof json !== "string" || new RegExp(String(says), "u").test(json);
    case "minimum":
      return typeof json !== "number" || json >= (says as number);
    case "maximum":
      return typeof json !== "number" || json <= (says as number);
    case "items":
      return !Array.isArray(json) || json.every((one) => isValid(says as Schema, one));
    case "minItems":
      return !Array.isArray(json) || json.length >= (says as number);
    case "maxItems":
      return !Array.isArray(json) || json.length <= (says as number);
    case "required":
      return !isRecord(json) || (says as string[]).every((key) => Object.hasOwn(json, key));
    case "properties":
      return (
        !isRecord(json) ||
        Object.entries(json).every(
          ([key, value]) => !properties.has(key) || isValid(properties.get(key) as Schema, value),
        )
      );
    case "additionalProperties":
      return !isRecord(json) || Object.keys(json).every((key) => properties.has(key));
    case "oneOf":
      return (says as Schema[]).filter((one) => isValid(one, json)).length === 1;
    case "anyOf":
      return (says as Schema[]).some((one) => isValid(one, json));
    default:
      throw new Error(`the schema says ${keyword}`);
  }
}

const isOfSchema = (json: unknown): boolean => isValid(POLICY_SCHEMA as Schema, json);

/** Every place in a JSON value, as a path. */
function placesOf(json: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (Array.isArray(json)) return [path, ...json.flatMap((one, i) => placesOf(one, [...path, i]))];
  if (!isRecord(json)) return [path];
  return [path, ...Object.entries(json).flatMap(([key, one]) => placesOf(one, [...path, key]))];
}

function replaced(
  json: unknown,
  [key, ...rest]: readonly (string | number)[],
  put: (old: unknown) => unknown,
): unknown {
  if (key === undefined) return put(json);
  if (Array.isArray(json)) return json.map((one, i) => (i === key ? replaced(one, rest, put) : one));
  const entries = Object.entries(json as object).map(
    ([at, one]) => [at, at === key ? replaced(one, rest, put) : one] as const,
  );
  return Object.fromEntries(entries);
}

const STRANGE: readonly Json[] = [
  null,
  true,
  -1,
  0,
  1.5,
  2 ** 53,
  "",
  "a b",
  "a.b",
  "*",
  "\ud800",
  "10.0.0.0/8",
  [],
  {},
  [1],
  { op: "a.b" },
];

type Change = { readonly name: "put" | "drop" | "add" | "double"; readonly value: Json };

function changed(old: unknown, { name, value }: Change): unknown {
  if (name === "put") return value;
  if (Array.isArray(old)) return name === "drop" ? old.slice(1) : [...old, name === "add" ? value : old[0]];
  if (!isRecord(old)) return old;
  const entries = Object.entries(old);
  if (name === "drop") return Object.fromEntries(entries.slice(1));
  return Object.fromEntries([...entries, [name === "add" ? "__proto__" : "when", value]]);
}

describe("the decoder", () => {
  const refusal = (json: unknown): string => {
    const read = fromJson(json, "p.json");
    return "file" in read ? "accepted" : render(read.diagnostic);
  };
  const policyOf = (rule: object): unknown => ({
    items: [{ policy: "p", default: "deny", rules: [{ effect: "deny", on: [{ op: "a.b" }], ...rule }] }],
  });
  const RULE = "$.items[0].rules[0]";

  test.for([
    [[], '$: expected an object with "items", found a list'],
    [{ items: [{ polcy: "p" }] }, '$.items[0]: expected an object with "import" or'],
    [{ items: [{ policy: "p" }] }, '$.items[0]: "default" is missing'],
    [{ items: [{ policy: "p q", default: "deny" }] }, '$.items[0].policy: expected a name, found the text "p q"'],
    [policyOf({ effect: "dney" }), `${RULE}.effect: expected one of "allow"`],
    [policyOf({ wen: { name: "x" } }), `${RULE}: "wen" has no meaning here. Did you mean "when"?`],
    [policyOf({ when: { name: 3 } }), `${RULE}.when.name: expected the name of an argument`],
    [policyOf({ when: { and: [{ name: "x" }] } }), `${RULE}.when.and: a list of at least 2 is needed`],
    [policyOf({ when: { compare: "=", left: 1, right: 2 } }), `${RULE}.when.compare: expected one of "=="`],
    [policyOf({ when: { compare: "==", left: 1.5, right: 2 } }), `${RULE}.when.left: expected an integer`],
    [
      policyOf({ when: { compare: "==", left: { nme: "x" }, right: 2 } }),
      `${RULE}.when.left: expected a value, or an object with "name"`,
    ],
    [
      policyOf({ when: { in: [{ cidr: "10.0.0.1/8" }], term: { name: "ip" } } }),
      `${RULE}.when.in[0].cidr: expected an address block`,
    ],
    [policyOf({ on: [] }), `${RULE}.on: a list of at least 1 is needed`],
    [policyOf({ on: [{ op: "send" }] }), `${RULE}.on[0].op: expected a call or calls`],
    [policyOf({ because: "\ud800" }), `${RULE}.because: expected a text`],
    [policyOf({ effect: "delay", to: 0, per: 1 }), `${RULE}.to: this number must be at least 1`],
    [{ items: [{ set: "s", values: [null] }] }, "$.items[0].values[0]: expected a value, or"],
    [JSON.parse('{ "items": [], "__proto__": [] }'), '$: "__proto__" has no meaning here'],
    [null, "$: expected an object"],
    [undefined, "$: expected an object"],
  ] as const)("refuses %j", ([json, says]) => {
    expect(refusal(json)).toMatch(/^p\.json:1:1 P0(20|19) \$/);
    expect(refusal(json)).toContain(says);
  });

  const anyChange = fc.record({
    name: fc.constantFrom("put", "drop", "add", "double"),
    value: fc.constantFrom(...STRANGE),
  });

  property.prop([anyPolicyFile(60), fc.nat(), anyChange], { seed, numRuns: 1000 })(
    "accepts of changed files what the schema accepts and what prints; of others it tells the path",
    ({ file }, at, change) => {
      const json = toJson(file);
      const places = placesOf(json);
      const other = replaced(json, places[at % places.length] as readonly (string | number)[], (old) =>
        changed(old, change),
      );
      const read = fromJson(other, "j");
      if ("file" in read) {
        expect(isOfSchema(other)).toBe(true);
        expect(bare(treeOf(print(read.file)))).toEqual(bare(read.file));
        return;
      }
      expect(read.diagnostic.message).toMatch(/^\$[\w.[\] ]*: /);
      // The schema cannot say these: half characters, and bits beyond a prefix.
      if (!/a text|address block/.test(read.diagnostic.message)) expect(isOfSchema(other)).toBe(false);
    },
  );
});

describe("the schema", () => {
  test("accepts the examples, and is plain JSON", () => {
    expect(isOfSchema(toJson(treeOf(EXAMPLES)))).toBe(true);
    expect(JSON.parse(JSON.stringify(POLICY_SCHEMA))).toEqual(POLICY_SCHEMA);
  });

  property.prop([anyPolicyFile()], { seed })("accepts every tree", ({ file }) => {
    expect(isOfSchema(toJson(file))).toBe(true);
  });
});
