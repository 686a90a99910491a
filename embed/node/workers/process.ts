// A process that serves sandboxes, confined by Node's permission model: it reads the package's own files, writes none,
// starts no process and no thread, loads no add-on. It inherits no environment and no open file but its pipe.
//
// Not covered by the model of Node 24: the network, signals to processes of the same user, and node:sqlite, which is
// switched off. So a guest that breaks out of the kernel and V8 can still open sockets; run it where it may not.
//
// Trust
//   What comes over the pipe is bytes of a stranger: no channel of Node's own (`fork`), which would read messages of its
//   runtime from them, and no output of the child reaches this process's.
import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex } from "node:stream";
import type { Hired } from "../../remote/worker-place.ts";
import { packageFiles } from "./files.ts";
import { pipeChannel } from "./pipe.ts";

/** The pipe, for the child. */
export const PIPE = 3;

// biome-ignore format: a list
const CONFINED = [
  "--permission", "--no-addons", "--no-experimental-sqlite", "--disable-proto=delete",
  "--disallow-code-generation-from-strings", "--no-warnings",
];

export function processArguments(): string[] {
  const { readable, entry } = packageFiles();
  return [...CONFINED, ...readable.map((path) => `--allow-fs-read=${path}`), entry("process-entry")];
}

function whyOf(child: ChildProcess): string | undefined {
  const { exitCode, signalCode } = child;
  if (signalCode !== null) return `it was killed: ${signalCode}`;
  return exitCode === null ? undefined : `it ended with code ${exitCode}`;
}

const started = (child: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });

export async function hireProcess(): Promise<Hired> {
  const child = spawn(process.execPath, processArguments(), {
    ...{ env: {}, stdio: ["ignore", "ignore", "ignore", "pipe"], windowsHide: true },
  });
  const gone = new Promise<void>((resolve) => void child.once("exit", () => resolve()));
  await started(child);
  child.on("error", () => undefined);
  const pipe = child.stdio[PIPE] as Duplex & { ref(): unknown; unref(): unknown };
  const channel = pipeChannel(pipe, [child, pipe]);
  return {
    // How it ended is known a moment after its pipe has.
    channel: { ...channel, listen: (onFrame, onClose) => channel.listen(onFrame, () => void gone.then(onClose)) },
    why: () => whyOf(child),
    isFaulty: () => (child.exitCode ?? 0) !== 0,
    dismiss() {
      child.ref(); // whoever waits for its end shall see it
      child.kill("SIGKILL");
      return child.exitCode === null && child.signalCode === null ? gone : Promise.resolve();
    },
  };
}
