// The positive control: `node:vm` is no sandbox, so a harness that sees no attack succeed against it is blind.
import { setTimeout as sleep } from "node:timers/promises";
import { createContext, Script } from "node:vm";
import { type Ending, type Grants, type Limits, NEXT, type System } from "./system.ts";

function evaluate(source: string, file: string, grants: Grants, wall: number): unknown {
  const timers = { setTimeout, setInterval, setImmediate };
  const context = createContext({ ...timers, ...grants });
  return new Script(source, { filename: file }).runInContext(context, { timeout: wall });
}

/** What a host does with an error that it is handed: it reads name and message. */
function threw(error: unknown): Ending {
  const { name, message, code } = error as { name: unknown; message: unknown; code?: unknown };
  if (code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return { kind: "stopped", why: "wall" };
  return { kind: "threw", name: String(name), message: String(message) };
}

async function run(source: string, file: string, grants: Grants, limits: Limits): Promise<Ending> {
  try {
    const late: Ending = { kind: "stopped", why: "wall" };
    const value = Promise.resolve(evaluate(source, file, grants, limits.wall));
    const ending = value.then((result): Ending => ({ kind: "returned", value: result }));
    return await Promise.race([ending, sleep(limits.wall, late, { ref: false })]);
  } catch (error) {
    return threw(error);
  }
}

export const system: System = { name: "node:vm", next: { "next.js": NEXT }, run };
