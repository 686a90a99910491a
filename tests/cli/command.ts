// Runs the command `cordon` as a shell would.
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");
const BIN = join(ROOT, "embed/cli/bin.cjs");
/** The words with which it begins. */
export const COMMAND: readonly string[] = [process.execPath, BIN];

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** `input`: what stands on standard input. */
export function cordon(args: readonly string[], input: string | Uint8Array = "", env: NodeJS.ProcessEnv = {}): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...args], {
    cwd: ROOT,
    input,
    timeout: 60_000,
    env: { ...process.env, CORDON_NO_CACHE: "1", ...env }, // tests leave nothing in the home of whoever runs them
    maxBuffer: 64 * 1024 * 1024,
  });
  return { code: status, out: stdout.toString(), err: stderr.toString() };
}

/** Runs a command while this process goes on, as a server say. */
export const beside = (args: readonly string[]): Promise<Ended> => signalled(args, undefined);

/** Starts a command; the signal is sent once something was said on stdout. */
export async function signalled(args: readonly string[], signal: NodeJS.Signals | undefined): Promise<Ended> {
  const child = spawn(process.execPath, [BIN, ...args], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  const said = { out: "", err: "" };
  child.stdout.on("data", (piece: Buffer) => {
    if (said.out === "" && signal !== undefined) child.kill(signal);
    said.out += piece.toString();
  });
  child.stderr.on("data", (piece: Buffer) => {
    said.err += piece.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, ...said };
}
