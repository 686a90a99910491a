// Compiles the adapter: AssemblyScript, with the bootstrap as bytes in a generated source file.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import asc from "assemblyscript/asc";

const ADAPTER = join(import.meta.dirname, "adapter");
const BOOTSTRAP = join(import.meta.dirname, "bootstrap");

/** Where the engine's own table ends, and the page behind its first heap, which its allocator never takes. */
export const ENGINE_TABLE = 532; // entries
export const ENGINE_PAGES = 18; // pages of 64 KiB

/** The bootstrap's files in the order of their names, as the body of one function. */
export function bootstrapSource(): string {
  const files = readdirSync(BOOTSTRAP)
    .filter((file) => file.endsWith(".js"))
    .sort();
  const body = files.map((file) => stripped(readFileSync(join(BOOTSTRAP, file), "utf8"))).join("\n");
  return `(function (natives) {"use strict";\n${body}\nreturn hooks;\n})`;
}

/** Without whole-line comments and indentation: these bytes are parsed at every cold start. */
function stripped(text: string): string {
  const lines = text.split("\n").map((line) => line.trimStart());
  return lines.filter((line) => line !== "" && !/^(\/\/|\/\*\*|\*\/|\* )/.test(line)).join("\n");
}

function bootstrapModule(): string {
  const source = Buffer.from(bootstrapSource());
  const file = Buffer.from("cordon:engine");
  const data = (bytes: Buffer) => `memory.data<u8>([${[...bytes, 0].join(",")}]) as i32`;
  return [
    `export const BOOTSTRAP: i32 = ${data(source)};`,
    `export const BOOTSTRAP_LENGTH: i32 = ${source.length};`,
    `export const BOOTSTRAP_NAME: i32 = ${data(file)};`,
  ].join("\n");
}

function readSource(file: string, base: string): string | null {
  if (/(^|\/)bootstrap-bytes\.ts$/.test(file)) return bootstrapModule();
  try {
    return readFileSync(join(base, file), "utf8");
  } catch {
    return null;
  }
}

/** The adapter's module. `stackLimit` replaces the limit of `adapter/state.ts`, in bytes. */
export async function compileAdapter(stackLimit?: number): Promise<Uint8Array> {
  let output: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [
      ...["index.ts", "--baseDir", ADAPTER, "--outFile", "adapter.wasm", "-O3", "--runtime", "stub"],
      ...["--importMemory", "--noExportMemory", "--importTable", "--initialMemory", String(ENGINE_PAGES + 1)],
      ...["--tableBase", String(ENGINE_TABLE), "--memoryBase", String(ENGINE_PAGES * 65536)],
      ...["--use", "abort=", "--uncheckedBehavior", "always"],
      ...(stackLimit === undefined ? [] : ["--use", `CORDON_STACK_LIMIT=${stackLimit}`]),
    ],
    {
      readFile: (file: string, base: string) => readSource(file, base),
      writeFile: (_: string, contents: Uint8Array | string) => {
        if (typeof contents !== "string") output = contents;
      },
    },
  );
  if (error || !output) throw new Error(`the adapter does not compile:\n${stderr.toString()}\n${error?.message ?? ""}`);
  return output;
}
