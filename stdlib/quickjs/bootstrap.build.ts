// The bootstrap as the engine's own bytecode: without its source text, and without the garbage that parsing leaves.
//
// The files of bootstrap/ are one function body, in the order of their names. Those in the folders of bootstrap/late/ are
// parts of the same body that most runs do not need: each folder is a function of its own, whose bytecode lies in the
// module's code, shared by all sandboxes, until something of it is called. Names are as if everything were one body; this
// file finds which names a late part uses, and writes what hands them over.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Node, parse } from "acorn";
import { minifySync } from "rolldown/experimental";
import { compileBytecode } from "./engine.build.ts";

const BOOTSTRAP = join(import.meta.dirname, "bootstrap");
const LATE = join(BOOTSTRAP, "late");

export interface Bootstrap {
  readonly main: Uint8Array;
  /** In the order of their numbers. */
  readonly late: readonly Uint8Array[];
}

interface File {
  readonly name: string;
  readonly text: string;
  /** What it declares at its top; which of these are functions, and which may change. */
  readonly declares: ReadonlySet<string>;
  readonly functions: ReadonlySet<string>;
  readonly variables: ReadonlySet<string>;
  /** Every name that it uses, its own too. */
  readonly uses: ReadonlySet<string>;
}

interface Declared {
  readonly name: string;
  readonly isFunction: boolean;
  readonly isVariable: boolean;
}

type Any = Node & Record<string, unknown>;

function namesIn(pattern: Any): string[] {
  if (pattern.type === "Identifier") return [pattern["name"] as string];
  const inner = (pattern["elements"] ?? pattern["properties"]) as (Any | null)[];
  return inner.flatMap((part) => (part ? namesIn((part["value"] as Any | undefined) ?? part) : []));
}

const FUNCTIONS = new Set(["ArrowFunctionExpression", "FunctionExpression"]);

function declaredBy(statement: Any): Declared[] {
  if (statement.type === "FunctionDeclaration")
    return namesIn(statement["id"] as Any).map((name) => ({ name, isFunction: true, isVariable: false }));
  if (statement.type !== "VariableDeclaration") return [];
  const isVariable = statement["kind"] !== "const";
  return (statement["declarations"] as Any[]).flatMap(({ id, init }) => {
    const isFunction = FUNCTIONS.has((init as Any | null)?.type ?? "");
    return namesIn(id as Any).map((name) => ({ name, isFunction, isVariable }));
  });
}

/** Names that stand for something; property names do not, and a local name that is one of the body's does no harm. */
function collect(node: unknown, used: Set<string>): void {
  if (Array.isArray(node)) for (const part of node) collect(part, used);
  if (typeof node !== "object" || node === null || Array.isArray(node)) return;
  const { type, computed, shorthand } = node as Any;
  if (type === "Identifier") used.add((node as Any)["name"] as string);
  for (const [key, part] of Object.entries(node)) {
    const isName = (type === "MemberExpression" && key === "property") || (type === "Property" && key === "key");
    if (!isName || computed || shorthand) collect(part, used);
  }
}

function readFile(folder: string, name: string): File {
  const text = readFileSync(join(folder, name), "utf8");
  const program = parse(text, { ecmaVersion: "latest" });
  const rows = (program.body as Any[]).flatMap(declaredBy);
  const uses = new Set<string>();
  collect(program, uses);
  const named = (which: (row: Declared) => boolean) => new Set(rows.filter(which).map((row) => row.name));
  return {
    ...{ name, text, uses, declares: named(() => true) },
    ...{ functions: named((row) => row.isFunction), variables: named((row) => row.isVariable) },
  };
}

const filesOf = (folder: string): File[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".js"))
    .sort()
    .map((name) => readFile(folder, name));

interface Part {
  readonly files: readonly File[];
  /** What it uses of others, which is constant, and what others use of it, which is functions. */
  readonly takes: readonly string[];
  readonly gives: readonly string[];
}

function takesOf(file: File, others: readonly File[]): string[] {
  return others.flatMap((other) => {
    const names = [...other.declares].filter((name) => file.uses.has(name));
    const changing = names.find((name) => other.variables.has(name));
    if (changing === undefined) return names;
    throw new Error(`late/${file.name} uses ${changing}, which ${other.name} may change`);
  });
}

function givesOf(file: File, others: readonly File[]): string[] {
  const gives = [...file.declares].filter((name) => others.some(({ uses }) => uses.has(name)));
  const other = gives.find((name) => !file.functions.has(name));
  if (other === undefined) return gives;
  throw new Error(`${other} of late/${file.name} is no function: others cannot use it`);
}

function partOf(files: readonly File[], all: readonly File[]): Part {
  const others = all.filter((file) => !files.includes(file));
  const takes = new Set(files.flatMap((file) => takesOf(file, others)));
  return { files, takes: [...takes], gives: files.flatMap((file) => givesOf(file, others)) };
}

const textOf = (files: readonly File[]): string => files.map(({ text }) => text).join("\n");

/** In the main body: what stands in for the functions of late parts, and what they take. */
function standIns(parts: readonly Part[]): string {
  const lines = parts.flatMap(({ takes, gives }, part) => [
    ...gives.map((name, place) => `const ${name} = standIn(${part}, ${place});`),
    `append(links, () => [${takes.join(", ")}]);`,
  ]);
  return lines.join("\n");
}

/** Every name is a string that the engine keeps: few and short ones. Nothing else is changed. */
function shortNames(source: string): string {
  const { code, errors } = minifySync("bootstrap.js", source, { compress: false, mangle: true });
  if (errors.length > 0) throw new Error(`the bootstrap does not parse: ${errors[0]?.message}`);
  return code.replace(/;\s*$/, "");
}

const asFunction = (takes: readonly string[], body: string, gives: string): Uint8Array =>
  compileBytecode(shortNames(`(function (${takes.join(", ")}) {"use strict";\n${body}\nreturn ${gives};\n})`));

function checkNames(files: readonly File[]): void {
  const names = files.flatMap(({ declares }) => [...declares]);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`two files of the bootstrap declare ${twice}`);
}

/** Behind this file come the stand-ins. */
const STAND_INS = "05-late.js";

export function compileBootstrap(): Bootstrap {
  const main = filesOf(BOOTSTRAP);
  const folders = readdirSync(LATE)
    .sort()
    .map((name) => filesOf(join(LATE, name)));
  const all = [...main, ...folders.flat()];
  checkNames(all);
  const parts = folders.map((files) => partOf(files, all));
  const place = main.findIndex(({ name }) => name === STAND_INS) + 1;
  const body = [textOf(main.slice(0, place)), standIns(parts), textOf(main.slice(place))].join("\n");
  const late = parts.map(({ files, takes, gives }) => asFunction(takes, textOf(files), `[${gives.join(", ")}]`));
  return { main: asFunction(["natives"], body, "hooks"), late };
}
