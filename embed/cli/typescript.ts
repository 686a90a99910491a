// TypeScript to JavaScript for what is not run as it is: scripts that are checked, and modules that a guest imports.
import { newEngine } from "../engine.ts";
import { allLimits } from "../limits.ts";
import { nodePowers } from "../node/index.ts";
import { strip as stripInSandbox } from "../typescript.ts";
import { UsageError } from "./exit.ts";

const LIMITS = allLimits("normal", { fuel: "20g", wall: "30 s", memory: "256 MiB" });
const engine = newEngine(nodePowers);

/** Takes the types away; lines stay, and columns mostly. A syntax error is thrown as the guest's own. */
export async function strip(source: string, name: string): Promise<string> {
  const stripped = await stripInSandbox(await engine(), source, name, LIMITS);
  if ("source" in stripped) return stripped.source;
  if (stripped.status === "threw") throw stripped.error;
  throw new UsageError(`${name}: cannot be read as TypeScript: ${stripped.status}`);
}
