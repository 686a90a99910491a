// WebAssembly text to bytes, by Binaryen. Not part of the kit's index: Binaryen is a development dependency.
import binaryen from "binaryen";
import type { Bytes } from "./assemble.ts";

/** All but a shorter way to write two imports of one module, which no engine reads yet. */
const { All, CompactImports = 0 } = binaryen.Features as typeof binaryen.Features & { CompactImports?: number };
const FEATURES = All & ~CompactImports;

/** Assembles text. Throws Binaryen's complaint. */
export function wat(text: string): Bytes {
  const module = binaryen.parseText(text);
  try {
    module.setFeatures(FEATURES);
    return module.emitBinary() as Bytes;
  } finally {
    module.dispose();
  }
}
