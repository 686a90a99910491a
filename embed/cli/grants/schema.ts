// As much of JSON Schema (2020-12) as grants.schema.json uses: the file that editors complete by is the file that is
// checked by. A keyword that is not here is our own mistake, and said.
import { nearest } from "../arguments.ts";
import type { JsonNode } from "./json-text.ts";

export interface Problem {
  /** Where in the data: "grants.net.allow[0]". */
  readonly path: string;
  readonly at: number;
  readonly message: string;
}

export type Schema = Readonly<Record<string, unknown>>;

/** Told about, not checked. */
const ANNOTATIONS = new Set(["$schema", "$id", "$defs", "title", "description", "examples", "default"]);

interface Place {
  readonly root: Schema;
  readonly path: string;
  readonly node: JsonNode;
}

type Check = (given: unknown, place: Place, schema: Schema) => Problem[];

const no = ({ path, node }: Place, message: string, at = node.at): Problem[] => [{ path, at, message }];
const quoted = (words: readonly unknown[]): string => words.map((word) => JSON.stringify(word)).join(", ");
const schemasOf = (given: unknown): readonly (readonly [string, Schema])[] =>
  Object.entries(given as Readonly<Record<string, Schema>>);

/** The schema of a member, if the object's schema knows it by name. */
const known = (schema: Schema, key: string): Schema | undefined =>
  schemasOf(schema["properties"] ?? {}).find(([name]) => name === key)?.[1];

const step = (path: string, key: string): string => (path === "" ? key : `${path}.${key}`);

function text({ node }: Place): string | undefined {
  return node.kind === "string" ? node.value : undefined;
}

function additional(given: unknown, place: Place, schema: Schema): Problem[] {
  const { node, path } = place;
  if (node.kind !== "object") return [];
  const others = node.members.filter(({ key }) => known(schema, key) === undefined);
  if (given !== false) {
    return others.flatMap(({ key, value }) => check({ ...place, path: step(path, key), node: value }, given as Schema));
  }
  const names = schemasOf(schema["properties"] ?? {}).map(([name]) => name);
  return others.flatMap(({ key, at }) => {
    const near = nearest(key, names);
    const meant = near === undefined ? `there are ${names.join(", ")}` : `did you mean ${near}?`;
    return no({ ...place, path: step(path, key) }, `unknown key: ${meant}`, at);
  });
}

/** Of the schemas that might have been meant, the one whose type and constants fit tells what is wrong. */
function anyOf(given: unknown, place: Place): Problem[] {
  const all = given as readonly Schema[];
  const isOfType = ({ type }: Schema): boolean => type === undefined || type === place.node.kind;
  const likely = all.some(isOfType) ? all.filter(isOfType) : all;
  const tried = likely.map((schema) => check(place, schema));
  if (tried.some((problems) => problems.length === 0)) return [];
  const weight = (problems: readonly Problem[]): number =>
    problems.length + problems.filter(({ message }) => message.startsWith(ONLY)).length * 1_000;
  return [...tried].sort((a, b) => weight(a) - weight(b))[0] ?? [];
}

const ONLY = "must be ";

function oneOfWords(words: readonly unknown[], place: Place): Problem[] {
  const { node } = place;
  const value = "value" in node ? node.value : undefined;
  if (words.includes(value)) return [];
  const near = typeof value === "string" ? nearest(value, words.map(String)) : undefined;
  return no(
    place,
    `${ONLY}${words.length === 1 ? "" : "one of "}${quoted(words)}${near === undefined ? "" : `; did you mean ${near}?`}`,
  );
}

const ARTICLES: Readonly<Record<string, string>> = {
  ...{ string: "a text", number: "a number", boolean: "true or false", null: "null" },
  ...{ object: "an object {...}", array: "a list [...]" },
};

const CHECKS: Readonly<Record<string, Check>> = {
  $ref: (given, place) => {
    const name = String(given).replace(/^#\/\$defs\//, "");
    const found = schemasOf(place.root["$defs"]).find(([key]) => key === name)?.[1];
    if (found === undefined) throw new Error(`the schema has no ${String(given)}`);
    return check(place, found);
  },
  type: (given, place) =>
    place.node.kind === given
      ? []
      : no(place, `is ${ARTICLES[place.node.kind]} and must be ${ARTICLES[String(given)]}`),
  properties: (_given, place, schema) => {
    const { node, path } = place;
    if (node.kind !== "object") return [];
    return node.members.flatMap(({ key, value }) => {
      const one = known(schema, key);
      return one === undefined ? [] : check({ ...place, path: step(path, key), node: value }, one);
    });
  },
  additionalProperties: additional,
  required: (given, place, schema) => {
    const { node } = place;
    if (node.kind !== "object") return [];
    const missing = (given as readonly string[]).filter((name) => !node.members.some(({ key }) => key === name));
    return missing.flatMap((name) => {
      const [example] = (known(schema, name)?.["examples"] ?? []) as readonly unknown[];
      return no(
        place,
        `lacks "${name}"${example === undefined ? "" : `, such as "${name}": ${JSON.stringify(example)}`}`,
      );
    });
  },
  propertyNames: (given, place) => {
    const { node, path } = place;
    if (node.kind !== "object") return [];
    return node.members.flatMap(({ key, at }) =>
      check({ ...place, path: step(path, key), node: { kind: "string", value: key, at } }, given as Schema),
    );
  },
  items: (given, place) => {
    const { node, path } = place;
    if (node.kind !== "array") return [];
    return node.items.flatMap((item, i) => check({ ...place, path: `${path}[${i}]`, node: item }, given as Schema));
  },
  minItems: (given, place) =>
    place.node.kind === "array" && place.node.items.length < Number(given) ? no(place, "must not be empty") : [],
  minLength: (given, place) =>
    (text(place)?.length ?? Infinity) < Number(given) ? no(place, "must not be empty") : [],
  pattern: (given, place, schema) => {
    const value = text(place);
    if (value === undefined || new RegExp(String(given), "u").test(value)) return [];
    const examples = schema["examples"] as readonly unknown[] | undefined;
    const like = examples === undefined ? "" : `: write it like ${quoted(examples)}`;
    return no(place, `${JSON.stringify(value.slice(0, 60))} is not ${String(schema["title"] ?? "well-formed")}${like}`);
  },
  enum: (given, place) => oneOfWords(given as readonly unknown[], place),
  const: (given, place) => oneOfWords([given], place),
  anyOf,
};

/** What is of the wrong type is not looked at further, nor are alternatives of what is wrong in any case. */
function check(place: Place, schema: Schema): Problem[] {
  const problems: Problem[] = [];
  const rank = (keyword: string): number => (keyword === "type" ? 0 : keyword === "anyOf" ? 2 : 1);
  const keywords = Object.keys(schema).filter((keyword) => !ANNOTATIONS.has(keyword));
  for (const keyword of keywords.sort((a, b) => rank(a) - rank(b))) {
    const one = CHECKS[keyword];
    if (one === undefined) throw new Error(`the schema says ${keyword}, which nothing checks`);
    if (keyword === "anyOf" && problems.length > 0) break;
    problems.push(...one(schema[keyword], place, schema));
    if (keyword === "type" && problems.length > 0) break;
  }
  return problems;
}

/** What is wrong with a document, in its order; nothing if it is right. */
export const validate = (node: JsonNode, schema: Schema): Problem[] =>
  check({ root: schema, path: "", node }, schema).sort((a, b) => a.at - b.at);
