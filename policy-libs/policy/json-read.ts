// From JSON to a tree, by the table of forms.ts.
//
// Invariants
//   J1  fromJson(toJson(t)) is t without its spans.
//   J2  What fromJson accepts has the shape of the table and is within limits.ts: it prints as a text that parses to it,
//       or that is longer than MAX_FILE. Anything else is refused with the path to what is wrong.
//   J3  Recursion is bounded by MAX_DEPTH: between two levels there are a few nodes.
// Not promised: time less than linear in what is handed in. JSON.parse has bounded it.
import { shown } from "./characters.ts";
import { type Around, levelsOf } from "./depth.ts";
import { type Code, type Diagnostic, diagnose, didYouMean } from "./diagnostic.ts";
import { type Field, type Form, NODES, type NodeName, TEXTS, type Variant } from "./forms.ts";
import { MAX_DEPTH, MAX_FILE, MAX_RULES, MAX_VALUES } from "./limits.ts";
import type { Cond, File } from "./tree.ts";

type Node = { [key: string]: unknown };

/** Thrown and caught in this file. */
class Refused extends Error {
  readonly code: Code;
  readonly advice: string;
  constructor(code: Code, path: string, wrong: string, advice = "") {
    super(`${path}: ${wrong}`);
    this.code = code;
    this.advice = advice;
  }
}

interface Here {
  readonly path: string;
  /** Levels of nesting so far. */
  readonly levels: number;
  readonly count: { rules: number; characters: number };
}

const below = (here: Here, step: string): Here => ({ ...here, path: here.path + step });

/** The tree that a value out of JSON.parse is, or what is wrong with it. The diagnostic is at the file's beginning. */
export function fromJson(
  alleged: unknown,
  fileName: string,
): { readonly file: File } | { readonly diagnostic: Diagnostic } {
  try {
    const here = { path: "$", levels: 0, count: { rules: 0, characters: 0 } };
    return { file: readNode("file", alleged, here) as unknown as File };
  } catch (thrown) {
    if (!(thrown instanceof Refused)) throw thrown;
    const place = { file: fileName, line: 1, column: 1, span: { from: 0, to: 0 } };
    return { diagnostic: diagnose(thrown.code, place, thrown.message, thrown.advice) };
  }
}

function kindOf(json: unknown): string {
  if (typeof json === "string") return `the text "${shown(json)}"`;
  if (typeof json === "number" || typeof json === "boolean" || json === null) return String(json);
  if (Array.isArray(json)) return "a list";
  return typeof json === "object" ? "an object" : `a ${typeof json}`;
}

function expected(here: Here, what: string, json: unknown, advice = ""): never {
  throw new Refused("P020", here.path, `expected ${what}, found ${kindOf(json)}`, advice);
}

const isObject = (json: unknown): json is object => typeof json === "object" && json !== null && !Array.isArray(json);

function read(form: Form, json: unknown, here: Here): unknown {
  switch (form.is) {
    case "text":
      return readText(form.of, json, here);
    case "int":
      return readInt(form, json, here);
    case "bool":
      return typeof json === "boolean" ? json : expected(here, "true or false", json);
    case "word":
      return readWord(form.of, json, here);
    case "list":
      return readList(form, json, here);
    case "or":
      return read(Array.isArray(json) ? form.list : form.one, json, here);
    case "named":
      return isObject(json) ? readNode("name", json, here) : read(form.of, json, here);
    case "node":
      return readNode(form.of, json, here);
    case "cond":
      return readCond(form.around, json, here);
  }
}

function readText(of: keyof typeof TEXTS, json: unknown, here: Here): string {
  const rule = TEXTS[of];
  if (typeof json !== "string" || !rule.holds(json)) return expected(here, rule.is, json);
  spend(here, json.length);
  return json;
}

/** The same bound as that of a text. */
function spend(here: Here, characters: number): void {
  here.count.characters += characters;
  if (here.count.characters > MAX_FILE) throw new Refused("P401", here.path, `more than ${MAX_FILE} characters`);
}

function readInt({ least, most, code }: Form & { readonly is: "int" }, json: unknown, here: Here): number {
  if (typeof json !== "number" || !Number.isSafeInteger(json) || Object.is(json, -0) || json < 0) {
    return expected(here, "an integer from 0 to 2^53-1", json);
  }
  if (json < least) throw new Refused("P019", here.path, `this number must be at least ${least}`);
  if (json > most) throw new Refused(code, here.path, `${json} is more than the limit of ${most}`);
  return json;
}

function readWord(words: readonly string[], json: unknown, here: Here): string {
  if (typeof json === "string" && words.includes(json)) return json;
  const known = words.map((one) => `"${one}"`).join(", ");
  return expected(here, `one of ${known}`, json, typeof json === "string" ? didYouMean(json, words) : "");
}

