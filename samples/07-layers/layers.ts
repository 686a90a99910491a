// Three layers, each between files and a program that attacks it. What the program was told is shown, and what is in the
// files afterwards, as only the host can see.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { layer, run } from "cordon";
import { type AnyContract, FILES, filesOf, treePlace } from "cordon/policy-libs";
import { SEALED_FILES, VOTED_FILES } from "./contracts.ts";

export interface Told {
  readonly accuracy: Readonly<Record<string, unknown>>;
  readonly security: Readonly<Record<string, unknown>>;
}

export interface Report {
  readonly told: Told;
  /** Every file below the layer: its bytes as text. */
  readonly below: Readonly<Record<string, string>>;
}

const EXERCISES: Readonly<Record<string, AnyContract>> = {
  "no-mz": FILES,
  "private-write": SEALED_FILES,
  "ab-storage": VOTED_FILES,
};
/** From before there was a layer. */
const OLD = { "old.exe": "MZ was here before" };

const source = (name: string): string => readFileSync(join(import.meta.dirname, "guests", `${name}.js`), "utf8");

export async function attacked(name: string): Promise<Report> {
  const place = treePlace(name === "no-mz" ? OLD : {});
  const offers = { files: EXERCISES[name] };
  using between = await layer({ name, source: source(name), grant: { files: filesOf(place) }, offers });
  const result = await run({ source: source(`attack-${name}`), grant: between.grant });
  const ended = between.ended();
  if (result.status !== "returned" || ended !== undefined)
    throw new Error(`${name}: ${JSON.stringify(result)} ${ended}`);
  const below: Record<string, string> = {};
  for (const entry of await place.list("."))
    below[entry.name] = Buffer.from(await place.readBytes(entry.name)).toString("latin1");
  return { told: result.value as Told, below };
}

export const EXERCISE_NAMES: readonly string[] = Object.keys(EXERCISES);

if (process.argv[1] === import.meta.filename)
  for (const name of EXERCISE_NAMES) console.log(name, await attacked(name));
