// What a figure was measured on: without it a figure says nothing.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os";
import { join } from "node:path";
import { installedVersion, PEERS } from "./peers.ts";

const require = createRequire(import.meta.url);

function version(name: string): string {
  try {
    const main = require.resolve(name);
    const folder = main.slice(0, main.lastIndexOf(`node_modules/${name}/`) + `node_modules/${name}/`.length);
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version;
  } catch {
    return "missing";
  }
}

export interface Machine {
  readonly node: string;
  readonly v8: string;
  readonly system: string;
  readonly processor: string;
  readonly memory: string;
  readonly load: string;
  readonly versions: Readonly<Record<string, string>>;
}

export function machine(): Machine {
  const model = cpus()[0]?.model ?? "unknown";
  const names = ["quickjs-wasi", "quickjs-emscripten"];
  const peers = [...PEERS.keys()].map((name) => [name, installedVersion(name) ?? "missing"] as const);
  return {
    node: process.versions.node,
    v8: process.versions.v8,
    system: `${platform()} ${release()} ${arch()}`,
    processor: `${model.trim()}, ${availableParallelism()} at hand`,
    memory: `${(totalmem() / 2 ** 30).toFixed(1)} GB`,
    load: loadavg()
      .map((value) => value.toFixed(1))
      .join(" "),
    versions: Object.fromEntries([...names.map((name) => [name, version(name)] as const), ...peers]),
  };
}

export const machineText = ({ versions, ...rest }: Machine): string =>
  [...Object.entries(rest), ...Object.entries(versions)].map(([key, value]) => `${key} ${value}`).join("; ");
