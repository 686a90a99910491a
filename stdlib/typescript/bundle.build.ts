// Bundles the stripper into one script for the engine.
import { join } from "node:path";
import { build } from "rolldown";

/** One script that defines the global function `strip(source)`. */
export async function buildStripper(): Promise<string> {
  const { output } = await build({
    input: join(import.meta.dirname, "strip.build.js"),
    platform: "browser",
    write: false,
    output: { format: "iife", minify: true },
    logLevel: "warn",
  });
  return output[0].code;
}
