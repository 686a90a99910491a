// Compiles the adapter, which is AssemblyScript, with bytes that few sandboxes need as instructions that write them.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import asc from "assemblyscript/asc";
import { FROZEN } from "./frozen.build.ts";

const ADAPTER = join(import.meta.dirname, "adapter");

/** Where the engine's own table ends, and where its allocator would begin, which start.build.ts sends elsewhere. */
export const ENGINE_TABLE = 532; // entries
export const ENGINE_END = 1_167_424; // address
export const ENGINE_PAGES = 18; // pages of 64 KiB

/** Words that one call writes: more than Binaryen would put into its callers. */
const WORDS = 12;
const PUT = [
  `function put(at: i32, ${Array.from({ length: WORDS }, (_, i) => `w${i}: i64`).join(", ")}): i32 {`,
  ...Array.from({ length: WORDS }, (_, i) => `store<i64>(at, w${i}, ${i * 8});`),
  `return at + ${WORDS * 8}; }`,
].join("\n");

/** A function that writes the bytes at an address, in words: up to seven zeros more. */
function writer(name: string, bytes: Uint8Array): string {
  const words = new BigInt64Array(Math.ceil(bytes.length / 8));
  new Uint8Array(words.buffer).set(bytes);
  const calls: string[] = [];
  const whole = words.length - (words.length % WORDS);
  for (let i = 0; i < whole; i += WORDS) calls.push(`at = put(at, ${[...words.subarray(i, i + WORDS)].join(", ")});`);
  for (const [i, word] of words.subarray(whole).entries()) calls.push(`store<i64>(at, ${word}, ${i * 8});`);
  return [`function ${name}(at: i32): void {`, ...calls, "}"].join("\n");
}

/** Bytes that the adapter has as instructions that write them. */
export interface CodeBytes {
  /** The bootstrap's late parts. */
  readonly late: readonly Uint8Array[];
  /** The tables of `FROZEN`. */
  readonly frozen: readonly Uint8Array[];
}

function codeBytes({ late, frozen }: CodeBytes): string {
  const cases = (list: readonly Uint8Array[], each: (bytes: Uint8Array, index: number) => string) =>
    list.map((bytes, i) => `case ${i}: ${each(bytes, i)}`);
  return [
    PUT,
    ...late.map((bytes, i) => writer(`part${i}`, bytes)),
    ...frozen.map((bytes, i) => writer(`table${i}`, bytes)),
    "export function writePart(index: i32, at: i32): void { switch (index) {",
    ...cases(late, (_, i) => `part${i}(at); break;`),
    "}}",
    "export function partLength(index: i32): i32 { switch (index) {",
    ...cases(late, (bytes) => `return ${bytes.length};`),
    "} return 0; }",
    "export function writeTable(index: i32): void { switch (index) {",
    ...cases(frozen, (_, i) => `table${i}(${FROZEN[i]?.[0]}); break;`),
    "}}",
  ].join("\n");
}

function readSource(file: string, base: string, code: CodeBytes): string | null {
  if (/(^|\/)code-bytes\.ts$/.test(file)) return codeBytes(code);
  try {
    return readFileSync(join(base, file), "utf8");
  } catch {
    return null;
  }
}

/** The adapter's module. `stackLimit` replaces the limit of `adapter/state.ts`, in bytes. */
export async function compileAdapter(code: CodeBytes, stackLimit?: number): Promise<Uint8Array> {
  let output: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [
      ...["index.ts", "--baseDir", ADAPTER, "--outFile", "adapter.wasm", "-O3", "--runtime", "stub"],
      ...["--importMemory", "--noExportMemory", "--importTable", "--initialMemory", String(ENGINE_PAGES)],
      ...["--tableBase", String(ENGINE_TABLE), "--memoryBase", String(ENGINE_END)],
      ...["--use", "abort=", "--uncheckedBehavior", "always"],
      ...(stackLimit === undefined ? [] : ["--use", `CORDON_STACK_LIMIT=${stackLimit}`]),
    ],
    {
      readFile: (file: string, base: string) => readSource(file, base, code),
      writeFile: (_: string, contents: Uint8Array | string) => {
        if (typeof contents !== "string") output = contents;
      },
    },
  );
  if (error || !output) throw new Error(`the adapter does not compile:\n${stderr.toString()}\n${error?.message ?? ""}`);
  return output;
}
