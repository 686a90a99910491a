// The two peers that are no dependencies: one is a native add-on, both are only rivals. `--peers` installs them with
// npm under the project's own Node into build/peers, outside the tree of dependencies and of what is published.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const root = join(import.meta.dirname, "../..");
const folder = join(root, "build/peers");

/** Major versions: the names in the table promise no more. */
export const PEERS: ReadonlyMap<string, string> = new Map([
  ["isolated-vm", "7"],
  ["run", "2"],
]);

export function installedVersion(name: string): string | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, "node_modules", name, "package.json"), "utf8")).version;
  } catch {
    return undefined;
  }
}

export function arePeersInstalled(): boolean {
  return [...PEERS].every(([name, major]) => installedVersion(name)?.startsWith(`${major}.`));
}

/** Packages with install scripts find the Node that runs us, first in the path. */
const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: `${dirname(process.execPath)}${delimiter}${process.env["PATH"] ?? ""}`,
});

/** Undefined when all is well, else what went wrong. */
export function installPeers(): string | undefined {
  if (arePeersInstalled()) return undefined;
  mkdirSync(folder, { recursive: true });
  const manifest = { private: true, allowScripts: { "isolated-vm": true } };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest)}\n`);
  const packages = [...PEERS].map(([name, major]) => `${name}@${major}`);
  const args = ["install", "--prefix", folder, "--no-audit", "--no-fund", ...packages];
  const npm = process.env["npm_execpath"];
  const [command, ...rest] = npm === undefined ? ["npm", ...args] : [process.execPath, npm, ...args];
  const done = spawnSync(command!, rest, { env: environment(), stdio: ["ignore", 2, 2], timeout: 300_000 });
  if (arePeersInstalled()) return undefined;
  return `npm install failed: ${done.error?.message ?? `status ${done.status ?? done.signal}`}`;
}

/** The package's main export, from the folder of the peers. */
export async function loadPeer(name: string): Promise<unknown> {
  const main = createRequire(join(folder, "package.json")).resolve(name);
  return import(pathToFileURL(main).href);
}
