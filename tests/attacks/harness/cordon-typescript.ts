// The same, given every source as TypeScript: what is attacked is the stripper and the way to it.
import { type Grants as CordonGrants, run as runGuest } from "../../../embed/node/index.ts";
import { system as javascript } from "./cordon.ts";
import { endingOf } from "./cordon-system.ts";
import type { Ending, Grants, Limits, System } from "./system.ts";

async function run(source: string, file: string, grants: Grants, limits: Limits): Promise<Ending> {
  if (!file.endsWith(".js") || file in javascript.next) return javascript.run(source, file, grants, limits);
  const request = {
    source,
    name: file.replace(/js$/, "ts"),
    language: "typescript",
    grant: grants as CordonGrants,
  } as const;
  return endingOf(await runGuest({ ...request, limits: { wall: limits.wall, memory: `${limits.memory} MiB` } }));
}

export const system: System = { name: "cordon, as TypeScript", next: javascript.next, run };
