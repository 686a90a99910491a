// What tests of stores in files need: processes that are killed, damage that can be repeated, a disk that is full.
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Children {
  /** A process of this source, below what all of them begin with. `args`: its own. */
  start(source: string, args?: readonly string[]): ChildProcess;
  /** Resolves when it is gone. It may have ended by itself. */
  kill(child: ChildProcess): Promise<void>;
  /** All that are left. */
  killAll(): Promise<void>;
}

/** `where`: a folder that the test has now; `head`: what each source begins with. */
export function newChildren(where: () => string, head: () => string): Children {
  const children = new Set<ChildProcess>();
  const kill = async (child: ChildProcess): Promise<void> => {
    children.delete(child);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  };
  return {
    kill,
    start(source, args = []) {
      const folder = where();
      const script = join(folder, `child-${children.size}.ts`);
      writeFileSync(script, `${head()}\n${source}`);
      const child = spawn(process.execPath, [script, ...args], {
        stdio: ["ignore", "pipe", "inherit"],
        env: { ...process.env, NODE_COMPILE_CACHE: join(folder, "compiled") },
      });
      children.add(child);
      return child;
    },
    async killAll() {
      for (const child of children) await kill(child);
    },
  };
}

/** Resolves with its exit code. */
export const ended = (child: ChildProcess): Promise<unknown> => new Promise((resolve) => child.once("exit", resolve));

export type Random = (below: number) => number;

/** The same numbers for the same seed. */
export function newRandom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state % below;
  };
}

/** Whether this user may have a file system of its own. */
export const canMount = (): boolean =>
  process.platform === "linux" && spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0;

/** `kept`: how much there was room for. */
export type Said = { readonly kept: number } & Readonly<Record<string, unknown>>;

/** What a source says, as JSON, that has a disk of 1.5 MB as `disk`, with a ballast of 600 kB that it may remove. */
export function onSmallDisk(folder: string, head: string, source: string): Said {
  const [script, disk] = [join(folder, "full.ts"), join(folder, "disk")];
  writeFileSync(
    script,
    `${head}
     import { rmSync, writeFileSync } from "node:fs";
     const disk = process.argv[2];
     writeFileSync(disk + "/ballast", new Uint8Array(600_000));
     ${source}`,
  );
  mkdirSync(disk);
  const command = `mount -t tmpfs -o size=1500k none '${disk}' && exec '${process.execPath}' '${script}' '${disk}'`;
  return JSON.parse(execFileSync("unshare", ["-rm", "sh", "-c", command], { encoding: "utf8" }));
}
