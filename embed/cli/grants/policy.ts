// The policy that a grants file names: a path, or an object that also says what the policy is given. Paths begin at the
// file's own directory.
import { dirname, resolve } from "node:path";
import type { ParameterValue, PolicySource } from "../../../policy-libs/index.ts";
import { type JsonNode, plainOf } from "./json-text.ts";

export interface PolicyInFile {
  /** As it is written there. */
  readonly file: string;
  /** Where it is named, for messages. */
  readonly from: string;
  /** What it says is read when it is wanted. */
  read(): Promise<PolicySource>;
}

type Plain = ReadonlyMap<string, unknown>;

const textIn = (said: Plain, key: string): string | undefined => said.get(key) as string | undefined;
const mapIn = <T>(said: Plain, key: string): ReadonlyMap<string, T> => (said.get(key) ?? new Map()) as Map<string, T>;

async function read(said: Plain, folder: string): Promise<PolicySource> {
  const { readFile, readText } = await import("../policy/given.ts");
  const imports = [...mapIn<string>(said, "imports")].map(
    ([name, path]) => [name, readText(resolve(folder, path))] as const,
  );
  return readFile(resolve(folder, textIn(said, "file") ?? ""), {
    imports: Object.fromEntries(imports),
    parameters: Object.fromEntries(mapIn<ParameterValue>(said, "parameters")),
    ...{ use: textIn(said, "use"), tenant: textIn(said, "tenant") },
  });
}

/** `node`: what stands at "policy", which the schema has been checked against. */
export function policyIn(node: JsonNode, path: string, from: string): PolicyInFile {
  const said: Plain = node.kind === "string" ? new Map([["file", node.value]]) : (plainOf(node) as Plain);
  return { file: textIn(said, "file") ?? "", from, read: () => read(said, dirname(resolve(path))) };
}
