// What a guest gets on the command line: grants, limits, clock, console and modules, from the options that say so.
import { relative, resolve, sep } from "node:path";
import { type AuditOptions, LIMITS, type LimitsOption, type Profile, type SandboxOptions } from "../node/index.ts";
import type { Parsed } from "./arguments.ts";
import { consoleOf } from "./console.ts";
import { UsageError } from "./exit.ts";
import { grantsOf, policyNamed } from "./grants/index.ts";
import { POLICY_OPTIONS } from "./options-policy.ts";

export function limitsOf(parsed: Parsed): LimitsOption {
  const given = Object.keys(LIMITS).map((name) => [name, parsed.text(name)] as const);
  return Object.fromEntries(given.filter(([, text]) => text !== undefined));
}

function virtualOf(parsed: Parsed): SandboxOptions["virtual"] {
  const seed = parsed.text("seed");
  if (seed !== undefined) return { seed };
  return parsed.has("virtual") || undefined;
}

/** The script's path as the modules' directory knows it, so that its relative imports begin in the right place. */
function inside(root: string, script: string): string {
  const path = relative(resolve(root), resolve(script));
  return path.split(sep).join("/");
}

async function modulesOf(root: string, script: string): Promise<SandboxOptions["modules"]> {
  const { directoryPlace, modulesFrom } = await import("./grants/libraries.ts");
  const load = modulesFrom(directoryPlace(root));
  return async (specifier, referrer) => {
    const found = await load(specifier, referrer === script ? inside(root, script) : referrer);
    if (!/\.[mc]?ts$/.test(found.name)) return found;
    const { strip } = await import("./typescript.ts");
    return { name: found.name, source: await strip(found.source, found.name) };
  };
}

async function modulesOption(parsed: Parsed, script: string): Promise<SandboxOptions["modules"]> {
  const root = parsed.text("modules");
  if (root === undefined) return undefined;
  try {
    return await modulesOf(root, script);
  } catch (error) {
    throw new UsageError(
      `--modules ${root}: ${(error as { code?: string }).code === "ENOENT" ? "no such directory" : "not a directory"}`,
    );
  }
}

/** The language is loaded for those who use it. */
async function policyOption(parsed: Parsed): Promise<SandboxOptions["policy"]> {
  const named = await policyNamed(parsed);
  const isSaid = Object.keys(POLICY_OPTIONS).some((word) => parsed.text(word) !== undefined);
  if (named === undefined && !isSaid) return undefined;
  return await (await import("./policy/option.ts")).policyOf(parsed, named);
}

/** Who is told of calls. */
type Listener = AuditOptions | undefined;

/** The options of the sandbox in which `script` (a name) will run. */
export async function worldOf(parsed: Parsed, script: string, ...listeners: Listener[]): Promise<SandboxOptions> {
  return {
    policy: await policyOption(parsed),
    grant: await grantsOf(parsed),
    limits: limitsOf(parsed),
    profile: parsed.text("limits") as Profile | undefined,
    console: consoleOf(parsed),
    virtual: virtualOf(parsed),
    modules: await modulesOption(parsed, script),
    audit: listeners.filter((listener) => listener !== undefined),
  };
}
