// Which identifiers of a program are free: not declared anywhere in it, so they mean something the world must give.
import { childrenOf, isFunction, isNode, type Node, nameOf, nodeAt, nodesAt } from "./ast.ts";

/** A free identifier, with the nodes around it, innermost first. */
export interface FreeName {
  readonly name: string;
  readonly node: Node;
  readonly around: readonly Node[];
}

interface Scope {
  readonly names: ReadonlySet<string>;
  readonly outer: Scope | undefined;
}

/** The names that a pattern binds: `a`, `{ a, b: [c] }`, `...d`, `e = 1`. */
function boundBy(pattern: Node | undefined): string[] {
  if (pattern === undefined) return [];
  const name = nameOf(pattern);
  if (name !== undefined) return [name];
  if (pattern.type === "AssignmentPattern") return boundBy(nodeAt(pattern, "left"));
  if (pattern.type === "RestElement") return boundBy(nodeAt(pattern, "argument"));
  if (pattern.type === "ArrayPattern") return nodesAt(pattern, "elements").flatMap(boundBy);
  if (pattern.type !== "ObjectPattern") return [];
  return nodesAt(pattern, "properties").flatMap((p) => boundBy(p.type === "Property" ? nodeAt(p, "value") : p));
}

const declared = (declaration: Node): string[] =>
  nodesAt(declaration, "declarations").flatMap((one) => boundBy(nodeAt(one, "id")));

/** `var` belongs to the function around it, from however deep. */
function hoisted(node: Node): string[] {
  if (isFunction(node)) return [];
  const own = node.type === "VariableDeclaration" && node["kind"] === "var" ? declared(node) : [];
  return [...own, ...childrenOf(node).flatMap(hoisted)];
}

function lexical(statement: Node): string[] {
  const inner = /^Export(Named|Default)/.test(statement.type) ? nodeAt(statement, "declaration") : undefined;
  if (inner !== undefined) return lexical(inner);
  if (statement.type === "VariableDeclaration" && statement["kind"] !== "var") return declared(statement);
  if (statement.type === "FunctionDeclaration" || statement.type === "ClassDeclaration")
    return boundBy(nodeAt(statement, "id"));
  if (statement.type !== "ImportDeclaration") return [];
  return nodesAt(statement, "specifiers").flatMap((one) => boundBy(nodeAt(one, "local")));
}

/** The names that a node declares for what is inside it; undefined if it opens no scope. */
function scopeOf(node: Node): string[] | undefined {
  const body = nodesAt(node, "body").flatMap(lexical);
  if (isFunction(node)) {
    const own = [...nodesAt(node, "params").flatMap(boundBy), ...boundBy(nodeAt(node, "id"))];
    const here = node.type === "ArrowFunctionExpression" ? [] : ["arguments"];
    return [...own, ...here, ...childrenOf(node).flatMap(hoisted)];
  }
  if (node.type === "Program") return [...body, ...childrenOf(node).flatMap(hoisted)];
  if (node.type === "BlockStatement" || node.type === "StaticBlock") return body;
  if (node.type === "SwitchStatement")
    return nodesAt(node, "cases").flatMap((c) => nodesAt(c, "consequent").flatMap(lexical));
  if (node.type === "CatchClause") return boundBy(nodeAt(node, "param"));
  if (node.type === "ForStatement") return [nodeAt(node, "init")].filter(isNode).flatMap(lexical);
  if (node.type === "ForInStatement" || node.type === "ForOfStatement")
    return [nodeAt(node, "left")].filter(isNode).flatMap(lexical);
  return node.type.startsWith("Class") ? boundBy(nodeAt(node, "id")) : undefined;
}

/** How many scopes of a program declare each name. */
export function namesDeclared(program: Node): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const visit = (node: Node): void => {
    for (const name of new Set(scopeOf(node))) found.set(name, (found.get(name) ?? 0) + 1);
    for (const child of childrenOf(node)) visit(child);
  };
  visit(program);
  return found;
}

/** Identifiers that are words rather than variables: property names, labels, the two names of an import. */
function isWord(node: Node, parent: Node | undefined): boolean {
  if (parent === undefined) return false;
  const is = (key: string): boolean => parent[key] === node;
  if (is("property")) return parent.type === "MemberExpression" && parent["computed"] !== true;
  if (is("key")) return parent["computed"] !== true && parent["shorthand"] !== true;
  if (is("label") || parent.type === "MetaProperty") return true;
  return is("imported") || is("exported") || (parent.type === "ExportSpecifier" && parent["local"] !== node);
}

const isDeclared = (scope: Scope | undefined, name: string): boolean =>
  scope !== undefined && (scope.names.has(name) || isDeclared(scope.outer, name));

/** Every free identifier of a program, in the order of the source. */
export function freeNames(program: Node): FreeName[] {
  const found = new Map<Node, FreeName>();
  const visit = (node: Node, outer: Scope | undefined, around: readonly Node[]): void => {
    const names = scopeOf(node);
    const scope = names === undefined ? outer : { names: new Set(names), outer };
    const name = nameOf(node);
    if (name !== undefined && !isWord(node, around[0]) && !isDeclared(scope, name))
      found.set(node, { name, node, around });
    for (const child of childrenOf(node)) visit(child, scope, [node, ...around.slice(0, 3)]);
  };
  visit(program, undefined, []);
  return [...found.values()].sort((a, b) => a.node.start - b.node.start);
}
