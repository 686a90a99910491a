// Contracts in the words of TypeScript, for documents, `cordon types` and `cordon check --types`.
import { type Graph, type Part, walk } from "./form.ts";
import type { CallData, HandleType, Parameter, Type } from "./types.ts";

/** The name of the interface that a handle has. */
type NameOf = (handle: HandleType) => string;

/** Names that mean something else in a file of declarations. */
// biome-ignore format: a list
const TAKEN: ReadonlySet<string> = new Set([
  "Array", "Boolean", "Date", "Error", "Function", "Iterator", "Map", "Math", "Number", "Object", "Partial", "Pick",
  "Promise", "Proxy", "Record", "RegExp", "Set", "String", "Symbol", "Uint8Array", "WeakMap", "WeakRef", "WeakSet",
]);

function pascal(name: string): string {
  const words = name.split("-").map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`);
  const joined = words.join("");
  return TAKEN.has(joined) ? `${joined}Handle` : joined;
}

const isSeveral = (type: Type): boolean =>
  type.type === "union" || type.type === "option" || (type.type === "oneOf" && type.values.length > 1);

function literalText(value: unknown): string {
  return Object.is(value, -0) ? "-0" : JSON.stringify(value);
}

function fieldText([name, type]: readonly [string, Type], nameOf: NameOf): string {
  return type.type === "option" ? `${name}?: ${typeText(type.of, nameOf)}` : `${name}: ${typeText(type, nameOf)}`;
}

/** Members of a union without repetitions. */
const either = (members: readonly string[]): string => [...new Set(members)].join(" | ");

export function typeText(type: Type, nameOf: NameOf): string {
  switch (type.type) {
    case "any":
      return "unknown";
    case "nothing":
      return "undefined";
    case "boolean":
    case "number":
    case "string":
      return type.type;
    case "integer":
      return "number";
    case "bytes":
      return "Uint8Array";
    case "date":
      return "Date";
    case "list": {
      const each = typeText(type.of, nameOf);
      return isSeveral(type.of) ? `(${each})[]` : `${each}[]`;
    }
    case "record": {
      const fields = Object.entries(type.fields).map((field) => fieldText(field, nameOf));
      return fields.length === 0 ? "{}" : `{ ${fields.join("; ")} }`;
    }
    case "option":
      return either([typeText(type.of, nameOf), "undefined"]);
    case "union":
      return either(type.of.map((member) => typeText(member, nameOf)));
    case "oneOf":
      return either(type.values.map(literalText));
    case "handle":
      return nameOf(type);
  }
}

function parameterText({ type, name, of }: Parameter, nameOf: NameOf): string {
  if (type === "rest") return `...${name}: ${typeText({ type: "list", of }, nameOf)}`;
  return fieldText([name, of], nameOf);
}

function returnText({ gives, mode }: CallData, nameOf: NameOf): string {
  const text = gives.type === "nothing" ? "void" : typeText(gives, nameOf);
  return mode === undefined || mode === "async" ? `Promise<${text}>` : text;
}

export interface CallText {
  readonly params: readonly string[];
  readonly returns: string;
  readonly about: string;
}

const callText = (call: CallData, nameOf: NameOf): CallText => ({
  params: Object.freeze(call.takes.map((parameter) => parameterText(parameter, nameOf))),
  returns: returnText(call, nameOf),
  about: call.about ?? "",
});

function interfaceText({ node: { data } }: Part, name: string, nameOf: NameOf): string {
  const lines = Object.entries(data.calls).flatMap(([call, of]) => {
    const { params, returns, about } = callText(of, nameOf);
    return [...(about === "" ? [] : [`  /** ${about} */`]), `  ${call}(${params.join(", ")}): ${returns};`];
  });
  const head = `/**\n * Allows ${data.allows}.\n * Never ${data.never}.\n */\ninterface ${name} {`;
  return [head, ...lines, "}"].join("\n");
}

/** A name for each interface: contracts of one name that differ are numbered. */
function namesOf(parts: readonly Part[]): ReadonlyMap<Part, string> {
  const names = new Map<Part, string>();
  const taken = new Set<string>();
  for (const part of parts) {
    const name = pascal(part.node.data.name);
    let free = name;
    for (let number = 2; taken.has(free); number++) free = `${name}${number}`;
    taken.add(free);
    names.set(part, free);
  }
  return names;
}

export interface Description {
  readonly calls: readonly CallText[];
  readonly declarations: string;
}

export function describe(graph: Graph, root: Part): Description {
  const parts = walk(graph, root);
  const names = namesOf(parts);
  const nameIn =
    ({ node }: Part): NameOf =>
    (handle) =>
      names.get(graph.of(node.handles.get(handle) as Part["node"])) as string;
  // The contract's own interface is the grant's, unless something names it.
  const isNamed = new Set(parts.flatMap(({ targets }) => targets.map(graph.of)));
  const interfaces = parts.filter((part) => isNamed.has(part));
  return {
    calls: Object.values(root.node.data.calls).map((call) => callText(call, nameIn(root))),
    declarations: interfaces.map((part) => interfaceText(part, names.get(part) as string, nameIn(part))).join("\n\n"),
  };
}
