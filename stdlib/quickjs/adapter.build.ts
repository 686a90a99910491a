// Compiles the adapter, which is AssemblyScript, with the late parts of the bootstrap as instructions that write them.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import asc from "assemblyscript/asc";

const ADAPTER = join(import.meta.dirname, "adapter");

/** Where the engine's own table ends, and where its allocator would begin, which start.build.ts sends elsewhere. */
export const ENGINE_TABLE = 532; // entries
export const ENGINE_END = 1_167_424; // address
export const ENGINE_PAGES = 18; // pages of 64 KiB

/** A function that writes the bytes at an address. Eight at a time, so it writes up to seven more. */
function writer(name: string, bytes: Uint8Array): string {
  const words = new BigUint64Array(Math.ceil(bytes.length / 8));
  new Uint8Array(words.buffer).set(bytes);
  const stores = [...words].map((word, i) => `store<u64>(at, 0x${word.toString(16)}, ${i * 8});`);
  return [`function ${name}(at: i32): void {`, ...stores, "}"].join("\n");
}

function lateBytes(late: readonly Uint8Array[]): string {
  const cases = (each: (bytes: Uint8Array, index: number) => string) => late.map((bytes, i) => `case ${i}: ${each(bytes, i)}`);
  return [
    ...late.map((bytes, i) => writer(`part${i}`, bytes)),
    `export function writePart(index: i32, at: i32): void { switch (index) {`,
    ...cases((_, i) => `part${i}(at); break;`),
    "}}",
    "export function partLength(index: i32): i32 { switch (index) {",
    ...cases((bytes) => `return ${bytes.length};`),
    "} return 0; }",
  ].join("\n");
}

function readSource(file: string, base: string, late: readonly Uint8Array[]): string | null {
  if (/(^|\/)late-bytes\.ts$/.test(file)) return lateBytes(late);
  try {
    return readFileSync(join(base, file), "utf8");
  } catch {
    return null;
  }
}

/** The adapter's module. `late`: the bootstrap's late parts. `stackLimit` replaces the limit of `adapter/state.ts`, in bytes. */
export async function compileAdapter(late: readonly Uint8Array[], stackLimit?: number): Promise<Uint8Array> {
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
      readFile: (file: string, base: string) => readSource(file, base, late),
      writeFile: (_: string, contents: Uint8Array | string) => {
        if (typeof contents !== "string") output = contents;
      },
    },
  );
  if (error || !output) throw new Error(`the adapter does not compile:\n${stderr.toString()}\n${error?.message ?? ""}`);
  return output;
}
