// A tree as JSON, by the table of forms.ts. JSON has no spans. The way back is json-read.ts.
import { type Field, type Form, NODES, type NodeName, type Variant } from "./forms.ts";
import type { File } from "./tree.ts";

export { fromJson } from "./json-read.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

type Node = { readonly [key: string]: unknown };

/** The JSON form of a tree: data for JSON.stringify. */
export const toJson = (file: File): Json => write({ is: "node", of: "file" }, file);

function write(form: Form, value: unknown): Json {
  if (form.is === "list") return (value as unknown[]).map((one) => write(form.of, one));
  if (form.is === "or") return write(Array.isArray(value) ? form.list : form.one, value);
  if (form.is === "named") return typeof value === "object" ? writeNode("name", value as Node) : write(form.of, value);
  if (form.is === "cond") return writeNode("cond", value as Node);
  return form.is === "node" ? writeNode(form.of, value as Node) : (value as Json);
}

function writeNode(name: NodeName, node: Node): Json {
  const isNode = typeof node === "object" && node !== null;
  const variant = isNode ? NODES[name].find((one) => describes(one, node)) : undefined;
  if (variant === undefined) throw new TypeError(`no ${name} of a policy: ${JSON.stringify(node)}`);
  const [first] = variant.fields as [Field];
  if (variant.tag === undefined) return write(first.form, get(node, first.path));
  const entries = variant.fields.flatMap(({ key, path, form, absent }): [string, Json][] => {
    const value = get(node, path);
    return absent !== undefined && isSame(value, absent.means) ? [] : [[key, write(form, value)]];
  });
  return Object.fromEntries(entries);
}

/** What an absent field means is undefined, a word, or an empty list. */
const isSame = (value: unknown, means: unknown): boolean =>
  value === means || value === undefined || (Array.isArray(means) && Array.isArray(value) && value.length === 0);

function describes({ fixed, fields }: Variant, node: Node): boolean {
  if (!fixed.every(([path, value]) => get(node, path) === value)) return false;
  const [first] = fields as [Field];
  return (
    first.path !== "effect.kind" || (first.form.is === "word" && first.form.of.includes(String(get(node, first.path))))
  );
}

function get(node: Node, path: string): unknown {
  const [first, second] = path.split(".") as [string, string?];
  return second === undefined ? node[first] : (node[first] as Node)[second];
}
