// Compiles the shim: AssemblyScript in assembly/ to the library that stdlib/toolchain/link.ts links into programs.
import { join } from "node:path";
import asc from "assemblyscript/asc";

const ASSEMBLY = join(import.meta.dirname, "assembly");

/** The library's bytes. No runtime and no memory of its own: it has nothing in a program's memory until it is called. */
export async function buildShim(): Promise<Uint8Array> {
  let output: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [
      ...["index.ts", "--baseDir", ASSEMBLY, "--outFile", "wasi.wasm", "-O3", "--runtime", "stub"],
      ...["--importMemory", "--noExportMemory", "--use", "abort=", "--uncheckedBehavior", "always"],
    ],
    {
      writeFile: (_: string, contents: Uint8Array | string) => {
        if (typeof contents !== "string") output = contents;
      },
    },
  );
  if (error || !output) throw new Error(`the shim does not compile:\n${stderr.toString()}\n${error?.message ?? ""}`);
  return output;
}
