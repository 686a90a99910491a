// A sandbox with a program's state, and what can be seen of it from outside.
import type { Result, Sandbox, SandboxOptions } from "../../embed/node/index.ts";
import { createSandbox } from "../embed/cordon.ts";
import { STATE, type Step } from "./programs.ts";

export interface Seen {
  readonly status: string;
  readonly what: unknown;
  readonly console: unknown;
  readonly calls: readonly unknown[];
}

/** `calls`: of the grants. */
export function newTools(calls: unknown[][] = []) {
  const grant = {
    tools: {
      add(a: number, b: number) {
        calls.push(["add", a, b]);
        return a + b;
      },
      async later(x: number) {
        calls.push(["later", x]);
        return x * 2;
      },
    },
  };
  return { calls, grant };
}

export interface World {
  readonly box: Sandbox;
  readonly calls: unknown[][];
  readonly options: SandboxOptions;
}

/** Time is virtual: what is seen depends on nothing but the program. */
export async function newWorld(more: SandboxOptions = {}, make = createSandbox): Promise<World> {
  const { calls, grant } = newTools();
  const options: SandboxOptions = { grant, virtual: { seed: 1, start: 1_000 }, ...more };
  const box = await make(options);
  const made = await box.run(STATE);
  if (made.status !== "returned") throw new Error(JSON.stringify(made));
  return { box, calls, options };
}

const whatOf = (result: Result): unknown => {
  if (result.status === "returned") return result.value;
  return result.status === "threw" ? String(result.error) : result;
};

/** One step, as everybody outside sees it. */
export async function take(box: Sandbox, { kind, x }: Step, calls: unknown[][]): Promise<Seen> {
  const from = calls.length;
  const result = await box.call("step", kind, x);
  return { status: result.status, what: whatOf(result), console: result.console, calls: calls.slice(from) };
}

export async function takeAll(box: Sandbox, steps: readonly Step[], calls: unknown[][]): Promise<Seen[]> {
  const seen: Seen[] = [];
  for (const step of steps) seen.push(await take(box, step, calls));
  return seen;
}
