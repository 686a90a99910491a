// The programs of guests/kernels.ts, compiled by AssemblyScript.
import { readFileSync } from "node:fs";
import asc from "assemblyscript/asc";
import type { Bytes } from "../kit/assemble.ts";

export async function compileKernels(optimizeLevel: string): Promise<Bytes> {
  const source = readFileSync(new URL("guests/kernels.ts", import.meta.url), "utf8");
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    ["kernels.ts", "--outFile", "out.wasm", "--runtime", "stub", "--use", "abort=", optimizeLevel],
    {
      readFile: (name: string) => (name === "kernels.ts" ? source : null),
      writeFile: (name: string, contents: string | Uint8Array) => {
        if (name === "out.wasm") binary = contents as Uint8Array;
      },
      listFiles: () => [],
    },
  );
  if (binary === undefined) throw new Error(`${error} ${stderr}`);
  return Uint8Array.from(binary);
}
