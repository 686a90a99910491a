// A process of its own, and how it ended.
import { spawn } from "node:child_process";
import { once } from "node:events";

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  /** Milliseconds from its last word on stdout to its end. */
  readonly lingered: number;
}

async function textOf(stream: AsyncIterable<Uint8Array>, onPiece: () => void): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) {
    pieces.push(piece);
    onPiece();
  }
  return Buffer.concat(pieces).toString();
}

/** Runs this Node with these arguments. Nothing is given to its stdin. */
export async function inChild(args: readonly string[], timeout = 0): Promise<Ended> {
  // Without the flags and options of the test runner.
  const env = { PATH: process.env["PATH"], HOME: process.env["HOME"] };
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], env, timeout });
  let last = performance.now();
  const told = Promise.all([
    textOf(child.stdout, () => {
      last = performance.now();
    }),
    textOf(child.stderr, () => undefined),
  ]);
  const [code] = (await once(child, "exit")) as [number | null];
  const lingered = performance.now() - last;
  const [out, err] = await told;
  return { code, out, err, lingered };
}
