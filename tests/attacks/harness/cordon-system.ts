// The system that must hold, whichever entry of it.
import type { Cordon, Grants as CordonGrants, Result } from "../../../embed/index.ts";
import { type Ending, type Grants, type Limits, NEXT, type System } from "./system.ts";

export function endingOf(result: Result): Ending {
  switch (result.status) {
    case "returned":
      return { kind: "returned", value: result.value };
    case "threw":
      return { kind: "threw", name: String(result.error.name), message: String(result.error.message) };
    case "exhausted":
      return { kind: "stopped", why: result.resource };
    case "refused":
      return { kind: "stopped", why: `refused: ${result.why}` };
    case "trapped":
      return { kind: "stopped", why: `trapped: ${result.reason}` };
    default:
      return { kind: "stopped", why: result.status };
  }
}

/** A stripper that one guest spoils would fail the next TypeScript. */
const TYPESCRIPT = "enum E { A = 2 } const f = <T extends number>(n: T): number => n * E.A; [1, 2, 3].map(f).join()";

export function cordonSystem(runGuest: Cordon["run"]): System {
  async function run(source: string, name: string, grants: Grants, { wall, memory }: Limits): Promise<Ending> {
    const grant = grants as CordonGrants;
    return endingOf(await runGuest({ source, name, grant, limits: { wall, memory: `${memory} MiB` } }));
  }
  return { name: "cordon", next: { "next.js": NEXT, "next.ts": TYPESCRIPT }, run };
}
