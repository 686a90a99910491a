// Programs for the tests of WASI: compiled fixtures, and text in the WebAssembly format.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import binaryen from "binaryen";
import { runProgram } from "../../embed/node/program.ts";
import type { ProgramResult } from "../../embed/program.ts";
import type { ProgramRequest } from "../../embed/program-options.ts";
import { type TreeContents, tree } from "../../policy-libs/index.ts";

const FIXTURES = join(import.meta.dirname, "fixtures");
const decoder = new TextDecoder();

export const fixture = (name: string): Uint8Array => readFileSync(join(FIXTURES, `${name}.wasm`));
export const textOf = (bytes: Uint8Array): string => decoder.decode(bytes);

// Not all: with those to come Binaryen writes an import section that Node 24 does not read.
const { MutableGlobals, BulkMemory, BulkMemoryOpt, SignExt, NontrappingFPToInt, Multivalue } = binaryen.Features;
const PLAIN = MutableGlobals | BulkMemory | BulkMemoryOpt | SignExt | NontrappingFPToInt | Multivalue;
const FEATURES = PLAIN | binaryen.Features.SIMD128 | binaryen.Features.ReferenceTypes;

export function assembled(text: string): Uint8Array {
  const module = binaryen.parseText(text);
  module.setFeatures(FEATURES);
  binaryen.setDebugInfo(true); // names
  const bytes = module.emitBinary();
  module.dispose();
  return bytes;
}

/** What a program did, in words. */
export interface Seen {
  readonly status: ProgramResult["status"];
  readonly exitCode: number | undefined;
  readonly out: string;
  readonly err: string;
  readonly result: ProgramResult;
}

export async function runModule(module: Uint8Array, options: Omit<ProgramRequest, "module"> = {}): Promise<Seen> {
  const result = await runProgram({ module, ...options });
  const { status, exitCode, stdout, stderr } = result;
  return { status, exitCode, out: textOf(stdout), err: textOf(stderr), result };
}

/** Runs a part of tools.wasm, in a tree of files if there is one. */
export function runTool(
  words: readonly string[],
  contents?: TreeContents,
  more: Partial<ProgramRequest> = {},
): Promise<Seen> {
  const grant = contents === undefined ? {} : { grant: { files: tree(contents) } };
  return runModule(fixture("tools"), { args: ["tools", ...words], ...grant, ...more });
}