function readList({ of, least }: Form & { readonly is: "list" }, json: unknown, here: Here): unknown[] {
  if (!Array.isArray(json)) return expected(here, "a list", json);
  if (json.length < least) throw new Refused("P020", here.path, `a list of at least ${least} is needed`);
  if (of.is === "node" && of.of === "value" && json.length > MAX_VALUES) {
    throw new Refused("P405", here.path, `more than ${MAX_VALUES} values in a list`);
  }
  return Array.from({ length: json.length }, (_, index) => read(of, json[index], below(here, `[${index}]`)));
}

function readCond(around: Around, json: unknown, here: Here): Node {
  const variant = variantOf("cond", json, here);
  const levels = here.levels + levelsOf(variant.fixed[0]?.[1] as Cond["kind"], around);
  if (levels > MAX_DEPTH) throw new Refused("P403", here.path, `nested deeper than ${MAX_DEPTH} levels`);
  return readVariant(variant, json, { ...here, levels });
}

function readNode(name: NodeName, json: unknown, here: Here): Node {
  if (name === "rule" && ++here.count.rules > MAX_RULES) {
    throw new Refused("P402", here.path, `more than ${MAX_RULES} rules in a file`);
  }
  return readVariant(variantOf(name, json, here), json, here);
}

function variantOf(name: NodeName, json: unknown, here: Here): Variant {
  const variants = NODES[name];
  const found = variants.find((variant) => fits(variant, json));
  if (found !== undefined) return found;
  const tags = [...new Set(variants.flatMap(({ tag }) => tag ?? []))];
  const others = variants.some(({ tag }) => tag === undefined) ? "a value, or " : "";
  const near = isObject(json) ? didYouMean(Object.keys(json)[0] ?? "", tags) : "";
  const what = `${others}an object with ${tags.map((tag) => `"${tag}"`).join(" or ")}`;
  if (tags[0] === "effect" && isObject(json) && Object.hasOwn(json, "effect")) return unknownEffect(json, here);
  return expected(here, what, json, near);
}

/** The tag is right, and its word is not. */
function unknownEffect(json: object, here: Here): never {
  const words = NODES.rule.flatMap(({ fields }) => (fields[0]?.form.is === "word" ? fields[0].form.of : []));
  readWord(words, new Map<string, unknown>(Object.entries(json)).get("effect"), below(here, ".effect"));
  throw new Error("a word that is known fits no variant");
}

/** Is it JSON of this variant, as far as one look tells? */
function fits({ tag, fields }: Variant, json: unknown): boolean {
  if (tag === undefined) return looksLike((fields[0] as Field).form, json);
  if (!isObject(json) || !Object.hasOwn(json, tag)) return false;
  const form = fields.find(({ key }) => key === tag)?.form;
  const word = tag === "effect" ? new Map<string, unknown>(Object.entries(json)).get(tag) : undefined;
  return word === undefined || form?.is !== "word" || (typeof word === "string" && form.of.includes(word));
}

function looksLike(form: Form, json: unknown): boolean {
  if (form.is === "int") return typeof json === "number";
  if (form.is === "text") return typeof json === "string";
  if (form.is === "bool") return typeof json === "boolean";
  return form.is === "node" && NODES[form.of].some((variant) => fits(variant, json));
}

function readVariant({ tag, fixed, fields }: Variant, json: unknown, here: Here): Node {
  const node: Node = {};
  for (const [path, value] of fixed) put(node, path, value);
  if (tag === undefined) {
    const { path, form } = fields[0] as Field;
    put(node, path, read(form, json, here));
    return node;
  }
  // A Map: the keys are somebody's, "__proto__" among them.
  const given = new Map<string, unknown>(Object.entries(json as object));
  for (const key of given.keys()) checkKey(key, fields, here);
  spend(here, fields.length);
  for (const { key, path, form, absent } of fields) {
    if (given.has(key)) put(node, path, read(form, given.get(key), below(here, `.${key}`)));
    else if (absent === undefined) throw new Refused("P020", here.path, `"${key}" is missing`);
    else if (absent.means !== undefined) put(node, path, absent.means);
  }
  return node;
}

function checkKey(key: string, fields: readonly Field[], here: Here): void {
  const keys = fields.map((field) => field.key);
  if (keys.includes(key)) return;
  const near = didYouMean(key, keys);
  const advice = near === "" ? `There may be ${keys.map((known) => `"${known}"`).join(", ")}.` : near;
  throw new Refused("P020", here.path, `"${shown(key)}" has no meaning here`, advice);
}

/** Paths come from the table, and have one dot at most. */
function put(node: Node, path: string, value: unknown): void {
  const [first, second] = path.split(".") as [string, string?];
  if (second === undefined) node[first] = value;
  else node[first] = { ...(node[first] as Node | undefined), [second]: value };
}
