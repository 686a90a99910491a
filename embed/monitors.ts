// Monitors of instructions as an embedder gives them: checked, and copied, before the kernel makes code of them.
import { inline, KernelBug, type Monitors } from "../kernel/index.ts";
import { CordonError } from "./errors.ts";

const EVENTS = ["divide", "indirect", "call", "grow", "gate"];

const wrong = (what: string): never => {
  throw new CordonError("E_OPTION", `monitors ${what}: they are what instructionsOf of the policy library gives`);
};

/** The kernel's own check of the data: it makes no code of what is nonsense. */
function areGood(monitors: Monitors): boolean {
  try {
    const { around } = inline(monitors);
    return [1, 2, 3].every((kind) => around(kind, 0).before.length > 0);
  } catch (thrown) {
    if (thrown instanceof KernelBug || thrown instanceof TypeError) return false;
    throw thrown;
  }
}

/** A copy that was checked: plain data, as JSON has it. */
export function readMonitors(given: unknown): Monitors | undefined {
  if (given === undefined) return undefined;
  let monitors: Monitors;
  try {
    monitors = JSON.parse(JSON.stringify(given)) as Monitors;
  } catch {
    return wrong("are no plain data");
  }
  const { reasons, on } = Object(monitors) as Partial<Monitors>;
  if (typeof on !== "object" || on === null) return wrong("have no checks");
  const unknown = Object.keys(on).find((event) => !EVENTS.includes(event));
  if (unknown !== undefined) wrong(`have checks of ${JSON.stringify(unknown)}, and there are ${EVENTS.join(", ")}`);
  if (!Array.isArray(reasons) || !reasons.every((reason) => typeof reason === "string")) wrong("have no reasons");
  if (!areGood(monitors)) wrong("are not what the kernel can make checks of");
  return monitors;
}
