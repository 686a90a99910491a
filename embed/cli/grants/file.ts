// --grants FILE.json: grants in a file, checked against grants.schema.json. Paths in it begin at its own directory.
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { UsageError } from "../exit.ts";
import { codeFrame, placeOf } from "../frame.ts";
import { findPackage } from "../package.ts";
import { readBytes } from "../source.ts";
import { escapeControls, painter, stderr } from "../terminal.ts";
import { checkName, type Grant } from "./grant.ts";
import { type JsonNode, JsonProblem, parseJson, plainOf } from "./json-text.ts";
import { isKind, type KindName, kindOf } from "./kinds.ts";
import { type PolicyInFile, policyIn } from "./policy.ts";
import { type Problem, type Schema, validate } from "./schema.ts";

const SCHEMA = "embed/cli/grants/grants.schema.json";
/** Bytes. Who grants more than fits here grants too much. */
const MOST = 1024 * 1024;
const MOST_SHOWN = 8;

interface File {
  readonly path: string;
  readonly text: string;
}

const readSchema = (): Schema => JSON.parse(readFileSync(findPackage(SCHEMA), "utf8")) as Schema;

function readText(path: string): string {
  const bytes = readBytes(path);
  if (bytes.length > MOST) throw new UsageError(`${path}: longer than ${MOST / 1024} KiB`);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new UsageError(`${path}: not UTF-8 text`);
  }
}

function where({ path, text }: File, at: number): string {
  const { line, column } = placeOf(text, at);
  return `${path}:${line}:${column}`;
}

function complain(file: File, problems: readonly Problem[]): UsageError {
  const shown = problems.slice(0, MOST_SHOWN).map(({ path, at, message }) => {
    const subject = path === "" ? "" : `${path} `;
    return escapeControls(`${where(file, at)}: ${subject}${message}`);
  });
  const more = problems.length > MOST_SHOWN ? [`... and ${problems.length - MOST_SHOWN} more`] : [];
  const frame = codeFrame(file.text, placeOf(file.text, problems[0]?.at ?? 0), painter(stderr())).trimEnd();
  return new UsageError([...shown, ...more, frame].join("\n"), "cordon help grants");
}

function parse(file: File): JsonNode {
  try {
    return parseJson(file.text);
  } catch (error) {
    if (!(error instanceof JsonProblem)) throw error;
    throw complain(file, [{ path: "", at: error.at, message: `not JSON: ${error.message}` }]);
  }
}

type Fields = Record<string, string | readonly string[]>;

function fieldsOf(kind: KindName, node: JsonNode, folder: string): Fields {
  const { kind: _kind, ...fields } = Object.fromEntries(plainOf(node) as Map<string, string>) as Fields;
  for (const key of kindOf(kind).paths ?? []) {
    const value = fields[key];
    // The one word that is no path.
    if (typeof value === "string" && !(kind === "kv" && value === "memory")) fields[key] = resolve(folder, value);
  }
  return fields;
}

function grantOf(file: File, name: string, node: JsonNode): Grant {
  const from = where(file, node.at);
  checkName(name, from);
  const said = (plainOf(node) as Map<string, string>).get("kind") ?? name;
  // The schema has seen to it.
  if (!isKind(said)) throw new Error(`${from}: no kind`);
  return { name, kind: said, fields: fieldsOf(said, node, dirname(resolve(file.path))), from, isFromFile: true };
}

export interface GrantsFile {
  /** In its order. */
  readonly grants: readonly Grant[];
  readonly policy: PolicyInFile | undefined;
}

/** What a grants file says. Throws UsageError that says where what is wrong. */
export function readGrantsFile(path: string): GrantsFile {
  const file = { path, text: readText(path) };
  const node = parse(file);
  const problems = validate(node, readSchema());
  if (problems.length > 0) throw complain(file, problems);
  const members = node.kind === "object" ? node.members : [];
  const [grants, policy] = ["grants", "policy"].map((name) => members.find(({ key }) => key === name)?.value);
  return {
    grants: grants?.kind === "object" ? grants.members.map(({ key, value }) => grantOf(file, key, value)) : [],
    policy: policy && policyIn(policy, path, where(file, policy.at)),
  };
}
