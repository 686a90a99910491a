// The three engines, each a function from a program to what it says.
import { createContext, Script } from "node:vm";
import { getQuickJS, type QuickJSContext, type QuickJSHandle } from "quickjs-emscripten";
import { run } from "../../embed/node/index.ts";

export interface Engine {
  readonly name: "cordon" | "V8" | "QuickJS";
  evaluate(source: string): Promise<string>;
}

async function inCordon(source: string): Promise<string> {
  const result = await run({ source, language: "javascript", limits: { wall: 60_000, fuel: 1e11 } });
  if (result.status === "returned") return String(result.value);
  return result.status === "threw"
    ? `threw ${result.error.name}`
    : JSON.stringify({ ...result, console: [], usage: {} });
}

async function inV8(source: string): Promise<string> {
  try {
    return String(await new Script(source).runInContext(createContext(), { timeout: 60_000 }));
  } catch (error) {
    return `threw ${(error as Error).name}`;
  }
}

function settled(context: QuickJSContext, value: QuickJSHandle): string {
  context.runtime.executePendingJobs();
  const state = context.getPromiseState(value);
  if (state.type === "pending") return "pending";
  if (state.type === "rejected") return `threw ${context.dump(state.error).name}`;
  return String(context.dump(state.value));
}

async function inQuickJS(source: string): Promise<string> {
  const context = (await getQuickJS()).newContext();
  try {
    const result = context.evalCode(source);
    if (result.error) return `threw ${result.error.consume(context.dump).name}`;
    return result.value.consume((value) => settled(context, value));
  } finally {
    context.dispose();
  }
}

export const ENGINES: readonly Engine[] = [
  { name: "cordon", evaluate: inCordon },
  { name: "V8", evaluate: inV8 },
  { name: "QuickJS", evaluate: inQuickJS },
];
