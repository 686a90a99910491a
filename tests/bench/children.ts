// Fresh processes, for what can be measured only once in each.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { arePeersInstalled } from "./peers.ts";

const TIME_LIMIT = 60_000;

export interface Ended {
  readonly code: string;
  readonly out: string;
  readonly error: string;
  readonly ms: number;
}

async function collect(stream: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  for await (const chunk of stream.setEncoding("utf8")) text += chunk;
  return text;
}

/** Runs `node ...args` to its end. */
export async function node(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Ended> {
  const start = performance.now();
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"], timeout: TIME_LIMIT });
  const closed = new Promise<string>((resolve) => child.on("close", (code, signal) => resolve(`${signal ?? code}`)));
  const [out, error, code] = await Promise.all([collect(child.stdout), collect(child.stderr), closed]);
  return { code, out, error, ms: performance.now() - start };
}

export async function nodeOrThrow(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ended> {
  const ended = await node(args, env);
  if (ended.code === "0") return ended;
  throw new Error(`${args.at(-1)} ended with ${ended.code}: ${ended.error.trim().split("\n").at(-1)}`);
}

const fileOf = (name: string): string => join(import.meta.dirname, "children", `${name}.ts`);
const commandOf = (name: string, args: readonly string[]): string[] => {
  const options = ["--expose-gc", ...(arePeersInstalled() ? ["--no-node-snapshot"] : [])];
  return [...options, fileOf(name), ...args];
};

/** The answer, as JSON, of a program in children/. */
export async function child<T>(name: string, ...args: readonly string[]): Promise<T> {
  const { out } = await nodeOrThrow(commandOf(name, args));
  return JSON.parse(out.trim().split("\n").at(-1)!) as T;
}

/**
 * ... of one that says on its way for how many more it is about to need memory, `bytes` each: memory that was in use until
 * then (children/hold.ts).
 */
export async function childOnHeld<T>(bytes: number, name: string, count: number): Promise<T> {
  const holder = spawn(process.execPath, [fileOf("hold"), String(bytes * count)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  try {
    await once(holder.stdout, "data");
    const [program, ...args] = [process.execPath, ...commandOf(name, [String(count)])];
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"], timeout: TIME_LIMIT });
    let last = "";
    for await (last of createInterface({ input: child.stdout })) holder.stdin.write(`${Number(last) * bytes}\n`);
    return JSON.parse(last) as T;
  } finally {
    holder.kill();
  }
}
