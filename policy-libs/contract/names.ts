// Names in contracts: of contracts, calls, parameters, fields and refusals. They become properties and TypeScript.
import { show } from "./error.ts";
import { type Place, readText, refuse } from "./reader.ts";

const MOST = 64; // characters of a name
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
const CONTRACT = /^[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$/;
const CODE = /^[A-Za-z][\w-]*$/;

/** They mean something to JavaScript wherever they stand: a record with `then` would be awaited. */
const MEANINGFUL: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype", "then"]);

// biome-ignore format: a list
const RESERVED: ReadonlySet<string> = new Set([
  "arguments", "await", "break", "case", "catch", "class", "const", "continue", "debugger", "default", "delete", "do",
  "else", "enum", "eval", "export", "extends", "false", "finally", "for", "function", "if", "implements", "import", "in",
  "instanceof", "interface", "let", "new", "null", "package", "private", "protected", "public", "return", "static",
  "super", "switch", "this", "throw", "true", "try", "typeof", "undefined", "var", "void", "while", "with", "yield",
]);

function readName(place: Place, alleged: unknown, pattern: RegExp, right: string): string {
  const name = readText(place, alleged, MOST);
  if (!pattern.test(name)) refuse(place, `${show(name)} is no name`, right);
  if (MEANINGFUL.has(name)) refuse(place, `${show(name)} means something to JavaScript`, "another name");
  return name;
}

/** Of a call or a field. */
export const readIdentifier = (place: Place, alleged: unknown): string =>
  readName(place, alleged, IDENTIFIER, "an identifier, such as readAt");

export function readParameterName(place: Place, alleged: unknown): string {
  const name = readIdentifier(place, alleged);
  return RESERVED.has(name) ? refuse(place, `${show(name)} is a word of JavaScript`, "another name") : name;
}

export const readContractName = (place: Place, alleged: unknown): string =>
  readName(place, alleged, CONTRACT, "letters, digits and hyphens, such as file-reader");

export const readCode = (place: Place, alleged: unknown): string =>
  readName(place, alleged, CODE, "a code, such as E_CLOSED");
