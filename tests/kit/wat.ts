// WebAssembly text to bytes, by Binaryen. Not part of the kit's index: Binaryen is a development dependency.
import binaryen from "binaryen";
import type { Bytes } from "./assemble.ts";

/** Binaryen's types do not name it. An encoding of its own, taken as soon as it may be: two imports suffice. */
const COMPACT_IMPORTS = 1 << 26;

/** Assembles text. Throws Binaryen's complaint. */
export function wat(text: string): Bytes {
  const module = binaryen.parseText(text);
  try {
    module.setFeatures(binaryen.Features.All & ~COMPACT_IMPORTS);
    return module.emitBinary() as Bytes;
  } finally {
    module.dispose();
  }
}
