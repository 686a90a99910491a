// Bundles what runs in the domains of a RepyV2 run into one module text for each, and the contracts as data beside them.
import { join } from "node:path";
import { build } from "rolldown";

const ENTRIES = ["emulation", "layer", "program", "restrictions"];

/** A module without types: it is data. */
const CONTRACTS = new URL("./contracts.js", import.meta.url).href;

async function bundle(entry: string): Promise<string> {
  const { output } = await build({
    input: join(import.meta.dirname, "run", `${entry}.js`),
    platform: "browser",
    write: false,
    output: { format: "esm" },
    logLevel: "warn",
  });
  return output[0].code;
}

/** The JSON that embed/repy-parts.ts reads. */
export async function buildRepy(): Promise<string> {
  const texts = await Promise.all(ENTRIES.map(async (entry) => [entry, await bundle(entry)] as const));
  const { REPY, USAGE, LIFE } = (await import(CONTRACTS)) as Readonly<Record<string, unknown>>;
  return JSON.stringify({ ...Object.fromEntries(texts), contracts: { REPY, USAGE, LIFE } });
}
