// What of an expression is known without running anything: literals, what is put together of them, and constants.
//
// Trust: for people. A program can always do something else than its text seems to say.
import { childrenOf, keyOf, type Node, nameOf, nodeAt, nodesAt } from "./ast.ts";
import { namesDeclared } from "./scope.ts";

export type Known =
  | { readonly kind: "value"; readonly value: string | number | boolean | null }
  /** A text that begins so. */
  | { readonly kind: "prefix"; readonly text: string }
  | { readonly kind: "record"; readonly fields: ReadonlyMap<string, Known | undefined> };

export type Constants = ReadonlyMap<string, Known>;

const value = (given: unknown): Known | undefined =>
  typeof given === "string" || typeof given === "number" || typeof given === "boolean" || given === null
    ? { kind: "value", value: given }
    : undefined;

/** How a text begins, as far as it is known, and whether that is all of it. */
function textOf(known: Known | undefined): { readonly text: string; readonly isWhole: boolean } {
  if (known?.kind === "value") return { text: String(known.value), isWhole: true };
  return { text: known?.kind === "prefix" ? known.text : "", isWhole: false };
}

function joined(parts: readonly (Known | undefined)[]): Known | undefined {
  let text = "";
  for (const part of parts) {
    const next = textOf(part);
    text += next.text;
    if (!next.isWhole) return text === "" ? undefined : { kind: "prefix", text };
  }
  return { kind: "value", value: text };
}

function template(node: Node, constants: Constants): Known | undefined {
  const [quasis, expressions] = [nodesAt(node, "quasis"), nodesAt(node, "expressions")];
  return joined(
    quasis.flatMap((quasi, i) => {
      const text = value((quasi["value"] as { readonly cooked?: unknown } | undefined)?.cooked);
      const expression = expressions[i];
      return expression === undefined ? [text] : [text, knownOf(expression, constants)];
    }),
  );
}

function sum(node: Node, constants: Constants): Known | undefined {
  const sides = [nodeAt(node, "left"), nodeAt(node, "right")].map((side) => side && knownOf(side, constants));
  const [left, right] = sides;
  const isText = sides.some(
    (side) => side?.kind === "prefix" || typeof (side as { value?: unknown })?.value === "string",
  );
  if (isText) return joined(sides);
  if (left?.kind !== "value" || right?.kind !== "value") return undefined;
  return value(Number(left.value) + Number(right.value));
}

function record(node: Node, constants: Constants): Known | undefined {
  const properties = nodesAt(node, "properties");
  // What is spread into it may replace anything.
  if (properties.some(({ type }) => type !== "Property")) return undefined;
  const fields = properties.map((property): [string, Known | undefined] => {
    const given = nodeAt(property, "value");
    return [keyOf(property, "key") ?? "", given && knownOf(given, constants)];
  });
  return { kind: "record", fields: new Map(fields) };
}

const isUrl = (node: Node): boolean => node.type === "NewExpression" && nameOf(nodeAt(node, "callee")) === "URL";

/** Undefined: only running it would tell. */
export function knownOf(node: Node, constants: Constants): Known | undefined {
  if (node.type === "Literal") return value(node["value"]);
  if (node.type === "Identifier") return constants.get(nameOf(node) ?? "");
  if (node.type === "TemplateLiteral") return template(node, constants);
  if (node.type === "BinaryExpression" && node["operator"] === "+") return sum(node, constants);
  if (node.type === "ObjectExpression") return record(node, constants);
  const [only, more] = nodesAt(node, "arguments");
  if (isUrl(node) && only !== undefined && more === undefined) return knownOf(only, constants);
  return undefined;
}

/** Constants of the whole program whose names mean nothing else anywhere in it. */
export function constantsOf(program: Node): Constants {
  const declared = namesDeclared(program);
  const found = new Map<string, Known>();
  const visit = (node: Node): void => {
    if (node.type === "VariableDeclaration" && node["kind"] === "const") {
      for (const one of nodesAt(node, "declarations")) {
        const [name, init] = [nameOf(nodeAt(one, "id")), nodeAt(one, "init")];
        const known = init && knownOf(init, found);
        // A record is constant by its name only.
        const isConstant = known !== undefined && known.kind !== "record" && declared.get(name ?? "") === 1;
        if (name !== undefined && isConstant) found.set(name, known);
      }
    }
    for (const child of childrenOf(node)) visit(child);
  };
  visit(program);
  return found;
}
