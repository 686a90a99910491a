// WebAssembly text to bytes, by Binaryen. Not part of the kit's index: Binaryen is a development dependency.
import binaryen from "binaryen";
import type { Bytes } from "./assemble.ts";

/** Assembles text. Throws Binaryen's complaint. */
export function wat(text: string): Bytes {
  const module = binaryen.parseText(text);
  try {
    module.setFeatures(binaryen.Features.All);
    return module.emitBinary() as Bytes;
  } finally {
    module.dispose();
  }
}
