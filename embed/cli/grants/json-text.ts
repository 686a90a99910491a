// JSON (RFC 8259) with the place of everything in it, for messages that say where. A key that stands twice is an error:
// JSON.parse would take the last one, and of two grants only one would be seen.

export interface Member {
  readonly key: string;
  readonly at: number;
  readonly value: JsonNode;
}

export type JsonNode = { readonly at: number } & (
  | { readonly kind: "object"; readonly members: readonly Member[] }
  | { readonly kind: "array"; readonly items: readonly JsonNode[] }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "null" }
);

/** What is wrong with a text, and at which character. */
export class JsonProblem extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

const MOST_DEPTH = 64;

interface Reading {
  readonly text: string;
  at: number;
  depth: number;
}

const fail = ({ at }: Reading, message: string): never => {
  throw new JsonProblem(message, at);
};

const BLANK = /[ \t\r\n]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;

function match(reading: Reading, pattern: RegExp): string | undefined {
  pattern.lastIndex = reading.at;
  const found = pattern.exec(reading.text)?.[0];
  if (found !== undefined) reading.at += found.length;
  return found;
}

const skipBlanks = (reading: Reading): void => void match(reading, BLANK);

function take(reading: Reading, character: string): boolean {
  skipBlanks(reading);
  if (reading.text[reading.at] !== character) return false;
  reading.at++;
  return true;
}

function string(reading: Reading): string {
  const found = match(reading, STRING);
  if (found !== undefined) return JSON.parse(found) as string;
  return fail(reading, reading.text[reading.at] === '"' ? "a text that does not end on its line" : 'a text in "..."');
}

/** Items with commas between, up to the closing bracket. */
function series<T>(reading: Reading, close: string, item: () => T): T[] {
  const found: T[] = [];
  if (++reading.depth > MOST_DEPTH) fail(reading, "nested too deeply");
  if (!take(reading, close)) {
    do {
      skipBlanks(reading);
      if (found.length > 0 && reading.text[reading.at] === close) fail(reading, "a comma too many");
      found.push(item());
    } while (take(reading, ","));
    if (!take(reading, close)) fail(reading, `a comma or ${close} is missing`);
  }
  reading.depth--;
  return found;
}

function member(reading: Reading): Member {
  const { at } = reading;
  const key = string(reading);
  if (!take(reading, ":")) fail(reading, `a colon is missing after ${JSON.stringify(key)}`);
  return { key, at, value: value(reading) };
}

function object(reading: Reading, at: number): JsonNode {
  const members = series(reading, "}", () => member(reading));
  const keys = new Set<string>();
  for (const { key, at: keyAt } of members) {
    if (keys.has(key)) throw new JsonProblem(`${JSON.stringify(key)} stands here twice`, keyAt);
    keys.add(key);
  }
  return { kind: "object", members, at };
}

const WORDS: readonly (readonly [RegExp, { readonly kind: "null" } | { readonly kind: "boolean"; value: boolean }])[] =
  [
    [/true\b/y, { kind: "boolean", value: true }],
    [/false\b/y, { kind: "boolean", value: false }],
    [/null\b/y, { kind: "null" }],
  ];

function scalar(reading: Reading, at: number): JsonNode {
  if (reading.text[at] === '"') return { kind: "string", value: string(reading), at };
  const number = match(reading, NUMBER);
  if (number !== undefined) return { kind: "number", value: Number(number), at };
  for (const [pattern, word] of WORDS) if (match(reading, pattern) !== undefined) return { ...word, at };
  if (reading.text.startsWith("//", at) || reading.text.startsWith("/*", at)) fail(reading, "JSON has no comments");
  return fail(reading, at >= reading.text.length ? "the text ends too early" : "no value begins like this");
}

function value(reading: Reading): JsonNode {
  skipBlanks(reading);
  const { at } = reading;
  if (take(reading, "{")) return object(reading, at);
  if (take(reading, "[")) return { kind: "array", items: series(reading, "]", () => value(reading)), at };
  return scalar(reading, at);
}

/** Throws JsonProblem for what is no JSON. */
export function parseJson(text: string): JsonNode {
  const reading: Reading = { text, at: text.charCodeAt(0) === 0xfeff ? 1 : 0, depth: 0 };
  const node = value(reading);
  skipBlanks(reading);
  if (reading.at < text.length) fail(reading, "something follows the end");
  return node;
}

/** The node as plain data. Keys are the embedder's own, and stay keys whatever they are called. */
export function plainOf(node: JsonNode): unknown {
  if (node.kind === "object") return new Map(node.members.map(({ key, value: item }) => [key, plainOf(item)]));
  if (node.kind === "array") return node.items.map(plainOf);
  return node.kind === "null" ? null : node.value;
}
