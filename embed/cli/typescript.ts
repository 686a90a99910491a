// TypeScript to JavaScript, inside a sandbox that is thrown away: a hostile source harms that one alone.
import { readFileSync } from "node:fs";
import { createSandbox, findAsset } from "../node/index.ts";
import { UsageError } from "./exit.ts";

const LIMITS = { fuel: "20g", wall: "20 s", memory: "256 MiB", source: "32 MiB", result: "32 MiB" };

/** Takes the types away; line numbers stay. A syntax error is thrown as the guest's own. */
export async function strip(source: string, name: string): Promise<string> {
  const file = findAsset("strip.js");
  if (file === undefined) throw new UsageError("TypeScript is not built in: run `npm run build`");
  const box = await createSandbox({ limits: LIMITS });
  try {
    await box.run(readFileSync(file));
    const result = await box.call<string>("strip", source);
    if (result.status === "returned") return result.value;
    if (result.status === "threw") throw Object.assign(result.error, { fileName: name });
    throw new UsageError(`${name}: cannot be read as TypeScript: ${result.status}`);
  } finally {
    box.dispose();
  }
}
